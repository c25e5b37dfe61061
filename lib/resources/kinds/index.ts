import { ConfigurationError } from '../../errors.js'
import type { CompiledSchemas } from '../../schema/compile.js'
import type { ResourceType } from '../../schema/types.js'
import type { Adapters } from '../../stores/adapters.js'
import type { Endpoint } from '../call.js'
import type { Kind } from '../kind.js'
import { group } from './group.js'
import { plain } from './plain.js'
import { user } from './user.js'

const kinds: ReadonlyMap<string, Kind> = new Map([
  ['User', user],
  ['Group', group],
])

/**
 * Asks the adapters once for the store of each resource type.
 *
 * @returns by name of the resource type
 * @throws ConfigurationError when a resource type has none
 */
export function resolveEndpoints(
  types: CompiledSchemas,
  adapters: Adapters,
): ReadonlyMap<string, Endpoint> {
  return new Map(types.types.map((type) => [type.name, resolveEndpoint(type, adapters)]))
}

function resolveEndpoint(type: ResourceType, adapters: Adapters): Endpoint {
  const kind = kinds.get(type.name) ?? plain
  const store = kind.storeIn(adapters, type)
  if (store) return { type, kind, store }
  throw new ConfigurationError(
    'ERR_SCIM_NO_STORE',
    `The adapters have no store for the resource type "${type.name}". ` +
      'Give one with "resourceStore", or leave the type out.',
  )
}
