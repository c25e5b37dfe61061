import type { Deviations } from '../deviations.js'
import { invalidFilter, invalidPath, ScimError } from '../errors.js'
import { resolveName } from '../filter/aliases.js'
import type { ParsedFilter, ResolvedFilter } from '../filter/ast.js'
import { evaluateValue } from '../filter/evaluate.js'
import { type PatchPath, parsePatchPath } from '../filter/parse.js'
import { resolveValueFilter } from '../filter/resolve.js'
import { isObject, own } from '../schema/json.js'
import { printPath, subAttribute } from '../schema/paths.js'
import { isScimUrn, withoutLegacyUrn } from '../schema/read-schemas.js'
import type { AttributeDefinition, AttributePath, Json, ResourceType } from '../schema/types.js'
import { asElement } from '../schema/wrapped-value.js'
import type { PatchContext } from './context.js'

/** The value filter of a path, compiled. */
export interface ValueFilter {
  readonly matches: (value: Json) => boolean
  /** The number of its expressions: the cost of testing one value. */
  readonly terms: number
  /** The filter as the client wrote it, to create the value that its `eq` terms describe. */
  readonly parsed: ParsedFilter
}

/** The target of a PATCH path in one resource type. */
export interface PatchTarget {
  readonly path: AttributePath
  readonly filter?: ValueFilter
  /** Canonical text of the path without its filter, for messages. */
  readonly name: string
}

/** A path that the resource type does not have. */
export interface UnknownTarget {
  readonly unknown: string
  /**
   * The path belongs to an extension that the type does not have, rather than being a wrong name in
   * a known schema.
   */
  readonly isForeign: boolean
  /** The `invalidPath` error, for when unknown paths are refused. */
  readonly error: ScimError
}

/** Whether a target is unknown. */
export function isUnknown<T extends object>(target: T | UnknownTarget): target is UnknownTarget {
  return 'unknown' in target
}

/**
 * Looks up the target of a PATCH path (RFC 7644 §3.5.2, figure 7, §3.10).
 *
 * @param given e.g. `name.givenName`, `emails[type eq "work"].value`, or the URN of an extension
 * @throws ScimError `invalidPath` (400) when it is malformed, `invalidFilter` (400) when its value
 *   filter is wrong
 */
export function resolveTarget(given: string, context: TargetContext): PatchTarget | UnknownTarget {
  const { type, deviations } = context
  const parsed = parseKnown(withoutLegacyUrn(type, given, deviations), context)
  if (isUnknown(parsed)) return parsed
  const { path: pathText, filter, sub } = parsed
  const path = resolveName(type, pathText.text, deviations)
  if (path === undefined) return unknownTarget(pathText.text, hasForeignUrn(type, pathText.text))
  if (filter === undefined) return { path, name: printPath(path) }
  const { attribute } = path
  if (attribute === undefined || path.sub !== undefined || !mayHaveFilter(attribute, deviations)) {
    throw invalidPath(`Attribute "${printPath(path)}" takes no value filter.`)
  }
  const named = sub === undefined ? undefined : subAttribute(attribute, sub)
  if (sub !== undefined && named === undefined) return unknownTarget(`${printPath(path)}.${sub}`)
  const stranger = unknownNameIn(filter, asComplex(attribute))
  if (stranger !== undefined) {
    const text = shorten(`${printPath(path)}.${stranger}`)
    const error = invalidFilter(`There is no attribute "${text}".`)
    return { unknown: text, isForeign: false, error }
  }
  const whole = named === undefined ? path : { ...path, sub: named }
  return {
    path: whole,
    filter: resolveFilter(asKept(filter, attribute, deviations), attribute, deviations),
    name: printPath(whole),
  }
}

type TargetContext = Pick<PatchContext, 'type' | 'deviations' | 'filterLimits'>

/** Parses a path. A malformed path counts as unknown if it does not begin with a known name. */
function parseKnown(text: string, context: TargetContext): PatchPath | UnknownTarget {
  const { type, deviations, filterLimits } = context
  try {
    return parsePatchPath(text, { deviations, ...filterLimits })
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    const isForeign = hasForeignUrn(type, text.split(/[[\s]/, 1).join())
    if (!isForeign && beginsKnown(text, context)) throw error
    return { unknown: shorten(text), isForeign, error }
  }
}

/** Whether the first word of a path is a name that the type has, or the path has no word. */
function beginsKnown(text: string, { type, deviations }: TargetContext): boolean {
  const urn = urnsOf(type).find((each) => text.toLowerCase().startsWith(each.toLowerCase()))
  const [word] = /[a-z][\w-]*/i.exec(text.slice(urn?.length ?? 0)) ?? []
  const name = urn === undefined ? word : `${urn}:${word}`
  return word === undefined || resolveName(type, name ?? '', deviations) !== undefined
}

/** The URNs of a type's schemas, longest first. */
function urnsOf({ schema, extensions }: ResourceType): string[] {
  const urns = [schema.id, ...extensions.map((extension) => extension.schema.id)]
  return urns.sort((a, b) => b.length - a.length)
}

/** The target of a name that the type does not have. */
export function unknownTarget(text: string, isForeign = false): UnknownTarget {
  const unknown = shorten(text)
  return { unknown, isForeign, error: invalidPath(`There is no attribute "${unknown}".`) }
}

/** Whether a path begins with the URN of an extension that the type does not have. */
export function hasForeignUrn(type: ResourceType, text: string): boolean {
  const lower = text.toLowerCase()
  if (!lower.includes(':') || isScimUrn(lower)) return false
  return !urnsOf(type).some((urn) => lower.startsWith(urn.toLowerCase()))
}

/** The first name in a value filter that the attribute does not have. */
function unknownNameIn(filter: ParsedFilter, attribute: AttributeDefinition): string | undefined {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.nodes.map((node) => unknownNameIn(node, attribute)).find((name) => name)
    case 'not':
      return unknownNameIn(filter.node, attribute)
    case 'constant':
      return undefined
    default:
      return subAttribute(attribute, filter.path.text) ? undefined : filter.path.text
  }
}

/**
 * The filter with the values that elements keep: an element that was sent as the JSON text of its
 * whole is named by that text, too (see `asElement`).
 */
function asKept(
  filter: ParsedFilter,
  attribute: AttributeDefinition,
  deviations: Deviations,
): ParsedFilter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return {
        kind: filter.kind,
        nodes: filter.nodes.map((node) => asKept(node, attribute, deviations)),
      }
    case 'not':
      return { kind: 'not', node: asKept(filter.node, attribute, deviations) }
    case 'compare': {
      const sub = subAttribute(attribute, filter.path.text)
      if (!attribute.multiValued || sub?.name !== 'value') return filter
      const element = asElement({ value: filter.value }, { deviations })
      const value = isObject(element) ? own(element, 'value') : undefined
      return typeof value === 'string' ? { ...filter, value } : filter
    }
    default:
      return filter
  }
}

function mayHaveFilter(attribute: AttributeDefinition, deviations: Deviations): boolean {
  if (attribute.multiValued) return true
  return attribute.type === 'complex' && deviations.has('valueFilterOnSingular')
}

function resolveFilter(
  parsed: ParsedFilter,
  attribute: AttributeDefinition,
  deviations: Deviations,
): ValueFilter {
  const filter = resolveValueFilter(parsed, asComplex(attribute), { deviations })
  const matches = (value: Json): boolean => {
    if (!isObject(value)) return evaluateValue(filter, { value })
    // Earlier versions have stored such an element as its text.
    const element = attribute.multiValued ? asElement(value, { deviations }) : value
    return evaluateValue(filter, isObject(element) ? element : value)
  }
  return { matches, terms: countTerms(filter), parsed }
}

/**
 * A simple multi-valued attribute as filters see it: with its values as the sub-attribute `value`
 * (RFC 7643 §2.4).
 */
function asComplex(attribute: AttributeDefinition): AttributeDefinition {
  if (attribute.type === 'complex') return attribute
  const value = { ...attribute, name: 'value', multiValued: false }
  return { ...attribute, type: 'complex', subAttributes: [value] }
}

function countTerms(filter: ResolvedFilter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.nodes.reduce((sum, node) => sum + countTerms(node), 1)
    case 'not':
      return countTerms(filter.node) + 1
    default:
      return 1
  }
}

/** Shortens a client's text for a message. */
function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
