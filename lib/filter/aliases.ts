import type { DeviationId, Deviations } from '../deviations.js'
import { resolvePath } from '../schema/paths.js'
import { withoutLegacyUrn } from '../schema/read-schemas.js'
import type { AttributePath, ResourceType } from '../schema/types.js'

/** Names that provisioning clients use instead of an attribute's own name. */
const aliases: readonly { deviation: DeviationId; name: string; path: string }[] = [
  { deviation: 'emailAlias', name: 'email', path: 'emails.value' },
  { deviation: 'emailAlias', name: 'email.value', path: 'emails.value' },
]

/**
 * The path that an alias stands for; `undefined` if it is no alias, or the type has no such
 * attribute.
 */
export function resolveAlias(
  type: ResourceType,
  text: string,
  deviations: Deviations,
): AttributePath | undefined {
  const name = text.toLowerCase()
  const alias = aliases.find((each) => each.name === name && deviations.has(each.deviation))
  if (alias !== undefined) return resolvePath(type, alias.path)
  return resolveExtensionAttribute(type, text, deviations)
}

/**
 * The path that a name stands for, by the schemas or by a client's spelling; see
 * `resolveExtensionAttribute`.
 */
export function resolveName(
  type: ResourceType,
  text: string,
  deviations: Deviations,
): AttributePath | undefined {
  return resolvePath(type, text) ?? resolveExtensionAttribute(type, text, deviations)
}

/**
 * An attribute of an extension as some clients write it: without the URN, with a legacy URN, or
 * with a dot instead of the colon after the URN (`urn:…:User.employeeNumber`). `undefined` if the
 * deviations are off.
 */
export function resolveExtensionAttribute(
  type: ResourceType,
  text: string,
  deviations: Deviations,
): AttributePath | undefined {
  if (text.includes(':')) {
    const name = withoutLegacyUrn(type, text, deviations)
    const path = name === text ? undefined : resolvePath(type, name)
    if (path !== undefined || !deviations.has('dottedExtensionAttributes')) return path
    return resolveDotted(type, name)
  }
  return deviations.has('unqualifiedExtensionAttributes')
    ? resolveUnqualified(type, text)
    : undefined
}

function resolveDotted(type: ResourceType, text: string): AttributePath | undefined {
  const lower = text.toLowerCase()
  const urns = [type.schema.id, ...type.extensions.map(({ schema }) => schema.id)]
  const urn = urns.find((each) => lower.startsWith(`${each.toLowerCase()}.`))
  return urn === undefined ? undefined : resolvePath(type, `${urn}:${text.slice(urn.length + 1)}`)
}

/**
 * An attribute of an extension named without its URN; `undefined` unless exactly one extension has
 * it.
 */
function resolveUnqualified(type: ResourceType, text: string): AttributePath | undefined {
  const found = type.extensions
    .map(({ schema }) => resolvePath(type, `${schema.id}:${text}`))
    .filter((path) => path?.attribute !== undefined)
  return found.length === 1 ? found[0] : undefined
}
