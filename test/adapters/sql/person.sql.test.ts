import { type SqlAdapters, sqlAdapters } from '../../../adapters/sql/index.js'
import { mappingPolicy, resolveAccess } from '../../../lib/mapping/index.js'
import type { MappingRules, OrganizationRole } from '../../../lib/mapping/types.js'
import type { AccountPerson } from '../../../lib/stores/group-store.js'
import type { AccessRecord, User } from '../../../lib/stores/index.js'
import { type TestDatabase, testDatabase, testDialect } from '../../support/test-database.js'
import { aGroup, aScope, aUser, writeOf } from '../support.js'
import { recordStatements } from './statements.js'

let database: TestDatabase
/** Two hosts on one database: what one of them writes, the other must know at once. */
let writer: SqlAdapters
let reader: SqlAdapters
const scope = aScope()
const rulesFor = (role: OrganizationRole, group: string): MappingRules => ({
  roles_groups: [[role, group]],
  workspaces_groups: [],
  projects_groups: [],
})
const rules = rulesFor('Annotator', 'Team')

beforeEach(async () => {
  database = await testDatabase()
  writer = await sqlAdapters({ url: database.url })
  reader = await sqlAdapters({ url: database.url })
})
afterEach(async () => {
  await writer.close()
  await reader.close()
  await database.drop()
})

const recordOf = (userId: string, accountId = '7'): AccessRecord => ({
  userId,
  applied: [],
  deferred: [],
  notes: [],
  account: { id: accountId, origin: 'created' },
  hadRole: false,
  at: '2026-01-01T00:00:00.000Z',
})
/** What each host knows, also the one that made the change. */
async function find() {
  const found = await reader.groups.personByAccount!(scope, '7')
  expect(await writer.groups.personByAccount!(scope, '7')).toEqual(found)
  return found
}
const roleOf = async () => (await find())?.access?.role

async function aPerson(accountId?: string): Promise<User> {
  const user = aUser({ userName: `ann${accountId ?? ''}@example.com`, active: true })
  await writer.users.create(scope, user, writeOf(user))
  await writer.access.saveRecord(scope, recordOf(user.id, accountId))
  return user
}

async function addGroup(displayName: string, member: string): Promise<string> {
  const group = aGroup({ displayName, members: [{ value: member }] })
  await writer.groups.create(scope, group, writeOf(group))
  return group.id
}

it('reads a person in one statement, and parses them once for each change', async () => {
  const user = await aPerson()
  await addGroup('Team', user.id)
  await writer.access.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
  const first = await find()
  expect(first).toMatchObject({ user: { id: user.id }, access: { role: 'Annotator' } })
  await writer.access.setValue(scope, 'something', 'else')
  const again = () => reader.groups.personByAccount!(scope, '7')
  expect(await recordStatements(again)).toHaveLength(1)
  expect(await again()).toBe(first)
  // A file of SQLite tells whether anything has changed.
  expect(await recordStatements(again)).toHaveLength(testDialect === 'postgres' ? 1 : 0)
})

it('reads people together who are asked for while a statement runs', async () => {
  const users = await Promise.all([1, 2, 3].map((n) => aPerson(String(n))))
  const all = [...users.keys(), 9].map((index) => String(index + 1))
  let found: readonly (AccountPerson | undefined)[] = []
  const statements = await recordStatements(async () => {
    found = await Promise.all(all.map((id) => reader.groups.personByAccount!(scope, id)))
  })
  const ids = found.map((each) => each?.user?.id)
  expect(ids).toEqual([...users.map(({ id }) => id), undefined])
  const ofPeople = statements.filter((text) => /scim_records as "?person/.test(text))
  expect(ofPeople).toHaveLength(2)
})

it('knows at once what another host has changed', async () => {
  expect(await find()).toBeUndefined()
  const user = await aPerson()
  expect(await roleOf()).toBeNull()
  const inner = await addGroup('Inner', user.id)
  const team = await addGroup('Team', inner)
  expect(await roleOf()).toBeNull()
  const saved = await writer.access.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
  expect(await roleOf()).toBe('Annotator')
  const now = '2026-01-01T00:00:00.000Z'
  await writer.groups.changeMembers!(scope, inner, { add: [], remove: [user.id] }, { now })
  expect(await roleOf()).toBeNull()
  await writer.groups.changeMembers!(scope, inner, { add: [user.id], remove: [] }, { now })
  expect(await roleOf()).toBe('Annotator')
  const other = aGroup({ id: team, displayName: 'Other' })
  const stored = await writer.groups.get(scope, team, { omit: new Set() })
  const expectedVersion = stored!.meta.version
  await writer.groups.replace(scope, other, { ...writeOf(other), expectedVersion })
  expect(await roleOf()).toBeNull()
  const renamed = rulesFor('Manager', 'Other')
  const { version } = saved
  await writer.access.saveRules(scope, renamed, { expectedVersion: version, affects: [] })
  expect(await roleOf()).toBe('Manager')
})

it('knows at once that another host has ended access', async () => {
  const user = await aPerson()
  await addGroup('Team', user.id)
  await writer.access.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
  expect((await find())?.access).toMatchObject({ active: true, role: 'Annotator' })
  const left = { ...user, active: false, meta: { ...user.meta, version: 'another' } }
  const write = { ...writeOf(left), expectedVersion: user.meta.version }
  await writer.users.replace(scope, left, write)
  expect((await find())?.access?.active).toBe(false)
  const listed = { ...recordOf(user.id), account: { id: '7', origin: 'imported' } as const }
  await writer.access.saveRecord(scope, listed)
  expect((await find())?.record.account?.origin).toBe('imported')
  await writer.users.delete(scope, user.id, {})
  expect(await find()).toEqual({ record: listed })
  await writer.access.deleteRecord(scope, user.id)
  expect(await find()).toBeUndefined()
})

it('resolves as the library does from the groups of a person', async () => {
  const user = await aPerson()
  const id = await addGroup('Team "é"', user.id)
  const named = rulesFor('Reviewer', 'Team "é"')
  await writer.access.saveRules(scope, named, { expectedVersion: '0', affects: [] })
  const groups = [{ id, displayName: 'Team "é"' }]
  const person = { active: true, hadRole: false }
  const wanted = resolveAccess(named, groups, mappingPolicy(), person)
  expect((await find())?.access).toEqual(wanted)
})

it.each(['\0', 'a\0b', '\ud800', '\udfff7'])(
  'finds nobody with the account %j, and those who are asked for at the same time',
  async (accountId) => {
    const { id } = await aPerson()
    const { personByAccount } = reader.groups
    const asked = Array.from({ length: 20 }, (_, turn) => (turn % 2 === 0 ? '7' : accountId))
    const found = await Promise.all(asked.map((each) => personByAccount!(scope, each)))
    expect(found.map((person) => person?.record.userId)).toEqual(
      asked.map((each) => (each === '7' ? id : undefined)),
    )
    expect(await reader.access.recordByAccount(scope, accountId)).toBeUndefined()
  },
)

describe('while others write between two of its reads', () => {
  const newRules = (...groups: string[]): MappingRules => ({
    ...rules,
    roles_groups: groups.map((group) => ['Annotator', group]),
  })
  const saveRules = async (saved: MappingRules) => {
    const { version } = await writer.access.rules(scope)
    await writer.access.saveRules(scope, saved, { expectedVersion: version, affects: [] })
  }
  /** Does something as soon as the reader calls this method. */
  function once(method: 'rules' | 'getRecord' | 'getRecords', work: () => Promise<unknown>): void {
    const { access } = reader
    const original = access[method] as (...given: unknown[]) => unknown
    const replaced = async (...given: unknown[]) => {
      Object.assign(access, { [method]: original })
      await work()
      return original(...given)
    }
    Object.assign(access, { [method]: replaced })
  }

  it.each(['getRecord', 'getRecords'] as const)(
    'resolves no mark of a role together with groups or rules from before it: %s',
    async (method) => {
      const user = await aPerson()
      once(method, async () => {
        await addGroup('Team', user.id)
        await saveRules(rules)
        await writer.access.noteRole?.(scope, [user.id])
      })
      const { resolveAccess: resolve, resolveAccessOf } = reader.groups
      const isMany = method === 'getRecords'
      const access = isMany
        ? (await resolveAccessOf!(scope, [user]))[0]
        : await resolve(scope, user)
      expect(access?.active).toBe(true)
    },
  )

  it('finds nobody by an account with groups from before the rules', async () => {
    const user = await aPerson()
    await writer.access.noteRole?.(scope, [user.id])
    await saveRules(newRules('Team'))
    await addGroup('Team', user.id)
    once('rules', async () => {
      await addGroup('Crew', user.id)
      await saveRules(newRules('Crew'))
    })
    const found = await reader.groups.personByAccount!(scope, '7')
    expect(found?.access).toMatchObject({ active: true, role: 'Annotator' })
  })
})
