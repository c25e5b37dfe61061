import { resolveName } from '../filter/aliases.js'
import { isDerived } from '../schema/core-schemas.js'
import { isObject } from '../schema/json.js'
import { printPath } from '../schema/paths.js'
import type { ReadContext } from '../schema/read-context.js'
import { joining, readListed, requireFewValues } from '../schema/read-value.js'
import type { AttributePath, Json, JsonObject, ResourceType } from '../schema/types.js'
import type { Steps } from './steps.js'

/** A list that a client sent as an attribute. */
interface SentList {
  readonly path: AttributePath
  readonly sent: readonly Json[]
}

/** Fewer values are read in a moment. */
const fewValues = 50

/**
 * Reads the long lists of a resource beforehand, wherever they are in the body, in steps of one
 * value.
 *
 * @returns what was read, by what the client sent
 * @throws ScimError as `readValue`
 */
export function* readLongLists(
  type: ResourceType,
  body: Json,
  context: ReadContext,
): Steps<ReadonlyMap<Json, Json[]>> {
  const lists = new Map<Json, Json[]>()
  if (!isObject(body)) return lists
  for (const { path, sent } of longLists(type, body, context)) {
    lists.set(sent as Json[], yield* readList(path, sent, context))
  }
  return lists
}

/** The long lists in a body, and in the objects of its schemas. */
function longLists(type: ResourceType, body: JsonObject, context: ReadContext): SentList[] {
  const within = Object.entries(body).flatMap(([key, value]) =>
    key.includes(':') && isObject(value) ? longListsIn(type, value, context, `${key}:`) : [],
  )
  return [...longListsIn(type, body, context, ''), ...within]
}

function longListsIn(
  type: ResourceType,
  object: JsonObject,
  { deviations }: ReadContext,
  prefix: string,
): SentList[] {
  return Object.entries(object).flatMap(([key, sent]) => {
    if (!Array.isArray(sent) || sent.length <= fewValues) return []
    const path = resolveName(type, prefix + key, deviations)
    return path !== undefined && isReadAsList(path) ? [{ path, sent }] : []
  })
}

/** `schemas` is read separately, and what clients cannot write is not read. */
function isReadAsList({ attribute, sub }: AttributePath): boolean {
  if (attribute === undefined || sub !== undefined || attribute.name === 'schemas') return false
  return attribute.multiValued && !isDerived(attribute)
}

function* readList(
  path: AttributePath,
  sent: readonly Json[],
  context: ReadContext,
): Steps<Json[]> {
  const list: Json[] = []
  const { attribute } = path
  if (attribute === undefined) return list
  const name = printPath(path)
  requireFewValues(attribute, sent.length, context, name)
  const join = joining(attribute, list)
  for (const element of sent) {
    join(readListed(attribute, element, context, name))
    yield
  }
  return list
}
