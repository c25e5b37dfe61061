import type { Deviations } from '../deviations.js'
import { invalidValue } from '../errors.js'
import { resolveExtensionAttribute } from '../filter/aliases.js'
import { resolvePath } from '../schema/paths.js'
import type { AttributePath, ResourceType } from '../schema/types.js'
import { byDefault, isReturned, type Names, type Projection } from './shape.js'

export type { Projection } from './shape.js'

/**
 * `attributes` and `excludedAttributes`: a comma-separated list, or an array in the body of a
 * search.
 */
export interface ProjectionParameters {
  readonly attributes?: string | readonly string[] | undefined
  readonly excludedAttributes?: string | readonly string[] | undefined
}

/** Attributes whose values are expensive to load. */
const expensive = ['members', 'groups'] as const

/**
 * Reads `attributes` and `excludedAttributes` (RFC 7644 §3.9). Names that the type does not have
 * are ignored, because one request may ask several types for attributes that only some of them
 * have.
 *
 * @throws ScimError `invalidValue` when both are given
 */
export function parseProjection(
  type: ResourceType,
  parameters: ProjectionParameters,
  deviations: Deviations,
): Projection {
  const attributes = namesIn(parameters.attributes)
  const excluded = namesIn(parameters.excludedAttributes)
  if (attributes.length > 0 && excluded.length > 0) {
    throw invalidValue('"attributes" and "excludedAttributes" cannot be used together.')
  }
  if (attributes.length === 0 && excluded.length === 0) return byDefault
  const texts = attributes.length > 0 ? attributes : excluded
  const paths = texts.flatMap((text) => resolveName(type, text, deviations) ?? [])
  return { kind: attributes.length > 0 ? 'only' : 'without', names: treeOf(paths) }
}

/** The attributes among `members` and `groups` that a store need not load for this projection. */
export function omittedAttributes(type: ResourceType, projection: Projection): ReadonlySet<string> {
  const omitted = expensive.filter((name) => {
    const definition = type.attributes.get(name)
    return definition !== undefined && !isReturned(definition, projection)
  })
  return new Set(omitted)
}

function namesIn(list: string | readonly string[] | undefined): string[] {
  if (list === undefined) return []
  const texts = typeof list === 'string' ? [list] : list
  return texts.flatMap(splitNames).filter((name) => name !== '')
}

/** Splits at commas that are not within a value filter. */
function splitNames(text: string): string[] {
  const names: string[] = []
  let start = 0
  let inFilter = false
  let inString = false
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (inString && character === '\\') index += 1
    else if (inFilter && character === '"') inString = !inString
    else if (!inString && (character === '[' || character === ']')) inFilter = character === '['
    else if (!inFilter && character === ',') {
      names.push(text.slice(start, index).trim())
      start = index + 1
    }
  }
  names.push(text.slice(start).trim())
  return names
}

/**
 * Ignores a value filter, as sent by Entra ID (`emails[type eq "work"].value`): all values are
 * returned.
 */
function resolveName(
  type: ResourceType,
  text: string,
  deviations: Deviations,
): AttributePath | undefined {
  const open = text.indexOf('[')
  const close = text.lastIndexOf(']')
  if (open < 0 || close < open || !deviations.has('valueFilterInProjection')) {
    return pathNamed(type, text, deviations)
  }
  return pathNamed(type, text.slice(0, open) + text.slice(close + 1), deviations)
}

function pathNamed(
  type: ResourceType,
  text: string,
  deviations: Deviations,
): AttributePath | undefined {
  const isQualified = text.includes(':')
  const path = resolvePath(type, text)
  return path ?? (isQualified ? resolveExtensionAttribute(type, text, deviations) : undefined)
}

interface Branch {
  isWhole: boolean
  readonly parts: Map<string, Branch>
}

function treeOf(paths: readonly AttributePath[]): Names {
  const tree: Branch['parts'] = new Map()
  for (const { extension, attribute, sub } of paths) {
    let parts = tree
    let branch: Branch | undefined
    for (const step of [extension, attribute?.name, sub?.name]) {
      if (step === undefined) continue
      branch = parts.get(step) ?? { isWhole: false, parts: new Map() }
      parts.set(step, branch)
      parts = branch.parts
    }
    if (branch) branch.isWhole = true
  }
  return tree
}
