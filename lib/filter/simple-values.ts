import { invalidFilter } from '../errors.js'
import type { CompareOperator, ParsedFilter, PathText } from './ast.js'
import { join, nothing } from './build.js'
import { quote } from './scanner.js'

const opposites: Partial<Record<CompareOperator, CompareOperator>> = {
  eq: 'ne',
  ne: 'eq',
  gt: 'le',
  ge: 'lt',
  lt: 'ge',
  le: 'gt',
}

/**
 * A filter in the brackets of a simple multi-valued attribute, whose values are the sub-attribute
 * `value` (RFC 7643 §2.4), as one without brackets: `tags[value eq "a"]` is `tags eq "a"`. So
 * stores need not look into values that are no objects.
 *
 * @throws ScimError `invalidFilter` (400) for several conditions that one value has to meet, which
 *   cannot be written without brackets
 */
export function withoutBrackets(path: PathText, filter: ParsedFilter): ParsedFilter {
  return onValues(filter, path, false)
}

function onValues(node: ParsedFilter, path: PathText, isNegated: boolean): ParsedFilter {
  switch (node.kind) {
    case 'not':
      return onValues(node.node, path, !isNegated)
    case 'and':
    case 'or':
      if ((node.kind === 'and') !== isNegated) throw tooMuch(path)
      return join(
        'or',
        node.nodes.map((each) => onValues(each, path, isNegated)),
      )
    case 'present':
      return isNegated ? nothing : { kind: 'present', path: pathOfValue(path, node.path) }
    case 'compare':
      return onValue(node, path, isNegated ? opposites[node.operator] : node.operator)
    default:
      throw tooMuch(path)
  }
}

function onValue(
  node: Extract<ParsedFilter, { kind: 'compare' }>,
  path: PathText,
  operator: CompareOperator | undefined,
): ParsedFilter {
  if (operator === undefined) throw tooMuch(path)
  const compared = { ...node, operator, path: pathOfValue(path, node.path) }
  // A value in a list is never null.
  if (node.value === null && operator === 'eq') return nothing
  const isThere: ParsedFilter = { kind: 'present', path: compared.path }
  // Without brackets, `ne` also matches where there is no value.
  return operator === 'ne' ? join('and', [isThere, compared]) : compared
}

/** The attribute itself for its `value`; any other name is none of its sub-attributes. */
function pathOfValue(path: PathText, { text, position }: PathText): PathText {
  return text.toLowerCase() === 'value'
    ? { text: path.text, position }
    : { text: `${path.text}.${text}`, position }
}

function tooMuch({ text, position }: PathText) {
  return invalidFilter(
    `Attribute ${quote(text)} at position ${position} has simple values: put one condition on ` +
      '"value" in brackets, or several joined by "or".',
  )
}
