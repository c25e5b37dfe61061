import { invalidFilter } from '../errors.js'
import { toComparable } from '../schema/comparable.js'
import type { AttributeDefinition, AttributePath, ResourceType } from '../schema/types.js'
import { versionOf } from '../version/etag.js'
import type { ComparableValue, FilterNode, ResolvedFilter } from './ast.js'
import { everything, join, negate, nothing } from './build.js'
import { compare } from './compare.js'

type Compare = Extract<FilterNode<AttributePath, ComparableValue>, { kind: 'compare' }>
/** A filter expression about one attribute. */
export type Assertion = Extract<ResolvedFilter, { kind: 'compare' | 'present' }>

/**
 * Rewrites expressions about attributes that stores keep in a different form than clients see;
 * leaves all others unchanged.
 */
export function rewriteOnResource(node: Assertion, type: ResourceType): ResolvedFilter {
  const { attribute, sub } = node.path
  if (attribute === type.attributes.get('schemas')) return rewriteSchemas(node, type)
  if (node.kind === 'present' || attribute === undefined || sub === undefined) return node
  if (attribute === type.attributes.get('meta') && sub.name === 'version') {
    return rewriteVersion(node)
  }
  return isPrimary(sub, attribute) ? rewritePrimary(node, sub) : node
}

/**
 * Inside `emails[…]`: an element without `primary` counts as `primary` false (RFC 7643 §2.4).
 *
 * @param parent the attribute before the bracket
 */
export function rewriteOnElement(node: Assertion, parent: AttributeDefinition): ResolvedFilter {
  const { attribute } = node.path
  if (node.kind === 'present' || attribute === undefined || !isPrimary(attribute, parent)) {
    return node
  }
  return primaryIs(attribute, (node.operator === 'eq') === node.value)
}

/** `schemas` is the URN of the base schema and of each extension that has data (RFC 7643 §3). */
function rewriteSchemas(node: Assertion, type: ResourceType): ResolvedFilter {
  if (node.kind === 'present') return everything
  const { operator, value, path } = node
  const matches = (urn: string): boolean => {
    const comparable = path.attribute === undefined ? null : toComparable(path.attribute, urn)
    return comparable !== null && compare(operator, comparable, value)
  }
  const base = matches(type.schema.id) ? everything : nothing
  const extensions = type.extensions
    .filter(({ schema }) => matches(schema.id))
    .map(({ schema }): ResolvedFilter => ({ kind: 'present', path: { extension: schema.id } }))
  return join('or', [base, ...extensions])
}

/** Clients see `W/"<version>"`; stores keep only the version. */
function rewriteVersion(node: Compare): ResolvedFilter {
  const { operator, value } = node
  if (operator !== 'eq' && operator !== 'ne') {
    throw invalidFilter(`Attribute "meta.version" has no order and no parts: use "eq" or "ne".`)
  }
  const version = versionOf(String(value))
  if (version === undefined) return operator === 'eq' ? nothing : everything
  return { ...node, value: version }
}

/**
 * `emails.primary eq false` matches if any element is not primary; `ne` also matches if there are
 * no elements.
 */
function rewritePrimary(
  { path, operator, value }: Compare,
  sub: AttributeDefinition,
): ResolvedFilter {
  const whole = wholeAttribute(path)
  const wanted = (operator === 'eq') === value
  const matching: ResolvedFilter = wanted
    ? { kind: 'compare', path, operator: 'eq', value: true }
    : { kind: 'valuePath', path: whole, filter: primaryIs(sub, false) }
  if (operator === 'eq') return matching
  return join('or', [negate({ kind: 'present', path: whole }), matching])
}

function wholeAttribute({ sub: _, ...path }: AttributePath): AttributePath {
  return path
}

function primaryIs(sub: AttributeDefinition, wanted: boolean): ResolvedFilter {
  const isPrimaryValue: ResolvedFilter = {
    kind: 'compare',
    path: { attribute: sub },
    operator: 'eq',
    value: true,
  }
  return wanted ? isPrimaryValue : negate(isPrimaryValue)
}

function isPrimary(sub: AttributeDefinition, parent: AttributeDefinition): boolean {
  return sub.name === 'primary' && sub.type === 'boolean' && parent.multiValued
}
