import type { ResolvedFilter } from '../../lib/filter/ast.js'
import { printPath } from '../../lib/schema/paths.js'
import { type Defect, inUsers } from './broken.js'

type Compare = Extract<ResolvedFilter, { kind: 'compare' }>
type Rewrite = (node: ResolvedFilter) => ResolvedFilter

/** Stores that read filters wrong in one respect, e.g. because SQL has NULL, joins and LIKE. */
export const filterDefects: readonly Defect[] = [
  misreading('find no unassigned value by ne', comparing('ne', ifPresent)),
  misreading('find no unassigned value by not', (node) =>
    node.kind === 'not' && node.node.kind === 'compare' ? ifPresent(node.node, node) : node,
  ),
  misreading('find by ne only if no value is equal', comparing('ne', noneEqual)),
  misreading('negate what is in brackets as a whole', (node) =>
    node.kind === 'valuePath' && node.filter.kind === 'not'
      ? { kind: 'not', node: { ...node, filter: node.filter.node } }
      : node,
  ),
  misreading('look in brackets at several elements', (node) => {
    if (node.kind !== 'valuePath' || node.filter.kind !== 'and') return node
    return { kind: 'and', nodes: node.filter.nodes.map((filter) => ({ ...node, filter })) }
  }),
  misreading('read or in brackets as and', (node) =>
    node.kind === 'valuePath' && node.filter.kind === 'or'
      ? { ...node, filter: { ...node.filter, kind: 'and' } }
      : node,
  ),
  misreading('take two terms of three', (node) =>
    'nodes' in node ? { ...node, nodes: node.nodes.slice(0, 2) } : node,
  ),
  misreading('negate each term', (node) =>
    node.kind === 'not' && node.node.kind === 'and'
      ? { ...node.node, nodes: node.node.nodes.map((each) => ({ kind: 'not', node: each })) }
      : node,
  ),
  misreading('read ge as gt', comparing('ge', operator('gt'))),
  misreading('read gt as ge', comparing('gt', operator('ge'))),
  misreading('read lt as le', comparing('lt', operator('le'))),
  misreading('read le as lt', comparing('le', operator('lt'))),
  misreading('read sw as co', comparing('sw', operator('co'))),
  misreading('read ew as co', comparing('ew', operator('co'))),
  misreading('look for a part of an externalId in any case', comparing('co', inAnyCase)),
  misreading('look for the beginning of an externalId in any case', comparing('sw', inAnyCase)),
]

function misreading(name: string, rewrite: Rewrite): Defect {
  return inUsers(name, ['users.query.filter'], (users) => ({
    query: (scope, { filter, ...query }) =>
      users.query(scope, { ...query, ...(filter && { filter: everywhere(rewrite, filter) }) }),
  }))
}

/** Rewrites a filter from the inside, but not what is in brackets. */
function everywhere(rewrite: Rewrite, node: ResolvedFilter): ResolvedFilter {
  const inside = (each: ResolvedFilter) => everywhere(rewrite, each)
  if ('nodes' in node) return rewrite({ ...node, nodes: node.nodes.map(inside) })
  return rewrite(node.kind === 'not' ? { ...node, node: inside(node.node) } : node)
}

function comparing(only: Compare['operator'], change: (node: Compare) => ResolvedFilter): Rewrite {
  return (node) => (node.kind === 'compare' && node.operator === only ? change(node) : node)
}

function operator(other: Compare['operator']) {
  return (node: Compare): Compare => ({ ...node, operator: other })
}

function ifPresent({ path, ...rest }: Compare, whole: ResolvedFilter = { path, ...rest }) {
  const isPlain = path.attribute?.multiValued !== true
  const nodes = [whole, { kind: 'present', path } as const]
  return isPlain ? ({ kind: 'and', nodes } as const) : whole
}

function noneEqual(node: Compare): ResolvedFilter {
  const isPlain = node.path.attribute?.multiValued !== true
  return isPlain ? node : { kind: 'not', node: { ...node, operator: 'eq' } }
}

function inAnyCase(node: Compare): ResolvedFilter {
  if (printPath(node.path) !== 'externalId') return node
  const text = String(node.value)
  const cases = [text.toLowerCase(), text.toUpperCase()]
  return { kind: 'or', nodes: cases.map((value) => ({ ...node, value })) }
}
