import type {
  AttributePath,
  ComparableValue,
  CompareOperator,
  ResolvedFilter,
} from '../../lib/adapter/index.js'
import { type Column, memberColumn, resourceColumn } from './columns.js'
import type { ScalarKind, SqlDialect } from './dialects/dialect.js'
import { isStorable, type Sql, sql } from './sql.js'
import { usersInGroup } from './users-in.js'

/** The source of a filter's attributes: a resource, or one value of a multi-valued attribute. */
interface Source {
  readonly dialect: SqlDialect
  /** A JSON document in comparable form. */
  readonly json: Sql
  /** Attributes with their own columns. */
  readonly column: (path: AttributePath) => Column | undefined
  /** Whether `members` are in a separate table. */
  readonly hasMembers: boolean
  /** For users: the tenant, to look up their groups in a separate table. */
  readonly groupsOf?: string
}

type Compare = Extract<ResolvedFilter, { kind: 'compare' }>

/** A condition on one value given as SQL, with its literals. */
type Test = (value: Sql, literal: (value: ComparableValue) => Sql) => Sql

interface FilterScope {
  readonly tenant: string
  readonly type: string
}

/**
 * A filter as a condition on `scim_resources as resource`, with the semantics of {@link
 * ResolvedFilter}. It is true or false, never NULL, so that `not` is correct. Every value and
 * attribute name is bound.
 */
export function filterCondition(
  filter: ResolvedFilter,
  dialect: SqlDialect,
  { tenant, type }: FilterScope,
): Sql {
  return condition(filter, {
    dialect,
    json: sql`resource.comparable`,
    column: resourceColumn,
    hasMembers: type === 'Group',
    ...(type === 'User' && { groupsOf: tenant }),
  })
}

function condition(filter: ResolvedFilter, source: Source): Sql {
  switch (filter.kind) {
    case 'and':
      return joined(filter.nodes, source, sql` and `)
    case 'or':
      return joined(filter.nodes, source, sql` or `)
    case 'not':
      return sql`not (${condition(filter.node, source)})`
    case 'constant':
      return filter.value ? sql`1 = 1` : sql`1 = 0`
    case 'present':
      return present(filter.path, source)
    case 'compare':
      return compare(filter, source)
    case 'valuePath':
      return valuePath(filter.path, filter.filter, source)
  }
}

function joined(nodes: readonly ResolvedFilter[], source: Source, operator: Sql): Sql {
  return balanced(
    nodes.map((node) => condition(node, source)),
    operator,
  )
}

const maxInARow = 20

/**
 * Joins conditions as a balanced tree, because SQLite refuses expressions deeper than 1,000 (B2).
 */
function balanced(conditions: readonly Sql[], operator: Sql): Sql {
  if (conditions.length <= maxInARow) return sql`(${sql.join(conditions, operator)})`
  const middle = conditions.length >> 1
  const halves = [conditions.slice(0, middle), conditions.slice(middle)]
  return sql`(${sql.join(
    halves.map((half) => balanced(half, operator)),
    operator,
  )})`
}

/** True if any value matches; for `ne`, if any differs or there is none. */
function compare({ path, operator, value }: Compare, source: Source): Sql {
  // No stored value contains such text, and PostgreSQL does not accept it.
  if (typeof value === 'string' && !isStorable(value))
    return operator === 'ne' ? sql`1 = 1` : sql`1 = 0`
  const { groupsOf, dialect } = source
  if (groupsOf !== undefined && path.extension === undefined && path.attribute?.name === 'groups') {
    const by = path.sub?.name === 'display' ? 'display' : 'value'
    return sql`resource.id in (${usersInGroup({ by, group: String(value) }, groupsOf, dialect)})`
  }
  const kind = typeof value === 'string' ? 'text' : (typeof value as 'number' | 'boolean')
  const matches = someValue({ path, kind }, source, (stored, literal) =>
    operators[operator](stored, { literal: literal(value), text: String(value) }, source.dialect),
  )
  if (operator !== 'ne') return matches
  const isThere = someValue({ path, kind }, source, (stored) => sql`${stored} is not null`)
  return sql`(${matches} or not ${isThere})`
}

type Comparison = (
  stored: Sql,
  operand: { readonly literal: Sql; readonly text: string },
  dialect: SqlDialect,
) => Sql

const operators: Readonly<Record<CompareOperator, Comparison>> = {
  eq: (stored, { literal }) => sql`${stored} = ${literal}`,
  ne: (stored, { literal }) => sql`${stored} <> ${literal}`,
  gt: (stored, { literal }) => sql`${stored} > ${literal}`,
  ge: (stored, { literal }) => sql`${stored} >= ${literal}`,
  lt: (stored, { literal }) => sql`${stored} < ${literal}`,
  le: (stored, { literal }) => sql`${stored} <= ${literal}`,
  co: (stored, { text }, dialect) => dialect.contains(stored, text),
  sw: (stored, { text }, dialect) => dialect.startsWith(stored, text),
  ew: (stored, { text }, dialect) => dialect.endsWith(stored, text),
}

interface TypedPath {
  readonly path: AttributePath
  readonly kind: ScalarKind
}

/** Whether any value at a path passes a test. */
function someValue({ path, kind }: TypedPath, source: Source, test: Test): Sql {
  const { json } = source.dialect
  const literal = (value: ComparableValue) => json.literal(value, kind)
  const column = source.column(path)
  if (column) {
    // Without a function around the column, an index can be used.
    const tested = test(column.value, (value) => sql`${value}`)
    return column.isNullable ? orFalse(tested) : tested
  }
  if (isMembers(path, source)) {
    return someMember(source, (member) => someValue({ path: subPath(path), kind }, member, test))
  }
  const { attribute, sub } = path
  const names = namesOf(path)
  if (attribute?.multiValued && sub) {
    return someElement(source, names, (element) =>
      someValue({ path: { attribute: sub }, kind }, element, test),
    )
  }
  const all = sub ? [...names, sub.name] : names
  if (!(sub ?? attribute)?.multiValued) {
    return orFalse(test(json.scalar(source.json, all, kind), literal))
  }
  const item = sql.raw('item')
  return source.dialect.exists(sql`select 1 from ${json.each(source.json, all, item)}
    where ${test(json.elementScalar(item, kind), literal)}`)
}

function present(path: AttributePath, source: Source): Sql {
  const column = source.column(path)
  if (column) return column.isPresent
  if (isMembers(path, source)) {
    return someMember(source, (member) => (path.sub ? present(subPath(path), member) : sql`1 = 1`))
  }
  const { json } = source.dialect
  const { attribute, sub } = path
  const names = namesOf(path)
  if (!attribute?.multiValued || !sub) {
    return json.isPresent(source.json, sub ? [...names, sub.name] : names)
  }
  return someElement(source, names, (element) => json.isPresent(element.json, [sub.name]))
}

function valuePath(path: AttributePath, filter: ResolvedFilter, source: Source): Sql {
  return isMembers(path, source)
    ? someMember(source, (member) => condition(filter, member))
    : someElement(source, namesOf(path), (element) => condition(filter, element))
}

/** Whether any object in a multi-valued complex attribute passes a test. */
function someElement(
  source: Source,
  names: readonly string[],
  test: (element: Source) => Sql,
): Sql {
  const { json } = source.dialect
  const alias = sql.raw('element')
  const object = json.element(alias)
  const element = { ...source, json: object, column: () => undefined, hasMembers: false }
  return source.dialect.exists(sql`select 1 from ${json.each(source.json, names, alias)}
    where ${object} is not null and ${test(element)}`)
}

/** Whether any member of the group passes a test. */
function someMember(source: Source, test: (member: Source) => Sql): Sql {
  const member = { ...source, column: memberColumn(source.dialect), hasMembers: false }
  return source.dialect.exists(sql`
    select 1 from ${source.dialect.joinEach(
      sql`scim_members as member`,
      'scim_resources as person',
      sql`person.tenant = member.tenant and person.id = member.member_id`,
    )}
    where member.tenant = resource.tenant and member.group_id = resource.id and ${test(member)}`)
}

function isMembers({ extension, attribute }: AttributePath, { hasMembers }: Source): boolean {
  return hasMembers && extension === undefined && attribute?.name === 'members'
}

function subPath({ sub }: AttributePath): AttributePath {
  return sub === undefined ? {} : { attribute: sub }
}

/** The place of an attribute or a whole extension in the document. */
export function namesOf({ extension, attribute }: AttributePath): readonly string[] {
  return [extension, attribute?.name].filter((name) => name !== undefined)
}

function orFalse(test: Sql): Sql {
  return sql`coalesce(${test}, false)`
}
