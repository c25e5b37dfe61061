import type { Projector } from '../projection/index.js'
import type { JsonObject, ResourceType } from '../schema/types.js'
import type { GroupReference, Resource } from '../stores/resource.js'
import { etagOf } from '../version/etag.js'
import type { Endpoint } from './call.js'

/** Data for the representation of a resource, besides the resource. */
export interface Computed {
  readonly baseUrl: string
  /** Whether versions are shown. */
  readonly hasEtags: boolean
  /** Resource types by name. */
  readonly types: ReadonlyMap<string, ResourceType>
  /** Groups of each user, if they are shown. */
  readonly groups?: ReadonlyMap<string, readonly GroupReference[]>
  /**
   * Users who are managers, by id, if managers are shown. Other managers do not exist in this
   * tenant.
   */
  readonly managers?: ReadonlyMap<string, Resource>
}

/** Ids that need no escaping, as nearly all do: to escape one takes longer than this test. */
const plainId = /^[\w-]+$/

/** URL of a resource. */
export function locationOf(baseUrl: string, endpoint: string, id: string): string {
  return `${baseUrl}${endpoint}/${plainId.test(id) ? id : encodeURIComponent(id)}`
}

/** How a resource is represented. */
export interface Form {
  readonly computed: Computed
  readonly project: Projector
}

/** The representation of a stored resource, with its computed attributes. */
export function represent(
  { type, kind }: Endpoint,
  resource: Resource,
  { computed, project }: Form,
): JsonObject {
  const shown = kind.compute?.(resource, computed) ?? {}
  shown['meta'] = metaOf(type, resource, computed)
  return project(resource, shown)
}

function metaOf(
  type: ResourceType,
  { id, meta }: Resource,
  { baseUrl, hasEtags }: Computed,
): JsonObject {
  const { created, lastModified } = meta
  const location = locationOf(baseUrl, type.endpoint, id)
  const shown: JsonObject = { resourceType: type.name, created, lastModified, location }
  if (hasEtags) shown['version'] = etagOf(meta.version)
  return shown
}

/** URL of a resource for `$ref`; `undefined` if its type is not known. */
export function referenceTo(
  { baseUrl, types }: Computed,
  typeName: string | undefined,
  id: string,
): string | undefined {
  const type = typeName === undefined ? undefined : types.get(typeName)
  return type && locationOf(baseUrl, type.endpoint, id)
}
