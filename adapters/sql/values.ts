import type { AccessStore } from '../../lib/adapter/index.js'
import { type Database, lone, statement } from './database.js'
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

const upsertValue = lone(
  statement<Name & { value: string }>(
    (value) => sql`
    insert into scim_values (tenant, name, value)
    values (${value('tenant')}, ${value('name')}, ${value('value')})
    on conflict (tenant, name) do update set value = excluded.value`,
  ),
)

const upsertValues = lone(
  statement<{ tenant: string; rows: string }>(
    (value, { json }) => sql`
    insert into scim_values (tenant, name, value)
    select ${value('tenant')}, listed.name, listed.value
    from ${json.rows(value('rows'), { name: 'text', value: 'text' })} as listed
    where true
    order by listed.name
    on conflict (tenant, name) do update set value = excluded.value`,
  ),
)

/** What SQLite writes in a few milliseconds, in this thread. */
const maxAtOnce = 500

const deleteValue = lone(
  statement<Name>(
    (value) => sql`
    delete from scim_values
    where tenant = ${value('tenant')} and name = ${value('name')}`,
  ),
)

/** Small named values of each tenant. */
export function valueMethods(
  database: Database,
): Required<Pick<AccessStore, 'getValue' | 'setValue' | 'setValues'>> {
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
    async setValues(scope, values) {
      const { tenant } = scope
      const rows = [...values]
      for (let start = 0; start < rows.length; start += maxAtOnce) {
        const part = JSON.stringify(rows.slice(start, start + maxAtOnce))
        await database.alone(upsertValues, { tenant, rows: part }, { scope })
      }
    },
  }
}
