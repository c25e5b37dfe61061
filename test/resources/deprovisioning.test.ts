import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler } from '../../lib/access/index.js'
import { shortLeaseMs } from '../../lib/access/lease.js'
import type { Adapters, Scope } from '../../lib/stores/index.js'
import { RefusedError, UnavailableError } from '../../lib/stores/index.js'
import { minimalAdapters } from '../protocol/adapters.js'
import { serve, userUrn } from '../protocol/server.js'

const scope: Scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}

const deactivate = [{ op: 'replace', path: 'active', value: false }]
const reactivate = [{ op: 'replace', path: 'active', value: true }]

type Mode = 'up' | 'down' | 'hanging' | 'refusing' | 'late'

/** Adapters whose host remembers who was deprovisioned, and can fail. */
function hosted(make: () => Adapters = memoryAdapters) {
  const adapters = make()
  const host = { mode: 'up' as Mode, calls: [] as string[] }
  const users = {
    ...adapters.users,
    deprovision: async ({ signal }: Scope, user: { id: string }, reason: string) => {
      host.calls.push(`${reason} ${user.id}`)
      if (host.mode === 'down')
        throw new UnavailableError('The host is down.', { retryAfterSeconds: 7 })
      if (host.mode === 'refusing') throw new RefusedError('The host does not let this person go.')
      if (host.mode === 'hanging') {
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      }
    },
    applyAccess: async (_: Scope, user: { id: string }) => {
      host.calls.push(`applied ${user.id}`)
      return { applied: [] }
    },
  }
  return { host, adapters: { ...adapters, users } satisfies Adapters }
}

const pendingOf = async ({ access }: Adapters) =>
  (await access?.listPending(scope, { offset: 0, limit: 100 }))?.map(({ userId }) => userId)

const reconcile = (adapters: Adapters) => createReconciler(adapters, { backoffMs: 1 }).drain()

describe.each([
  ['where access is kept', memoryAdapters],
  ['where nothing but the required methods is there', minimalAdapters],
])('the end of access, %s', (_, make) => {
  it.each([
    ['PATCH', (path: string) => ['patch', path, deactivate] as const],
    [
      'PUT',
      (path: string) =>
        ['put', path, { schemas: [userUrn], userName: 'ines', active: false }] as const,
    ],
  ])(
    'comes before the 2xx of a %s with active false (S-ATO-08, R-USER-10)',
    async (__, request) => {
      const { host, adapters } = hosted(make)
      const scim = await serve(adapters)
      const user = await scim.user('ines')
      const [method, path, body] = request(`/Users/${user.id}`)
      host.calls.length = 0
      const answer = await scim[method](path, body)
      expect([answer.status, answer.body.active]).toEqual([200, false])
      expect(host.calls).toEqual([`deactivated ${user.id}`])
      expect(scim.events.map(({ event }) => event)).toContain('user.deprovisioned')
    },
  )

  it('comes before the 204 of a DELETE (S-ATO-08)', async () => {
    const { host, adapters } = hosted(make)
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    expect((await scim.delete(`/Users/${user.id}`)).status).toBe(204)
    expect(host.calls.filter((call) => !call.startsWith('applied'))).toEqual([
      `deactivated ${user.id}`,
      `deleted ${user.id}`,
    ])
  })

  it.each<Mode>(['down', 'hanging'])(
    'answers 503 with Retry-After when the host is %s, keeps the state, and can be sent again (S-ATO-08, S-DOS-14, S-INT-05)',
    async (mode) => {
      const { host, adapters } = hosted(make)
      const scim = await serve(adapters, { deprovisionTimeoutMs: 50, retryAfterSeconds: 7 })
      const user = await scim.user('ines')
      const path = `/Users/${user.id}`
      host.mode = mode
      const failed = await scim.patch(path, deactivate)
      expect([failed.status, failed.body.status]).toEqual([503, '503'])
      expect(failed.headers.get('retry-after')).toBe('7')
      expect((await scim.get(path)).body.active).toBe(false)
      expect((await scim.patch(path, deactivate)).status).toBe(503)
      host.mode = 'up'
      host.calls.length = 0
      expect((await scim.patch(path, deactivate)).status).toBe(200)
      expect(host.calls).toEqual([`deactivated ${user.id}`])
    },
  )

  it.each<Mode>(['down', 'hanging'])(
    'answers 503 to DELETE when the host is %s: the person is inactive, not gone, and DELETE can be sent again (S-ATO-08)',
    async (mode) => {
      const { host, adapters } = hosted(make)
      const scim = await serve(adapters, { deprovisionTimeoutMs: 50 })
      const user = await scim.user('ines')
      const path = `/Users/${user.id}`
      host.mode = mode
      expect((await scim.delete(path)).status).toBe(503)
      expect((await scim.get(path)).body.active).toBe(false)
      host.mode = 'up'
      expect((await scim.delete(path)).status).toBe(204)
      expect((await scim.get(path)).status).toBe(404)
      expect(host.calls.at(-1)).toBe(`deleted ${user.id}`)
    },
  )

  it('comes also for somebody created inactive, whom the host may know from before', async () => {
    const { host, adapters } = hosted(make)
    const scim = await serve(adapters)
    const user = await scim.user('ines', { active: false })
    expect(host.calls).toEqual([`deactivated ${user.id}`])
    host.mode = 'down'
    const failed = await scim.post('/Users', {
      schemas: [userUrn],
      userName: 'noor',
      active: false,
    })
    expect(failed.status).toBe(503)
    expect((await scim.get('/Users')).body.totalResults).toBe(2)
  })

  it('restores the state before when the host refuses, so that 403 means nothing changed', async () => {
    const { host, adapters } = hosted(make)
    const scim = await serve(adapters)
    const user = await scim.user('ines', { title: 't' })
    host.mode = 'refusing'
    const { status, body } = await scim.patch(`/Users/${user.id}`, deactivate)
    expect([status, body.detail]).toEqual([403, 'The host does not let this person go.'])
    const { meta: _, ...after } = (await scim.get(`/Users/${user.id}`)).body
    const { meta: __, ...before } = user
    expect(after).toEqual(before)
  })
})

describe('with a list of pending people', () => {
  it('marks who is created, changed or activated, and tells the reconciler', async () => {
    const { adapters } = hosted()
    const told: string[] = []
    const rename = [{ op: 'replace', path: 'userName', value: 'ina' }]
    const scim = await serve(adapters, { onPending: (tenant) => told.push(tenant) })
    const user = await scim.user('ines')
    expect(await pendingOf(adapters)).toEqual([user.id])
    await reconcile(adapters)
    expect(await pendingOf(adapters)).toEqual([])
    await scim.patch(`/Users/${user.id}`, rename)
    expect(await pendingOf(adapters)).toEqual([user.id])
    await reconcile(adapters)
    await scim.patch(`/Users/${user.id}`, rename)
    expect(await pendingOf(adapters)).toEqual([])
    expect(told).toEqual(['acme', 'acme'])
  })

  it('clears the mark when access has ended, and remembers it', async () => {
    const { adapters } = hosted()
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    await scim.patch(`/Users/${user.id}`, deactivate)
    expect(await pendingOf(adapters)).toEqual([])
    expect((await adapters.access?.getRecord(scope, user.id))?.enforced).toBe('deprovisioned')
  })

  it('goes on without the client after a failure (S-ATO-08, S-INT-05)', async () => {
    const { host, adapters } = hosted()
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    host.mode = 'down'
    expect((await scim.patch(`/Users/${user.id}`, deactivate)).status).toBe(503)
    expect(await pendingOf(adapters)).toEqual([user.id])
    host.mode = 'up'
    host.calls.length = 0
    await adapters.access?.mark(scope, [user.id])
    await reconcile(adapters)
    expect(host.calls).toEqual([`deactivated ${user.id}`])
    expect(await pendingOf(adapters)).toEqual([])
  })

  it('does not ask the host again for changes of somebody whose access has ended', async () => {
    const { host, adapters } = hosted()
    const scim = await serve(adapters)
    const user = await scim.user('ines', { active: false })
    host.mode = 'down'
    host.calls.length = 0
    const patched = await scim.patch(`/Users/${user.id}`, [
      { op: 'add', path: 'title', value: 't' },
    ])
    expect(patched.status).toBe(200)
    expect((await scim.patch(`/Users/${user.id}`, deactivate)).status).toBe(200)
    expect(host.calls).toEqual([])
  })

  it.each(['PATCH', 'PUT'])(
    'looks at the host when a deactivation is sent again by %s',
    async (m) => {
      const { host, adapters } = hosted()
      const reconciler = createReconciler(adapters)
      const scim = await serve(adapters, { onPending: () => reconciler.wake() })
      const user = await scim.user('ines', { active: false })
      await reconciler.drain()
      host.calls.length = 0
      const path = `/Users/${user.id}`
      const { status } =
        m === 'PUT'
          ? await scim.put(path, { ...user, active: false })
          : await scim.patch(path, deactivate)
      expect(status).toBe(200)
      await reconciler.drain()
      expect(host.calls).toEqual([`deactivated ${user.id}`])
    },
  )

  it('restores access after reactivation through the reconciler, and the answer says active', async () => {
    const { host, adapters } = hosted()
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    await scim.patch(`/Users/${user.id}`, deactivate)
    const { body } = await scim.patch(`/Users/${user.id}`, reactivate)
    expect(body.active).toBe(true)
    expect(await pendingOf(adapters)).toEqual([user.id])
    await reconcile(adapters)
    expect(host.calls.at(-1)).toBe(`applied ${user.id}`)
  })

  it('lets the last of quick changes win, whoever carries it out', async () => {
    const { host, adapters } = hosted()
    const scim = await serve(adapters, { maxRetries: 50 })
    const user = await scim.user('ines')
    const path = `/Users/${user.id}`
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        scim.patch(path, index % 2 === 0 ? deactivate : reactivate),
      ),
    )
    const last = await scim.patch(path, deactivate)
    expect(last.status).toBe(200)
    await reconcile(adapters)
    expect(host.calls.at(-1)).toBe(`deactivated ${user.id}`)
    expect((await adapters.access?.getRecord(scope, user.id))?.enforced).toBe('deprovisioned')
  })

  it('keeps the record of somebody deleted, so that their account stays shut', async () => {
    const { adapters } = hosted()
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    await scim.delete(`/Users/${user.id}`)
    expect(await adapters.access?.getRecord(scope, user.id)).toMatchObject({
      enforced: 'deprovisioned',
    })
    expect(await pendingOf(adapters)).toEqual([])
  })
})

describe('a change of groups', () => {
  async function withRules() {
    const { host, adapters } = hosted()
    const scim = await serve(adapters)
    const rules = {
      roles_groups: [['Annotator', 'Crew']] as const,
      workspaces_groups: [],
      projects_groups: [],
    }
    await adapters.access?.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const crew = await scim.group('Crew', [a.id, b.id])
    await reconcile(adapters)
    host.calls.length = 0
    return { host, adapters, scim, a, b, crew, path: `/Groups/${crew.id}` }
  }

  it.each([
    [
      'rename',
      (path: string) =>
        ['patch', path, [{ op: 'replace', path: 'displayName', value: 'X' }]] as const,
    ],
    [
      'PUT with another name',
      (path: string) =>
        [
          'put',
          path,
          {
            displayName: 'Y',
            schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
            members: [],
          },
        ] as const,
    ],
    ['deletion', (path: string) => ['delete', path] as const],
  ])('marks everybody in the group at a %s', async (_, request) => {
    const { adapters, scim, a, b, path } = await withRules()
    const access = adapters.access as NonNullable<Adapters['access']>
    const marked: string[] = []
    const { claim } = access
    access.claim = async (options) => {
      const claimed = await claim(options)
      marked.push(...claimed.map(({ userId }) => userId))
      return claimed
    }
    const [method, target, body] = request(path)
    const { status } = await (method === 'delete'
      ? scim.delete(target)
      : scim[method](target, body))
    expect(status).toBeLessThan(300)
    const pending = await pendingOf(adapters)
    expect(new Set([...marked, ...(pending ?? [])])).toEqual(new Set([a.id, b.id]))
  })

  it('ends the access of those who lose their last role before it is acknowledged, and of nobody else', async () => {
    const { host, adapters, scim, a, b, path } = await withRules()
    const answer = await scim.patch(path, [{ op: 'remove', path: `members[value eq "${a.id}"]` }])
    expect(answer.status).toBe(204)
    expect(host.calls).toEqual([`noRole ${a.id}`])
    expect(await pendingOf(adapters)).toEqual([])
    expect((await scim.get(`/Users/${b.id}`)).body.active).toBe(true)
  })

  it.each([
    [
      'a PUT',
      (path: string) =>
        [
          'put',
          path,
          { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'Crew' },
        ] as const,
    ],
    [
      'a rename',
      (path: string) =>
        ['patch', path, [{ op: 'replace', path: 'displayName', value: 'X' }]] as const,
    ],
    ['a deletion', (path: string) => ['delete', path] as const],
  ])('does so at %s too', async (_, request) => {
    const { host, scim, a, b, path } = await withRules()
    const [method, target, body] = request(path)
    await (method === 'delete' ? scim.delete(target) : scim[method](target, body))
    expect([...host.calls].sort()).toEqual([`noRole ${a.id}`, `noRole ${b.id}`].sort())
  })

  it('answers 503 when the host cannot, keeps the group as it shall be, and can be sent again', async () => {
    const { host, adapters, scim, a, b, crew, path } = await withRules()
    host.mode = 'down'
    const remove = [{ op: 'remove', path: `members[value eq "${a.id}"]` }]
    const failed = await scim.patch(path, remove)
    expect(failed.status).toBe(503)
    expect((await scim.get(path)).body.members).toMatchObject([{ value: b.id }])
    expect(await pendingOf(adapters)).toEqual([a.id])
    expect((await scim.patch(path, remove)).status).toBe(503)
    host.mode = 'up'
    expect((await scim.patch(path, remove)).status).toBe(204)
    expect(crew.displayName).toBe('Crew')
  })
})

it('deactivates somebody under the lease of a host that died, in one request (D7)', async () => {
  const { host, adapters } = hosted()
  const scim = await serve(adapters)
  const user = await scim.user('ines')
  const { access } = adapters
  await access?.mark(scope, [user.id])
  const claimed = await access?.claim({ owner: 'dead', limit: 1, leaseMs: shortLeaseMs })
  expect(claimed).toHaveLength(1)
  const { status } = await scim.patch(`/Users/${user.id}`, deactivate)
  expect(status).toBe(200)
  expect(host.calls).toContain(`deactivated ${user.id}`)
})

it('does not read the members of a group that is renamed while no rule gives roles by groups (D13)', async () => {
  const adapters = memoryAdapters()
  const scim = await serve(adapters)
  const user = await scim.user('ines')
  const group = await scim.group('Crew', [user.id])
  const get = jest.spyOn(adapters.groups, 'get')
  const { status } = await scim.patch(`/Groups/${group.id}`, [
    { op: 'replace', path: 'displayName', value: 'Staff' },
  ])
  expect(status).toBeLessThan(300)
  const read = get.mock.calls.filter(([, , { omit }]) => !omit.has('members'))
  expect(read).toEqual([])
})
