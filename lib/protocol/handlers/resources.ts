import { omittedAttributes, type Projection } from '../../projection/index.js'
import { removeResource } from '../../resources/delete-service.js'
import { usesDeltas } from '../../resources/group-service.js'
import { create, getResource, patch, replace } from '../../resources/resource-service.js'
import { checkStored } from '../../resources/stored.js'
import { type Services, storeOf } from '../../resources/stores.js'
import type { Target } from '../../resources/write-service.js'
import { groupUrn } from '../../schema/core-schemas.js'
import type { ResourceType } from '../../schema/types.js'
import type { Read } from '../../stores/query.js'
import type { Resource } from '../../stores/resource.js'
import { etagOf, matchesEtag } from '../../version/etag.js'
import type { ScimRequest, ScimResponse } from '../messages.js'
import { present, showsOthers } from '../present.js'
import { bodyOf, conditionOf, notSupported, projectionOf } from '../read-request.js'
import type { Handler, PathParameters } from '../route.js'
import { scopeOf } from '../scope.js'
import { sentReader } from '../sent.js'
import { locationOf } from '../wire.js'

/** What an answer with one resource is made of. */
interface Answer {
  readonly type: ResourceType
  readonly resource: Resource
  readonly projection: Projection
  readonly status: number
  /** Attributes the request set, for those that are returned on request. */
  readonly sent?: ReadonlySet<string> | undefined
}

/** POST to the endpoint of a resource type (RFC 7644 §3.3). */
export function createHandler(services: Services, type: ResourceType): Handler {
  const sentIn = sentReader(type)
  return async (request) => {
    const projection = projectionOf(services, request, type)
    const resource = await create(services, { type, scope: scopeOf(request) }, bodyOf(request))
    const sent = sentIn(request.body)
    return answerWritten(services, request, { type, resource, projection, status: 201, sent })
  }
}

/**
 * GET of one resource (RFC 7644 §3.4.1), 304 when the client has this version (§3.14) and nothing of the answer can have
 * changed without it (RFC 9110 §8.8.1).
 */
export function getHandler(services: Services, type: ResourceType): Handler {
  return async (request, parameters) => {
    const projection = projectionOf(services, request, type)
    const omit = omittedAttributes(type, projection)
    const target = targetOf(services, { ...request, ifNoneMatch: undefined }, { type, parameters })
    const resource = await getResource(services, target, { omit })
    if (hasAnswer(services, request, { type, resource, projection })) {
      return { status: 304, headers: headersOf(services, request, { type, resource }) }
    }
    return answer(services, request, { type, resource, projection, status: 200 })
  }
}

/** PUT of one resource (RFC 7644 §3.5.1). */
export function replaceHandler(
  services: Services,
  type: ResourceType,
  allowed?: ReadonlySet<string>,
): Handler {
  const sentIn = sentReader(type)
  return async (request, parameters) => {
    const projection = projectionOf(services, request, type)
    const target = {
      ...targetOf(services, request, { type, parameters }),
      ...(allowed && { allowed }),
    }
    const { resource } = await replace(services, target, bodyOf(request))
    const sent = sentIn(request.body)
    return answerWritten(services, request, { type, resource, projection, status: 200, sent })
  }
}

/**
 * PATCH of one resource (RFC 7644 §3.5.2). Answers 200 with the resource; of a group 204 unless the client asks for
 * attributes, as Entra ID prefers it and so that nobody has to load and send thousands of members.
 */
export function patchHandler(
  services: Services,
  type: ResourceType,
  allowed?: ReadonlySet<string>,
): Handler {
  const sentIn = sentReader(type)
  return async (request, parameters) => {
    if (!services.options.features.patch) throw notSupported('PATCH')
    const projection = projectionOf(services, request, type)
    const target = {
      ...targetOf(services, request, { type, parameters }),
      ...(allowed && { allowed }),
    }
    const { resource } = await patch(services, target, bodyOf(request))
    if (type.name === 'Group' && !asksForAttributes(request)) {
      const headers = headersOf(services, request, { type, resource })
      // Says nothing without a body, but the client of SCIM-SDK takes an answer without it for a failure.
      return { status: 204, headers: { ...headers, 'Content-Type': 'application/scim+json' } }
    }
    const sent = sentIn(request.body)
    return answerWritten(services, request, { type, resource, projection, status: 200, sent })
  }
}

/** DELETE of one resource (RFC 7644 §3.6). */
export function deleteHandler(services: Services, type: ResourceType): Handler {
  return async (request, parameters) => {
    await removeResource(services, targetOf(services, request, { type, parameters }))
    return { status: 204, headers: {} }
  }
}

function targetOf(
  services: Services,
  request: ScimRequest,
  { type, parameters }: { type: ResourceType; parameters: PathParameters },
): Target {
  const id = parameters['id'] ?? ''
  return { type, id, scope: scopeOf(request), ...conditionOf(services, request) }
}

/** An answer with a resource that was stored just now. */
function answerWritten(
  services: Services,
  request: ScimRequest,
  written: Answer,
): Promise<ScimResponse> {
  const resource = withMembers(services, request, written)
  if (!(resource instanceof Promise)) return answer(services, request, written)
  return resource.then((whole) => answer(services, request, { ...written, resource: whole }))
}

async function answer(
  services: Services,
  request: ScimRequest,
  { type, resource, projection, status, sent }: Answer,
): Promise<ScimResponse> {
  const presentation = { projections: new Map([[type.name, projection]]), ...(sent && { sent }) }
  const found = [{ type, resource }]
  const [body] = await present(services, request, { found, presentation })
  if (body && showsMembers(type, projection)) body['members'] ??= []
  const headers = headersOf(services, request, { type, resource })
  return { status, headers, ...(body && { body }) }
}

/**
 * Whether the answer tells that nobody is in a group. RFC 7643 §2.5 lets an empty list be left out, and then authentik
 * does not look for members that it has to add again.
 */
function showsMembers(type: ResourceType, projection: Projection): boolean {
  return type.schema.id === groupUrn && !omittedAttributes(type, projection).has('members')
}

/** A group as it was stored, with its members where the answer has them and the store keeps them apart. */
function withMembers(
  services: Services,
  request: ScimRequest,
  { type, resource, projection }: Answer,
): Promise<Resource> | Resource {
  if (type.name !== 'Group' || !usesDeltas(services)) return resource
  const omit = omittedAttributes(type, projection)
  return omit.has('members') ? resource : readWhole(services, request, { type, resource, omit })
}

async function readWhole(
  services: Services,
  request: ScimRequest,
  { type, resource, omit }: Pick<Answer, 'type' | 'resource'> & Read,
): Promise<Resource> {
  const whole = await storeOf(services, type).get(scopeOf(request), resource.id, { omit })
  return whole ? checkStored(type, whole, resource.id) : resource
}

function headersOf(
  services: Services,
  { baseUrl }: ScimRequest,
  { type, resource }: { type: ResourceType; resource: Resource },
): Record<string, string> {
  return {
    Location: locationOf(baseUrl, type.endpoint, resource.id),
    ...(services.options.features.etag && { ETag: etagOf(resource.meta.version) }),
  }
}

function hasAnswer(
  services: Services,
  { ifNoneMatch }: ScimRequest,
  { type, resource, projection }: Omit<Answer, 'status'>,
): boolean {
  return (
    services.options.features.etag &&
    ifNoneMatch !== undefined &&
    matchesEtag(ifNoneMatch, resource.meta.version) &&
    (ifNoneMatch.trim() === '*' || !showsOthers(type, resource, projection))
  )
}

function asksForAttributes({ query }: ScimRequest): boolean {
  return query.has('attributes') || query.has('excludedattributes')
}
