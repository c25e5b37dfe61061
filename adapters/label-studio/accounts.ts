import { emailOf } from '../../lib/access/index.js'
import type { AccountReference, Grant } from '../../lib/mapping/index.js'
import type { AccessRecord, AccessStore } from '../../lib/stores/access-store.js'
import { RefusedError } from '../../lib/stores/errors.js'
import type { User } from '../../lib/stores/resource.js'
import type { Scope } from '../../lib/stores/scope.js'
import type { UserStore } from '../../lib/stores/user-store.js'
import {
  isLabelStudioError,
  type LabelStudioApi,
  type LabelStudioUser,
  normalizeEmail,
} from './api/index.js'
import type { Directory } from './directory.js'
import { namesOf } from './names.js'
import type { LabelStudioSettings } from './options.js'

/** A person's account in Label Studio. */
export interface Account {
  readonly user: LabelStudioUser
  readonly reference: AccountReference
  /** What a person who is gone had been granted through us, on the account that this person takes over. */
  readonly inherited: readonly Grant[]
}

/** Brings SCIM users and Label Studio accounts together; never by anything but a stored link or the e-mail address. */
export interface Accounts {
  /** The account, by the stored link or, where adoption is allowed, by e-mail address. */
  find(scope: Scope, user: User): Promise<Account | undefined>
  /** Every account of the person: also those whose address is only spelled differently. */
  findAll(scope: Scope, user: User): Promise<readonly LabelStudioUser[]>
  /** Creates an account for somebody who has none. */
  create(user: User, password?: string, signal?: AbortSignal): Promise<Account>
}

interface Parts {
  readonly api: LabelStudioApi
  readonly access: AccessStore
  readonly users: UserStore
  readonly directory: Directory
  readonly settings: LabelStudioSettings
  readonly ownId: number
  /** Brings an account that exists but is no member into the organization; `undefined` where nothing can. */
  readonly recover: (email: string, signal?: AbortSignal) => Promise<LabelStudioUser | undefined>
}

/** Accounts over the parts of one Label Studio. */
export function accountsOf(parts: Parts): Accounts {
  const { api, access, directory } = parts
  return {
    async find(scope, user) {
      const record = await access.record(scope, user.id)
      if (record?.account) {
        const linked = await api.users.get(Number(record.account.id), scope.signal)
        if (linked) return { user: linked, reference: record.account, inherited: [] }
      }
      const [found] = await matching(parts, scope, user)
      return found && adopt(parts, scope, user, found)
    },
    async findAll(scope, user) {
      const record = await access.record(scope, user.id)
      const id = record?.account && Number(record.account.id)
      const linked = id === undefined ? undefined : await api.users.get(id, scope.signal)
      const others = await matching(parts, scope, user)
      return linked ? [linked, ...others.filter((each) => each.id !== linked.id)] : others
    },
    async create(user, password, signal) {
      const created = await createOrFind(parts, requiredEmail(user), user, { password, signal })
      directory.forget()
      return {
        user: created,
        reference: referenceTo(created, 'created'),
        inherited: [],
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

/** Whether the rule for adoption allows this address. */
export function mayAdopt({ adopt }: LabelStudioSettings, email: string): boolean {
  if (adopt === 'all' || adopt === 'none') return adopt === 'all'
  return adopt.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase())
}

async function matching({ directory }: Parts, scope: Scope, user: User) {
  const email = emailOf(user)
  return email === undefined ? [] : directory.find(email, scope.signal)
}

async function adopt(
  parts: Parts,
  scope: Scope,
  user: User,
  found: LabelStudioUser,
): Promise<Account> {
  const email = normalizeEmail(found.email)
  if (found.id === parts.ownId) throw new RefusedError('This is the account of the adapter itself.')
  const before = await parts.access.recordByAccount(scope, String(found.id))
  const departed = await departedHolder(parts, scope, user, before)
  if (!departed && !mayAdopt(parts.settings, email)) {
    throw new RefusedError(
      'An account with this e-mail address exists in Label Studio, and must not be taken over through SCIM.',
      409,
    )
  }
  return {
    user: found,
    reference: referenceTo(found, 'adopted'),
    inherited: departed?.applied ?? [],
  }
}

/** The record of somebody who is gone and had this account: it makes room for the person who comes now. */
async function departedHolder(
  { access, users }: Parts,
  scope: Scope,
  user: User,
  record: AccessRecord | undefined,
): Promise<AccessRecord | undefined> {
  if (!record || record.userId === user.id) return undefined
  if (await users.get(scope, record.userId, { omit: new Set(['groups']) })) {
    throw new RefusedError(
      'The Label Studio account with this e-mail address is another user’s.',
      409,
    )
  }
  await access.deleteRecord(scope, record.userId)
  return record
}

async function createOrFind(
  { api, directory, recover }: Parts,
  email: string,
  user: User,
  { password, signal }: { password: string | undefined; signal: AbortSignal | undefined },
): Promise<LabelStudioUser> {
  const names = namesOf(user)
  try {
    return await api.users.create(
      { email, ...names, ...(password !== undefined && { password }) },
      signal,
    )
  } catch (error) {
    const mayExist =
      isLabelStudioError(error) && (error.maybeDone || error.kind === 'duplicateEmail')
    if (!mayExist) throw error
    directory.forget()
    const [found] = await directory.find(email, signal)
    const account =
      found ?? (error.kind === 'duplicateEmail' ? await recover(email, signal) : undefined)
    if (!account) throw error
    return account
  }
}
