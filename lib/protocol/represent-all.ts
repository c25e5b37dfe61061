import { omittedAttributes, type Projection, projector } from '../projection/index.js'
import { type Call, type Endpoint, endpointOf, type Services } from '../resources/call.js'
import type { View } from '../resources/kind.js'
import type { FoundResource } from '../resources/queries/query.js'
import { type Computed, type Form, represent } from '../resources/represent.js'
import type { Json, JsonObject, ResourceType } from '../schema/types.js'
import type { Resource } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { longList } from './long-list.js'
import type { ScimRequest } from './messages.js'

/** The form in which one resource is shown. */
export interface Presentation {
  readonly view: View
  /** Names of attributes that the client set in this request, for `returned: request`. */
  readonly sent?: ReadonlySet<string> | undefined
  /** Data for computed attributes that is known already. */
  readonly known?: Partial<Computed> | undefined
}

/** A type of a result, and how its resources are shown. */
export interface ShownType {
  readonly type: ResourceType
  readonly view: View
}

/** A result, and how it is shown. */
interface ShownResult {
  readonly found: readonly FoundResource[]
  /** All types of what was found. */
  readonly parts: readonly ShownType[]
  readonly baseUrl: string
  /** Data for computed attributes that is known already. */
  readonly known?: Partial<Computed> | undefined
}

/** A representation. */
export interface Representation {
  readonly body: JsonObject
  /** It has so many values that it is to be written in pieces. */
  readonly isLong: boolean
}

/** Representations. */
export interface Representations {
  readonly resources: readonly JsonObject[]
  /** They have so many values that they are to be written in pieces. */
  readonly isLong: boolean
}

const valuesAtOnce = 1_000
/** Their JSON has some 64 kB. */
const valuesInPart = 400

/** The representation of one resource; no promise if nothing has to be read for it. */
export function representOne(
  call: Call,
  request: ScimRequest,
  resource: Resource,
  { view, sent, known }: Presentation,
): Representation | Promise<Representation> {
  const { services, type, kind, scope } = call
  const project = sent ? projector(type, view.projection, { sent }) : view.project
  const finish = (computed: Computed) => {
    const isLong = longValues(kind.longAttribute, resource).length > valuesAtOnce
    const make = isLong ? representInParts : represent
    return { body: make(call, resource, { computed, project }), isLong }
  }
  const computed = withKnown(services, request.baseUrl, known)
  const read = kind.readComputed?.(services, scope, [resource], { view, known: computed })
  if (read === undefined) return finish(computed)
  // What a host's store returns may be another kind of promise.
  return Promise.resolve(read).then((more) => finish({ ...computed, ...more }))
}

/**
 * The representations of resources, in their order. Computed attributes are read for all of them at
 * once: at most one call for the groups of users and one for their managers, and none if the
 * projection does not include them.
 */
export async function representAll(
  services: Services,
  scope: Scope,
  { found, parts, baseUrl, known = {} }: ShownResult,
): Promise<Representations> {
  let computed = withKnown(services, baseUrl, known)
  for (const part of parts) {
    const read = readComputed(services, scope, { found, part, known })
    if (read !== undefined) computed = { ...computed, ...(await read) }
  }
  const isLong = countValues(services, found) > valuesAtOnce
  const make = isLong ? representInParts : represent
  const projectorOf = (type: ResourceType) => {
    const part = parts.find((each) => each.type === type)
    return (part?.view ?? viewOf(type, { kind: 'default' })).project
  }
  const resources = found.map(({ type, resource }) => {
    const form = { computed, project: projectorOf(type) }
    return make(endpointOf(services, type), resource, form)
  })
  return { resources, isLong }
}

interface Reading {
  readonly found: readonly FoundResource[]
  readonly part: ShownType
  readonly known: Partial<Computed>
}

function readComputed(
  services: Services,
  scope: Scope,
  { found, part: { type, view }, known }: Reading,
): Promise<Partial<Computed>> | undefined {
  const { kind } = endpointOf(services, type)
  const own = found.filter((each) => each.type === type)
  if (own.length === 0) return undefined
  const resources = own.map(({ resource }) => resource)
  return kind.readComputed?.(services, scope, resources, { view, known })
}

function withKnown(
  { options, types }: Services,
  baseUrl: string,
  known?: Partial<Computed>,
): Computed {
  return { baseUrl, hasEtags: options.features.etag, types: types.byName, ...known }
}

/** How many values these have of attributes that may have very many. */
function countValues(services: Services, found: readonly FoundResource[]): number {
  let count = 0
  for (const { type, resource } of found) {
    count += longValues(endpointOf(services, type).kind.longAttribute, resource).length
  }
  return count
}

function longValues(longAttribute: string | undefined, resource: Resource): readonly Json[] {
  const values: unknown = longAttribute === undefined ? undefined : resource[longAttribute]
  return Array.isArray(values) ? (values as readonly Json[]) : []
}

/** A representation whose values are made in parts, while they are written. */
function representInParts(endpoint: Endpoint, resource: Resource, form: Form): JsonObject {
  const { longAttribute = '' } = endpoint.kind
  const values = longValues(longAttribute, resource)
  const partFrom = (start: number) => {
    const part = values.slice(start, start + valuesInPart)
    return represent(endpoint, { ...resource, [longAttribute]: part }, form)
  }
  const representation = partFrom(0)
  if (representation[longAttribute] === undefined) return representation
  representation[longAttribute] = longList(function* () {
    for (let start = 0; start < values.length; start += valuesInPart) {
      const shown = partFrom(start)[longAttribute]
      if (Array.isArray(shown)) yield shown
    }
  })
  return representation
}

/** The views of clients that name no attributes, as nearly all requests do. */
const defaultViews = new WeakMap<ResourceType, View>()

/** The view of a type for a projection. */
export function viewOf(type: ResourceType, projection: Projection): View {
  const isDefault = projection.kind === 'default'
  const known = isDefault ? defaultViews.get(type) : undefined
  if (known) return known
  const omit = omittedAttributes(type, projection)
  const view = { projection, project: projector(type, projection), omit }
  if (isDefault) defaultViews.set(type, view)
  return view
}
