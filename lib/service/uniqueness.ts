import { uniquenessConflict } from '../errors.js'
import type { ResolvedFilter } from '../filter/ast.js'
import { toComparable } from '../schema/comparable.js'
import { valuesAt } from '../schema/lookups.js'
import type { JsonObject, Lookup, ResourceType } from '../schema/types.js'
import type { Resource } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { queryResources } from './query-service.js'
import { type Services, storeOf } from './stores.js'

/**
 * Refuses a resource that has a unique value of another one, before anything beyond the store is done for it. The store
 * still decides when it writes; stores that can neither filter nor look up are not asked, since that would mean reading all they have.
 *
 * @throws ScimError 409 `uniqueness`
 */
export async function refuseTaken(
  services: Services,
  scope: Scope,
  { type, resource }: { type: ResourceType; resource: Resource },
): Promise<void> {
  const { supports, find } = storeOf(services, type)
  if (!supports?.filter && !find) return
  for (const lookup of type.lookups.filter(({ unique }) => unique)) {
    for (const filter of filtersOf(lookup, resource)) {
      const { found } = await queryResources(services, scope, {
        parts: [{ type, filter, omit: new Set(['groups', 'members']) }],
        page: { kind: 'index', offset: 0, limit: 2 },
      })
      const isTaken = found.some((each) => each.resource.id !== resource.id)
      if (isTaken) throw uniquenessConflict(lookup.name)
    }
  }
}

function filtersOf({ path }: Lookup, resource: Resource): ResolvedFilter[] {
  const definition = path.sub ?? path.attribute
  if (!definition) return []
  return valuesAt(path, resource as unknown as JsonObject).flatMap((given) => {
    const value = toComparable(definition, given)
    return value === null ? [] : [{ kind: 'compare', path, operator: 'eq', value }]
  })
}
