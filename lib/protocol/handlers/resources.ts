import {
  about,
  type Call,
  callOf,
  endpointOf,
  type ResourceCall,
  type Services,
} from '../../resources/call.js'
import type { View } from '../../resources/kind.js'
import { type Computed, locationOf } from '../../resources/represent.js'
import { create, patch, replace } from '../../resources/requests.js'
import { checkStored } from '../../resources/store-output.js'
import { loadShown, remove } from '../../resources/write.js'
import type { ResourceType } from '../../schema/types.js'
import type { Resource } from '../../stores/resource.js'
import { etagOf, matchesEtag } from '../../version/etag.js'
import type { ScimRequest, ScimResponse } from '../messages.js'
import { bodyOf, conditionOf, notSupported, projectionOf, scopeOf } from '../read-request.js'
import { representAll, viewOf } from '../represent-all.js'
import { requestReader } from '../request-attributes.js'
import type { Handler, PathParameters } from '../route.js'

/** The parts of an answer with one resource. */
interface Answer {
  readonly type: ResourceType
  readonly resource: Resource
  readonly view: View
  readonly status: number
  /** Attributes that the request set, for `returned: request`. */
  readonly sent?: ReadonlySet<string> | undefined
  /** What was read with the resource for the attributes that `view` omits. */
  readonly computed?: Partial<Computed> | undefined
}

/** POST to the endpoint of a resource type (RFC 7644 §3.3). */
export function createHandler(services: Services, type: ResourceType): Handler {
  const sentIn = requestReader(type)
  return async (request) => {
    const asked = viewOf(type, projectionOf(services, request, type))
    const call = callOf(services, type, scopeOf(request))
    const view = without(asked, call.kind.absentAtFirst)
    const resource = await create(call, bodyOf(request))
    const sent = sentIn(request.body)
    return answer(services, request, { type, resource, view, status: 201, sent })
  }
}

/**
 * GET of one resource (RFC 7644 §3.4.1), 304 if the client has this version (§3.14) and no part of
 * the answer can have changed without the version (RFC 9110 §8.8.1).
 */
export function getHandler(services: Services, type: ResourceType): Handler {
  return async (request, parameters) => {
    const view = viewOf(type, projectionOf(services, request, type))
    const unconditional = { ...request, ifNoneMatch: undefined }
    const call = callAbout(services, unconditional, { type, parameters })
    const { resource, computed } = await loadShown(call, view)
    if (hasAnswer(services, request, { type, resource, view })) {
      return { status: 304, headers: headersOf(services, request, { type, resource }) }
    }
    const rest = computed ? without(view, Object.keys(computed)) : view
    return answer(services, request, { type, resource, view: rest, status: 200, computed })
  }
}

/** The view without attributes that need not be read any more. */
function without(view: View, names: readonly string[]): View {
  return { ...view, omit: new Set([...view.omit, ...names]) }
}

/** PUT of one resource (RFC 7644 §3.5.1). */
export function replaceHandler(
  services: Services,
  type: ResourceType,
  allowed?: ReadonlySet<string>,
): Handler {
  const sentIn = requestReader(type)
  return async (request, parameters) => {
    const view = viewOf(type, projectionOf(services, request, type))
    const call = callAbout(services, request, { type, parameters, allowed })
    const { resource } = await replace(call, bodyOf(request))
    const sent = sentIn(request.body)
    return answerWritten(services, request, { type, resource, view, status: 200, sent })
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
  const sentIn = requestReader(type)
  return async (request, parameters) => {
    if (!services.options.features.patch) throw notSupported('PATCH')
    const view = viewOf(type, projectionOf(services, request, type))
    const call = callAbout(services, request, { type, parameters, allowed })
    const { resource } = await patch(call, bodyOf(request))
    if (call.kind.patchAnswersNothing && !asksForAttributes(request)) {
      const headers = headersOf(services, request, { type, resource })
      // Content-Type is meaningless without a body, but the SCIM-SDK client treats an answer
      // without it as a failure.
      return { status: 204, headers: { ...headers, 'Content-Type': 'application/scim+json' } }
    }
    const sent = sentIn(request.body)
    return answerWritten(services, request, { type, resource, view, status: 200, sent })
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
  services: Services,
  request: ScimRequest,
  written: Answer,
): Promise<ScimResponse> {
  const resource = whole(services, request, written)
  if (!(resource instanceof Promise)) return answer(services, request, written)
  return resource.then((each) => answer(services, request, { ...written, resource: each }))
}

async function answer(
  services: Services,
  request: ScimRequest,
  { type, resource, view, status, sent, computed }: Answer,
): Promise<ScimResponse> {
  const views = new Map([[type.name, view]])
  const presentation = { views, ...(sent && { sent }), ...(computed && { computed }) }
  const found = [{ type, resource }]
  const {
    resources: [body],
    isLong,
  } = await representAll(services, request, { found, presentation })
  const { kind } = endpointOf(services, type)
  if (body) kind.completeAlone?.(body, view)
  const headers = headersOf(services, request, { type, resource })
  return { status, headers, ...(body && { body }), isLong }
}

/**
 * Completes a written resource by reading the parts that the answer shows and the store keeps
 * separately.
 */
function whole(
  services: Services,
  request: ScimRequest,
  { type, resource, view }: Answer,
): Promise<Resource> | Resource {
  const call = callOf(services, type, scopeOf(request))
  if (!call.kind.isPartial?.(call, view)) return resource
  return readWhole(call, resource, view.omit)
}

async function readWhole(
  call: Call,
  resource: Resource,
  omit: ReadonlySet<string>,
): Promise<Resource> {
  const stored = await call.store.get(call.scope, resource.id, { omit })
  return stored ? checkStored(call, stored, resource.id) : resource
}

interface TypedResource {
  readonly type: ResourceType
  readonly resource: Resource
}

function headersOf(
  services: Services,
  { baseUrl }: ScimRequest,
  { type, resource }: TypedResource,
): Record<string, string> {
  return {
    Location: locationOf(baseUrl, type.endpoint, resource.id),
    ...(services.options.features.etag && { ETag: etagOf(resource.meta.version) }),
  }
}

function hasAnswer(
  services: Services,
  { ifNoneMatch }: ScimRequest,
  { type, resource, view }: Omit<Answer, 'status'>,
): boolean {
  return (
    services.options.features.etag &&
    ifNoneMatch !== undefined &&
    matchesEtag(ifNoneMatch, resource.meta.version) &&
    (ifNoneMatch.trim() === '*' || !showsOthers(services, { type, resource, view }))
  )
}

function showsOthers(
  services: Services,
  { type, resource, view }: Pick<Answer, 'type' | 'resource' | 'view'>,
): boolean {
  const { kind } = endpointOf(services, type)
  return kind.showsOthers?.(resource, view) ?? false
}

function asksForAttributes({ query }: ScimRequest): boolean {
  return query.has('attributes') || query.has('excludedattributes')
}
