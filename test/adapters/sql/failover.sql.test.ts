import type { Database } from '../../../adapters/sql/database.js'
import { type SqlAdapters, sqlAdapters } from '../../../adapters/sql/index.js'
import { sql } from '../../../adapters/sql/sql.js'
import { openDirectly } from '../../support/direct-database.js'
import { sqlStores } from '../../support/sql-stores.js'
import { aGroup, aScope, aUser, writeOf } from '../support.js'

const stores = sqlStores()
let other: SqlAdapters
let direct: Database
beforeEach(async () => {
  other = await sqlAdapters({ url: stores().database.url })
  direct = await openDirectly(stores().database.url)
})
afterEach(async () => {
  await direct.close()
  await other.close()
})

type Role = 'Manager' | 'Reviewer'

const rulesFor = (role: Role) => ({
  roles_groups: [[role, 'Crew'] as const],
  workspaces_groups: [],
  projects_groups: [],
})

it('applies no rules that the database has lost, although others were saved in their place', async () => {
  const { adapters } = stores()
  const scope = aScope()
  const user = aUser()
  const crew = aGroup({ displayName: 'Crew', members: [{ value: user.id }] })
  await adapters.users.create(scope, user, writeOf(user))
  await adapters.groups.create(scope, crew, writeOf(crew))
  const roleOn = async ({ groups }: SqlAdapters) =>
    (await groups.resolveAccess?.(scope, user))?.role
  const save = (on: SqlAdapters, role: Role) =>
    on.access.saveRules(scope, rulesFor(role), { expectedVersion: '0', affects: [] })

  const lost = await save(adapters, 'Manager')
  expect(await roleOn(adapters)).toBe('Manager')
  // As a standby that had not got the rules when it was promoted.
  await direct.all(sql`delete from scim_rules`)
  const saved = await save(other, 'Reviewer')
  expect(saved.version).not.toBe(lost.version)
  expect(await adapters.access.rules(scope)).toEqual(saved)
  expect(await roleOn(adapters)).toBe('Reviewer')
})
