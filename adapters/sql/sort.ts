import type {
  AttributeDefinition,
  AttributePath,
  KeysetPosition,
  Sort,
} from '../../lib/adapter/index.js'
import { resourceColumn } from './columns.js'
import type { ScalarKind, SqlDialect } from './dialects/dialect.js'
import { namesOf } from './filter.js'
import { type Sql, sql } from './sql.js'

/** The order of a query as SQL, on `scim_resources as resource`. */
export interface Order {
  readonly orderBy: Sql
  /** Condition for everything after a position. */
  after(position: KeysetPosition): Sql
}

const ties = sql`resource.created, resource.id`

/** The order, as described at `Query`. */
export function orderOf(sort: Sort | undefined, dialect: SqlDialect): Order {
  if (sort === undefined) return { orderBy: ties, after: afterTie }
  const { descending } = sort
  const { value, literal } = sortValue(sort.path, dialect)
  const kind = kindOf(sort.path.sub ?? sort.path.attribute)
  const missing = sql`case when ${value} is null then 1 else 0 end`
  const direction = descending ? sql`desc` : sql`asc`
  return {
    orderBy: sql`${missing} ${direction}, ${value} ${direction}, ${ties}`,
    after(position) {
      const { sortKey = null } = position
      const tie = afterTie(position)
      if (sortKey === null) {
        const missingHere = sql`(${value} is null and ${tie})`
        return descending ? sql`(${missingHere} or ${value} is not null)` : missingHere
      }
      const order = compareKinds(sortKey, kind)
      if (order !== 0) return afterAllOrNone(value, { isBefore: order < 0, descending })
      const key = literal(sortKey)
      const beyond = descending
        ? sql`${value} < ${key}`
        : sql`(${value} > ${key} or ${value} is null)`
      return sql`(${beyond} or (${value} = ${key} and ${tie}))`
    },
  }
}

const ranks = { boolean: 0, number: 1, text: 2 }

/**
 * Whether a sort key is before (negative) or after all values of a kind; 0 if it is of that kind.
 */
function compareKinds(key: string | number | boolean, kind: ScalarKind): number {
  const own = typeof key === 'string' ? 'text' : (typeof key as 'number' | 'boolean')
  return ranks[own] - ranks[kind]
}

interface Direction {
  readonly isBefore: boolean
  readonly descending: boolean
}

/**
 * The condition for everything after a key of another kind, which an attribute of the same name has
 * in another resource type (B1).
 */
function afterAllOrNone(value: Sql, { isBefore, descending }: Direction): Sql {
  if (descending) return isBefore ? sql`1 = 0` : sql`${value} is not null`
  return isBefore ? sql`1 = 1` : sql`${value} is null`
}

function afterTie({ created, id }: KeysetPosition): Sql {
  return sql`(resource.created, resource.id) > (${Date.parse(created)}, ${id})`
}

interface SortValue {
  readonly value: Sql
  readonly literal: (key: string | number | boolean) => Sql
}

/** The sort value: for a multi-valued attribute its primary value, else its first. */
function sortValue(path: AttributePath, dialect: SqlDialect): SortValue {
  const column = resourceColumn(path)
  if (column) return { value: column.value, literal: (key) => sql`${key}` }
  const { json } = dialect
  const { attribute, sub } = path
  const kind = kindOf(sub ?? attribute)
  const literal = (key: string | number | boolean) => json.literal(key, kind)
  const names = namesOf(path)
  const all = sub ? [...names, sub.name] : names
  if (!attribute?.multiValued) {
    const source = sql`resource.comparable`
    const value = sub?.multiValued
      ? firstOf(source, all, { kind, dialect })
      : json.scalar(source, all, kind)
    return { value, literal }
  }
  const item = sql.raw('item')
  const element = json.element(item)
  const ofElement = (name: string) =>
    sub?.multiValued
      ? firstOf(element, [name], { kind, dialect })
      : json.scalar(element, [name], kind)
  const picked = sub ? ofElement(sub.name) : json.elementScalar(item, kind)
  const primary = json.scalar(element, ['primary'], 'boolean')
  const isPrimary = sql`coalesce(${primary} = ${json.literal(true, 'boolean')}, false)`
  const elements = json.eachInOrder(sql`resource.comparable`, names, item)
  const value = sql`(select ${picked} from ${elements}
    order by case when ${isPrimary} then 0 else 1 end, ${json.place(item)} limit 1)`
  return { value, literal }
}

interface ScalarReading {
  readonly kind: ScalarKind
  readonly dialect: SqlDialect
}

/** The first value of a multi-valued attribute. */
function firstOf(
  source: Sql,
  path: readonly string[],
  { kind, dialect: { json } }: ScalarReading,
): Sql {
  const value = sql.raw('each_value')
  return sql`(select ${json.elementScalar(value, kind)}
    from ${json.eachInOrder(source, path, value)}
    order by ${json.place(value)} limit 1)`
}

function kindOf(definition: AttributeDefinition | undefined): ScalarKind {
  switch (definition?.type) {
    case 'boolean':
      return 'boolean'
    case 'integer':
    case 'decimal':
    case 'dateTime':
      return 'number'
    default:
      return 'text'
  }
}
