import { invalidFilter, type ScimError } from '../errors.js'
import { enterpriseUserUrn, isComputedReference, userUrn } from '../schema/core-schemas.js'
import { printPath } from '../schema/paths.js'
import type { AttributeDefinition, AttributePath, ResourceType } from '../schema/types.js'

type Refuse = (detail: string) => ScimError

/**
 * Attributes that no store keeps, because they are computed when a resource is read. Without
 * `schema`: in any schema.
 */
const computed: readonly { schema?: string; attribute: string; sub?: string }[] = [
  { attribute: 'meta', sub: 'location' },
  { schema: userUrn, attribute: 'groups' },
  { schema: enterpriseUserUrn, attribute: 'manager', sub: 'displayName' },
]

/**
 * Refuses a path that must not select or order resources: an attribute that is never returned (each
 * answer would reveal something about its value), or one that is computed on reading.
 *
 * @param refuse makes an error from its detail
 * @throws ScimError `invalidFilter` (400) unless `refuse` makes another, the same for every value
 *   and operator
 */
export function requireUsable(
  type: ResourceType,
  path: AttributePath,
  refuse: Refuse = invalidFilter,
): void {
  requireVisible(path, refuse)
  if (isComputed(type, path)) throw refusal(path, 'is computed when it is read', refuse)
}

/** Like {@link requireUsable}, for a sub-attribute inside a value path. */
export function requireUsableSub(sub: AttributeDefinition): void {
  const path = { attribute: sub }
  requireVisible(path)
  if (isComputedReference(sub)) throw refusal(path, 'is computed when it is read')
}

/** Refuses an attribute that is never returned. */
export function requireVisible(path: AttributePath, refuse: Refuse = invalidFilter): void {
  const isHidden = path.attribute?.returned === 'never' || path.sub?.returned === 'never'
  if (isHidden) throw refusal(path, 'is never returned', refuse)
}

function refusal(path: AttributePath, reason: string, refuse: Refuse = invalidFilter) {
  return refuse(`Attribute "${printPath(path)}" ${reason}; it cannot be used to filter or to sort.`)
}

function isComputed(type: ResourceType, { extension, attribute, sub }: AttributePath): boolean {
  const schema = extension ?? type.schema.id
  const isListed = computed.some(
    (each) =>
      (each.schema ?? schema) === schema &&
      each.attribute === attribute?.name &&
      (each.sub === undefined || each.sub === sub?.name),
  )
  return isListed || (sub !== undefined && isComputedReference(sub))
}
