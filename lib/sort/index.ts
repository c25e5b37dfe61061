import { invalidValue } from '../errors.js'
import { requireUsable } from '../filter/usable.js'
import { compareComparable, toComparable } from '../schema/comparable.js'
import { groupUrn } from '../schema/core-schemas.js'
import { resolvePath, subAttribute } from '../schema/paths.js'
import type { AttributePath, Json, ResourceType } from '../schema/types.js'
import type { KeysetPosition, Sort, SortKey } from '../stores/query.js'
import type { Resource } from '../stores/resource.js'

const sortOrders = new Map([
  ['ascending', false],
  ['descending', true],
])

/**
 * Reads `sortBy` and `sortOrder` (RFC 7644 §3.4.2.3). A multi-valued complex attribute without a
 * sub-attribute sorts by its `value`.
 *
 * @param sortOrder `ascending` (default) or `descending`, in any case
 * @throws ScimError `invalidValue` (400) for an unknown attribute or order, for attributes without
 *   an order, and for attributes that filters refuse as well
 */
export function resolveSort(type: ResourceType, sortBy: string, sortOrder = 'ascending'): Sort {
  const descending = sortOrders.get(sortOrder.toLowerCase())
  if (descending === undefined) {
    throw invalidValue('"sortOrder" is neither "ascending" nor "descending".')
  }
  const path = resolvePath(type, sortBy)
  if (path?.attribute === undefined) {
    throw invalidValue('"sortBy" is not an attribute of this resource type.')
  }
  requireUsable(type, path, invalidValue)
  const target = withDefaultSubAttribute(path)
  if (!hasOrder(type, target)) throw invalidValue('"sortBy" is an attribute that has no order.')
  return { path: target, descending }
}

function withDefaultSubAttribute(path: AttributePath): AttributePath {
  const { attribute, sub } = path
  if (!attribute?.multiValued || sub !== undefined) return path
  const value = subAttribute(attribute, 'value')
  return value === undefined ? path : { ...path, sub: value }
}

/**
 * Whether resources can be sorted by an attribute. Not by members, which are stored separately, nor
 * by `schemas`, which is derived.
 */
function hasOrder(type: ResourceType, { attribute, sub }: AttributePath): boolean {
  const isMembers = type.schema.id === groupUrn && attribute?.name === 'members'
  const isSchemas = attribute === type.attributes.get('schemas')
  const leaf = (sub ?? attribute)?.type
  return leaf !== 'complex' && leaf !== 'binary' && !isMembers && !isSchemas
}

/**
 * The value by which a resource is sorted: for a multi-valued attribute its primary value, else its
 * first; `null` if unassigned (RFC 7644 §3.4.2.3).
 */
export function sortKeyOf({ path }: Sort, resource: Resource): SortKey {
  const { extension, attribute, sub } = path
  const definition = sub ?? attribute
  if (attribute === undefined || definition === undefined) return null
  const holder = extension === undefined ? resource : member(resource, extension)
  const value = chosenValue(member(holder, attribute.name))
  const leaf = sub === undefined ? value : chosenValue(member(value, sub.name))
  return leaf === undefined ? null : toComparable(definition, leaf as Json)
}

function chosenValue(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  return value.find((element) => member(element, 'primary') === true) ?? value[0]
}

function member(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) {
    return undefined
  }
  return (holder as Record<string, unknown>)[name]
}

/** The position of a resource in a sorted result. */
export function positionOf(resource: Resource, sort?: Sort): KeysetPosition {
  const position = { created: resource.meta.created, id: resource.id }
  return sort === undefined ? position : { sortKey: sortKeyOf(sort, resource), ...position }
}

/**
 * Compares two positions in a result, for `Array.prototype.sort`. Unassigned values come last when
 * ascending and first when descending; ties are broken by `(meta.created, id)`, always ascending.
 */
export function comparePositions(sort?: Sort): (a: KeysetPosition, b: KeysetPosition) => number {
  const direction = sort?.descending ? -1 : 1
  return (a, b) =>
    direction * compareKeys(a.sortKey ?? null, b.sortKey ?? null) ||
    compareComparable(a.created, b.created) ||
    compareComparable(a.id, b.id)
}

function compareKeys(a: SortKey, b: SortKey): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return compareComparable(a, b)
}

/**
 * Makes a comparison for `Array.prototype.sort`; the key of each resource is computed only once.
 */
export function compareResources(sort?: Sort): (a: Resource, b: Resource) => number {
  const compare = comparePositions(sort)
  const positions = new WeakMap<Resource, KeysetPosition>()
  const position = (resource: Resource): KeysetPosition => {
    const known = positions.get(resource)
    if (known !== undefined) return known
    const computed = positionOf(resource, sort)
    positions.set(resource, computed)
    return computed
  }
  return (a, b) => compare(position(a), position(b))
}
