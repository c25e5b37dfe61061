import { ConfigurationError } from '../errors.js'
import { membersOf, targetMembers } from '../stores/access-target.js'
import type { Adapters } from '../stores/adapters.js'
import { checkAdapters } from '../stores/check-adapters.js'
import type { User } from '../stores/resource.js'
import type { Exemption, UserStore } from '../stores/user-store.js'
import { foldEmail, loginNamesOf } from './email.js'

const named: Exemption = {
  kind: 'protected',
  reason: 'This person is protected and cannot be changed through SCIM.',
}

/** Every member of a user store; the compiler tells when one is missing. */
const members: Readonly<Record<keyof UserStore, true>> = {
  supports: true,
  storage: true,
  create: true,
  get: true,
  query: true,
  replace: true,
  delete: true,
  useKeys: true,
  find: true,
  getMany: true,
  durable: true,
  ...targetMembers,
}

/**
 * The same adapters with further people whom nothing may change, deactivate or delete: no SCIM
 * request, no mapping rule and no reconciler. Give the result to `scimRouter`, `createReconciler`
 * and `settingsRouter` alike.
 *
 * @param names `userName`, e-mail address or `id` of each; the first two in any case
 * @throws ConfigurationError `ERR_SCIM_PROTECTED_USERS` when `names` is no list of texts
 */
export function protectUsers<A extends Adapters>(adapters: A, names: readonly string[]): A {
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string' && name !== '')) {
    throw new ConfigurationError(
      'ERR_SCIM_PROTECTED_USERS',
      'protectUsers: give a list of userNames, e-mail addresses or ids, e.g. ' +
        '["owner@example.com"].',
    )
  }
  checkAdapters('protectUsers', adapters)
  const { users } = adapters
  const own = membersOf(users, members)
  const isNamed = namedBy(names)
  const exemptions: UserStore['exemptions'] = async (scope, people, records) => {
    const others = await own.exemptions?.(scope, people, records)
    return people.map((user, index) => (isNamed(user) ? named : others?.[index]))
  }
  return { ...adapters, users: { ...own, exemptions } }
}

function namedBy(names: readonly string[]): (user: User) => boolean {
  const exact = new Set(names)
  const folded = new Set(names.map(foldEmail))
  return (user) =>
    exact.has(user.id) || loginNamesOf(user).some((name) => folded.has(foldEmail(name)))
}
