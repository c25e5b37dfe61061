import type { Deviations } from '../deviations.js'
import { resolveName } from '../filter/aliases.js'
import { isObject, memberNamed } from '../schema/json.js'
import { printPath } from '../schema/paths.js'
import { knownUrn } from '../schema/read-schemas.js'
import type { Json, ResourceType } from '../schema/types.js'
import { asAttributes } from '../schema/wrapped-value.js'

/**
 * The attributes that a request's body sets, by canonical path: those with `returned: request` come
 * back in its answer (RFC 7643 §7). For a PATCH: the attributes named by its operations. Names are
 * read as leniently as where they are carried out; the body may be malformed, because refused
 * requests are reported too.
 */
export function requestAttributes(
  type: ResourceType,
  body: Json | undefined,
  deviations: Deviations,
): ReadonlySet<string> {
  if (!isObject(body)) return new Set()
  const names = { type, deviations }
  const operations = memberNamed(body, 'operations')
  const named = Array.isArray(operations)
    ? operations.flatMap((operation) => namesOfOperation(operation, names))
    : []
  return new Set([...namesIn(body, '', names), ...named])
}

/**
 * {@link requestAttributes} if answers depend on it, which they do only for types with `returned:
 * request` attributes. Those of RFC 7643 have none.
 */
export function requestReader(
  type: ResourceType,
  deviations: Deviations,
): (body: Json | undefined) => ReadonlySet<string> | undefined {
  const extensions = [...type.extensionAttributes.values()]
  const definitions = [type.attributes, ...extensions.map(({ attributes }) => attributes)].flatMap(
    (attributes) => [...attributes.values()],
  )
  const isNeeded = definitions.some(
    ({ returned, subAttributes = [] }) =>
      returned === 'request' || subAttributes.some((sub) => sub.returned === 'request'),
  )
  return isNeeded ? (body) => requestAttributes(type, body, deviations) : () => undefined
}

interface NameContext {
  readonly type: ResourceType
  readonly deviations: Deviations
}

function namesOfOperation(operation: Json, context: NameContext): string[] {
  if (!isObject(operation)) return []
  const path = memberNamed(operation, 'path')
  const value = memberNamed(operation, 'value') ?? null
  return typeof path === 'string' && path !== ''
    ? namesAt(path, value, context)
    : namesIn(value, '', context)
}

/** @param prefix the text before the names in a path: empty, or the URN of a schema and a colon */
function namesIn(value: Json, prefix: string, context: NameContext): string[] {
  const attributes = asAttributes(value, context)
  if (!isObject(attributes)) return []
  return Object.entries(attributes).flatMap(([key, member]) =>
    namesAt(prefix + key, member, context),
  )
}

/** The attribute at a path, or those in the value of a whole schema. */
function namesAt(path: string, value: Json, context: NameContext): string[] {
  const { type, deviations } = context
  const text = path.replace(/\[.*$/s, '')
  const { id } = type.schema
  const isCore = text.includes(':') && knownUrn(type, text, context) === id
  if (isCore) return deviations.has('coreUrnAsKey') ? namesIn(value, `${id}:`, context) : []
  const { extension, attribute } = resolveName(type, text, deviations) ?? {}
  if (attribute !== undefined) return [printPath({ extension, attribute })]
  return extension === undefined ? [] : namesIn(value, `${extension}:`, context)
}
