import type { AttributePath } from '../../lib/adapter/index.js'
import type { SqlDialect } from './dialects/dialect.js'
import { type Sql, sql } from './sql.js'

/** An attribute with its own column. */
export interface Column {
  readonly value: Sql
  readonly isNullable: boolean
  /** Whether it has a non-empty value. */
  readonly isPresent: Sql
}

const metaColumns: Readonly<Record<string, Column>> = {
  resourceType: always(sql`resource.resource_type`),
  created: always(sql`resource.created`),
  lastModified: always(sql`resource.last_modified`),
  version: always(sql`resource.version`),
}

/** The columns of `id` and `meta` in `scim_resources as resource`. */
export function resourceColumn({ extension, attribute, sub }: AttributePath): Column | undefined {
  if (extension !== undefined) return undefined
  if (attribute?.name === 'id') return always(sql`resource.id`)
  if (attribute?.name !== 'meta') return undefined
  return sub === undefined ? always(sql`resource.version`) : metaColumns[sub.name]
}

/**
 * Sub-attributes of `members` in comparable form, in `scim_members as member` and `scim_resources
 * as person`. `display` is the member's `displayName` in comparable form.
 */
export function memberColumn({ json }: SqlDialect): (path: AttributePath) => Column | undefined {
  const display = sql`nullif(${json.scalar(sql`person.comparable`, ['displayName'], 'text')}, '')`
  const columns: Readonly<Record<string, Column>> = {
    value: always(sql`member.member_id`),
    type: always(sql`lower(person.resource_type)`),
    display: {
      value: display,
      isNullable: true,
      isPresent: sql`${display} is not null`,
    },
  }
  return ({ attribute }) => (attribute ? columns[attribute.name] : undefined)
}

function always(value: Sql): Column {
  return { value, isNullable: false, isPresent: sql`1 = 1` }
}
