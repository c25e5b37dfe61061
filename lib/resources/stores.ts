import { ConfigurationError } from '../errors.js'
import type { CompiledSchemas } from '../schema/compile.js'
import type { ResourceType } from '../schema/types.js'
import type { Adapters } from '../stores/adapters.js'
import type { ResourceStore } from '../stores/resource-store.js'
import type { ServiceContext } from './context.js'
import type { Turns } from './races.js'

/** What a router's requests share: its context, the store of each resource type by the type's name, and its turns. */
export interface Services extends ServiceContext {
  readonly turns: Turns
  readonly stores: ReadonlyMap<string, ResourceStore>
}

/**
 * Asks the adapters once for the store of each resource type.
 *
 * @throws ConfigurationError when a resource type has none
 */
export function resolveStores(
  types: CompiledSchemas,
  adapters: Adapters,
): ReadonlyMap<string, ResourceStore> {
  return new Map(types.types.map((type) => [type.name, resolveStore(type, adapters)]))
}

function resolveStore(type: ResourceType, adapters: Adapters): ResourceStore {
  if (type.name === 'User') return adapters.users
  if (type.name === 'Group') return adapters.groups
  const store = adapters.resourceStore?.(type)
  if (store) return store
  throw new ConfigurationError(
    'ERR_SCIM_NO_STORE',
    `The adapters have no store for the resource type "${type.name}". Give one with "resourceStore", or leave the type out.`,
  )
}

/** The store of a resource type that {@link resolveStores} has seen. */
export function storeOf(services: Services, type: ResourceType): ResourceStore {
  const store = services.stores.get(type.name)
  if (!store) throw new Error(`No store for the resource type "${type.name}".`)
  return store
}
