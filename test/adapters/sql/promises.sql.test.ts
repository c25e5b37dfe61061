import { randomUUID } from 'node:crypto'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { parseFilter } from '../../../lib/filter/parse.js'
import { resolveFilter } from '../../../lib/filter/resolve.js'
import { compileResourceTypes } from '../../../lib/schema/compile.js'
import type { AccessStore, Adapters, LookupKey, Resource } from '../../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aGroup, aScope, aUser, everything, writeOf } from '../support.js'

type Tested = Adapters & { readonly access: AccessStore; close?: () => Promise<void> }

const page = { kind: 'index', offset: 0, limit: 10 } as const
const teams = compileResourceTypes({
  resourceTypes: [{ name: 'Team', endpoint: '/Teams', schema: 'urn:example:Team' }],
  schemas: [
    {
      id: 'urn:example:Team',
      name: 'Team',
      attributes: [
        { name: 'displayName', type: 'string' },
        {
          name: 'members',
          type: 'complex',
          multiValued: true,
          subAttributes: [{ name: 'value', type: 'string', caseExact: true }],
        },
      ],
    },
  ],
} as never)
const teamType = teams.byName.get('Team')

describe.each(['memory', 'database'])('a store in %s', (kind) => {
  let database: TestDatabase
  let adapters: Tested
  beforeEach(async () => {
    database = await testDatabase()
    adapters =
      kind === 'memory'
        ? memoryAdapters()
        : await sqlAdapters({ url: database.url, timeoutMs: 5000 })
  })
  afterEach(async () => {
    await adapters.close?.()
    await database.drop()
  })

  function withKey(resource: Resource, value: string, unique: boolean) {
    const keys: LookupKey[] = [...writeOf(resource).keys]
    return {
      ...writeOf(resource),
      keys: [...keys, { attribute: 'externalId', key: value, unique }],
    }
  }

  function next<R extends Resource>(resource: R): R {
    return { ...resource, title: randomUUID(), meta: { ...resource.meta, version: randomUUID() } }
  }

  it('lets both change who had one value before it became unique, and nobody else take it (A1) (A2)', async () => {
    const scope = aScope()
    const [first, second] = [aUser(), aUser()]
    for (const user of [first, second]) {
      await adapters.users.create(scope, user, withKey(user, 'E', false))
    }
    for (const user of [first, second, first, second].map((each, index) => ({ each, index }))) {
      const stored = await adapters.users.get(scope, user.each.id, everything)
      const changed = next(stored as Resource) as never as typeof first
      const expectedVersion = stored?.meta.version ?? ''
      await adapters.users.replace(scope, changed, {
        ...withKey(changed, 'E', true),
        expectedVersion,
      })
    }
    const third = aUser()
    await expect(
      adapters.users.create(scope, third, withKey(third, 'E', true)),
    ).rejects.toMatchObject({ code: 'ERR_SCIM_UNIQUENESS', attribute: 'externalId' })
    const fourth = aUser()
    await adapters.users.create(scope, fourth, withKey(fourth, 'F', true))
    const taking = { ...withKey(fourth, 'E', true), expectedVersion: fourth.meta.version }
    await expect(adapters.users.replace(scope, next(fourth), taking)).rejects.toMatchObject({
      code: 'ERR_SCIM_UNIQUENESS',
    })
    expect(await adapters.users.delete(scope, second.id, {})).toBe(true)
  })

  it('keeps and finds the members of a type of the host (A3) (A4)', async () => {
    if (teamType === undefined) throw new Error('No type Team.')
    const scope = aScope()
    const store = adapters.resourceStore?.(teamType)
    const team = {
      id: randomUUID(),
      displayName: 'T',
      members: [{ value: 'u1' }, { value: 'u2' }],
      meta: { ...aUser().meta, resourceType: 'Team' },
    } as Resource
    await store?.create(scope, team, writeOf(team, teamType))
    expect(await store?.get(scope, team.id, everything)).toEqual(team)
    for (const text of ['members.value eq "u1"', 'members[value eq "u2"]']) {
      const filter = resolveFilter(parseFilter(text), teamType, { deviations: new Set() })
      const found = await store?.query(scope, { ...everything, filter, page })
      expect([text, found?.resources]).toEqual([text, [team]])
    }
  })

  it('lets no `lastModified` go back when members come and go by a slower clock (A18)', async () => {
    const scope = aScope()
    const lastModified = '2999-01-01T00:00:00.000Z'
    const user = aUser()
    await adapters.users.create(scope, user, writeOf(user))
    const base = aGroup()
    const group = { ...base, meta: { ...base.meta, lastModified } }
    await adapters.groups.create(scope, group, writeOf(group))
    const now = '2026-03-01T00:00:00.000Z'
    const change = { add: [user.id], remove: [] }
    const changed = await adapters.groups.changeMembers?.(scope, group.id, change, { now })
    expect(changed?.group.meta.lastModified).toBe(lastModified)
    await adapters.users.delete(scope, user.id, {})
    const stored = await adapters.groups.get(scope, group.id, everything)
    expect(stored?.meta.lastModified).toBe(lastModified)
    expect(stored?.members).toBeUndefined()
  })

  it('does not put off a mark that came while an older one failed (R22)', async () => {
    const [scope, owner] = [aScope(), 'host']
    await adapters.access.mark(scope, ['u1'])
    const [claimed] = await adapters.access.claim({ owner, limit: 1, leaseMs: 60_000 })
    await adapters.access.mark(scope, ['u1'])
    if (claimed === undefined) throw new Error('Nothing was claimed.')
    const outcome = { kind: 'retry', error: 'busy', afterMs: 300_000 } as const
    await adapters.access.settle(owner, claimed, outcome)
    const [pending] = await adapters.access.pendingOf(scope, ['u1'])
    expect(pending).toMatchObject({ attempts: 0, failed: false, lastError: 'busy' })
    expect(Date.parse(pending?.nextAt ?? '')).toBeLessThanOrEqual(Date.now())
    const again = { owner, limit: 1, leaseMs: 60_000 }
    expect(await adapters.access.claim(again)).toHaveLength(1)
  })

  it('counts leases by the clock of the database, whatever the host thinks (R27)', async () => {
    if (kind === 'memory') return
    const scope = aScope()
    const claim = (owner: string) =>
      adapters.access.claim({ owner, limit: 1, leaseMs: 30_000, userIds: ['u1'] })
    await adapters.access.mark(scope, ['u1'])
    expect(await claim('first')).toHaveLength(1)
    const real = Date.now()
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => real + 600_000)
    try {
      expect(await claim('a host whose clock is ten minutes ahead')).toEqual([])
      expect(await adapters.access.nextDue()).toBeLessThanOrEqual(30_000)
      await adapters.access.mark(scope, ['u2'])
    } finally {
      clock.mockRestore()
    }
    const due = await adapters.access.claim({ owner: 'first', limit: 2, leaseMs: 30_000 })
    expect(due.map(({ userId }) => userId)).toEqual(['u2'])
  })

  it('looks again at a group that had nobody in it when the rules were saved (R24)', async () => {
    const scope = aScope()
    const group = aGroup()
    await adapters.groups.create(scope, group, writeOf(group))
    const rules = { roles_groups: [], workspaces_groups: [], projects_groups: [] }
    await adapters.access.saveRules(scope, rules, {
      expectedVersion: '0',
      affects: [group.displayName],
    })
    const user = aUser()
    await adapters.users.create(scope, user, writeOf(user))
    const change = { add: [user.id], remove: [] }
    await adapters.groups.changeMembers?.(scope, group.id, change, { now: user.meta.created })
    await adapters.access.fanOut(100)
    const marked = await adapters.access.pendingOf(scope, [user.id])
    // In memory, saving and adding cannot overlap: nobody was in the group when the rules were
    // saved.
    expect(marked).toHaveLength(kind === 'memory' ? 0 : 1)
  })

  it('looks for groups by name after the rules are saved (R24)', async () => {
    const scope = aScope()
    const rules = { roles_groups: [], workspaces_groups: [], projects_groups: [] }
    await adapters.access.saveRules(scope, rules, { expectedVersion: '0', affects: ['Crew'] })
    const user = aUser()
    await adapters.users.create(scope, user, writeOf(user))
    for (const displayName of ['Crew', 'crew']) {
      const group = aGroup({ displayName, members: [{ value: user.id }] })
      await adapters.groups.create(scope, group, writeOf(group))
    }
    await adapters.access.fanOut(100)
    const marked = await adapters.access.pendingOf(scope, [user.id])
    expect(marked.map(({ mark }) => mark)).toEqual(kind === 'memory' ? [] : [1])
  })
})
