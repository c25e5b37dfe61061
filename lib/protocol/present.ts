import { omittedAttributes, type Projection, project } from '../projection/index.js'
import type { Found } from '../resources/query-service.js'
import { readMany } from '../resources/read-many.js'
import type { Services } from '../resources/stores.js'
import { managerIdOf } from '../resources/user-rules.js'
import { enterpriseUserUrn } from '../schema/core-schemas.js'
import type { JsonObject, ResourceType } from '../schema/types.js'
import type { GroupReference } from '../stores/group-store.js'
import type { Resource } from '../stores/resource.js'
import type { ScimRequest } from './messages.js'
import { scopeOf } from './scope.js'
import { type Computed, toWire } from './wire.js'

const nobody: ReadonlyMap<string, Resource> = new Map()

/** How resources are shown. */
export interface Presentation {
  /** By name of resource type. */
  readonly projections: ReadonlyMap<string, Projection>
  /** Names of attributes the client set in this request, for `returned: request`. */
  readonly sent?: ReadonlySet<string>
}

/**
 * The representations of resources, in their order. What is computed is read for all of them at once: at most one call
 * for the groups of users and one for their managers, and none when the projection does not want them.
 */
export async function present(
  services: Services,
  request: ScimRequest,
  { found, presentation }: { found: readonly Found[]; presentation: Presentation },
): Promise<JsonObject[]> {
  const { projections, sent } = presentation
  const computed = await compute(services, request, { found, projections })
  return found.map(({ type, resource }) =>
    project(type, toWire(type, resource, computed), projectionOf(projections, type), {
      ...(sent && { sent }),
    }),
  )
}

/**
 * Whether a representation shows what other resources say, which changes without the resource's version: the groups of a
 * user, the names of a manager and of members.
 */
export function showsOthers(
  type: ResourceType,
  resource: Resource,
  projection: Projection,
): boolean {
  const omit = omittedAttributes(type, projection)
  if (type.name === 'Group') return !omit.has('members') && resource['members'] !== undefined
  if (type.name !== 'User') return false
  const hasManager = managerIdOf(resource) !== undefined && wantsManager(projection)
  return hasManager || !omit.has('groups')
}

async function compute(
  services: Services,
  request: ScimRequest,
  { found, projections }: { found: readonly Found[]; projections: ReadonlyMap<string, Projection> },
): Promise<Computed> {
  const users = found.filter(({ type }) => type.name === 'User')
  const wantedGroups = groupsOf(services, request, { users, projections })
  const wantedManagers = managersOf(services, request, { users, projections })
  // Both are under way; what is not there is not waited for.
  const [groups, managers] =
    wantedManagers instanceof Promise
      ? await Promise.all([wantedGroups, wantedManagers])
      : [wantedGroups && (await wantedGroups), wantedManagers]
  return {
    baseUrl: request.baseUrl,
    hasEtags: services.options.features.etag,
    types: services.types.byName,
    managers,
    ...(groups && { groups }),
  }
}

function groupsOf(
  services: Services,
  request: ScimRequest,
  { users, projections }: { users: readonly Found[]; projections: ReadonlyMap<string, Projection> },
): Promise<ReadonlyMap<string, readonly GroupReference[]>> | undefined {
  const [first] = users
  if (!first) return undefined
  const { type } = first
  if (omittedAttributes(type, projectionOf(projections, type)).has('groups')) return undefined
  const ids = users.map(({ resource }) => resource.id)
  return services.adapters.groups.groupsOf(scopeOf(request), ids)
}

function managersOf(
  services: Services,
  request: ScimRequest,
  { users, projections }: { users: readonly Found[]; projections: ReadonlyMap<string, Projection> },
): Promise<ReadonlyMap<string, Resource>> | ReadonlyMap<string, Resource> {
  const wanted = users.filter(({ type }) => wantsManager(projectionOf(projections, type)))
  const ids = wanted.map(({ resource }) => managerIdOf(resource)).filter((id) => id !== undefined)
  return ids.length === 0 ? nobody : readById(services, request, ids)
}

async function readById(
  services: Services,
  request: ScimRequest,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Resource>> {
  const resources = await readMany(services.adapters.users, scopeOf(request), ids)
  return new Map(resources.map((resource) => [resource.id, resource]))
}

/** A cheap guess: it may load managers that are not shown, never the other way round. */
function wantsManager(projection: Projection): boolean {
  if (projection.kind === 'default') return true
  const isWhole = projection.names.get(enterpriseUserUrn) === 'whole'
  return projection.kind === 'only' ? projection.names.has(enterpriseUserUrn) : !isWhole
}

function projectionOf(
  projections: ReadonlyMap<string, Projection>,
  type: ResourceType,
): Projection {
  return projections.get(type.name) ?? { kind: 'default' }
}
