import type { FilterNode } from './ast.js'

/** The constant filters: one matches every resource, the other none. */
export const everything = { kind: 'constant', value: true } as const
export const nothing = { kind: 'constant', value: false } as const

/**
 * Joins filters with a logical operator. The result is flat and has no constants inside; a single
 * filter stays as it is.
 *
 * @param nodes one or more filters
 */
export function join<P, V>(
  kind: 'and' | 'or',
  nodes: readonly FilterNode<P, V>[],
): FilterNode<P, V> {
  const [neutral, decisive] = kind === 'and' ? [everything, nothing] : [nothing, everything]
  const flat = nodes
    .flatMap((node) => (node.kind === kind ? node.nodes : [node]))
    .filter((node) => !isConstant(node, neutral.value))
  if (flat.some((node) => isConstant(node, decisive.value))) return decisive
  const [first, ...rest] = flat
  if (first === undefined) return neutral
  return rest.length === 0 ? first : { kind, nodes: flat }
}

/** The opposite of a filter. */
export function negate<P, V>(node: FilterNode<P, V>): FilterNode<P, V> {
  if (node.kind === 'constant') return node.value ? nothing : everything
  return { kind: 'not', node }
}

/** The same filter with other paths; the inner paths of a `valuePath` stay as they are. */
export function mapPaths<P, V>(node: FilterNode<P, V>, change: (path: P) => P): FilterNode<P, V> {
  switch (node.kind) {
    case 'and':
    case 'or':
      return { kind: node.kind, nodes: node.nodes.map((each) => mapPaths(each, change)) }
    case 'not':
      return { kind: 'not', node: mapPaths(node.node, change) }
    case 'constant':
      return node
    default:
      return { ...node, path: change(node.path) }
  }
}

function isConstant<P, V>(node: FilterNode<P, V>, value: boolean): boolean {
  return node.kind === 'constant' && node.value === value
}
