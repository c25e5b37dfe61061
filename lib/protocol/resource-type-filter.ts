import type { ResolvedFilter } from '../filter/ast.js'
import { everything, join, negate, nothing } from '../filter/build.js'
import { compare } from '../filter/compare.js'
import type { ResourceType } from '../schema/types.js'

/**
 * Evaluates the comparisons of `meta.resourceType` in a filter, which are constant within one type.
 * A query over several types can then skip types that cannot match (RFC 7644 §3.4.2.1).
 */
export function decideResourceType(filter: ResolvedFilter, type: ResourceType): ResolvedFilter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return join(
        filter.kind,
        filter.nodes.map((node) => decideResourceType(node, type)),
      )
    case 'not':
      return negate(decideResourceType(filter.node, type))
    case 'compare':
      if (filter.path.attribute !== type.attributes.get('meta')) return filter
      if (filter.path.sub?.name !== 'resourceType') return filter
      return compare(filter.operator, type.name, filter.value) ? everything : nothing
    default:
      return filter
  }
}
