import { about, type Call, callOf, type ResourceCall, type Services } from '../../resources/call.js'
import { locationOf } from '../../resources/represent.js'
import { create, patch, replace } from '../../resources/requests.js'
import { checkStored } from '../../resources/store-output.js'
import { loadShown, remove } from '../../resources/write.js'
import type { ResourceType } from '../../schema/types.js'
import type { Resource } from '../../stores/resource.js'
import { etagOf, matchesEtag } from '../../version/etag.js'
import type { ScimRequest, ScimResponse } from '../messages.js'
import { bodyOf, conditionOf, notSupported, projectionOf, scopeOf } from '../read-request.js'
import { type Presentation, type Representation, representOne, viewOf } from '../represent-all.js'
import { requestReader } from '../request-attributes.js'
import type { Handler, PathParameters } from '../route.js'

/** The parts of an answer with one resource. */
interface Answer extends Presentation {
  readonly resource: Resource
  readonly status: number
}

/** POST to the endpoint of a resource type (RFC 7644 §3.3). */
export function createHandler(services: Services, type: ResourceType): Handler {
  const sentIn = requestReader(type, services.options.deviations)
  return async (request) => {
    const view = viewOf(type, projectionOf(services, request, type))
    const call = callOf(services, type, scopeOf(request))
    const resource = await create(call, bodyOf(request))
    const sent = sentIn(request.body)
    const known = call.kind.computedAtFirst
    return answer(call, request, { resource, view, status: 201, sent, known })
  }
}

/**
 * GET of one resource (RFC 7644 §3.4.1), 304 if the client has this version (§3.14) and no part of
 * the answer can have changed without the version (RFC 9110 §8.8.1).
 */
export function getHandler(services: Services, type: ResourceType): Handler {
  return async (request, parameters) => {
    const view = viewOf(type, projectionOf(services, request, type))
    const { ifMatch } = conditionOf(services, request)
    const call = about(callOf(services, type, scopeOf(request)), parameters['id'] ?? '', {
      ifMatch,
    })
    const { resource, computed: known } = await loadShown(call, view)
    if (hasAnswer(call, request, { resource, view })) {
      return { status: 304, headers: headersOf(call, request, resource) }
    }
    return answer(call, request, { resource, view, status: 200, known })
  }
}

/** PUT of one resource (RFC 7644 §3.5.1). */
export function replaceHandler(
  services: Services,
  type: ResourceType,
  allowed?: ReadonlySet<string>,
): Handler {
  const sentIn = requestReader(type, services.options.deviations)
  return async (request, parameters) => {
    const view = viewOf(type, projectionOf(services, request, type))
    const call = callAbout(services, request, { type, parameters, allowed })
    const { resource } = await replace(call, bodyOf(request))
    const sent = sentIn(request.body)
    return answerWritten(call, request, { resource, view, status: 200, sent })
  }
}

/**
 * PATCH of one resource (RFC 7644 §3.5.2). Answers 200 with the resource; for a group 204 unless
 * the client asks for attributes, which Entra ID prefers and which avoids loading and sending
 * thousands of members.
 */
export function patchHandler(
  services: Services,
  type: ResourceType,
  allowed?: ReadonlySet<string>,
): Handler {
  const sentIn = requestReader(type, services.options.deviations)
  return async (request, parameters) => {
    if (!services.options.features.patch) throw notSupported('PATCH')
    const view = viewOf(type, projectionOf(services, request, type))
    const call = callAbout(services, request, { type, parameters, allowed })
    const { resource } = await patch(call, bodyOf(request))
    if (call.kind.patchAnswersNothing && !asksForAttributes(request)) {
      const headers = headersOf(call, request, resource)
      // Content-Type is meaningless without a body, but the SCIM-SDK client treats an answer
      // without it as a failure.
      return { status: 204, headers: { ...headers, 'Content-Type': 'application/scim+json' } }
    }
    const sent = sentIn(request.body)
    return answerWritten(call, request, { resource, view, status: 200, sent })
  }
}

/** DELETE of one resource (RFC 7644 §3.6). */
export function deleteHandler(services: Services, type: ResourceType): Handler {
  return async (request, parameters) => {
    await remove(callAbout(services, request, { type, parameters }))
    return { status: 204, headers: {} }
  }
}

/** The resource that a request names, and the attributes that may change. */
interface NamedResource {
  readonly type: ResourceType
  readonly parameters: PathParameters
  readonly allowed?: ReadonlySet<string> | undefined
}

function callAbout(
  services: Services,
  request: ScimRequest,
  { type, parameters, allowed }: NamedResource,
): ResourceCall {
  const condition = conditionOf(services, request)
  const call = callOf(services, type, scopeOf(request))
  return about(call, parameters['id'] ?? '', allowed ? { ...condition, allowed } : condition)
}

/** The answer with a resource that was just stored. */
function answerWritten(
  call: Call,
  request: ScimRequest,
  written: Answer,
): Promise<ScimResponse> | ScimResponse {
  const { resource, view } = written
  if (!call.kind.isPartial?.(call, view)) return answer(call, request, written)
  return readWhole(call, resource, view.omit).then((whole) =>
    answer(call, request, whole ? { ...written, resource: whole } : withoutParts(call, written)),
  )
}

/** What is known of a resource that was deleted since it was written: nothing of those parts. */
function withoutParts({ kind }: Call, written: Answer): Answer {
  const omit = new Set([...written.view.omit, kind.longAttribute ?? ''])
  return { ...written, view: { ...written.view, omit } }
}

function answer(
  call: Call,
  request: ScimRequest,
  shown: Answer,
): Promise<ScimResponse> | ScimResponse {
  const { resource, view, status } = shown
  const finish = ({ body, isLong }: Representation) => {
    call.kind.completeAlone?.(body, view)
    return { status, headers: headersOf(call, request, resource), body, isLong }
  }
  const representation = representOne(call, request, resource, shown)
  return representation instanceof Promise ? representation.then(finish) : finish(representation)
}

/**
 * A written resource with the parts that the answer shows and the store keeps separately;
 * `undefined` if it has been deleted since.
 */
async function readWhole(
  call: Call,
  resource: Resource,
  omit: ReadonlySet<string>,
): Promise<Resource | undefined> {
  const stored = await call.store.get(call.scope, resource.id, { omit })
  return stored && checkStored(call, stored, resource.id)
}

function headersOf(
  { services, type }: Call,
  { baseUrl }: ScimRequest,
  { id, meta }: Resource,
): Record<string, string> {
  const headers: Record<string, string> = { Location: locationOf(baseUrl, type.endpoint, id) }
  if (services.options.features.etag) headers['ETag'] = etagOf(meta.version)
  return headers
}

function hasAnswer(
  { services, kind }: Call,
  { ifNoneMatch }: ScimRequest,
  { resource, view }: Pick<Answer, 'resource' | 'view'>,
): boolean {
  return (
    services.options.features.etag &&
    ifNoneMatch !== undefined &&
    matchesEtag(ifNoneMatch, resource.meta.version) &&
    (ifNoneMatch.trim() === '*' || !(kind.showsOthers?.(resource, view) ?? false))
  )
}

function asksForAttributes({ query }: ScimRequest): boolean {
  return query.has('attributes') || query.has('excludedattributes')
}
