import {
  omittedAttributes,
  type Projection,
  type Projector,
  projector,
} from '../projection/index.js'
import { endpointOf, type Services } from '../resources/call.js'
import type { View } from '../resources/kind.js'
import type { FoundResource } from '../resources/queries/query.js'
import { type Computed, represent } from '../resources/represent.js'
import type { Json, JsonObject, ResourceType } from '../schema/types.js'
import { longList } from './long-list.js'
import type { ScimRequest } from './messages.js'
import { scopeOf } from './read-request.js'

/** The form in which resources are shown. */
export interface Presentation {
  /** By name of resource type. */
  readonly views: ReadonlyMap<string, View>
  /** Names of attributes that the client set in this request, for `returned: request`. */
  readonly sent?: ReadonlySet<string>
  /** Data for computed attributes that was read with the resources. */
  readonly computed?: Partial<Computed>
}

/** Resources, and the form in which they are shown. */
interface ShownResources {
  readonly found: readonly FoundResource[]
  readonly presentation: Presentation
}

/** Representations. */
export interface Representations {
  readonly resources: JsonObject[]
  /** They have so many values that they are to be written in pieces. */
  readonly isLong: boolean
}

const valuesAtOnce = 1_000
/** Their JSON has some 64 kB. */
const valuesInPart = 400

/**
 * The representations of resources, in their order. Computed attributes are read for all of them at
 * once: at most one call for the groups of users and one for their managers, and none if the
 * projection does not include them.
 */
export async function representAll(
  services: Services,
  request: ScimRequest,
  shown: ShownResources,
): Promise<Representations> {
  const { found, presentation } = shown
  const read = readComputed(services, request, shown)
  const computed: Computed = Object.assign(
    {
      baseUrl: request.baseUrl,
      hasEtags: services.options.features.etag,
      types: services.types.byName,
    },
    presentation.computed,
    ...(read === undefined ? [] : await read),
  )
  const representOne = ({ type, resource }: FoundResource) =>
    projectorOf(type, presentation)(represent(endpointOf(services, type), resource, computed))
  if (countValues(services, found) <= valuesAtOnce) {
    return { resources: found.map(representOne), isLong: false }
  }
  const resources = found.map((each) => representInParts(services, each, representOne))
  return { resources, isLong: true }
}

/** How many values these have of attributes that may have very many. */
function countValues(services: Services, found: readonly FoundResource[]): number {
  let count = 0
  for (const each of found) count += longValues(services, each).length
  return count
}

function longValues(services: Services, { type, resource }: FoundResource): readonly Json[] {
  const { longAttribute } = endpointOf(services, type).kind
  const values: unknown = longAttribute === undefined ? undefined : resource[longAttribute]
  return Array.isArray(values) ? (values as readonly Json[]) : []
}

/** A representation whose values are made in parts, while they are written. */
function representInParts(
  services: Services,
  found: FoundResource,
  representOne: (part: FoundResource) => JsonObject,
): JsonObject {
  const { longAttribute = '' } = endpointOf(services, found.type).kind
  const values = longValues(services, found)
  const partFrom = (start: number) => {
    const part = values.slice(start, start + valuesInPart)
    return representOne({ ...found, resource: { ...found.resource, [longAttribute]: part } })
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

function projectorOf(type: ResourceType, { views, sent }: Presentation): Projector {
  const { projection, project } = viewIn(views, type)
  return sent ? projector(type, projection, { sent }) : project
}

/** Reads the data for computed attributes, for all representations at once. */
function readComputed(
  services: Services,
  request: ScimRequest,
  { found, presentation }: ShownResources,
): Promise<Partial<Computed>[]> | undefined {
  const parts: (Promise<Partial<Computed>> | Partial<Computed>)[] = []
  for (const type of new Set(found.map((each) => each.type))) {
    const { kind } = endpointOf(services, type)
    if (!kind.readComputed) continue
    const own = found.filter((each) => each.type === type).map(({ resource }) => resource)
    const view = viewIn(presentation.views, type)
    const part = kind.readComputed(services, scopeOf(request), own, view)
    if (part !== undefined) parts.push(part)
  }
  return parts.length === 0 ? undefined : Promise.all(parts)
}

/** The view of a type; by default, that of a client which names no attributes. */
export function viewIn(views: ReadonlyMap<string, View>, type: ResourceType): View {
  return views.get(type.name) ?? viewOf(type, { kind: 'default' })
}
