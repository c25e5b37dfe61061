import { type FindByEmail, findByEmail } from '../access/index.js'
import type { Adapters } from '../stores/adapters.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'

/** Somebody as the guarded application knows them. */
export interface Identity {
  /** The application's own id of the account. Decides when SCIM knows it: e-mail addresses change and get masked. */
  readonly accountId?: string | number
  readonly email?: string
}

/** What SCIM says of a person; `unknown`: SCIM never had them. */
export type Standing = 'active' | 'deprovisioned' | 'unknown'

/** Tells the standing of somebody who has an account, or wants one. */
export type Judge = (scope: Scope, identity: Identity) => Promise<Standing>

const read = { omit: new Set(['groups']) } as const

/** A judge over these adapters. It keeps nothing: each question is answered from what is stored at that moment. */
export function judgeFrom(adapters: Adapters): Judge {
  const find = findByEmail(adapters.users)
  return async (scope, { accountId, email }) => {
    const linked =
      accountId === undefined
        ? undefined
        : await adapters.access?.recordByAccount(scope, String(accountId))
    if (linked) {
      return standingOf(adapters, scope, await adapters.users.get(scope, linked.userId, read))
    }
    const address = email?.trim().toLowerCase()
    return address ? standingOfAddress(adapters, scope, { address, find }) : 'unknown'
  }
}

async function standingOfAddress(
  adapters: Adapters,
  scope: Scope,
  { address, find }: { readonly address: string; readonly find: FindByEmail },
): Promise<Standing> {
  const people = await find(scope, address)
  const standings = await Promise.all(people.map((user) => standingOf(adapters, scope, user)))
  if (standings.includes('active')) return 'active'
  if (standings.length > 0) return 'deprovisioned'
  const departed = await adapters.access?.recordsByEmail(scope, address)
  return departed?.length ? 'deprovisioned' : 'unknown'
}

/** Access also ended for somebody active to whom, by policy, no rule gives a role any more. */
async function standingOf(
  adapters: Adapters,
  scope: Scope,
  user: User | undefined,
): Promise<Standing> {
  if (!user?.active) return 'deprovisioned'
  const { active } = await adapters.groups.resolveAccess(scope, user)
  return active ? 'active' : 'deprovisioned'
}
