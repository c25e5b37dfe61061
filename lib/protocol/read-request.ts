import { invalidSyntax, ScimError } from '../errors.js'
import { type Projection, parseProjection } from '../projection/index.js'
import type { ResourceCall, Services } from '../resources/call.js'
import type { Json, ResourceType } from '../schema/types.js'
import { createScope, type Scope } from '../stores/scope.js'
import type { ScimRequest } from './messages.js'

/** The body of a request that must have one. */
export function bodyOf({ body }: ScimRequest): Json {
  if (body === undefined) throw invalidSyntax('The request has no body.')
  return body
}

/** The projection from `attributes` and `excludedAttributes` in the URL. */
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
 * The conditions of a request. Without versions no tag matches a resource, so `If-None-Match` with
 * a tag is always fulfilled.
 *
 * @throws ScimError 501 for `If-Match` if versions are switched off, because ignoring the condition
 *   could overwrite what it protects
 */
export function conditionOf(
  { options }: Services,
  { ifMatch, ifNoneMatch }: ScimRequest,
): Pick<ResourceCall, 'ifMatch' | 'ifNoneMatch'> {
  const isNew = ifNoneMatch !== undefined && (options.features.etag || ifNoneMatch.trim() === '*')
  const unless = isNew ? { ifNoneMatch } : {}
  if (ifMatch === undefined) return unless
  if (!options.features.etag && ifMatch.trim() !== '*') {
    throw new ScimError(
      501,
      'This service provider does not support versions, so If-Match is not supported.',
    )
  }
  return { ifMatch, ...unless }
}

/** 501 for a feature that is switched off (RFC 7644 §3.12 table 8). */
export function notSupported(feature: string): ScimError {
  return new ScimError(501, `This service provider does not support ${feature}.`)
}

/** The scope of all store calls of a request. Tenant and actor come from the credentials alone. */
export function scopeOf({
  principal,
  requestId,
  lifetime,
}: Pick<ScimRequest, 'principal' | 'requestId' | 'lifetime'>): Scope {
  return createScope({ tenant: principal.tenant, actor: principal.name, requestId }, lifetime)
}
