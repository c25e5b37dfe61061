import { randomUUID } from 'node:crypto'
import { type SqlAdapters, sqlAdapters } from '../../../adapters/sql/index.js'
import { parseFilter } from '../../../lib/filter/parse.js'
import { resolveFilter } from '../../../lib/filter/resolve.js'
import type { Outbox, Query } from '../../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aGroup, aScope, aUser, everything, groupType, userType, writeOf } from '../support.js'
import { recordStatements } from './statements.js'

let database: TestDatabase
let adapters: SqlAdapters
const scope = aScope()
const ids: string[] = []
const groups: string[] = []

beforeAll(async () => {
  database = await testDatabase()
  adapters = await sqlAdapters({ url: database.url })
  for (let index = 0; index < 30; index += 1) {
    const user = aUser({ userName: `user${index}`, emails: [{ value: `u${index}@example.com` }] })
    await adapters.users.create(scope, user, writeOf(user))
    ids.push(user.id)
  }
  for (let index = 0; index < 20; index += 1) {
    const members = ids.slice(0, index).map((value) => ({ value }))
    const group = aGroup({ members })
    await adapters.groups.create(scope, group, writeOf(group))
    groups.push(group.id)
  }
})
afterAll(async () => {
  await adapters?.close()
  await database?.drop()
})

const index = (offset: number, limit: number): Query['page'] => ({ kind: 'index', offset, limit })
const where = (text: string, type = userType) =>
  resolveFilter(parseFilter(text), type, { deviations: new Set() })

it.each<[string, () => Promise<unknown>, number]>([
  ['one user', () => adapters.users.get(scope, ids[0] ?? '', everything), 1],
  [
    'a user with their groups',
    async () => adapters.groups.userWithGroups?.(scope, ids[0] ?? ''),
    1,
  ],
  [
    'a user by userName',
    () => find({ filter: where('userName eq "USER7"'), page: index(0, 10) }),
    1,
  ],
  [
    'a user by e-mail',
    () => find({ filter: where('emails.value eq "U7@example.com"'), page: index(0, 2) }),
    1,
  ],
  [
    'a user by userName with their groups',
    () => find({ filter: where('userName eq "USER7"'), page: index(0, 10), withGroups: true }),
    1,
  ],
  ['several users', () => adapters.users.getMany?.(scope, ids, everything) ?? Promise.reject(), 1],
  ['a small page of users', () => find({ page: index(0, 3) }), 1],
  ['a large page of users', () => find({ page: index(0, 25) }), 1],
  ['the last page of users', () => find({ page: index(25, 25) }), 1],
  [
    'a filtered page of users',
    () => find({ filter: where('active eq true'), page: index(0, 3) }),
    2,
  ],
  ['a page of groups with members', () => groupPage(everything.omit), 2],
  ['the groups of many people', () => adapters.groups.groupsOf(scope, ids), 1],
])(
  'reads %s in as many statements, however much there is (S-DOS-09)',
  async (_name, read, statements) => {
    expect(await recordStatements(read)).toHaveLength(statements)
  },
)

it('finds nested groups in one statement more', async () => {
  const other = aScope()
  const user = aUser()
  await adapters.users.create(other, user, writeOf(user))
  const inner = aGroup({ members: [{ value: user.id }] })
  await adapters.groups.create(other, inner, writeOf(inner))
  const outer = aGroup({ members: [{ value: inner.id }] })
  await adapters.groups.create(other, outer, writeOf(outer))
  const texts = await recordStatements(async () => {
    const all = await adapters.groups.groupsOf(other, [user.id, inner.id, user.id])
    const direct = (id: string) => all.get(id)?.map((group) => [group.id, group.direct])
    expect(direct(inner.id)).toEqual([[outer.id, true]])
    expect(new Map(direct(user.id) as [string, boolean][])).toEqual(
      new Map([
        [inner.id, true],
        [outer.id, false],
      ]),
    )
  })
  expect(texts).toHaveLength(2)
})

it('knows how many there are without reading them, whatever comes and goes', async () => {
  const other = aScope()
  const users = [aUser(), aUser(), aUser()]
  for (const user of users) await adapters.users.create(other, user, writeOf(user))
  const twice = adapters.users.create(other, users[0] ?? aUser(), writeOf(users[0] ?? aUser()))
  await expect(twice).rejects.toThrow()
  const texts = await recordStatements(async () => {
    const nobody = await adapters.users.query(other, { ...everything, page: index(0, 0) })
    expect(nobody).toMatchObject({ totalResults: 3, resources: [] })
  })
  expect(texts).toHaveLength(1)
  expect(texts[0]).toContain('from scim_counts')
  await adapters.users.delete(other, users[1]?.id ?? '', {})
  const rest = await adapters.users.query(other, { ...everything, page: index(0, 1) })
  expect(rest.totalResults).toBe(2)
})

it.each(['userName sw "USER1"', 'emails.value sw "u1" and active eq true', 'displayName sw "A"'])(
  'finds %s by the index of what is looked up',
  async (filter) => {
    const texts = await recordStatements(() => find({ filter: where(filter), page: index(0, 3) }))
    const reading = texts.filter((text) => text.includes('scim_resources'))
    expect(reading.every((text) => /as found\b/.test(text))).toBe(true)
  },
)

it('finds beginnings of values that are stored as digests', async () => {
  const long = aUser({ userName: `sha${'x'.repeat(300)}` })
  const lookAlike = aUser({ userName: 'sha256:y' })
  for (const user of [long, lookAlike]) await adapters.users.create(scope, user, writeOf(user))
  const named = async (text: string) => {
    const page = await find({ filter: where(`userName sw "${text}"`), page: index(0, 10) })
    return [page.totalResults, page.resources.map(({ id }) => id).sort()]
  }
  expect(await named('sha')).toEqual([2, [long.id, lookAlike.id].sort()])
  expect(await named('shax')).toEqual([1, [long.id]])
  expect(await named('sha2')).toEqual([1, [lookAlike.id]])
  for (const { id } of [long, lookAlike]) await adapters.users.delete(scope, id, {})
})

it('reads no members of groups that are asked for without them (S-DOS-09)', async () => {
  const omit = new Set(['members'])
  const texts = await recordStatements(async () => {
    await groupPage(omit)
    await adapters.groups.get(scope, groups[5] ?? '', { omit })
    await adapters.groups.getMany?.(scope, groups, { omit })
    const filter = where('displayName pr', groupType)
    await adapters.groups.query(scope, { omit, filter, page: index(0, 5) })
  })
  expect(texts.length).toBeGreaterThan(3)
  expect(texts.filter((text) => text.includes('scim_members'))).toEqual([])
})

it('changes a member in as many statements in a group of 1 as in a group of 19', async () => {
  const counts = []
  for (const group of [groups[1], groups[19]]) {
    const texts = await recordStatements(() => change(group ?? '', ids[29] ?? ''))
    counts.push(texts.length)
  }
  expect(new Set(counts).size).toBe(1)
})

function find(query: Omit<Query, 'omit'>) {
  return adapters.users.query(scope, { ...everything, ...query })
}

function groupPage(omit: ReadonlySet<string>) {
  return adapters.groups.query(scope, { omit, page: index(0, 10) })
}

async function change(groupId: string, memberId: string): Promise<void> {
  const now = '2026-02-01T00:00:00.000Z'
  const added = { add: [memberId], remove: [] }
  await adapters.groups.changeMembers?.(scope, groupId, added, { now })
}

describe('a change is one transaction of at most five statements on SQLite', () => {
  const other = aScope()
  const outboxOf = (id: string): Outbox => ({
    pending: [id],
    audit: [
      {
        at: '2026-02-01T00:00:00.000Z',
        event: 'group.patched',
        tenant: other.tenant,
        actor: 'a',
        requestId: 'r',
        outcome: 'succeeded',
      },
    ],
  })

  async function aGroupOf(members: readonly { readonly value: string }[]) {
    const group = aGroup({ members })
    await adapters.groups.create(other, group, writeOf(group))
    return group
  }
  async function aPerson() {
    const user = aUser({ emails: [{ value: `${randomUUID()}@example.com` }] })
    await adapters.users.create(other, user, writeOf(user))
    return user
  }

  // On PostgreSQL, which has more than one writer, a deletion finds and locks the groups first.
  it.each<[string, number, number, () => Promise<() => Promise<unknown>>]>([
    [
      'POST of a user',
      4,
      4,
      async () => {
        const user = aUser()
        const outbox = outboxOf(user.id)
        return () => adapters.users.create(other, user, { ...writeOf(user), outbox })
      },
    ],
    [
      'another userName',
      5,
      5,
      async () => {
        const user = await aPerson()
        const changed = { ...user, userName: `${user.userName}2` }
        const keysBefore = () => writeOf(user).keys
        const write = { ...writeOf(changed), keysBefore, expectedVersion: user.meta.version }
        const outbox = outboxOf(user.id)
        return () => adapters.users.replace(other, changed, { ...write, outbox })
      },
    ],
    [
      'POST of a group with people and a group',
      5,
      5,
      async () => {
        const [user, inner] = [await aPerson(), await aGroupOf([])]
        const group = aGroup({ members: [{ value: user.id }, { value: inner.id }] })
        const outbox = outboxOf(group.id)
        return () => adapters.groups.create(other, group, { ...writeOf(group), outbox })
      },
    ],
    [
      'another displayName of a group',
      5,
      5,
      async () => {
        const group = await aGroupOf([{ value: (await aPerson()).id }])
        const changed = { ...group, displayName: `${group.displayName}2` }
        const keysBefore = () => writeOf(group).keys
        const write = { ...writeOf(changed), keysBefore, expectedVersion: group.meta.version }
        const outbox = outboxOf(group.id)
        return () => adapters.groups.replace(other, changed, { ...write, outbox })
      },
    ],
    [
      'DELETE of a user in three groups',
      5,
      8,
      async () => {
        const user = await aPerson()
        for (let each = 0; each < 3; each += 1) await aGroupOf([{ value: user.id }])
        const outbox = outboxOf(user.id)
        return () => adapters.users.delete(other, user.id, { outbox })
      },
    ],
    [
      'DELETE of a group of people',
      5,
      8,
      async () => {
        const group = await aGroupOf([{ value: (await aPerson()).id }])
        const outbox = outboxOf(group.id)
        return () => adapters.groups.delete(other, group.id, { outbox })
      },
    ],
  ])('%s', async (_name, onSqlite, onPostgres, prepare) => {
    const write = await prepare()
    const isSqlite = database.url.startsWith('sqlite')
    const texts = (await recordStatements(write)).filter(
      (text) => !/\b(begin|commit)\b/i.test(text),
    )
    expect(texts).toHaveLength(isSqlite ? onSqlite : onPostgres)
  })
})
