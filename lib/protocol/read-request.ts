import { invalidSyntax, ScimError } from '../errors.js'
import { type Projection, parseProjection } from '../projection/index.js'
import type { Json, ResourceType } from '../schema/types.js'
import type { Services } from '../service/stores.js'
import type { ScimRequest } from './messages.js'

/** The body of a request that must have one. */
export function bodyOf({ body }: ScimRequest): Json {
  if (body === undefined) throw invalidSyntax('The request has no body.')
  return body
}

/** Which attributes the answer has, from `attributes` and `excludedAttributes` in the URL. */
export function projectionOf(
  services: Services,
  request: ScimRequest,
  type: ResourceType,
): Projection {
  const parameters = {
    attributes: request.query.get('attributes'),
    excludedAttributes: request.query.get('excludedattributes'),
  }
  return parseProjection(type, parameters, services.options.deviations)
}

/**
 * The condition of a request, as the services take it.
 *
 * @throws ScimError 501 where versions are switched off: to ignore a condition could overwrite what it protects
 */
export function conditionOf(
  { options }: Services,
  { ifMatch }: ScimRequest,
): { readonly ifMatch?: string } {
  if (ifMatch === undefined) return {}
  if (!options.features.etag && ifMatch.trim() !== '*') {
    throw new ScimError(501, 'This service provider has no versions; If-Match is not supported.')
  }
  return { ifMatch }
}

/** 501 for a feature that is switched off (RFC 7644 §3.12 table 8). */
export function notSupported(feature: string): ScimError {
  return new ScimError(501, `This service provider does not support ${feature}.`)
}
