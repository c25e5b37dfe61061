import { sql } from 'kysely'
import type { AttributeDefinition, AttributePath } from '../../lib/schema/types.js'
import type { KeysetPosition, Sort } from '../../lib/stores/index.js'
import { resourceColumn } from './columns.js'
import type { ScalarKind, Sql, SqlDialect } from './dialects/dialect.js'
import { namesOf } from './filter.js'

/** The order of a query as SQL, on `scim_resources as resource`. */
export interface Order {
  readonly orderBy: Sql
  /** Condition for everything after a position. */
  after(position: KeysetPosition): Sql
}

const ties = sql`resource.created, resource.id`

/** The order described at `Query`. */
export function orderOf(sort: Sort | undefined, dialect: SqlDialect): Order {
  if (sort === undefined) return { orderBy: ties, after: afterTie }
  const { descending } = sort
  const { value, literal } = sortValue(sort.path, dialect)
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
      const key = literal(sortKey)
      const beyond = descending
        ? sql`${value} < ${key}`
        : sql`(${value} > ${key} or ${value} is null)`
      return sql`(${beyond} or (${value} = ${key} and ${tie}))`
    },
  }
}

function afterTie({ created, id }: KeysetPosition): Sql {
  return sql`(resource.created, resource.id) > (${Date.parse(created)}, ${id})`
}

interface SortValue {
  readonly value: Sql
  readonly literal: (key: string | number | boolean) => Sql
}

/** Of a multi-valued attribute its primary value, else its first. */
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
    return { value: json.scalar(sql`resource.comparable`, all, kind), literal }
  }
  const item = sql.ref('item')
  const element = json.element(item)
  const picked = sub ? json.scalar(element, [sub.name], kind) : json.elementScalar(item, kind)
  const isPrimary = sql`coalesce(${json.scalar(element, ['primary'], 'boolean')} = ${json.literal(true, 'boolean')}, false)`
  const value = sql`(select ${picked} from ${json.eachInOrder(sql`resource.comparable`, names, item)}
    order by case when ${isPrimary} then 0 else 1 end, ${json.place(item)} limit 1)`
  return { value, literal }
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
