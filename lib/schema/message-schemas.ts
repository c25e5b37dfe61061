import type { Deviations } from '../deviations.js'
import { invalidSyntax } from '../errors.js'
import type { Json } from './types.js'

/**
 * Requires a message to name what it is in `schemas` (RFC 7644 §3.1), in any case. Absent or empty
 * passes with the deviation `missingSchemas`; one text counts as a list of one.
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
