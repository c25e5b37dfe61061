import { invalidCount, invalidValue } from '../errors.js'
import type { PageRequest } from '../stores/query.js'

/** A paging parameter: text from a URL, a number from a search body, or absent. */
export type PageParameter = string | number | undefined

/** The paging parameters of a query (RFC 7644 §3.4.2.4, RFC 9865 §2). */
export interface PageParameters {
  readonly startIndex?: PageParameter
  readonly count?: PageParameter
  /** Empty for the first page of a query with cursors. */
  readonly cursor?: string | undefined
}

/** Limits of pages. Both are positive integers. */
export interface PageLimits {
  /** Resources per page if the client does not say. At most `maxResults`. */
  readonly defaultCount: number
  /** The most resources per page; a greater `count` is lowered, not refused. */
  readonly maxResults: number
}

type IndexPage = Extract<PageRequest, { kind: 'index' }>

/** A page requested by cursor, with the cursor not yet decoded. */
export interface CursorPage {
  readonly kind: 'cursor'
  /** Absent for the first page. */
  readonly cursor?: string
  readonly limit: number
}

/**
 * Reads which page is requested: by index unless there is a `cursor` (RFC 9865 §2.4).
 *
 * @throws ScimError `invalidValue` (400) when `startIndex` and `cursor` are both given; else as the
 *   two functions below
 */
export function parsePage(parameters: PageParameters, limits: PageLimits): IndexPage | CursorPage {
  if (parameters.cursor === undefined) return parseIndexPage(parameters, limits)
  if (parameters.startIndex !== undefined) {
    throw invalidValue('"startIndex" and "cursor" cannot be used together.')
  }
  return parseCursorPage(parameters, limits)
}

/**
 * Reads `startIndex` (from 1; less counts as 1) and `count` (negative counts as 0) of RFC 7644
 * §3.4.2.4.
 *
 * @throws ScimError `invalidValue` (400) when one of them is not an integer
 */
export function parseIndexPage(
  { startIndex, count }: Pick<PageParameters, 'startIndex' | 'count'>,
  limits: PageLimits,
): IndexPage {
  const start = startIndex === undefined ? 1 : toInteger(startIndex)
  if (start === undefined) throw invalidValue('"startIndex" is not an integer.')
  const limit = limitOf(count, limits)
  if (limit === undefined) throw invalidValue('"count" is not an integer.')
  return { kind: 'index', offset: Math.max(start, 1) - 1, limit }
}

/**
 * Reads `cursor` and `count` of RFC 9865 §2. An out-of-range `count` is treated as in index paging.
 * Whether it stays the same from page to page is checked with the cursor.
 *
 * @throws ScimError `invalidCount` (400) when `count` is not an integer
 */
export function parseCursorPage(
  { cursor, count }: Pick<PageParameters, 'cursor' | 'count'>,
  limits: PageLimits,
): CursorPage {
  const limit = limitOf(count, limits)
  if (limit === undefined) throw invalidCount('"count" is not an integer.')
  return cursor ? { kind: 'cursor', cursor, limit } : { kind: 'cursor', limit }
}

function limitOf(count: PageParameter, limits: PageLimits): number | undefined {
  if (count === undefined) return limits.defaultCount
  const integer = toInteger(count)
  return integer === undefined ? undefined : Math.min(Math.max(integer, 0), limits.maxResults)
}

/**
 * Parses an integer without fraction or exponent that JavaScript represents exactly; else
 * `undefined`.
 */
function toInteger(value: string | number): number | undefined {
  if (typeof value === 'string' && !/^-?[0-9]{1,16}$/.test(value)) return undefined
  const integer = Number(value)
  return Number.isSafeInteger(integer) ? integer : undefined
}
