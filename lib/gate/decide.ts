import {
  type FindByEmail,
  findByEmail,
  isDepartedAddress,
  type Standing,
  standingOf,
  strongest,
} from '../access/index.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'

/** Somebody as the guarded application knows them. */
export interface Identity {
  /** The application's own id of the account. Decides when SCIM knows it: e-mail addresses change and get masked. */
  readonly accountId?: string | number
  readonly email?: string
}

/** Tells the standing of somebody who has an account, or wants one. */
export type Judge = (scope: Scope, identity: Identity) => Promise<Standing>

const read = { omit: new Set(['groups']) } as const

/** A judge over these adapters. It keeps nothing: each question is answered from what is stored at that moment. */
export function judgeFrom(adapters: Adapters): Judge {
  const find = findByEmail(adapters.users)
  return async (scope, { accountId, email }) => {
    const byAccount = await standingOfAccount(adapters, scope, accountId)
    if (byAccount !== 'unknown') return byAccount
    const address = email?.trim().toLowerCase()
    return address ? standingOfAddress(adapters, scope, { address, find }) : 'unknown'
  }
}

/** The account decides, unless it is nobody's or was only listed by an import: then the address may be somebody's. */
async function standingOfAccount(
  adapters: Adapters,
  scope: Scope,
  accountId: Identity['accountId'],
): Promise<Standing> {
  if (accountId === undefined) return 'unknown'
  const linked = await adapters.access?.recordByAccount(scope, String(accountId))
  if (!linked) return 'unknown'
  const user = await adapters.users.get(scope, linked.userId, read)
  return standingOf(adapters, scope, user, linked)
}

async function standingOfAddress(
  adapters: Adapters,
  scope: Scope,
  { address, find }: { readonly address: string; readonly find: FindByEmail },
): Promise<Standing> {
  const people = await find(scope, address)
  if (people.length > 0) {
    return strongest(await Promise.all(people.map((user) => standingOf(adapters, scope, user))))
  }
  return (await isDepartedAddress(adapters, scope, address)) ? 'deprovisioned' : 'unknown'
}
