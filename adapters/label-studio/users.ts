import { RefusedError } from '../../lib/stores/errors.js'
import type { User } from '../../lib/stores/resource.js'
import type { Scope } from '../../lib/stores/scope.js'
import type { UserStore } from '../../lib/stores/user-store.js'
import { mayAdopt, requiredEmail } from './accounts.js'
import type { LabelStudioSettings } from './options.js'
import type { LabelStudioTarget } from './target.js'

/**
 * The user store of the storage with Label Studio as its target: everybody needs an e-mail address, and a person who
 * was imported becomes managed by the first change through SCIM, where adoption is allowed.
 */
export function labelStudioUsers(
  settings: LabelStudioSettings,
  target: LabelStudioTarget,
): UserStore {
  const { users, groups, access } = settings.storage

  async function adopt(scope: Scope, user: User): Promise<void> {
    const record = await access.record(scope, user.id)
    if (record?.account?.origin !== 'imported') return
    if (!mayAdopt(settings, record.account.email ?? '')) {
      throw new RefusedError(
        'This account existed in Label Studio before, and must not be taken over through SCIM.',
        409,
      )
    }
    await access.saveRecord(scope, { ...record, account: { ...record.account, origin: 'adopted' } })
  }

  async function readmit(scope: Scope, user: User): Promise<void> {
    const record = user.active ? await access.record(scope, user.id) : undefined
    if (record?.enforced !== 'deprovisioned') return
    await target.admit(scope, await groups.resolveAccess(scope, user))
  }

  const { admit: _, ...effects } = target
  return {
    ...(users.supports && { supports: users.supports }),
    async create(scope, user, write) {
      requiredEmail(user)
      if (user.active) await target.admit(scope, undefined)
      return users.create(scope, user, write)
    },
    get: (scope, id, read) => users.get(scope, id, read),
    query: (scope, query) => users.query(scope, query),
    async replace(scope, user, write) {
      requiredEmail(user)
      await adopt(scope, user)
      await readmit(scope, user)
      return users.replace(scope, user, write)
    },
    delete: (scope, id, options) => users.delete(scope, id, options),
    ...(users.getMany && {
      getMany: (...args: Parameters<NonNullable<UserStore['getMany']>>) =>
        users.getMany?.(...args) ?? Promise.resolve([]),
    }),
    ...effects,
  }
}
