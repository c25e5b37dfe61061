import type { Deviations } from '../deviations.js'
import { invalidSyntax } from '../errors.js'
import { enterpriseUserUrn, groupUrn, userUrn } from './core-schemas.js'
import { memberNamed } from './json.js'
import type { ReadContext } from './read-context.js'
import type { Json, JsonObject, ResourceType } from './types.js'

/**
 * URNs of SCIM 1.1 and of drafts of 2.0 that clients still send (Google Workspace, OneLogin), in
 * lower case, with the URNs they may stand for.
 */
const legacyUrns: ReadonlyMap<string, readonly string[]> = new Map([
  ['urn:scim:schemas:core:1.0', [userUrn, groupUrn]],
  ['urn:scim:schemas:core:2.0', [userUrn, groupUrn]],
  ['urn:scim:schemas:core:2.0:user', [userUrn]],
  ['urn:scim:schemas:core:2.0:group', [groupUrn]],
  ['urn:scim:schemas:extension:enterprise:1.0', [enterpriseUserUrn]],
  ['urn:scim:schemas:extension:enterprise:2.0', [enterpriseUserUrn]],
  ['urn:scim:schemas:extension:enterprise:2.0:user', [enterpriseUserUrn]],
])

/** Whether a text begins with a URN that SCIM itself defines for resources or messages. */
export function isScimUrn(text: string): boolean {
  return /^urn:(ietf:params:)?scim:(schemas:core|api:messages):/i.test(text)
}

/**
 * The URN of one of the type's schemas for a text, which may be a legacy URN if the deviation
 * `legacyUrns` is on.
 */
export function knownUrn(
  type: ResourceType,
  text: string,
  { deviations }: Pick<ReadContext, 'deviations'>,
): string | undefined {
  const lower = text.toLowerCase()
  const own = ownUrn(type, lower)
  if (own !== undefined || !deviations.has('legacyUrns')) return own
  const meanings = legacyUrns.get(lower) ?? []
  return meanings.find((urn) => ownUrn(type, urn.toLowerCase()) !== undefined)
}

/**
 * An attribute path whose legacy URN is replaced by the URN that it stands for in this type. Other
 * text is returned unchanged, as is all text if the deviation `legacyUrns` is off.
 */
export function withoutLegacyUrn(type: ResourceType, text: string, deviations: Deviations): string {
  const lower = text.toLowerCase()
  if (!lower.startsWith('urn:scim:')) return text
  const legacy = [...legacyUrns.keys()]
    .filter((urn) => lower.startsWith(urn) && /^([.:]|$)/.test(lower.slice(urn.length)))
    .sort((a, b) => b.length - a.length)[0]
  const urn = legacy && knownUrn(type, legacy, { deviations })
  return urn === undefined ? text : urn + text.slice(legacy?.length)
}

/**
 * Checks `schemas` of a resource (RFC 7643 §3): it lists the base schema, only schemas of the type,
 * and every extension that the resource has.
 *
 * If deviations allow it, `schemas` may be missing or omit extensions, and may list legacy URNs and
 * unknown extensions.
 *
 * @param extensions URNs of the extensions that the resource has
 * @throws ScimError `invalidSyntax`
 */
export function checkSchemas(
  type: ResourceType,
  resource: JsonObject,
  extensions: readonly string[],
  context: ReadContext,
): void {
  const listed = memberNamed(resource, 'schemas') ?? []
  const texts = Array.isArray(listed) ? listed : [listed]
  if (texts.length === 0) {
    if (context.deviations.has('missingSchemas')) return
    throw invalidSyntax(`"schemas" is missing. It must list "${type.schema.id}".`)
  }
  const urns = new Set(texts.map((text) => readUrn(type, text, context)))
  if (new Set(texts.map((text) => String(text).toLowerCase())).size < texts.length) {
    throw invalidSyntax('"schemas" lists a schema more than once.')
  }
  if (!urns.has(type.schema.id)) throw invalidSyntax(`"schemas" must list "${type.schema.id}".`)
  const unlisted = extensions.find((urn) => !urns.has(urn))
  if (unlisted !== undefined && !context.deviations.has('unlistedExtensions')) {
    throw invalidSyntax(`"schemas" must list "${unlisted}", whose attributes are given.`)
  }
}

function ownUrn(type: ResourceType, lower: string): string | undefined {
  if (lower === type.schema.id.toLowerCase()) return type.schema.id
  return type.extensionAttributes.get(lower)?.urn
}

/** The URN for an entry of `schemas`. */
function readUrn(type: ResourceType, text: Json, context: ReadContext): string {
  if (typeof text !== 'string') throw invalidSyntax('"schemas" must be an array of URNs.')
  const urn = knownUrn(type, text, context)
  if (urn !== undefined) return urn
  if (isPassedOver(text, context)) return text.toLowerCase()
  throw invalidSyntax(`"${text.slice(0, 200)}" in "schemas" is no schema of a ${type.name}.`)
}

/**
 * Whether a URI belongs to an extension of another product, e.g. Microsoft's for groups. The URI
 * alone has no effect; the attributes are dropped or refused as unknown. URNs that SCIM itself
 * defines do not count: they mean that the resource is of another type.
 */
function isPassedOver(text: string, context: ReadContext): boolean {
  if (!context.deviations.has('legacyUrns')) return false
  return /^[a-z][a-z0-9+.-]*:/i.test(text) && !isScimUrn(text)
}
