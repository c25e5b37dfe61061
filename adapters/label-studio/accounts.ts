import { emailOf } from '../../lib/access/index.js'
import type { AccountReference, Grant } from '../../lib/mapping/index.js'
import type { AccessStore } from '../../lib/stores/access-store.js'
import { RefusedError } from '../../lib/stores/errors.js'
import type { User } from '../../lib/stores/resource.js'
import type { Scope } from '../../lib/stores/scope.js'
import {
  isLabelStudioError,
  type LabelStudioApi,
  type LabelStudioUser,
  normalizeEmail,
} from './api/index.js'
import type { Claimed, Claims } from './claims.js'
import type { Directory } from './directory.js'
import { namesOf } from './names.js'

/** A person's account in Label Studio. */
export interface Account {
  readonly user: LabelStudioUser
  readonly reference: AccountReference
  /** What a person who is gone had been granted through us, on the account that this person takes over. */
  readonly inherited: readonly Grant[]
}

/** Brings SCIM users and Label Studio accounts together; never by anything but a stored link or the e-mail address. */
export interface Accounts {
  /**
   * The account, by the stored link or, where adoption is allowed, by e-mail address.
   * @throws RefusedError when the account with this address must not be taken over
   */
  find(scope: Scope, user: User): Promise<Account | undefined>
  /** Refuses somebody whom `find` would refuse. Changes nothing. @throws RefusedError */
  check(scope: Scope, user: User): Promise<void>
  /**
   * Every account of the person: also those whose address is only spelled differently. Never one that is somebody
   * else's, or that must not be taken over.
   */
  findAll(scope: Scope, user: User): Promise<readonly LabelStudioUser[]>
  /** Creates an account for somebody for whom `find` found none. @throws RefusedError as `find` */
  create(scope: Scope, user: User, password?: string): Promise<Account>
}

interface Parts {
  readonly api: LabelStudioApi
  readonly access: AccessStore
  readonly directory: Directory
  readonly claims: Claims
  readonly hidden: HiddenAccounts | undefined
}

/** Accounts that exist but are in no organization: removed ones, and those that a crash left half made. */
export interface HiddenAccounts {
  find(email: string, signal?: AbortSignal): Promise<Claimed | undefined>
  /** Brings the account into the organization. */
  restore(id: number, signal?: AbortSignal): Promise<LabelStudioUser | undefined>
}

/** Accounts over the parts of one Label Studio. */
export function accountsOf(parts: Parts): Accounts {
  const { claims, directory } = parts
  return {
    async find(scope, user) {
      const linked = await linkedAccount(parts, scope, user)
      if (linked) return linked
      const [found] = await matching(parts, scope, user)
      if (!found) return undefined
      const inherited = await claims.take(scope, user, found)
      return { user: found, reference: referenceTo(found, 'adopted'), inherited }
    },
    async check(scope, user) {
      const [found] = await matching(parts, scope, user)
      if (found) await claims.check(scope, user, found)
    },
    async findAll(scope, user) {
      const linked = await linkedAccount(parts, scope, user)
      const all = linked ? [linked.user] : []
      // Somebody may have signed up a moment ago: ending access must not miss them.
      if (!linked) directory.forget()
      for (const each of await matching(parts, scope, user)) {
        const isNew = each.id !== linked?.user.id
        if (isNew && (await claims.isOpenTo(scope, user, each))) all.push(each)
      }
      return all
    },
    async create(scope, user, password) {
      const email = requiredEmail(user)
      await claims.announce(scope, user, email)
      const secret = password === undefined ? {} : { password }
      const person = { email, ...namesOf(user), ...secret }
      try {
        const created = await parts.api.users.create(person, scope.signal)
        directory.forget()
        return founded(created)
      } catch (error) {
        return createdOrFound(parts, scope, { user, email, error })
      }
    },
  }
}

/** The address a Label Studio account needs. */
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
  { id, email }: LabelStudioUser,
  origin: AccountReference['origin'],
): AccountReference {
  return { id: String(id), email: normalizeEmail(email), origin }
}

async function linkedAccount(
  { api, access }: Parts,
  scope: Scope,
  user: User,
): Promise<Account | undefined> {
  const reference = (await access.record(scope, user.id))?.account
  if (!reference) return undefined
  const account = await api.users.get(Number(reference.id), scope.signal)
  return account && { user: account, reference, inherited: [] }
}

async function matching({ directory }: Parts, scope: Scope, user: User) {
  const email = emailOf(user)
  return email === undefined ? [] : directory.find(email, scope.signal)
}

/** What to do about an account that could not be created because it exists, or may exist. */
async function createdOrFound(
  parts: Parts,
  scope: Scope,
  { user, email, error }: { readonly user: User; readonly email: string; readonly error: unknown },
): Promise<Account> {
  const { directory, hidden, claims } = parts
  if (!isLabelStudioError(error)) throw error
  directory.forget()
  const isTaken = error.kind === 'duplicateEmail'
  if (!isTaken && !error.maybeDone) throw error
  const [found] = await directory.find(email, scope.signal)
  if (found && !isTaken) return founded(found)
  const existing = found ?? (isTaken ? await hidden?.find(email, scope.signal) : undefined)
  if (!existing) throw error
  const inherited = await claims.take(scope, user, existing)
  const account = found ?? (await hidden?.restore(existing.id, scope.signal))
  if (!account) throw error
  return { user: account, reference: referenceTo(account, 'adopted'), inherited }
}

function founded(user: LabelStudioUser): Account {
  return { user, reference: referenceTo(user, 'created'), inherited: [] }
}
