import type { Deviations } from '../deviations.js'
import { invalidSyntax, invalidValue } from '../errors.js'
import { type JsonCheck, jsonCheck } from '../schema/ajv.js'
import { isObject } from '../schema/json.js'
import { requireMessage } from '../schema/message-schemas.js'
import type { Json, JsonObject } from '../schema/types.js'

/** The parameters of a query, from a URL or a search body, with names not yet looked up. */
export interface QueryParameters {
  readonly filter?: string | undefined
  readonly sortBy?: string | undefined
  readonly sortOrder?: string | undefined
  readonly startIndex?: string | number | undefined
  readonly count?: string | number | undefined
  /** Empty for the first page. */
  readonly cursor?: string | undefined
  readonly attributes?: string | readonly string[] | undefined
  readonly excludedAttributes?: string | readonly string[] | undefined
}

const searchRequestUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

const names = [
  'schemas',
  'filter',
  'sortBy',
  'sortOrder',
  'startIndex',
  'count',
  'cursor',
  'attributes',
  'excludedAttributes',
] as const

/** The names of parameters of a URL, which has no `schemas`, by their form in lower case. */
const nameOf = new Map(names.slice(1).map((name) => [name.toLowerCase(), name]))

const text = { type: 'string' }
const whole = { type: 'integer' }
const list = { anyOf: [text, { type: 'array', items: text }] }

const wholeOrText = { anyOf: [whole, { type: 'string', pattern: '^-?[0-9]+$' }] }

const isSearch = searchCheck(whole)
const isSearchWithTexts = searchCheck(wholeOrText)

function searchCheck(number: object) {
  return jsonCheck<QueryParameters>({
    type: 'object',
    properties: {
      filter: text,
      sortBy: text,
      sortOrder: text,
      startIndex: number,
      count: number,
      cursor: text,
      attributes: list,
      excludedAttributes: list,
    },
  })
}

/**
 * Parameters that count even if empty: an empty cursor requests the first page, and an empty filter
 * is an error. Other empty parameters are ignored.
 */
const sayingWhenEmpty: readonly string[] = ['filter', 'cursor']

/**
 * The parameters in a URL (RFC 7644 §3.4.2), whose names are already in lower case. Empty ones are
 * omitted.
 */
export function parametersOfUrl(query: ReadonlyMap<string, string>): QueryParameters {
  const parameters: Record<string, string> = {}
  for (const [lower, value] of query) {
    const name = nameOf.get(lower)
    if (name !== undefined && !isIgnored(name, value)) parameters[name] = value
  }
  return parameters
}

function isIgnored(name: string, value: Json): boolean {
  return value === '' && !sayingWhenEmpty.includes(name)
}

/** Longest list of names in characters, about twice what a URL can have. */
const longestNames = 32_768

/**
 * The parameters in the body of a search (RFC 7644 §3.4.3). Names match in any case; `null` counts
 * as absent, and so does what is empty, as in a URL.
 *
 * @throws ScimError `invalidSyntax` (400) when the body is not a SearchRequest, `invalidValue`
 *   (400) for a value of the wrong type, and for too many names
 */
export function parametersOfSearch(
  body: Json | undefined,
  deviations: Deviations,
): QueryParameters {
  if (!isObject(body)) throw invalidSyntax('The body must be a SearchRequest object.')
  const { schemas, ...parameters } = pickNames(body)
  requireMessage(searchRequestUrn, schemas, deviations)
  if (isSearch.accepts(parameters)) return withFewNames(parameters)
  const reason = reasonOf(isSearch)
  if (deviations.has('searchNumbersAsText') && isSearchWithTexts.accepts(parameters))
    return withFewNames(parameters)
  throw invalidValue(`The search is malformed: ${reason}.`)
}

function withFewNames(parameters: QueryParameters): QueryParameters {
  for (const name of ['attributes', 'excludedAttributes'] as const) {
    if ((parameters[name] ?? '').toString().length > longestNames) {
      throw invalidValue(`"${name}" can have at most ${longestNames} characters.`)
    }
  }
  return parameters
}

function pickNames(body: JsonObject): JsonObject {
  const picked: JsonObject = {}
  for (const [key, value] of Object.entries(body)) {
    const name = names.find((known) => known.toLowerCase() === key.toLowerCase())
    if (name === undefined || value === null || isIgnored(name, value)) continue
    if (Object.hasOwn(picked, name)) throw invalidSyntax(`The body has "${name}" more than once.`)
    picked[name] = value
  }
  return picked
}

function reasonOf({ error }: JsonCheck<unknown>): string {
  return `"${error?.instancePath.slice(1) ?? ''}" ${error?.message ?? 'is wrong'}`
}
