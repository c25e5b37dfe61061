import { normalizeEmail } from './email.js'
import { isLabelStudioError, LabelStudioError } from './errors.js'
import type { HttpClient } from './http/client.js'
import { apiPath } from './http/path.js'
import { type JsonRecord, numberOf, readArray, readId, readRecord, textOf } from './read.js'

/** An account in Label Studio. */
export interface LabelStudioUser {
  /**
   * Never reused. The only safe identifier, because e-mails are masked once a person is removed.
   */
  id: number
  email: string
  username: string
  firstName: string
  lastName: string
  activeOrganization: number | undefined
  /** RFC 3339. */
  dateJoined: string | undefined
  lastActivity: string | undefined
  /**
   * The person was removed from the organization: names and e-mail are placeholders, and the real
   * ones are hidden.
   */
  masked: boolean
}

/** The values of a new account. */
export interface NewUser {
  /** Sent trimmed and lower-cased. */
  email: string
  /** Default: the e-mail. Label Studio requires a username but does not require it to be unique. */
  username?: string
  firstName?: string
  lastName?: string
  /** Enterprise only; Community silently ignores it. */
  password?: string
}

/** Names that can be changed through the REST API. */
export interface UserNames {
  firstName?: string
  lastName?: string
  username?: string
}

/** Calls about accounts. */
export interface UsersApi {
  /** Everybody with a membership in the organization, including masked people. Not paged. */
  list(signal?: AbortSignal): Promise<LabelStudioUser[]>
  /** One account, or `undefined` if there is none. */
  get(id: number, signal?: AbortSignal): Promise<LabelStudioUser | undefined>
  /**
   * Creates an account in the organization of the token's owner.
   *
   * @throws LabelStudioError `duplicateEmail` when the address is taken, maybe by a masked account
   * @throws LabelStudioError with `maybeDone` when the account may exist: look for the e-mail
   */
  create(user: NewUser, signal?: AbortSignal): Promise<LabelStudioUser>
  /**
   * Changes names. It never sends the e-mail address, because Label Studio would answer 405 after
   * saving the rest.
   *
   * @throws LabelStudioError `notFound`
   */
  changeNames(id: number, names: UserNames, signal?: AbortSignal): Promise<LabelStudioUser>
  /**
   * Takes an account out of its active organization until its next sign-in. Meanwhile Label Studio
   * refuses every access token of the account, and accepts its legacy token.
   *
   * @throws LabelStudioError `notFound`; `unexpected` when it stays in one
   */
  leaveOrganization(id: number, signal?: AbortSignal): Promise<void>
  /**
   * Deletes the account permanently, with uploads, drafts and tabs; annotations stay without an
   * author.
   *
   * @returns `false` if there was none
   */
  delete(id: number, signal?: AbortSignal): Promise<boolean>
}

/** Calls about accounts, on `http`. */
export function usersApi(http: HttpClient): UsersApi {
  const one = (id: number) => apiPath`/api/users/${id}/`
  return {
    async list(signal) {
      const answer = await http.request({ method: 'GET', path: apiPath`/api/users/`, signal })
      return readArray(answer, 'users').map((each) => toUser(each, 'users'))
    },
    async get(id, signal) {
      const answer = await orUndefined(http.request({ method: 'GET', path: one(id), signal }))
      return answer === undefined ? undefined : toUser(answer, 'user')
    },
    async create(user, signal) {
      const path = apiPath`/api/users/`
      const body = fromNewUser(user)
      return toUser(await http.request({ method: 'POST', path, body, signal }), 'created user')
    },
    async changeNames(id, names, signal) {
      const body = fromNames(names)
      return toUser(await http.request({ method: 'PATCH', path: one(id), body, signal }), 'user')
    },
    async leaveOrganization(id, signal) {
      const body = { active_organization: null }
      const answer = await http.request({ method: 'PATCH', path: one(id), body, signal })
      if (toUser(answer, 'user').activeOrganization === undefined) return
      throw new LabelStudioError('unexpected', 'Label Studio leaves an account in an organization.')
    },
    async delete(id, signal) {
      const done = http.request({ method: 'DELETE', path: one(id), signal }).then(() => true)
      return (await orUndefined(done)) ?? false
    },
  }
}

/** Resolves to `undefined` if Label Studio says that the requested object does not exist. */
export async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isLabelStudioError(error, 'notFound')) return undefined
    throw error
  }
}

/** Reads an account out of an answer. */
export function toUser(value: unknown, what: string): LabelStudioUser {
  const record = readRecord(value, what)
  const user = {
    id: readId(record, 'id', what),
    email: textOf(record, 'email'),
    username: textOf(record, 'username'),
    firstName: textOf(record, 'first_name'),
    lastName: textOf(record, 'last_name'),
    activeOrganization: numberOf(record, 'active_organization'),
    dateJoined: textOf(record, 'date_joined') || undefined,
    lastActivity: textOf(record, 'last_activity') || undefined,
  }
  return { ...user, masked: isMasked(user) }
}

type AccountFields = Pick<LabelStudioUser, 'id' | 'email' | 'username' | 'firstName' | 'lastName'>

/** The placeholders of releases up to 1.23.2, and those with the id, as in newer sources. */
function isMasked({ id, email, username, firstName, lastName }: AccountFields): boolean {
  if (firstName !== 'Deleted') return false
  const plain = lastName === 'User' && username === 'Deleted' && email === 'Deleted'
  const numbered = username === `deleted-${id}` && email === `deleted-${id}-user@example.com`
  return plain || numbered
}

function fromNames({ firstName, lastName, username }: UserNames): JsonRecord {
  return {
    ...(firstName !== undefined && { first_name: firstName }),
    ...(lastName !== undefined && { last_name: lastName }),
    ...(username !== undefined && { username }),
  }
}

function fromNewUser(user: NewUser): JsonRecord {
  const email = normalizeEmail(user.email)
  return {
    ...fromNames({ ...user, username: user.username ?? email }),
    email,
    ...(user.password !== undefined && { password: user.password }),
  }
}
