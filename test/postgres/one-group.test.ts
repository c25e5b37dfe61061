import fc from 'fast-check'
import pg from 'pg'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { auditEntry } from '../../lib/events/audit-entry.js'
import type { Scope } from '../../lib/index.js'
import { aGroup, aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { untilWaiting } from './waiting.js'

let database: TestDatabase
let adapters: SqlAdapters
let other: pg.Client
let scope: Scope

beforeAll(async () => {
  database = await testDatabase()
  adapters = await sqlAdapters({ url: database.url, timeoutMs: 20_000 })
  other = new pg.Client({ connectionString: database.url })
  await other.connect()
})
beforeEach(() => {
  scope = aScope()
})
afterAll(async () => {
  await other.end()
  await adapters.close()
  await database.drop()
})

const now = '2026-03-01T00:00:00.000Z'

async function somePeople(count: number): Promise<readonly string[]> {
  const people = Array.from({ length: count }, () => aUser())
  await Promise.all(people.map((user) => adapters.users.create(scope, user, writeOf(user))))
  return people.map(({ id }) => id)
}

async function groupOf(members: readonly string[]): Promise<string> {
  const group = aGroup({ members: members.map((value) => ({ value })) })
  await adapters.groups.create(scope, group, writeOf(group))
  return group.id
}

interface Change {
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
}

/** Each change marks those whom it names, and its own entry says which change it was. */
function change(groupId: string, { add = [], remove = [] }: Change, place = 0, within = scope) {
  const detail = `${place}`
  const audit = [
    ...(add.length > 0 ? [{ event: 'member.added', members: add, detail } as const] : []),
    ...(remove.length > 0 ? [{ event: 'member.removed', members: remove, detail } as const] : []),
  ].map((event) => auditEntry(scope, new Date(now), event))
  const outbox = { pending: [...add, ...remove], audit }
  const changed = adapters.groups.changeMembers?.(within, groupId, { add, remove }, { now, outbox })
  if (changed === undefined) throw new Error('Not supported.')
  return changed
}

async function membersOf(groupId: string): Promise<readonly string[]> {
  const group = await adapters.groups.get(scope, groupId, everything)
  return (group?.members ?? []).map(({ value }) => value).sort()
}

/** The numbers of the changes in the audit log. */
async function logged(): Promise<readonly (string | undefined)[]> {
  const entries = await adapters.audit.query(scope, { limit: 1000 })
  return entries.map(({ detail }) => detail).sort()
}

const lock = (groupId: string) =>
  other.query('select 1 from scim_resources where id = $1 for update', [groupId])

/** Makes the first change wait for the row of the group, and with it the others. */
async function whileLocked<T>(groupId: string, begin: () => readonly Promise<T>[]) {
  await other.query('begin')
  await lock(groupId)
  const all = begin()
  await untilWaiting(other)
  await other.query('rollback')
  return Promise.allSettled(all)
}

it('makes changes of one group that wait for another one as one', async () => {
  const people = await somePeople(5)
  const [a, b, c, d, e] = people as [string, string, string, string, string]
  const group = await groupOf([d, e])
  const results = await whileLocked(group, () => [
    change(group, { add: [a] }, 1),
    change(group, { add: [c, b] }, 2),
    change(group, { remove: [d] }, 3),
    change(group, { remove: [e] }, 4),
  ])
  const found = results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    const { added = [], removed = [], group: changed } = result.value ?? {}
    return { added, removed, version: changed?.meta.version }
  })
  expect(found.map(({ added, removed }) => [[...added].sort(), removed])).toEqual([
    [[a], []],
    [[b, c].sort(), []],
    [[], [d]],
    [[], [e]],
  ])
  const [first, ...rest] = found.map(({ version }) => version)
  expect(new Set(rest).size).toBe(1)
  expect(rest[0]).not.toBe(first)
  expect((await adapters.groups.get(scope, group, everything))?.meta.version).toBe(rest[0])
  expect(await membersOf(group)).toEqual([a, b, c].sort())
  expect(await logged()).toEqual(['1', '2', '3', '4'])
  const { rows } = await other.query('select user_id from scim_pending where tenant = $1', [
    scope.tenant,
  ])
  expect(rows.map((row) => row.user_id).sort()).toEqual([...people].sort())
})

it('makes the others when one of them fails or was given up', async () => {
  const [a, b, c, d] = (await somePeople(4)) as [string, string, string, string]
  const group = await groupOf([])
  const gaveUp = new AbortController()
  const results = await whileLocked(group, () => {
    const all = [
      change(group, { add: [a] }, 1),
      change(group, { add: [b] }, 2),
      change(group, { add: ['11111111-2222-4333-8444-555555555555'] }, 3),
      change(group, { add: [c] }, 4, { ...scope, signal: gaveUp.signal }),
      change(group, { add: [d] }, 5),
    ]
    gaveUp.abort()
    return all
  })
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ])
  expect(await membersOf(group)).toEqual([a, b, d].sort())
  expect(await logged()).toEqual(['1', '2', '5'])
})

/** Runs with a pool of this size, whose statements give up after some time. */
async function withPool(
  poolSize: number,
  timeoutMs: number,
  use: () => Promise<void>,
): Promise<void> {
  const usual = adapters
  adapters = await sqlAdapters({ url: database.url, poolSize, timeoutMs })
  try {
    await use()
  } finally {
    await adapters.close()
    adapters = usual
  }
}

it('lets nobody wait for the time limits of others', async () => {
  const people = await somePeople(20)
  const group = await groupOf([])
  await withPool(32, 4000, async () => {
    await other.query('begin')
    await lock(group)
    const all = Promise.allSettled(people.map((id) => change(group, { add: [id] })))
    // All but the first, which has given up.
    await untilWaiting(other, 19)
    await other.query('rollback')
    expect(new Set((await all).map(({ status }) => status))).toEqual(
      new Set(['rejected', 'fulfilled']),
    )
  })
  const isMember = await membersOf(group)
  expect(isMember).toHaveLength(19)
})

it('makes no change that was given up while the others waited for a connection', async () => {
  const [a, b, c, d] = (await somePeople(4)) as [string, string, string, string]
  const [group, busy] = [await groupOf([]), await groupOf([])]
  const gaveUp = new AbortController()
  await withPool(2, 20_000, async () => {
    await other.query('begin')
    await lock(group)
    const first = change(group, { add: [a] })
    await untilWaiting(other)
    const given = change(group, { add: [b] }, 1, { ...scope, signal: gaveUp.signal })
    const kept = change(group, { add: [c] })
    // The only other one that may change something gets the connection next.
    const between = change(busy, { add: [d] })
    const holder = new pg.Client({ connectionString: database.url })
    await holder.connect()
    await holder.query('begin')
    await holder.query('select 1 from scim_resources where id = $1 for update', [busy])
    await other.query('rollback')
    await first
    await untilWaiting(other)
    gaveUp.abort(new Error('Gone.'))
    await holder.query('rollback')
    await holder.end()
    await Promise.all([expect(given).rejects.toThrow('Gone.'), kept, between])
  })
  expect(await membersOf(group)).toEqual([a, c].sort())
})

it('tells of each joining and leaving once, whoever is named by several changes', async () => {
  const people = await somePeople(4)
  const names = fc.uniqueArray(fc.constantFrom(...people), { maxLength: 2 })
  const some = fc.array(fc.record({ add: names, remove: names }), { minLength: 2, maxLength: 8 })
  const property = fc.asyncProperty(some, async (changes) => {
    const group = await groupOf([])
    const sent = changes.map(({ add, remove }) => {
      return { add, remove: remove.filter((id) => !add.includes(id)) }
    })
    const results = await Promise.all(sent.map((each, place) => change(group, each, place)))
    const counts = new Map(people.map((id) => [id, 0]))
    const count = (id: string, by: number) => counts.set(id, (counts.get(id) ?? 0) + by)
    for (const [place, result] of results.entries()) {
      for (const id of result?.added ?? []) {
        expect(sent[place]?.add).toContain(id)
        count(id, 1)
      }
      for (const id of result?.removed ?? []) {
        expect(sent[place]?.remove).toContain(id)
        count(id, -1)
      }
    }
    const left = people.filter((id) => counts.get(id) === 1).sort()
    expect(people.filter((id) => counts.get(id) !== 0).sort()).toEqual(left)
    expect(await membersOf(group)).toEqual(left)
  })
  await fc.assert(property, { numRuns: 40 })
})
