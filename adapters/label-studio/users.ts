import {
  type AccessRecord,
  omitGroups,
  type Scope,
  type User,
  type UserStore,
} from '../../lib/adapter/index.js'
import { requiredEmail } from './accounts/accounts.js'
import { holdPerson } from './accounts/hold.js'
import { managing, mayBeListed } from './accounts/links.js'
import type { Precheck } from './accounts/precheck.js'
import type { LabelStudioSettings } from './options.js'
import type { LabelStudioTarget } from './target.js'

/**
 * The storage's user store with Label Studio as its target. Everybody needs an e-mail address.
 * Whatever Label Studio would refuse for good is refused before it is stored. An imported person
 * becomes managed by the first change through SCIM, if adoption is allowed.
 */
export function labelStudioUsers(
  settings: LabelStudioSettings,
  target: LabelStudioTarget,
  precheck: Precheck,
): UserStore {
  const { users, groups, access } = settings.storage

  /** Holds the lease of listed people, so that a change and the import do not interfere. */
  async function holdingListed<T>(
    scope: Scope,
    userId: string,
    work: (scope: Scope, record: AccessRecord | undefined) => Promise<T>,
  ): Promise<T> {
    const record = await access.getRecord(scope, userId)
    return mayBeListed(record)
      ? holdPerson(access, scope, userId, (held) => work(held, record))
      : work(scope, record)
  }

  async function readmit(scope: Scope, user: User, record: AccessRecord | undefined) {
    if (!user.active || record?.enforced !== 'deprovisioned') return
    await precheck.reactivate(scope, await groups.resolveAccess(scope, user))
  }

  return {
    ...(users.supports && { supports: users.supports }),
    ...(users.storage && { storage: users.storage }),
    async create(scope, user, write) {
      requiredEmail(user)
      await precheck.create(scope, user)
      return users.create(scope, user, write)
    },
    get: (scope, id, read) => users.get(scope, id, read),
    query: (scope, query) => users.query(scope, query),
    replace: (scope, user, write) =>
      holdingListed(scope, user.id, async (held, record) => {
        requiredEmail(user)
        const before = await users.get(held, user.id, omitGroups)
        if (before) await precheck.rename(held, before, user)
        await readmit(held, user, record)
        return managing(settings, held, user, (own) => users.replace(own, user, write))
      }),
    delete: (scope, id, options) =>
      holdingListed(scope, id, async (held) => {
        const user = await users.get(held, id, omitGroups)
        if (!user) return users.delete(held, id, options)
        // A person deleted through SCIM was managed: if their account is reopened later, it is
        // closed again.
        return managing(settings, held, user, (own) => users.delete(own, id, options))
      }),
    ...(users.getMany && { getMany: users.getMany.bind(users) }),
    ...(users.find && { find: users.find.bind(users) }),
    ...(users.durable && { durable: users.durable.bind(users) }),
    ...(users.useKeys && { useKeys: users.useKeys.bind(users) }),
    ...target,
  }
}
