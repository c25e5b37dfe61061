import {
  type AddressHolders,
  emailOf,
  type FindByAddress,
  findByAddress,
  isFormerAddress,
  isReused,
  type Standing,
  standingOf,
  strongest,
} from '../access/index.js'
import type { Adapters } from '../stores/adapters.js'
import type { AccountIdentity } from '../stores/gate-policy.js'
import type { AccountPerson } from '../stores/group-store.js'
import { omitGroups } from '../stores/reads.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'

/** A person as the guarded application knows them. */
export type Identity = AccountIdentity

/** A person's standing, their SCIM user if there is one, and what else was read about them. */
export interface PersonStatus extends Partial<AccountPerson> {
  readonly standing: Standing
}

/** Looks up the status of a person who has an account or wants one. */
export type LookUpStatus = (scope: Scope, identity: Identity) => Promise<PersonStatus>

const unknown: PersonStatus = { standing: 'unknown' }
const deprovisioned: PersonStatus = { standing: 'deprovisioned' }

/**
 * Makes such a look-up for these adapters. It caches nothing: each answer comes from the stored
 * state at that moment.
 */
export function statusLookUp(adapters: Adapters): LookUpStatus {
  const find = findByAddress(adapters)
  return async (scope, identity) => {
    const { accountId, email } = identity
    const byAccount = await lookUpAccount(adapters, scope, accountId)
    const isReusedId = isReused(byAccount.record?.account, identity)
    if (byAccount.standing !== 'unknown' && !isReusedId) return byAccount
    const byAddress = email ? await lookUpAddress(adapters, scope, { email, find }) : unknown
    return byAddress.standing === 'unknown' ? byAccount : byAddress
  }
}

/**
 * The account decides. If it belongs to no SCIM user, or was only listed by an import, the address
 * decides.
 */
async function lookUpAccount(
  adapters: Adapters,
  scope: Scope,
  accountId: Identity['accountId'],
): Promise<PersonStatus> {
  if (accountId === undefined) return unknown
  const person = await personByAccount(adapters, scope, String(accountId))
  if (!person) return unknown
  return { ...person, standing: await standingOf(adapters, scope, person.user, person) }
}

async function personByAccount(
  { access, groups, users }: Adapters,
  scope: Scope,
  accountId: string,
): Promise<AccountPerson | undefined> {
  if (groups.personByAccount) return groups.personByAccount(scope, accountId)
  const record = await access?.recordByAccount(scope, accountId)
  if (!record) return undefined
  const user = await users.get(scope, record.userId, omitGroups)
  return { record, ...(user && { user }) }
}

interface AddressLookUp {
  readonly email: string
  readonly find: FindByAddress
}

/**
 * The person whose own address it is decides, then people who have it in another attribute, then
 * people who used to have it. An account whose address only resembles a person's is not theirs, and
 * is refused.
 */
async function lookUpAddress(
  adapters: Adapters,
  scope: Scope,
  { email, find }: AddressLookUp,
): Promise<PersonStatus> {
  const address = foldAscii(email)
  const { own, others } = address.includes(kelvin) ? nobody : await find(scope, address)
  for (const holders of [own, others]) {
    const found = await strongestOf(adapters, scope, holders)
    if (found.standing !== 'unknown') return found
  }
  if (own.length > 0) return unknown
  if (await isFormerAddress(adapters, scope, address)) return deprovisioned
  const look = lookOf(email)
  return look !== address && (await isSomebodys(adapters, scope, { look, find }))
    ? deprovisioned
    : unknown
}

async function strongestOf(
  adapters: Adapters,
  scope: Scope,
  users: readonly User[],
): Promise<PersonStatus> {
  const standings = await Promise.all(users.map((user) => standingOf(adapters, scope, user)))
  const standing = strongest(standings)
  const user = users[standings.indexOf(standing)]
  return { standing, ...(user && { user }) }
}

interface SpelledAddress {
  readonly look: string
  readonly find: FindByAddress
}

async function isSomebodys(
  adapters: Adapters,
  scope: Scope,
  { look, find }: SpelledAddress,
): Promise<boolean> {
  const { own, others } = await find(scope, look)
  return own.length + others.length > 0 || isFormerAddress(adapters, scope, look)
}

/** Whether this is the person's own address, by which the application knows them. */
export function isOwnAddress(user: User, email: string): boolean {
  return emailOf(user) === foldAscii(email)
}

/** The one other letter whose lower case is an ASCII letter, so a finder would take it for that. */
const kelvin = '\u212A'
const nobody: AddressHolders = { own: [], others: [] }

/** Lower-cases ASCII letters only. */
function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The address as it looks to a reader. */
function lookOf(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\s\p{C}\p{M}]+/gu, '')
    .toLowerCase()
}
