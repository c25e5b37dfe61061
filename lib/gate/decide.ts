import { emailOf } from '../access/index.js'
import type { ResolvedFilter } from '../filter/ast.js'
import { foldCase } from '../schema/comparable.js'
import { compileResourceTypes } from '../schema/compile.js'
import { resolvePath } from '../schema/paths.js'
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
const mostPeopleOfOneAddress = 100

/** A judge over these adapters. It keeps nothing: each question is answered from what is stored at that moment. */
export function judgeFrom(adapters: Adapters): Judge {
  const filterBy = emailFilter()
  return async (scope, { accountId, email }) => {
    const linked =
      accountId === undefined
        ? undefined
        : await adapters.access?.recordByAccount(scope, String(accountId))
    if (linked) {
      return standingOf(adapters, scope, await adapters.users.get(scope, linked.userId, read))
    }
    const address = email?.trim().toLowerCase()
    return address ? standingOfAddress(adapters, scope, address, filterBy(address)) : 'unknown'
  }
}

/** Only a person's own address counts (`emailOf`), not one that merely stands among their e-mails. */
async function standingOfAddress(
  adapters: Adapters,
  scope: Scope,
  address: string,
  filter: ResolvedFilter,
): Promise<Standing> {
  const page = { kind: 'index', offset: 0, limit: mostPeopleOfOneAddress } as const
  const { resources } = await adapters.users.query(scope, { ...read, filter, page })
  const people = resources.filter((user) => emailOf(user) === address)
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

/** `emails.value eq address or userName eq address`, both indexed. */
function emailFilter(): (address: string) => ResolvedFilter {
  const type = compileResourceTypes().byName.get('User')
  const paths = ['emails.value', 'userName'].flatMap((text) => {
    const path = type && resolvePath(type, text)
    return path ? [path] : []
  })
  return (address) => ({
    kind: 'or',
    nodes: paths.map((path) => ({
      kind: 'compare',
      path,
      operator: 'eq',
      value: foldCase(address),
    })),
  })
}
