import type {
  AttributeDefinition,
  AttributeInput,
  AttributeType,
  SchemaDefinition,
  SchemaInput,
} from './types.js'

/** Types that are always case-exact (RFC 7643 §2.3.6, §2.3.7, erratum 6001). */
const exactTypes: ReadonlySet<AttributeType> = new Set(['binary', 'reference'])

/**
 * A definition with every characteristic filled in: string, singular, optional, not case-exact,
 * readWrite, returned by default, not unique (RFC 7643 §2.2).
 */
export function defineAttribute(input: AttributeInput): AttributeDefinition {
  const { type = 'string', canonicalValues, referenceTypes, subAttributes } = input
  return {
    name: input.name,
    type,
    multiValued: input.multiValued ?? false,
    description: input.description ?? '',
    required: input.required ?? false,
    caseExact: exactTypes.has(type) || (input.caseExact ?? false),
    mutability: input.mutability ?? 'readWrite',
    returned: input.returned ?? (input.mutability === 'writeOnly' ? 'never' : 'default'),
    uniqueness: input.uniqueness ?? 'none',
    ...(canonicalValues && { canonicalValues }),
    ...(referenceTypes && { referenceTypes }),
    ...(subAttributes && { subAttributes: subAttributes.map(defineAttribute) }),
  }
}

/** A schema with every characteristic filled in. */
export function defineSchema(input: SchemaInput): SchemaDefinition {
  return {
    id: input.id,
    name: input.name,
    description: input.description ?? '',
    attributes: input.attributes.map(defineAttribute),
  }
}
