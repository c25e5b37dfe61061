import { toComparable } from '../schema/comparable.js'
import type { AttributeDefinition, AttributeType } from '../schema/types.js'
import type { ComparableValue, CompareOperator, CompareValue } from './ast.js'

interface TypeRule {
  readonly operators: ReadonlySet<CompareOperator>
  /** JavaScript type of its literals. */
  readonly literal: 'string' | 'number' | 'boolean'
  /** Description of the literal for error messages. */
  readonly literalName: string
}

const equality: readonly CompareOperator[] = ['eq', 'ne']
const order: readonly CompareOperator[] = ['gt', 'ge', 'lt', 'le']
const parts: readonly CompareOperator[] = ['co', 'sw', 'ew']

const text: TypeRule = {
  operators: new Set([...equality, ...parts, ...order]),
  literal: 'string',
  literalName: 'a string',
}
const number: TypeRule = {
  operators: new Set([...equality, ...order]),
  literal: 'number',
  literalName: 'a number',
}

/** Which operators and literals go with which attribute type (RFC 7644 §3.4.2.2, table 3). */
const rules: Readonly<Record<Exclude<AttributeType, 'complex'>, TypeRule>> = {
  string: text,
  reference: text,
  integer: number,
  decimal: number,
  dateTime: {
    operators: number.operators,
    literal: 'string',
    literalName: 'a dateTime string such as "2026-01-31T09:00:00Z" (in a URL, "+" is %2B)',
  },
  boolean: { operators: new Set(equality), literal: 'boolean', literalName: 'true or false' },
  binary: { operators: new Set(equality), literal: 'string', literalName: 'a string' },
}

const quotedBooleans = new Map([
  ['true', true],
  ['false', false],
])

interface LiteralReading {
  readonly stringBooleans: boolean
}

/**
 * Checks that an attribute, an operator and a literal go together, and brings the literal into
 * comparable form.
 *
 * @param stringBooleans whether `"True"` may stand for `true` (Entra ID)
 * @returns the literal, or the problem as the rest of a sentence about the attribute
 */
export function comparableLiteral(
  definition: AttributeDefinition & { readonly type: Exclude<AttributeType, 'complex'> },
  operator: CompareOperator,
  literal: CompareValue,
  { stringBooleans }: LiteralReading,
): { readonly value: ComparableValue } | { readonly problem: string } {
  const rule = rules[definition.type]
  if (!rule.operators.has(operator)) {
    return { problem: `has type ${definition.type}, for which there is no operator "${operator}"` }
  }
  const value = stringBooleans && rule.literal === 'boolean' ? unquote(literal) : literal
  const comparable = typeof value === rule.literal ? toComparable(definition, value) : null
  return comparable === null
    ? { problem: `has type ${definition.type}: compare it with ${rule.literalName}` }
    : { value: comparable }
}

function unquote(literal: CompareValue): CompareValue {
  if (typeof literal !== 'string') return literal
  return quotedBooleans.get(literal.toLowerCase()) ?? literal
}
