import { printPath } from '../schema/paths.js'
import type { AttributePath } from '../schema/types.js'
import { etagOf } from '../version/etag.js'
import type { CompareValue, FilterNode, ParsedFilter, PathText, ResolvedFilter } from './ast.js'

type Path = PathText | AttributePath
type Node = FilterNode<Path>

/**
 * The text of a filter, with single spaces, lower-case operators and no more parentheses than
 * needed. Parsing the text gives the same tree. The text of a resolved filter gives the same filter
 * when parsed and resolved.
 */
export function printFilter(filter: ParsedFilter | ResolvedFilter): string {
  return print(filter)
}

function print(node: Node): string {
  switch (node.kind) {
    case 'or':
      return node.nodes.map(print).join(' or ')
    case 'and':
      return node.nodes
        .map((each) => (each.kind === 'or' ? `(${print(each)})` : print(each)))
        .join(' and ')
    case 'not':
      return `not (${print(node.node)})`
    case 'present':
      return `${writtenPath(node.path)} pr`
    case 'compare':
      return `${writtenPath(node.path)} ${node.operator} ${printLiteral(node.path, node.value)}`
    case 'valuePath':
      return `${writtenPath(node.path)}[${print(node.filter)}]`
    case 'constant':
      // The grammar has no constants, and every resource has schemas.
      return node.value ? 'schemas pr' : 'not (schemas pr)'
  }
}

function writtenPath(path: Path): string {
  return 'text' in path ? path.text : printPath(path)
}

/** Prints a literal as it was before resolution. */
function printLiteral(path: Path, value: CompareValue): string {
  if ('text' in path) return JSON.stringify(value)
  const { extension, attribute, sub } = path
  const type = (sub ?? attribute)?.type
  if (type === 'dateTime') return JSON.stringify(new Date(Number(value)).toISOString())
  const isVersion = extension === undefined && attribute?.name === 'meta' && sub?.name === 'version'
  return JSON.stringify(isVersion ? etagOf(String(value)) : value)
}
