import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler } from '../../lib/access/index.js'
import type { Adapters, Scope } from '../../lib/stores/index.js'
import { recordingTarget } from '../access/recording-target.js'
import { createWorld } from '../access/world.js'
import { altered, type Call, watched } from '../protocol/adapters.js'
import { serve, userUrn } from '../protocol/server.js'

const scope: Scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}

/**
 * Adapters with a list of pending people, whose stores cannot write it in one step with a change.
 */
function withoutOutbox(deltas: boolean) {
  const adapters = memoryAdapters()
  const { supports: users } = adapters.users
  const { supports: groups } = adapters.groups
  return watched(
    altered({
      users: { supports: { ...users, outbox: false } },
      groups: { supports: { ...groups, outbox: false, memberDeltas: deltas } },
    }),
  )
}

const marksAndWrites = (calls: readonly Call[]) =>
  calls
    .filter(({ name }) => /access\.mark|create|replace|delete$|changeMembers/.test(name))
    .map(({ name, args }) => (name === 'access.mark' ? ['mark', ...(args[1] as string[])] : [name]))

describe('stores that cannot mark people in one step with a change', () => {
  it('get marks before and after each write, so that neither a crash nor a quick reconciler loses one (S-INT-05)', async () => {
    const adapters = withoutOutbox(true)
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    const around = (name: string, ...ids: string[]) => [['mark', ...ids], [name], ['mark', ...ids]]
    expect(marksAndWrites(adapters.calls)).toEqual(around('users.create', user.id))
    const group = await scim.group('Crew')
    adapters.calls.length = 0
    await scim.patch(`/Groups/${group.id}`, [
      { op: 'add', path: 'members', value: [{ value: user.id }] },
    ])
    expect(marksAndWrites(adapters.calls)).toEqual(around('groups.changeMembers', user.id))
    adapters.calls.length = 0
    await scim.patch(`/Groups/${group.id}`, [{ op: 'replace', path: 'displayName', value: 'X' }])
    expect(marksAndWrites(adapters.calls)).toEqual(around('groups.replace', group.id))
  })

  it('get marks for the members of a group that is deleted, who are not to be found in it afterwards', async () => {
    const adapters = withoutOutbox(true)
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    const group = await scim.group('Crew', [user.id])
    adapters.calls.length = 0
    await scim.delete(`/Groups/${group.id}`)
    const marks = ['mark', group.id, user.id]
    expect(marksAndWrites(adapters.calls)).toEqual([marks, ['groups.delete'], marks])
  })

  it('get a mark for a change that is there already: the one after it may have been lost', async () => {
    const adapters = withoutOutbox(true)
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    adapters.calls.length = 0
    await scim.put(`/Users/${user.id}`, user)
    expect(marksAndWrites(adapters.calls)).toEqual([['mark', user.id]])
  })

  it('get marks for what access is made of, and for what the target reads', async () => {
    const adapters = withoutOutbox(true)
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    const marksOf = async (path: string, value: unknown) => {
      adapters.calls.length = 0
      await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path, value }])
      return marksAndWrites(adapters.calls).filter(([name]) => name === 'mark').length
    }
    expect(await marksOf('title', 'Boss')).toBe(0)
    expect(await marksOf('displayName', 'Ines')).toBe(0)
    expect(await marksOf('emails', [{ value: 'ines@x.example' }])).toBe(2)
    expect(await marksOf('roles', [{ value: 'lead' }])).toBe(2)
    expect(await marksOf('active', false)).toBeGreaterThanOrEqual(2)
  })

  it('get a mark for every change where the target does not say what it reads', async () => {
    const target = { deprovision: async () => {}, applyAccess: async () => ({ applied: [] }) }
    const adapters = watched(memoryAdapters({ target }))
    const { access } = adapters
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    const before = await access.pendingOf(scope, [user.id])
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'title', value: 'Boss' }])
    const after = await access.pendingOf(scope, [user.id])
    expect(after[0]?.mark).toBe((before[0]?.mark ?? 0) + 1)
  })

  it('get no mark after a write that failed', async () => {
    const adapters = withoutOutbox(true)
    const scim = await serve(adapters)
    await scim.user('ines')
    adapters.calls.length = 0
    await expect(scim.user('INES')).rejects.toThrow('409')
    expect(marksAndWrites(adapters.calls).map(([name]) => name)).toEqual(['mark', 'users.create'])
  })
})

describe('stores that mark people in one step with a change', () => {
  const marksOf = async (adapters: Adapters & { calls: Call[] }, work: () => Promise<unknown>) => {
    adapters.calls.length = 0
    await work()
    expect(adapters.calls.map(({ name }) => name)).not.toContain('access.mark')
    return adapters.calls.flatMap(({ args }) =>
      args.flatMap((argument) => {
        const { outbox } = (argument ?? {}) as { outbox?: { pending?: string[] } }
        return outbox ? [outbox.pending] : []
      }),
    )
  }

  it('are told whom a change concerns: the user, those who come and go, or everybody in the group', async () => {
    const adapters = watched(memoryAdapters())
    const scim = await serve(adapters)
    const [a, b, c] = [await scim.user('a'), await scim.user('b'), await scim.user('c')]
    const group = await scim.group('Crew', [a.id])
    const path = `/Groups/${group.id}`
    const roles = [{ value: 'lead' }]
    const user = () => scim.patch(`/Users/${a.id}`, [{ op: 'add', path: 'roles', value: roles }])
    expect(await marksOf(adapters, user)).toEqual([[a.id]])
    const delta = () => scim.patch(path, [{ op: 'add', path: 'members', value: [{ value: b.id }] }])
    expect(await marksOf(adapters, delta)).toEqual([[b.id]])
    const put = () => scim.put(path, { ...group, members: [{ value: c.id }, { value: b.id }] })
    expect(await marksOf(adapters, put)).toEqual([[c.id, a.id]])
    const rename = () => scim.patch(path, [{ op: 'replace', path: 'displayName', value: 'X' }])
    expect(await marksOf(adapters, rename)).toEqual([[group.id]])
    const extra = () => scim.patch(path, [{ op: 'add', path: 'externalId', value: 'E' }])
    // Rules know a group by its name alone.
    expect(await marksOf(adapters, extra)).toEqual([[]])
    expect(await marksOf(adapters, () => scim.delete(path))).toEqual([[group.id]])
    const create = () => scim.group('New')
    expect((await marksOf(adapters, create)).flat()).toHaveLength(1)
  })

  it('are not asked to mark anybody without a list of pending people', async () => {
    const { access: _, ...rest } = memoryAdapters()
    const adapters = watched(rest as Adapters)
    const scim = await serve(adapters)
    const outbox: unknown[] = []
    await scim.user('ines')
    for (const { args } of adapters.calls) outbox.push((args[2] as { outbox?: unknown })?.outbox)
    expect(JSON.stringify(outbox)).not.toContain('pending')
  })
})

it('marks the people of tenants apart', async () => {
  const adapters = memoryAdapters()
  const scim = await serve(adapters)
  await scim.user('ines', {}, { as: 'other' })
  expect(await adapters.access.listPending(scope, { offset: 0, limit: 9 })).toEqual([])
})

it.each([
  ['PATCH', 200],
  ['PUT', 200],
  ['DELETE', 204],
])(
  'ends access that nothing recorded as ended, though nobody is marked: %s',
  async (method, status) => {
    const host = recordingTarget()
    const scim = await serve(memoryAdapters({ target: host.target }))
    const { access } = scim.adapters
    const world = createWorld(scim.adapters)
    const ines = await world.addUser('ines@example.com')
    await createReconciler(scim.adapters).drain()
    await world.changeUser(ines, { active: false })
    const [entry] = (await access?.claim({ owner: 'lost', limit: 1, leaseMs: 9_000 })) ?? []
    if (entry) await access?.settle('lost', entry, { kind: 'done' })
    expect(host.people.get(ines.id)?.active).toBe(true)

    const path = `/Users/${ines.id}`
    const { userName } = ines
    const answer =
      method === 'DELETE'
        ? await scim.delete(path)
        : method === 'PUT'
          ? await scim.put(path, { schemas: [userUrn], userName, active: false })
          : await scim.patch(path, [{ op: 'replace', path: 'active', value: false }])
    expect([answer.status, host.people.get(ines.id)?.active]).toEqual([status, false])
  },
)
