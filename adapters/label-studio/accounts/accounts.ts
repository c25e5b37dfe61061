import {
  type AccountReference,
  emailOf,
  type Grant,
  RefusedError,
  type Scope,
  storeErrorKind,
  type User,
} from '../../../lib/adapter/index.js'
import {
  type AdminUser,
  isLabelStudioError,
  type LabelStudioApi,
  type LabelStudioUser,
  normalizeEmail,
} from '../api/index.js'
import type { LabelStudioSettings } from '../options.js'
import { type Adoption, anothersAccount } from './adoption.js'
import { type Directory, incompleteList, recentMs, type ShownAccount } from './directory.js'
import { holdPerson } from './hold.js'
import { noteAccount } from './links.js'
import { namesOf } from './names.js'
import { isReusedNumber } from './reused-numbers.js'

/** A person's account in Label Studio. */
export interface Account extends ShownAccount {
  readonly reference: AccountReference
  /** Label Studio has just created it, as asked. */
  readonly isNew?: boolean
}

/** Matches SCIM users with Label Studio accounts, only by a stored link or by e-mail address. */
export interface Accounts {
  /**
   * Finds the account by the stored link or, if adoption is allowed, by e-mail address. Changes
   * nothing.
   * @throws RefusedError when the account with this address must not be taken over
   */
  find(scope: Scope, user: User): Promise<Account | undefined>
  /**
   * Ends the credentials of a deleted person whose account this one is about to get, which `link`
   * does too. To be called before a password is set, which would end with them.
   * @throws RefusedError as `find`
   */
  succeed(scope: Scope, user: User, account: Account): Promise<void>
  /**
   * Links an account to this person, taking it over from a person who left or was only listed. To
   * be called before anything is done to the account, and only for stored people.
   *
   * @returns the grants that the previous person had through SCIM
   * @throws RefusedError 409 when the account was linked to another person meanwhile
   */
  link(scope: Scope, user: User, account: Account): Promise<readonly Grant[]>
  /**
   * Refuses a person whom `find` or `create` would refuse. Changes nothing. @throws RefusedError
   */
  check(scope: Scope, user: User): Promise<void>
  /**
   * Finds every account of the person, the linked one first, including accounts with another
   * spelling of the address. Never an account that belongs to another person or must not be taken
   * over.
   * @throws UnavailableError when Label Studio does not show everybody, but only after the linked
   *   account was yielded
   */
  findAll(scope: Scope, user: User): AsyncIterable<ShownAccount>
  /** Like `findAll`, and links the first one to a person without a linked account. */
  takeAll(scope: Scope, user: User): AsyncIterable<ShownAccount>
  /** Creates an account for a person for whom `find` found none. @throws RefusedError as `find` */
  create(scope: Scope, user: User, options?: CreationOptions): Promise<Account>
}

type Creator = (signal?: AbortSignal) => Promise<LabelStudioUser | undefined>

/** How an account is created. */
export interface CreationOptions {
  readonly password?: string | undefined
  /** A client waits for it. */
  readonly isUrgent?: boolean
}

interface AccountParts {
  readonly api: LabelStudioApi
  readonly settings: LabelStudioSettings
  readonly directory: Directory
  readonly adoption: Adoption
  readonly hidden: HiddenAccounts | undefined
  /** The token's own account, if the API shows it: for one account, or for all of some time. */
  readonly creators: Readonly<Record<'atOnce' | 'together', Creator>>
}

/**
 * Accounts that exist but are in no organization: removed ones, and those left half created by a
 * crash.
 */
export interface HiddenAccounts {
  get(id: number, signal?: AbortSignal): Promise<AdminUser | undefined>
  find(email: string, signal?: AbortSignal): Promise<AdminUser | undefined>
  /** Brings the account into the organization. */
  restore(id: number, signal?: AbortSignal): Promise<LabelStudioUser | undefined>
}

/** Makes the accounts of one Label Studio. */
export function accountsOf(parts: AccountParts): Accounts {
  const { adoption, directory, settings } = parts
  const { access } = settings.storage

  return {
    findAll: (scope, user) => findAll(parts, scope, user),
    succeed: (scope, user, account) => succeed(parts, scope, user, account),
    link: (scope, user, account) => link(parts, scope, user, account),
    async find(scope, user) {
      const linked = await linkedAccount(parts, scope, user)
      // An incomplete list may also hide the account; then there is no removal to undo.
      if (linked?.user.masked) await directory.prove(scope.signal)
      if (linked) return linked
      // A person who is expected to sign up gets the account without us.
      const lookUp = settings.firstSignIn === 'invite' ? recent : matching
      const [found] = await lookUp(parts, scope, user)
      const shown = found && (await stillThere(parts, scope, user, found))
      return shown && adoptable(parts, scope, user, shown)
    },
    async check(scope, user) {
      const [found] = await matching(parts, scope, user)
      const shown = found && (await stillThere(parts, scope, user, found))
      if (shown) await adoptable(parts, scope, user, shown)
      else await guardedAccount(parts, scope, user)
    },
    async *takeAll(scope, user) {
      let isLinked = (await access.getRecord(scope, user.id))?.account !== undefined
      const lookUp: LookUp = isLinked ? recent : newest
      for await (const each of findAll(parts, scope, user, lookUp)) {
        if (!isLinked) await link(parts, scope, user, adopted(each.user))
        isLinked = true
        yield each
      }
    },
    async create(scope, user, { password, isUrgent = false } = {}) {
      const email = requiredEmail(user)
      const existing = await guardedAccount(parts, scope, user)
      if (existing) return existing
      await adoption.announce(scope, user, email)
      const secret = password === undefined ? {} : { password }
      const person = { email, ...namesOf(user), ...secret }
      try {
        const created = await parts.api.users.create(person, scope.signal)
        const isShown = await parts.creators[isUrgent ? 'atOnce' : 'together'](scope.signal)
        const account = isShown ? created : await listed(parts, created, scope.signal)
        directory.add(account)
        return { ...createdHere(account), isNew: true }
      } catch (error) {
        return createdOrFound(parts, scope, { user, email, error })
      }
    },
  }
}

async function* findAll(
  parts: AccountParts,
  scope: Scope,
  user: User,
  lookUp: LookUp = matching,
): AsyncGenerator<ShownAccount> {
  const linked = await linkedAccount(parts, scope, user)
  if (linked) yield linked
  for (const each of await lookUp(parts, scope, user)) {
    const isNew = each.id !== linked?.user.id
    if (isNew && (await parts.adoption.isOpenTo(scope, user, each))) yield { user: each }
  }
}

async function succeed(
  { adoption, settings }: AccountParts,
  scope: Scope,
  user: User,
  { reference, user: account }: Account,
): Promise<void> {
  if (reference.origin === 'created') return
  const { access } = settings.storage
  if ((await access.getRecord(scope, user.id))?.account?.id === reference.id) return
  await adoption.succeed(scope, user, account)
}

async function link(
  { adoption, settings }: AccountParts,
  scope: Scope,
  user: User,
  account: Account,
): Promise<readonly Grant[]> {
  const { access } = settings.storage
  const { reference } = account
  return holdPerson(access, scope, user.id, async (held) => {
    if ((await access.getRecord(held, user.id))?.account?.id === reference.id) return []
    const isOurs = reference.origin === 'created'
    const inherited = isOurs ? [] : await adoption.take(held, user, account.user)
    try {
      await noteAccount(settings, held, user, { account: reference })
    } catch (error) {
      throw storeErrorKind(error) === 'uniqueness' ? anothersAccount() : error
    }
    return inherited
  })
}

/**
 * An existing account, if this person may have it. @throws RefusedError 403 for superusers, else as
 * `adoption.check`
 */
async function adoptable(
  { adoption, hidden }: AccountParts,
  scope: Scope,
  user: User,
  found: LabelStudioUser,
): Promise<Account> {
  await adoption.check(scope, user, found)
  if ((await hidden?.get(found.id, scope.signal))?.isSuperuser) throw superuserError()
  return adopted(found)
}

/**
 * If adoption is restricted: an account that the directory does not show, because it was removed
 * from the organization, or because its creation was interrupted.
 * @throws RefusedError when it must not be taken over
 */
async function guardedAccount(
  { adoption, hidden }: AccountParts,
  scope: Scope,
  user: User,
): Promise<Account | undefined> {
  const email = emailOf(user)
  if (!hidden || email === undefined || adoption.mayAdopt(email)) return undefined
  const existing = await hidden.find(email, scope.signal)
  if (!existing) return undefined
  await adoption.check(scope, user, existing)
  return adopted(unlisted(existing))
}

/** The e-mail address, which a Label Studio account needs. */
export function requiredEmail(user: User): string {
  const email = emailOf(user)
  if (email !== undefined) return email
  throw new RefusedError(
    'Label Studio needs an e-mail address: neither "emails" nor "userName" has one.',
    400,
  )
}

/** A link to an account. */
export function referenceTo(
  { id, email, dateJoined }: LabelStudioUser,
  origin: AccountReference['origin'],
  isProtected = false,
): AccountReference {
  const since = dateJoined ? { since: dateJoined } : {}
  const reference = { id: String(id), email: normalizeEmail(email), ...since, origin }
  return isProtected ? { ...reference, isProtected } : reference
}

async function linkedAccount(
  { settings, directory, hidden }: AccountParts,
  scope: Scope,
  user: User,
): Promise<Account | undefined> {
  const reference = (await settings.storage.access.getRecord(scope, user.id))?.account
  if (!reference) return undefined
  const id = Number(reference.id)
  const shown = await directory.get({ id, email: reference.email }, scope.signal)
  if (shown && isReusedNumber(reference, user, shown.user)) return undefined
  if (shown) return { ...shown, reference }
  // An account that is outside the organization, or hidden by an incomplete list, can still sign
  // in.
  const outside = await hidden?.get(id, scope.signal)
  if (outside) return { user: unlisted(outside), reference }
  if (!hidden) await directory.prove(scope.signal)
  return undefined
}

/** An account that only the admin shows, in the form in which the API shows removed ones. */
function unlisted({ id, email, username, firstName, lastName }: AdminUser): LabelStudioUser {
  const nothing = { activeOrganization: undefined, dateJoined: undefined, lastActivity: undefined }
  return { id, email, username, firstName, lastName, ...nothing, masked: true }
}

/** Finds the accounts with a person's address. */
type LookUp = (parts: AccountParts, scope: Scope, user: User) => Promise<readonly LabelStudioUser[]>

const matching: LookUp = async ({ directory }, { signal }, user) => {
  const email = emailOf(user)
  return email === undefined ? [] : directory.find(email, { signal })
}

const recent: LookUp = async ({ directory }, { signal }, user) => {
  const email = emailOf(user)
  return email === undefined ? [] : directory.find(email, { signal, maxAgeMs: recentMs })
}

/**
 * The current account: the person may have signed up a moment ago, and ending access must not miss
 * that account. The admin can search one address without listing everybody. If only the gate ends
 * access, it refuses a missed account anyway.
 */
const newest: LookUp = async (parts, scope, user) => {
  const { directory, hidden, settings } = parts
  const email = emailOf(user)
  if (email === undefined) return []
  const { signal } = scope
  const isGateAlone = settings.deprovisioning === 'gate'
  if (!hidden && !isGateAlone) return directory.find(email, { signal, maxAgeMs: 0 })
  const listed = await recent(parts, scope, user)
  const exact = await hidden?.find(email, signal)
  if (!exact || listed.some(({ id }) => id === exact.id)) return listed
  // Whoever is pushed next with this address must find the account too.
  directory.forget()
  return [unlisted(exact), ...listed]
}

/**
 * Reads an account from a list again; searches once more if its address has changed or it is gone.
 */
async function stillThere(
  parts: AccountParts,
  { signal }: Scope,
  user: User,
  found: LabelStudioUser,
): Promise<LabelStudioUser | undefined> {
  const email = emailOf(user)
  const isTheirs = (each: LabelStudioUser) => !each.masked && normalizeEmail(each.email) === email
  const now = await parts.api.users.get(found.id, signal)
  if (now && isTheirs(now)) return now
  const others = email === undefined ? [] : await parts.directory.find(email, { maxAgeMs: 0 })
  return others[0]
}

interface FailedCreation {
  readonly user: User
  readonly email: string
  readonly error: unknown
}

/** Handles an account that could not be created because it exists, or may exist. */
async function createdOrFound(
  parts: AccountParts,
  scope: Scope,
  { user, email, error }: FailedCreation,
): Promise<Account> {
  const { directory, hidden, adoption } = parts
  if (!isLabelStudioError(error)) throw error
  const isTaken = error.kind === 'duplicateEmail'
  if (!isTaken && !error.maybeDone) throw error
  directory.forget()
  const [found] = await directory.find(email, { signal: scope.signal })
  if (found) return isTaken ? adoptable(parts, scope, user, found) : createdHere(found)
  const existing = isTaken ? await hidden?.find(email, scope.signal) : undefined
  if (!existing) throw error
  if (existing.isSuperuser) throw superuserError()
  await adoption.check(scope, user, existing)
  // Masked like a removed account, so that updating it also brings it into the organization.
  return adopted(unlisted(existing))
}

function adopted(user: LabelStudioUser): Account {
  return { user, reference: referenceTo(user, 'adopted') }
}

function superuserError(): RefusedError {
  return new RefusedError(
    'This is a superuser of Label Studio, who cannot be changed from outside.',
  )
}

/**
 * Label Studio does not add an account to an organization if its creator is in none. One look at
 * the creator confirms all accounts that were created before it.
 */
async function listed(
  { api, hidden }: AccountParts,
  { id }: LabelStudioUser,
  signal: AbortSignal,
): Promise<LabelStudioUser> {
  const account = (await api.users.get(id, signal)) ?? (await hidden?.restore(id, signal))
  if (account) return account
  throw incompleteList()
}

function createdHere(user: LabelStudioUser): Account {
  return { user, reference: referenceTo(user, 'created') }
}
