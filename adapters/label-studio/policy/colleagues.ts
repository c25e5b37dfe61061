import {
  type Identity,
  type PolicyPerson,
  type PolicyQuestion,
  stopwatch,
} from '../../../lib/adapter/index.js'
import { normalizeEmail } from '../api/index.js'
import { isColleague, type PersonAccess, personAccess, rankIn, ranks } from './access.js'

/** A person in one of Label Studio's lists. */
export interface Account {
  readonly accountId: number
  /** Lower-cased; '' if Label Studio does not tell it. */
  readonly email: string
}

/** A person as Label Studio lists them. */
export function accountOf(item: Readonly<Record<string, unknown>>): Account {
  return { accountId: Number(item['id']), email: String(item['email'] ?? '').toLowerCase() }
}

/** The accounts that are in the project or, without one, share a project with the person. */
export type Colleagues = (accounts: readonly Account[]) => Promise<ReadonlySet<number>>

/** How long to remember a person's projects when deciding who sees their name, in milliseconds. */
const colleaguesFreshMs = 30_000

/** Recently looked-up people, by account and address. */
export type RememberedPeople = Map<
  string,
  { readonly age: () => number; readonly person: PersonAccess }
>

const everything = {
  rank: ranks.AD,
  highest: ranks.AD,
  given: new Map<number, never>(),
  inherited: new Set<number>(),
}

/** What a person may do. */
export function accessOfPerson({
  identity,
  access,
  workspaceProjects,
}: PolicyPerson): PersonAccess {
  const account = Number(identity.accountId ?? -1)
  const person = { account, email: normalizeEmail(identity.email ?? '') }
  if (access === 'all') return { ...person, ...everything }
  return personAccess(person, access, workspaceProjects)
}

/** What {@link colleaguesOf} needs. */
export interface ColleagueQuestion {
  readonly remembered: RememberedPeople
  readonly question: PolicyQuestion
  readonly person: PersonAccess
  readonly project: number | undefined
}

/** The accounts that are in the project or, without one, share a project with the person. */
export async function colleaguesOf(
  { remembered, question, person, project }: ColleagueQuestion,
  accounts: readonly Account[],
): Promise<ReadonlySet<number>> {
  const seen = new Set<number>()
  for (const account of accounts) {
    const other = await rememberedPerson(remembered, question, account)
    const isSeen =
      project === undefined ? isColleague(person, other) : rankIn(other, project) > ranks.none
    if (isSeen) seen.add(account.accountId)
  }
  return seen
}

async function rememberedPerson(
  remembered: RememberedPeople,
  question: PolicyQuestion,
  { accountId, email }: Account,
): Promise<PersonAccess> {
  // An account without its address may be less than it is with it, e.g. the owner's.
  const key = `${accountId} ${email}`
  const before = remembered.get(key)
  if (before && before.age() < colleaguesFreshMs) return before.person
  const identity: Identity = { accountId, ...(email !== '' && { email }) }
  const person = accessOfPerson(await question.accessOf(identity))
  if (remembered.size >= 100_000) remembered.clear()
  remembered.set(key, { age: stopwatch(), person })
  return person
}
