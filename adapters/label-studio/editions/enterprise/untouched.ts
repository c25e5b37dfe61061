import type { Scope, User } from '../../../../lib/adapter/index.js'
import type { Account } from '../../accounts/accounts.js'

/**
 * How long an account counts as untouched. An identity provider pushes people before their groups;
 * meanwhile hardly anybody changes an account that has just appeared.
 */
const untouchedMs = 30_000

/** Accounts that were created here some seconds ago without being given anything. */
export interface UntouchedAccounts {
  keep(scope: Scope, user: User, account: Account): void
  /** An account is found once: it is about to be changed, or read. */
  take(scope: Scope, user: User): Account | undefined
}

/** No accounts yet. */
export function untouchedAccounts(clock: () => number = () => performance.now()) {
  const kept = new Map<string, { readonly at: number; readonly account: Account }>()
  const nameOf = ({ tenant }: Scope, { id }: User) => JSON.stringify([tenant, id])
  const isOld = (at: number) => clock() - at > untouchedMs

  const accounts: UntouchedAccounts = {
    keep(scope, user, account) {
      for (const [name, { at }] of kept) {
        if (!isOld(at)) break
        kept.delete(name)
      }
      kept.set(nameOf(scope, user), { at: clock(), account })
    },
    take(scope, user) {
      const name = nameOf(scope, user)
      const found = kept.get(name)
      kept.delete(name)
      return found && !isOld(found.at) ? found.account : undefined
    },
  }
  return accounts
}
