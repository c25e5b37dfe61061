import type { AttributeInput, SchemaInput } from '../../lib/schema/types.js'

const label = [{ name: 'type' }, { name: 'primary', type: 'boolean' as const }]

/**
 * A schema with an attribute of nearly every type, singular and multi-valued.
 *
 * @param carParts further sub-attributes of `cars`
 */
export function everySchema(
  id: string,
  further: readonly AttributeInput[],
  carParts: readonly AttributeInput[] = [],
): SchemaInput {
  return {
    id,
    name: 'Every',
    attributes: [
      { name: 'text' },
      { name: 'flag', type: 'boolean' },
      { name: 'count', type: 'integer' },
      { name: 'seen', type: 'dateTime' },
      { name: 'tags', multiValued: true },
      { name: 'levels', multiValued: true, type: 'integer' },
      ...further,
      {
        name: 'place',
        type: 'complex',
        subAttributes: [{ name: 'room' }, { name: 'labels', multiValued: true }],
      },
      { name: 'owner', type: 'complex', subAttributes: [{ name: 'value' }, { name: 'note' }] },
      {
        name: 'boxes',
        type: 'complex',
        multiValued: true,
        subAttributes: [...label, { name: 'size', type: 'integer' }],
      },
      {
        name: 'cars',
        type: 'complex',
        multiValued: true,
        subAttributes: [...label, { name: 'value' }, ...carParts],
      },
    ],
  }
}
