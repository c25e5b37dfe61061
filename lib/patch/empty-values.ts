import { holdsNothing } from '../schema/empty-value.js'
import { printPath } from '../schema/paths.js'
import type { AttributeDefinition, Json } from '../schema/types.js'
import type { PatchContext } from './context.js'
import { type Draft, readPlace, writePlace } from './draft.js'
import { unassign } from './simple.js'

/**
 * Removes elements without a value from the attributes that the operations have written, as POST
 * and PUT do. It runs after all operations, because Entra ID sets an element's type with one
 * operation and its value with the next.
 *
 * @throws ScimError `mutability` (400) when nothing is left of a required attribute
 */
export function dropEmptyValues(draft: Draft, { type }: PatchContext): void {
  for (const attribute of type.attributes.values()) {
    if (draft.written.has(attribute.name)) dropIn(draft, undefined, attribute)
  }
  for (const { schema } of type.extensions) {
    if (!draft.written.has(schema.id)) continue
    for (const attribute of schema.attributes) dropIn(draft, schema.id, attribute)
  }
}

function dropIn(draft: Draft, extension: string | undefined, definition: AttributeDefinition) {
  if (!definition.multiValued || !definition.subAttributes) return
  const name = printPath({ extension, attribute: definition })
  const place = { extension, attribute: definition, isSecret: false, name }
  const values = readPlace(draft, place)
  if (!Array.isArray(values)) return
  const kept: Json[] = values.filter((value) => !holdsNothing(definition, value))
  if (kept.length === values.length) return
  writePlace(draft, place, kept.length > 0 ? kept : unassign({ definition, name }))
}
