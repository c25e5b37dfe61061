import { enterpriseUserUrn } from '../schema/core-schemas.js'
import type { Json, JsonObject, ResourceType } from '../schema/types.js'
import type { GroupReference } from '../stores/group-store.js'
import type { Member, Resource } from '../stores/resource.js'
import { etagOf } from '../version/etag.js'

/** What the representation of a resource needs beside the resource. */
export interface Computed {
  readonly baseUrl: string
  /** Versions are shown. */
  readonly hasEtags: boolean
  /** Resource types by name. */
  readonly types: ReadonlyMap<string, ResourceType>
  /** Groups of each user, where they are wanted. */
  readonly groups?: ReadonlyMap<string, readonly GroupReference[]>
  /** Users that are somebody's manager, by id; whoever is not here does not exist in this tenant. */
  readonly managers: ReadonlyMap<string, Resource>
}

/** URL of a resource. */
export function locationOf(baseUrl: string, endpoint: string, id: string): string {
  return `${baseUrl}${endpoint}/${encodeURIComponent(id)}`
}

/** A stored resource with everything that is computed on reading, before projection. */
export function toWire(type: ResourceType, resource: Resource, computed: Computed): JsonObject {
  // What stays `null` is unassigned.
  const wire: JsonObject = Object.assign({ id: null, externalId: null }, resource)
  if (type.name === 'Group') setOrDelete(wire, 'members', membersOf(resource, computed))
  if (type.name === 'User') {
    setOrDelete(wire, 'groups', groupsOf(resource, computed))
    setOrDelete(wire, enterpriseUserUrn, enterpriseOf(resource, computed))
  }
  wire['meta'] = metaOf(type, resource, computed)
  return wire
}

function metaOf(
  type: ResourceType,
  { id, meta }: Resource,
  { baseUrl, hasEtags }: Computed,
): JsonObject {
  return {
    resourceType: type.name,
    created: meta.created,
    lastModified: meta.lastModified,
    location: locationOf(baseUrl, type.endpoint, id),
    ...(hasEtags && { version: etagOf(meta.version) }),
  }
}

function membersOf(group: Resource, computed: Computed): Json[] | undefined {
  const members: unknown = group['members']
  if (!Array.isArray(members) || members.length === 0) return undefined
  return (members as readonly Member[]).map(({ value, type, display }) => ({
    value,
    ...referencePart(computed, type, value),
    ...(type !== undefined && { type }),
    ...(display !== undefined && { display }),
  }))
}

function groupsOf(user: Resource, computed: Computed): Json[] | undefined {
  const groups = computed.groups?.get(user.id) ?? []
  if (groups.length === 0) return undefined
  return groups.map(({ id, displayName, direct }) => ({
    value: id,
    ...referencePart(computed, 'Group', id),
    display: displayName,
    type: direct ? 'direct' : 'indirect',
  }))
}

/** A manager who is no user of this tenant stays what the client sent: a text, never a link. */
function enterpriseOf(user: Resource, computed: Computed): JsonObject | undefined {
  const enterprise = user[enterpriseUserUrn] as JsonObject | undefined
  const manager = enterprise?.['manager'] as JsonObject | undefined
  const value = manager?.['value']
  if (!enterprise || !manager || typeof value !== 'string') return enterprise
  const known = computed.managers.get(value)
  const displayName = known?.['displayName']
  return {
    ...enterprise,
    manager: {
      value,
      ...(known && referencePart(computed, 'User', value)),
      ...(typeof displayName === 'string' && { displayName }),
    },
  }
}

function referencePart(
  { baseUrl, types }: Computed,
  typeName: string | undefined,
  id: string,
): { $ref?: string } {
  const type = typeName === undefined ? undefined : types.get(typeName)
  return type === undefined ? {} : { $ref: locationOf(baseUrl, type.endpoint, id) }
}

function setOrDelete(object: JsonObject, name: string, value: Json | undefined): void {
  if (value === undefined) delete object[name]
  else object[name] = value
}
