import type { AccessStore } from '../../lib/adapter/index.js'
import { type Database, statement } from './database.js'
import { sql } from './sql.js'

interface Name {
  readonly tenant: string
  readonly name: string
}

const selectValue = statement<Name, { value: string }>(
  (value) => sql`
    select value from scim_values
    where tenant = ${value('tenant')} and name = ${value('name')}`,
)

const upsertValue = statement<Name & { value: string }>(
  (value) => sql`
    insert into scim_values (tenant, name, value)
    values (${value('tenant')}, ${value('name')}, ${value('value')})
    on conflict (tenant, name) do update set value = excluded.value`,
)

const deleteValue = statement<Name>(
  (value) => sql`
    delete from scim_values
    where tenant = ${value('tenant')} and name = ${value('name')}`,
)

/** Small named values of each tenant. */
export function valueMethods(database: Database): Pick<AccessStore, 'getValue' | 'setValue'> {
  return {
    async getValue({ tenant }, name) {
      const [row] = await database.prepared(selectValue, { tenant, name })
      return row?.value
    },
    async setValue(scope, name, value) {
      const { tenant } = scope
      if (value === undefined) await database.alone(deleteValue, { tenant, name }, { scope })
      else await database.alone(upsertValue, { tenant, name, value }, { scope })
    },
  }
}
