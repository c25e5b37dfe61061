import type { Deviations } from '../deviations.js'
import { invalidSyntax } from '../errors.js'
import type { Json } from './types.js'

/**
 * Requires `schemas` of a message to contain its URN (RFC 7644 §3.1), ignoring case. With the
 * deviation `missingSchemas` it may be absent or empty; a single string counts as a list of one.
 *
 * @throws ScimError `invalidSyntax` (400)
 */
export function requireMessage(
  urn: string,
  schemas: Json | undefined,
  deviations: Deviations,
): void {
  const given = Array.isArray(schemas) ? schemas : [schemas ?? []].flat()
  if (given.length === 0 && deviations.has('missingSchemas')) return
  const isNamed = given.some(
    (each) => typeof each === 'string' && each.toLowerCase() === urn.toLowerCase(),
  )
  if (!isNamed) throw invalidSyntax(`"schemas" must contain "${urn}".`)
}
