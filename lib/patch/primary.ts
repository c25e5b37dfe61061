import { isObject, own } from '../schema/json.js'
import { subAttribute } from '../schema/paths.js'
import type { AttributeDefinition, Json } from '../schema/types.js'
import type { Budget } from './context.js'

/**
 * Ensures a single primary value after an operation: the last primary value that it touched stays,
 * and all others become `primary: false` (RFC 7644 §3.5.2). Does nothing if it touched no primary
 * value.
 *
 * @param list    a list made by this request; changed in place
 * @param touched positions that the operation added or changed, in order
 */
export function demotePrimaries(
  list: Json[],
  touched: readonly number[],
  definition: AttributeDefinition,
  budget: Budget,
): void {
  const primary = subAttribute(definition, 'primary')
  if (primary?.type !== 'boolean') return
  const isPrimary = (value: Json | undefined): boolean =>
    isObject(value) && own(value, primary.name) === true
  const winner = touched.findLast((position) => isPrimary(list[position]))
  if (winner === undefined) return
  budget.spendComparisons(list.length)
  for (const [position, value] of list.entries()) {
    if (position === winner || !isObject(value) || !isPrimary(value)) continue
    list[position] = { ...value, [primary.name]: false }
  }
}
