import { compareComparable } from '../schema/comparable.js'
import type { ComparableValue, CompareOperator } from './ast.js'

type Comparison = (value: ComparableValue, literal: ComparableValue) => boolean

const textual =
  (test: (value: string, literal: string) => boolean): Comparison =>
  (value, literal) =>
    typeof value === 'string' && typeof literal === 'string' && test(value, literal)

const ordered =
  (test: (order: number) => boolean): Comparison =>
  (value, literal) =>
    test(compareComparable(value, literal))

const comparisons: Readonly<Record<CompareOperator, Comparison>> = {
  eq: (value, literal) => value === literal,
  ne: (value, literal) => value !== literal,
  co: textual((value, literal) => value.includes(literal)),
  sw: textual((value, literal) => value.startsWith(literal)),
  ew: textual((value, literal) => value.endsWith(literal)),
  gt: ordered((order) => order > 0),
  ge: ordered((order) => order >= 0),
  lt: ordered((order) => order < 0),
  le: ordered((order) => order <= 0),
}

/**
 * Applies an attribute operator to one value and a literal, both of one attribute and in comparable
 * form (RFC 7644 §3.4.2.2, table 3).
 */
export function compare(
  operator: CompareOperator,
  value: ComparableValue,
  literal: ComparableValue,
): boolean {
  return comparisons[operator](value, literal)
}
