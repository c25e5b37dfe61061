import type { Deviations } from '../deviations.js'
import { invalidFilter, type ScimError } from '../errors.js'
import { resolvePath, subAttribute } from '../schema/paths.js'
import type {
  AttributeDefinition,
  AttributePath,
  AttributeType,
  ResourceType,
} from '../schema/types.js'
import { resolveAlias } from './aliases.js'
import type { CompareValue, FilterNode, ParsedFilter, PathText, ResolvedFilter } from './ast.js'
import { everything, join, mapPaths, negate, nothing } from './build.js'
import { comparableLiteral } from './check.js'
import { isUserGroups, requireGroupEquality } from './groups.js'
import { type Assertion, rewriteOnElement, rewriteOnResource } from './rewrite.js'
import { quote } from './scanner.js'
import { withoutBrackets } from './simple-values.js'
import { requireUsable, requireUsableSub, requireVisible } from './usable.js'

/** How names are looked up. */
export interface ResolveOptions {
  /** The deviations that are switched on. */
  readonly deviations: Deviations
  /**
   * How to treat an attribute that the resource type lacks: `refuse` (default) answers 400
   * `invalidFilter`; `noValue`, for queries over several types, treats it as unassigned (RFC 7644
   * §3.4.2.1).
   */
  readonly unknown?: 'refuse' | 'noValue'
  /** With `noValue`: which comparisons fitted a type so far; see {@link requireFits}. */
  readonly fits?: Fits
  /** Whether the store answers `groups.value eq` and `groups.display eq` for users. */
  readonly groups?: boolean
}

/**
 * The problem of each comparison, by the position of its attribute in the filter; `undefined` once
 * it fits a type.
 */
export type Fits = Map<number, ScimError | undefined>

type Node<Kind extends ParsedFilter['kind']> = Extract<FilterNode<PathText>, { kind: Kind }>

/** Where names are looked up: in a resource type, or among the sub-attributes of one attribute. */
interface Scope {
  readonly options: ResolveOptions
  /** Returns `undefined` for an attribute that has no value. */
  readonly lookUp: (path: PathText) => AttributePath | undefined
  /** Rewrites expressions, so that stores need not know about them. */
  readonly rewrite: (node: Assertion) => ResolvedFilter
}

/**
 * Resolves a filter against a resource type: looks up every name, checks that operators, attributes
 * and literals go together, and brings literals into comparable form. Stores receive the result;
 * see {@link ResolvedFilter}.
 *
 * @throws ScimError `invalidFilter` (400) for an unknown attribute, an operator or literal that
 *   does not fit the attribute's type, a complex attribute without a sub-attribute, or an attribute
 *   that is never returned
 * @see RFC 7644 §3.4.2.2
 */
export function resolveFilter(
  filter: ParsedFilter,
  type: ResourceType,
  options: ResolveOptions,
): ResolvedFilter {
  const resolved = resolveNode(filter, {
    options,
    lookUp: (path) => lookUpAttribute(path, type, options),
    rewrite: (node) => rewriteOnResource(node, type),
  })
  if (options.groups) requireGroupEquality(type, resolved)
  return resolved
}

/**
 * Resolves the filter of a PATCH path (`emails[type eq "work"]`) against the attribute before the
 * bracket.
 *
 * @param definition a complex attribute
 * @throws ScimError as {@link resolveFilter}
 */
export function resolveValueFilter(
  filter: ParsedFilter,
  definition: AttributeDefinition,
  options: Pick<ResolveOptions, 'deviations'>,
): ResolvedFilter {
  requireVisible({ attribute: definition })
  return resolveNode(filter, elementScope(definition, { deviations: options.deviations }))
}

/**
 * Refuses a filter over several types in which a comparison fits none of them. If it fits one type,
 * an attribute of the same name in another type simply never matches (RFC 7644 §3.4.2.1).
 *
 * @throws ScimError `invalidFilter` (400) as {@link resolveFilter}
 */
export function requireFits(fits: Fits): void {
  for (const error of fits.values()) if (error !== undefined) throw error
}

function elementScope(definition: AttributeDefinition, options: ResolveOptions): Scope {
  return {
    options,
    lookUp: (path) => {
      const attribute = subAttribute(definition, path.text)
      if (attribute === undefined) return unknown(path, options)
      requireUsableSub(attribute)
      return { attribute }
    },
    rewrite: (node) => rewriteOnElement(node, definition),
  }
}

function lookUpAttribute(
  path: PathText,
  type: ResourceType,
  options: ResolveOptions,
): AttributePath | undefined {
  const found = resolvePath(type, path.text) ?? resolveAlias(type, path.text, options.deviations)
  if (found === undefined) return unknown(path, options)
  if (!options.groups || !isUserGroups(type, found)) requireUsable(type, found)
  return found
}

function unknown(path: PathText, options: ResolveOptions): undefined {
  if (options.unknown === 'noValue') return undefined
  throw at(path, 'is not an attribute of this resource type')
}

function resolveNode(node: ParsedFilter, scope: Scope): ResolvedFilter {
  switch (node.kind) {
    case 'and':
    case 'or':
      return join(
        node.kind,
        node.nodes.map((each) => resolveNode(each, scope)),
      )
    case 'not':
      return negate(resolveNode(node.node, scope))
    case 'constant':
      return node
    case 'present':
      return resolvePresent(node.path, scope)
    case 'compare':
      return node.value === null ? resolveNull(node, scope) : resolveCompare(node, scope)
    case 'valuePath':
      return resolveValuePath(node, scope)
  }
}

function resolvePresent(path: PathText, scope: Scope): ResolvedFilter {
  const found = scope.lookUp(path)
  return found === undefined ? nothing : scope.rewrite({ kind: 'present', path: found })
}

/** `eq null` is the opposite of `pr`, and `ne null` is `pr` (RFC 7643 §2.5). */
function resolveNull({ path, operator }: Node<'compare'>, scope: Scope): ResolvedFilter {
  const present = resolvePresent(path, scope)
  if (operator === 'ne') return present
  if (operator === 'eq') return negate(present)
  throw at(path, `cannot be compared with null by "${operator}"`)
}

function resolveCompare(node: Node<'compare'>, scope: Scope): ResolvedFilter {
  const { path, operator } = node
  const found = scope.lookUp(path)
  if (found === undefined) return operator === 'ne' ? everything : nothing
  const target = withDefaultSubAttribute(found, scope.options)
  const literal = literalFor(node, target, scope)
  if ('problem' in literal) {
    noteMisfit(path, literal.problem, scope)
    return operator === 'ne' ? everything : nothing
  }
  scope.options.fits?.set(path.position, undefined)
  return scope.rewrite({ kind: 'compare', path: target, operator, value: literal.value })
}

function literalFor(
  node: Node<'compare'>,
  { attribute, sub }: AttributePath,
  { options }: Scope,
): ReturnType<typeof comparableLiteral> {
  const definition = sub ?? attribute
  if (definition === undefined || !isSimple(definition)) {
    return { problem: 'has no value of its own; name one of its sub-attributes' }
  }
  const stringBooleans = options.deviations.has('stringBooleans')
  return comparableLiteral(definition, node.operator, asText(node, definition, options), {
    stringBooleans,
  })
}

/**
 * Reads a number without quotation marks as text if the attribute is a string (deviation
 * `bareFilterValues`). In a query over several types it stays a number, because the attribute may
 * be one in another type.
 */
function asText(
  { value, word }: Node<'compare'>,
  { type }: AttributeDefinition,
  { deviations, fits }: ResolveOptions,
): CompareValue {
  const isBare = typeof value === 'number' && type === 'string' && fits === undefined
  return isBare && deviations.has('bareFilterValues') ? (word ?? String(value)) : value
}

/** @throws ScimError `invalidFilter` (400) in a query over one type */
function noteMisfit(path: PathText, problem: string, { options: { fits } }: Scope): void {
  const error = at(path, problem)
  if (fits === undefined) throw error
  if (!fits.has(path.position)) fits.set(path.position, error)
}

/**
 * `emails` means `emails.value`, as in the examples of RFC 7644 §3.4.2.2; `manager` means
 * `manager.value` only by the deviation for Entra ID.
 */
function withDefaultSubAttribute(
  path: AttributePath,
  { deviations }: ResolveOptions,
): AttributePath {
  const { attribute, sub } = path
  if (attribute?.type !== 'complex' || sub !== undefined) return path
  const value = subAttribute(attribute, 'value')
  if (value === undefined) return path
  if (attribute.multiValued || deviations.has('managerAsString')) return { ...path, sub: value }
  return path
}

function isSimple(
  definition: AttributeDefinition,
): definition is AttributeDefinition & { type: Exclude<AttributeType, 'complex'> } {
  return definition.type !== 'complex'
}

function resolveValuePath({ path, filter }: Node<'valuePath'>, scope: Scope): ResolvedFilter {
  const found = scope.lookUp(path)
  if (found === undefined) return nothing
  const { attribute, sub } = found
  if (attribute?.multiValued && isSimple(attribute)) {
    return resolveNode(withoutBrackets(path, filter), scope)
  }
  if (attribute?.type !== 'complex' || sub !== undefined) {
    noteMisfit(path, 'has no sub-attributes to put in brackets', scope)
    return nothing
  }
  scope.options.fits?.set(path.position, undefined)
  return attribute.multiValued
    ? anyElement(found, resolveNode(filter, elementScope(attribute, scope.options)))
    : onlyElement(path, filter, scope)
}

/** A single condition needs no brackets: `emails[value eq "x"]` is `emails.value eq "x"`. */
function anyElement(path: AttributePath, inner: ResolvedFilter): ResolvedFilter {
  if (inner.kind === 'constant') return inner.value ? { kind: 'present', path } : nothing
  const isPlain = inner.kind === 'present' || (inner.kind === 'compare' && inner.operator !== 'ne')
  if (!isPlain || inner.path.attribute === undefined) {
    return { kind: 'valuePath', path, filter: inner }
  }
  return { ...inner, path: { ...path, sub: inner.path.attribute } }
}

/** On a singular attribute, brackets only require that it is present: `name[familyName eq "x"]`. */
function onlyElement(path: PathText, filter: ParsedFilter, scope: Scope): ResolvedFilter {
  const inner = mapPaths(filter, ({ text, position }) => ({
    text: `${path.text}.${text}`,
    position,
  }))
  return join('and', [resolvePresent(path, scope), resolveNode(inner, scope)])
}

function at({ text, position }: PathText, problem: string) {
  return invalidFilter(`Attribute ${quote(text)} at position ${position} ${problem}.`)
}
