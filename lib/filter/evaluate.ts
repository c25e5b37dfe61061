import { isPresent, toComparable } from '../schema/comparable.js'
import { isObject } from '../schema/json.js'
import type { AttributePath, Json, JsonObject } from '../schema/types.js'
import type { ComparableValue, FilterNode, ResolvedFilter } from './ast.js'
import { compare } from './compare.js'

/**
 * Anything with attributes: a stored resource, or one value of a multi-valued complex attribute.
 */
type Attributes = Readonly<Record<string, unknown>>

/**
 * Whether a resource matches a filter. The semantics are those of {@link ResolvedFilter}.
 *
 * @param resource as stores keep it: names spelled as in the schemas, extension attributes under
 *   their URN, without `schemas` and without computed attributes (no filter refers to them)
 */
export function evaluate(
  filter: ResolvedFilter,
  resource: Readonly<Record<string, unknown>>,
): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.nodes.every((node) => evaluate(node, resource))
    case 'or':
      return filter.nodes.some((node) => evaluate(node, resource))
    case 'not':
      return !evaluate(filter.node, resource)
    case 'constant':
      return filter.value
    case 'present':
      return evaluatePresent(filter.path, resource)
    case 'compare':
      return evaluateCompare(filter, resource)
    case 'valuePath':
      return elementsOf(attributeOf(filter.path, resource)).some((element) =>
        evaluate(filter.filter, element),
      )
  }
}

/**
 * Whether one value of a multi-valued complex attribute matches a filter made by
 * `resolveValueFilter`.
 */
export function evaluateValue(filter: ResolvedFilter, element: JsonObject): boolean {
  return evaluate(filter, element)
}

type Compare = Extract<FilterNode<AttributePath, ComparableValue>, { kind: 'compare' }>

function evaluateCompare({ path, operator, value }: Compare, resource: Attributes): boolean {
  const definition = path.sub ?? path.attribute
  if (definition === undefined) return false
  const values = valuesAt(path, resource)
    .map((stored) => toComparable(definition, stored))
    .filter((stored) => stored !== null)
  if (operator === 'ne' && values.length === 0) return true
  return values.some((stored) => compare(operator, stored, value))
}

function evaluatePresent(path: AttributePath, resource: Attributes): boolean {
  return valuesAt(path, resource).some(isPresent)
}

/**
 * The values at a path: of an attribute, of a sub-attribute of each element, or a whole extension.
 */
function valuesAt(path: AttributePath, resource: Attributes): readonly Json[] {
  const value = attributeOf(path, resource)
  if (path.sub === undefined) return listOf(value)
  const { name } = path.sub
  return elementsOf(value).flatMap((element) => listOf(own(element, name)))
}

function attributeOf({ extension, attribute }: AttributePath, resource: Attributes): unknown {
  const holder = extension === undefined ? resource : own(resource, extension)
  if (attribute === undefined) return holder
  return isObject(holder) ? own(holder, attribute.name) : undefined
}

function elementsOf(value: unknown): readonly Attributes[] {
  return (listOf(value) as readonly unknown[]).filter(isObject)
}

function listOf(value: unknown): readonly Json[] {
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? value : [value]) as Json[]
}

function own(holder: Attributes, name: string): unknown {
  return Object.hasOwn(holder, name) ? holder[name] : undefined
}
