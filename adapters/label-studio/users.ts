import type { User } from '../../lib/stores/resource.js'
import type { Scope } from '../../lib/stores/scope.js'
import type { UserStore } from '../../lib/stores/user-store.js'
import { requiredEmail } from './accounts/accounts.js'
import type { Admission } from './accounts/admission.js'
import type { LabelStudioSettings } from './options.js'
import type { LabelStudioTarget } from './target.js'

/**
 * The user store of the storage with Label Studio as its target: everybody needs an e-mail address, what Label Studio
 * would refuse for good is refused before it is stored, and a person who was imported becomes managed by the first
 * change through SCIM, where adoption is allowed.
 */
export function labelStudioUsers(
  { storage }: LabelStudioSettings,
  target: LabelStudioTarget,
  admission: Admission,
): UserStore {
  const { users, groups, access } = storage

  async function readmit(scope: Scope, user: User): Promise<void> {
    const record = user.active ? await access.record(scope, user.id) : undefined
    if (record?.enforced !== 'deprovisioned') return
    await admission.bringBack(scope, await groups.resolveAccess(scope, user))
  }

  return {
    ...(users.supports && { supports: users.supports }),
    ...(users.storage && { storage: users.storage }),
    async create(scope, user, write) {
      requiredEmail(user)
      await admission.create(scope, user)
      return users.create(scope, user, write)
    },
    get: (scope, id, read) => users.get(scope, id, read),
    query: (scope, query) => users.query(scope, query),
    async replace(scope, user, write) {
      requiredEmail(user)
      const before = await users.get(scope, user.id, { omit: new Set(['groups']) })
      if (before) await admission.rename(scope, before, user)
      await readmit(scope, user)
      const replaced = await users.replace(scope, user, write)
      await admission.adopt(scope, user)
      return replaced
    },
    delete: (scope, id, options) => users.delete(scope, id, options),
    ...(users.getMany && {
      getMany: (...args: Parameters<NonNullable<UserStore['getMany']>>) =>
        users.getMany?.(...args) ?? Promise.resolve([]),
    }),
    ...(users.find && { find: users.find.bind(users) }),
    ...target,
  }
}
