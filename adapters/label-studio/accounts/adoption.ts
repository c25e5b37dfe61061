import {
  type AccessRecord,
  type AccessStore,
  emailOf,
  emptyRecord,
  type Grant,
  omitGroups,
  RefusedError,
  type Scope,
  UnavailableError,
  type User,
  type UserStore,
} from '../../../lib/adapter/index.js'
import { type LabelStudioUser, normalizeEmail } from '../api/index.js'
import { unlist } from '../import/unlist.js'
import type { LabelStudioSettings } from '../options.js'
import type { FormerCredentials } from './former.js'
import { holdPerson } from './hold.js'
import { giveUp, isReusedNumber } from './reused-numbers.js'

/** The parts of an account that decide who may have it. */
export type AccountKey = Pick<LabelStudioUser, 'id' | 'email'> &
  Partial<Pick<LabelStudioUser, 'dateJoined'>>

/** Decides who may have an existing account in Label Studio. */
export interface Adoption {
  /**
   * Whether this person may have the account. Changes nothing.
   * @throws RefusedError 409 when another person has it or it must not be adopted, 403 for the
   *   adapter's own account
   * @throws UnavailableError while its holder still has to be renamed in Label Studio
   */
  check(scope: Scope, user: User, account: AccountKey): Promise<void>
  /**
   * Like `check`, and ends the credentials of a person who left, whose account this person is about
   * to get.
   */
  succeed(scope: Scope, user: User, account: AccountKey): Promise<void>
  /**
   * Like `succeed`, and releases the account from a person who left or was only listed by the
   * import.
   * @returns what the one who left had been granted through us
   */
  take(scope: Scope, user: User, account: AccountKey): Promise<readonly Grant[]>
  /** Whether `check` would allow it. */
  isOpenTo(scope: Scope, user: User, account: AccountKey): Promise<boolean>
  /** Whether the rule for adoption allows this address. */
  mayAdopt(email: string): boolean
  /**
   * Notes that an account is about to be created, so that it is known to belong to this person
   * whatever happens meanwhile. Only to be called if no account with this address exists, not even
   * a hidden one, because that one would be mistaken for the new account.
   */
  announce(scope: Scope, user: User, email: string): Promise<void>
}

interface AdoptionParts {
  readonly access: AccessStore
  readonly users: UserStore
  readonly settings: LabelStudioSettings
  readonly ownId: number
  /** Whether an account can get another address. */
  readonly canRename: boolean
  /** Absent where credentials cannot be ended. */
  readonly former?: FormerCredentials | undefined
}

const reservedFor = (accountId: number) => `labelStudio.heir:${accountId}`
const reservedAddress = (email: string) => `labelStudio.founder:${email}`

/** Makes these decisions from the records of one tenant's people. */
export function adoptionOf(parts: AdoptionParts): Adoption {
  const { access } = parts
  return {
    async check(scope, user, account) {
      await holderToReplace(parts, scope, user, account)
    },
    async succeed(scope, user, account) {
      await succeed(parts, scope, user, account)
    },
    async take(scope, user, account) {
      const holder = await succeed(parts, scope, user, account)
      if (!holder) return []
      const { record, isGone } = holder
      if (record.account?.origin === 'imported') {
        await takeFromList(parts, scope, record)
        return []
      }
      if (isGone) {
        await giveUp(parts.settings, scope, record, holdPerson)
        return []
      }
      await transferLedger(parts, scope, { user, account, holder: record })
      return record.applied
    },
    async isOpenTo(scope, user, account) {
      try {
        await holderToReplace(parts, scope, user, account)
        return true
      } catch (error) {
        if (error instanceof RefusedError || isOnTheWay(error)) return false
        throw error
      }
    },
    mayAdopt: (email) => mayAdopt(parts.settings, email),
    async announce(scope, user, email) {
      if (mayAdopt(parts.settings, email)) return
      await access.setValue(scope, reservedAddress(email), user.id)
    },
  }
}

/** Whether the rule for adoption allows this address. */
export function mayAdopt({ adopt }: Pick<LabelStudioSettings, 'adopt'>, email: string): boolean {
  if (adopt === 'all' || adopt === 'none') return adopt === 'all'
  return adopt.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase())
}

/** The record that has an account. */
interface Holder {
  readonly record: AccessRecord
  /** Their account is gone: this is another one with its number. */
  readonly isGone: boolean
}

/** Who has to give up the account to this person; `undefined` if the account has no holder. */
async function holderToReplace(
  parts: AdoptionParts,
  scope: Scope,
  user: User,
  account: AccountKey,
): Promise<Holder | undefined> {
  const { access, users, settings, ownId } = parts
  if (account.id === ownId) throw new RefusedError('This is the account of the adapter itself.')
  const isAdoptable = mayAdopt(settings, normalizeEmail(account.email))
  const record = await access.recordByAccount(scope, String(account.id))
  const holding = record && (await users.get(scope, record.userId, omitGroups))
  const isGone = isReusedNumber(record?.account, holding, account)
  const holder = record && record.userId !== user.id ? { record, isGone } : undefined
  if (holder && !holding && !isGone) return holder
  if (holder && holding && !isGone && record?.account?.origin !== 'imported') {
    const isGivenUp = await givesUp(parts, scope, { holder: holding, address: account.email })
    throw isGivenUp ? addressOnTheWay() : anothersAccount()
  }
  if (!isAdoptable && !(await isPromised(parts, scope, user, account))) {
    throw taken(
      'An account with this e-mail address exists in Label Studio, and must not be taken ' +
        'over through SCIM.',
    )
  }
  return holder
}

/**
 * Ends the credentials of a holder who left. Their lease is held meanwhile, because the account may
 * be open for a moment.
 * @returns who has to give up the account, as `holderToReplace`
 */
async function succeed(
  parts: AdoptionParts,
  scope: Scope,
  user: User,
  account: AccountKey,
): Promise<Holder | undefined> {
  const { access, former } = parts
  const holder = await holderToReplace(parts, scope, user, account)
  const isTheirs = holder && !holder.isGone && holder.record.account?.origin !== 'imported'
  if (!former || !isTheirs) return holder
  const { userId } = holder.record
  await holdPerson(access, scope, userId, (held) => former.end(held, user.id, account.id))
  return holder
}

/** Removes the listed person, unless they became managed meanwhile. @throws RefusedError 409 */
async function takeFromList(
  { access, users, settings }: AdoptionParts,
  scope: Scope,
  { userId }: AccessRecord,
): Promise<void> {
  await holdPerson(access, scope, userId, async (held) => {
    const record = await access.getRecord(held, userId)
    if (!record) return
    if (record.account?.origin !== 'imported') throw anothersAccount()
    const user = await users.get(held, userId, omitGroups)
    await unlist(settings, held, record, { userName: user?.userName ?? record.email ?? userId })
  })
}

/**
 * Even an account that may not be adopted belongs to the person for whom its creation was
 * interrupted.
 */
async function isPromised(
  { access }: AdoptionParts,
  scope: Scope,
  user: User,
  account: AccountKey,
): Promise<boolean> {
  const promises = [reservedFor(account.id), reservedAddress(normalizeEmail(account.email))]
  for (const name of promises) {
    if ((await access.getValue(scope, name)) === user.id) return true
  }
  return false
}

/** The transfer of an account from one person to another. */
interface LedgerTransfer {
  readonly user: User
  readonly account: AccountKey
  readonly holder: AccessRecord
}

/**
 * Transfers the ledger before the old record is deleted, so that a crash in between loses nothing.
 * Meanwhile the lease of the person who left is held, so that the account is not closed on their
 * behalf.
 */
async function transferLedger(
  { access }: AdoptionParts,
  scope: Scope,
  { user, account, holder }: LedgerTransfer,
): Promise<void> {
  await holdPerson(access, scope, holder.userId, async (held) => {
    const record = (await access.getRecord(held, user.id)) ?? emptyRecord(user.id, new Date())
    await access.setValue(held, reservedFor(account.id), user.id)
    await access.saveRecord(held, { ...record, applied: [...holder.applied, ...record.applied] })
    await access.deleteRecord(held, holder.userId)
  })
}

/** An address, and the person whose account has it. */
interface HeldAddress {
  readonly holder: User
  readonly address: string
}

/**
 * Whether an account gives its address up in a moment. It keeps it as long as its holder has no
 * access, also one who is active and in no group with a role, and where nobody can change it.
 */
export async function givesUp(
  { settings, canRename }: Pick<AdoptionParts, 'settings' | 'canRename'>,
  scope: Scope,
  { holder, address }: HeldAddress,
): Promise<boolean> {
  if (!canRename || !isLeaving(holder, address)) return false
  return (await settings.storage.groups.resolveAccess(scope, holder)).active
}

/** Whether somebody active has another address in SCIM. */
export function isLeaving(holder: User, address: string): boolean {
  const own = emailOf(holder)
  return holder.active === true && own !== undefined && own !== normalizeEmail(address)
}

const onTheWay = Symbol('on the way')

/** An account is about to give its address up: whoever wants it is told to come back. */
export function addressOnTheWay(): UnavailableError {
  const message = 'The account that has this e-mail address is about to get another one.'
  return new UnavailableError(message, { retryAfterSeconds: 1, cause: onTheWay })
}

/** Whether this is {@link addressOnTheWay}. */
export function isOnTheWay(error: unknown): boolean {
  return error instanceof UnavailableError && error.cause === onTheWay
}

/** The refusal of an account that is linked to somebody else. */
export function anothersAccount(): RefusedError {
  return taken('The Label Studio account with this e-mail address is another user’s.')
}

function taken(message: string): RefusedError {
  return new RefusedError(message, 409, 'uniqueness')
}
