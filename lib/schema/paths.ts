import type { AttributeDefinition, AttributePath, ResourceType } from './types.js'

/**
 * Resolves the text of an attribute path (RFC 7644 §3.10); `undefined` if the resource type has no
 * such attribute.
 *
 * Names and URNs match regardless of case; if several URNs match, the longest counts. Names are
 * looked up only in schemas, so they never reach members that JavaScript objects inherit.
 *
 * @param text e.g. `userName`, `name.givenName`, `urn:…:enterprise:2.0:User:manager.value`, or an
 *   extension's URN
 */
export function resolvePath(type: ResourceType, text: string): AttributePath | undefined {
  const lower = text.toLowerCase()
  if (!lower.startsWith('urn:')) return inAttributes(type.attributes, lower)
  const urn = longestUrn(type, lower)
  if (urn === undefined) return undefined
  const extension = type.extensionAttributes.get(urn)
  if (lower === urn) return extension && { extension: extension.urn }
  const rest = lower.slice(urn.length + 1)
  if (!extension) return inAttributes(type.attributes, rest)
  const path = inAttributes(extension.attributes, rest)
  return path && { extension: extension.urn, ...path }
}

/** The canonical text of a path, which {@link resolvePath} resolves to the same path. */
export function printPath({ extension, attribute, sub }: AttributePath): string {
  const names = sub ? `${attribute?.name}.${sub.name}` : (attribute?.name ?? '')
  if (extension === undefined) return names
  return names === '' ? extension : `${extension}:${names}`
}

/** The sub-attribute of this name in any case, or `undefined`. */
export function subAttribute(
  definition: AttributeDefinition,
  name: string,
): AttributeDefinition | undefined {
  const { subAttributes } = definition
  if (!subAttributes) return undefined
  const exact = subAttributes.find((sub) => sub.name === name)
  if (exact) return exact
  const lower = name.toLowerCase()
  return subAttributes.find((sub) => sub.name.toLowerCase() === lower)
}

/** The longest known URN that is the whole text or its prefix before a colon. */
function longestUrn(type: ResourceType, lower: string): string | undefined {
  let longest: string | undefined
  for (const urn of [type.schema.id.toLowerCase(), ...type.extensionAttributes.keys()]) {
    const fits = lower.startsWith(urn) && (lower.length === urn.length || lower[urn.length] === ':')
    if (fits && urn.length > (longest?.length ?? 0)) longest = urn
  }
  return longest
}

/** Resolves `name` or `name.sub`, in lower case. */
function inAttributes(
  attributes: ReadonlyMap<string, AttributeDefinition>,
  lower: string,
): AttributePath | undefined {
  const dot = lower.indexOf('.')
  const attribute = attributes.get(dot < 0 ? lower : lower.slice(0, dot))
  if (!attribute || dot < 0) return attribute && { attribute }
  const sub = subAttribute(attribute, lower.slice(dot + 1))
  return sub && { attribute, sub }
}
