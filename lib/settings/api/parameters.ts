import { ScimError } from '../../errors.js'
import { parseInstant } from '../../schema/date-time.js'
import {
  type PeopleRequest,
  peopleOrders,
  peopleRoles,
  peopleStates,
} from '../reports/find-people.js'

const badRequest = (detail: string) => new ScimError(400, detail)

/**
 * Reads a whole number from the query.
 *
 * @throws ScimError 400 if it is not a whole number or out of range
 */
export function integerOf(
  query: URLSearchParams,
  name: string,
  range: { readonly least: number; readonly most: number; readonly otherwise: number },
): number {
  const text = query.get(name)
  if (text === null || text === '') return range.otherwise
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= range.least && value <= range.most) return value
  throw badRequest(`"${name}" must be a whole number from ${range.least} to ${range.most}.`)
}

/**
 * Reads a non-empty text of at most 1000 characters from the query, or `undefined`.
 *
 * @throws ScimError 400 if it is longer or contains a NUL, which no database stores
 */
export function readText(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (text.length > 1_000) throw badRequest(`"${name}" is too long.`)
  if (text.includes('\0')) throw badRequest(`"${name}" has a NUL character.`)
  return text
}

/**
 * Reads one of several words from the query, or `undefined`.
 *
 * @throws ScimError 400 for any other word
 */
export function choiceOf<T extends string>(
  query: URLSearchParams,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = readText(query, name)
  if (text === undefined) return undefined
  const found = choices.find((choice) => choice === text)
  if (found !== undefined) return found
  throw badRequest(`"${name}" must be one of ${choices.join(', ')}.`)
}

/**
 * Reads from the query which people to list.
 *
 * @throws ScimError 400 for an unknown state, role or order
 */
export function readPeopleFilter(query: URLSearchParams): Omit<PeopleRequest, 'offset' | 'limit'> {
  const search = readText(query, 'search')?.trim()
  const group = readText(query, 'group')
  const role = choiceOf(query, 'role', peopleRoles)
  const state = choiceOf(query, 'state', peopleStates)
  const sort = choiceOf(query, 'sort', peopleOrders)
  return {
    ...(search && { search }),
    ...(role && { role }),
    ...(state && { state }),
    ...(group?.trim() && { group }),
    ...(sort && { sort }),
  }
}

/**
 * Reads an instant from the query as RFC 3339 in UTC, or `undefined`. A date without a time means
 * its beginning in UTC.
 *
 * @throws ScimError 400 if it is not an instant
 */
export function instantOf(query: URLSearchParams, name: string): string | undefined {
  const text = readText(query, name)
  if (text === undefined) return undefined
  const instant = parseInstant(text)
  if (instant === undefined) {
    throw badRequest(`"${name}" must be a date, e.g. 2026-01-31 or 2026-01-31T09:00:00Z.`)
  }
  return new Date(instant).toISOString()
}

/**
 * Ids of users from a JSON body `{ "users": [id, …] }`; `undefined` if the body has none.
 *
 * @throws ScimError 400 for anything else
 */
export function userIdsOf(body: unknown): readonly string[] | undefined {
  const users = (body as { users?: unknown } | null | undefined)?.users
  if (users === undefined || users === null) return undefined
  const isList =
    Array.isArray(users) &&
    users.length <= 10_000 &&
    users.every((id) => typeof id === 'string' && id !== '' && !id.includes('\0'))
  if (!isList) throw badRequest('"users" must be a list of at most 10000 ids of users.')
  return users as readonly string[]
}
