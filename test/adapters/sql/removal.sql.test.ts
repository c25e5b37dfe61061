import { someRules } from '../../access/world.js'
import { serve } from '../../protocol/server.js'
import { sqlStores } from '../../support/sql-stores.js'
import { aScope, aUser, writeOf } from '../support.js'
import { recordStatements } from './statements.js'

const stores = sqlStores()
const scope = aScope('acme')

async function somePeople(count: number): Promise<string[]> {
  const people = Array.from({ length: count }, (_, n) =>
    aUser({ userName: `person-${n}@example.com`, active: true }),
  )
  for (const user of people) await stores().adapters.users.create(scope, user, writeOf(user))
  return people.map(({ id }) => id)
}

it('removes 1,000 members in a handful of statements where another group gives them a role (D13)', async () => {
  const ids = await somePeople(1000)
  const scim = await serve(stores().adapters)
  const crew = await scim.group('Crew', ids)
  await scim.group('Staff', ids)
  const rules = someRules({
    roles_groups: [
      ['Annotator', 'Crew'],
      ['Annotator', 'Staff'],
    ],
  })
  await stores().adapters.access.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
  const value = ids.map((id) => ({ value: id }))
  const texts = await recordStatements(async () => {
    const { status } = await scim.patch(`/Groups/${crew.id}`, [
      { op: 'remove', path: 'members', value },
    ])
    expect(status).toBe(204)
  })
  expect(texts.length).toBeGreaterThan(5)
  expect(texts.length).toBeLessThan(40)
  expect((await stores().adapters.access.summary(scope)).pending).toBe(1000)
}, 60_000)

it('marks everybody of a large group when the group around it is deleted', async () => {
  const ids = await somePeople(1001)
  const [first = '', ...rest] = ids
  const scim = await serve(stores().adapters)
  const inner = await scim.group('Inner', rest)
  const outer = await scim.group('Outer', [inner.id, first])
  const before = await marksOf(ids)
  const outbox = { pending: [String(outer.id)] }
  expect(await stores().adapters.groups.delete(scope, String(outer.id), { outbox })).toBe(true)
  while ((await stores().adapters.access.summary(scope)).fanningOut > 0)
    await stores().adapters.access.fanOut(500)
  const after = await marksOf(ids)
  expect(ids.filter((id) => after.get(id) === before.get(id))).toEqual([])
}, 60_000)

async function marksOf(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const entries = await stores().adapters.access.pendingOf(scope, ids)
  return new Map(entries.map(({ userId, mark }) => [userId, mark]))
}

it('changes nothing when the id is of a resource of another type', async () => {
  const scim = await serve(stores().adapters)
  const [person = ''] = await somePeople(1)
  const inner = await scim.group('Inner', [person])
  const outer = await scim.group('Outer', [String(inner.id), person])
  expect(await stores().adapters.users.delete(scope, String(inner.id), {})).toBe(false)
  expect(await stores().adapters.groups.delete(scope, person, {})).toBe(false)
  const { body } = await scim.get(`/Groups/${outer.id}`)
  const values = (body['members'] as { value: string }[]).map(({ value }) => value)
  expect(values.sort()).toEqual([String(inner.id), person].sort())
})
