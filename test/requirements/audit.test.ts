import { memoryAdapters } from '../../adapters/memory/index.js'
import type { Scope } from '../../lib/stores/index.js'
import { altered } from '../protocol/adapters.js'
import { groupUrn, type ServiceProvider, searchUrn, serve, userUrn } from '../protocol/server.js'

const scope: Scope = {
  tenant: 'acme',
  actor: 'auditor',
  requestId: 'r',
  signal: new AbortController().signal,
}

/** One person's life and one group's, each step a request. */
const life: readonly {
  readonly step: string
  readonly send: (scim: ServiceProvider, user: string, group: string) => Promise<unknown>
  readonly events: readonly string[]
}[] = [
  {
    step: 'a PATCH',
    send: (scim, user) => scim.patch(`/Users/${user}`, [{ op: 'add', path: 'title', value: 'x' }]),
    events: ['user.patched'],
  },
  {
    step: 'a PUT',
    send: (scim, user) => scim.put(`/Users/${user}`, { schemas: [userUrn], userName: 'roux' }),
    events: ['user.replaced'],
  },
  {
    step: 'a new member',
    send: (scim, user, group) =>
      scim.patch(`/Groups/${group}`, [{ op: 'add', path: 'members', value: [{ value: user }] }]),
    events: ['group.patched', 'member.added'],
  },
  {
    step: 'a member who leaves',
    send: (scim, user, group) =>
      scim.patch(`/Groups/${group}`, [{ op: 'remove', path: `members[value eq "${user}"]` }]),
    events: ['group.patched', 'member.removed'],
  },
  {
    step: 'a group renamed',
    send: (scim, _, group) =>
      scim.put(`/Groups/${group}`, { schemas: [groupUrn], displayName: 'Staff' }),
    events: ['group.replaced'],
  },
  {
    step: 'a deactivation',
    send: (scim, user) =>
      scim.patch(`/Users/${user}`, [{ op: 'replace', path: 'active', value: false }]),
    events: ['user.patched', 'user.deactivated', 'user.deprovisioned'],
  },
  {
    step: 'a reactivation',
    send: (scim, user) =>
      scim.patch(`/Users/${user}`, [{ op: 'replace', path: 'active', value: true }]),
    events: ['user.patched', 'user.activated'],
  },
  {
    step: 'a refused request',
    send: (scim, user) => scim.patch(`/Users/${user}`, [{ op: 'remove', path: 'userName' }]),
    events: ['request.refused'],
  },
  {
    step: 'a deletion',
    send: (scim, user) => scim.delete(`/Users/${user}`),
    events: ['user.patched', 'user.deactivated', 'user.deleted'],
  },
  {
    step: 'a group deleted',
    send: (scim, _, group) => scim.delete(`/Groups/${group}`),
    events: ['group.deleted'],
  },
]

describe('the events of a request', () => {
  it('tell each step of a life after it is stored, and the audit log has them all (R-EVT-10, R-SEC-10, UC-06, S-OPS-01, R-DRAFT-09)', async () => {
    const adapters = memoryAdapters()
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    const group = await scim.group('Crew')
    for (const { step, send, events } of life) {
      const before = scim.events.length
      await send(scim, user.id, group.id)
      const told = scim.events.slice(before)
      expect([step, told.map(({ event }) => event)]).toEqual([
        step,
        expect.arrayContaining(events as string[]),
      ])
      for (const { requestId, tenant, actor, at } of told) {
        expect({ tenant, actor }).toEqual({ tenant: 'acme', actor: 'acme-token' })
        expect(requestId).toBe(told[0]!.requestId)
        expect(Date.parse(at)).not.toBeNaN()
      }
    }
    const stored = await adapters.audit.query(scope, { limit: 1_000 })
    const known = new Set(stored.map(({ event, requestId }) => `${event} ${requestId}`))
    const missing = scim.events.filter(
      ({ event, requestId }) => !known.has(`${event} ${requestId}`),
    )
    expect(missing).toEqual([])
    const other = await adapters.audit.query({ ...scope, tenant: 'globex' }, { limit: 10 })
    expect(other).toEqual([])
  })

  it('name attributes and have no values, of a password neither (R-EVT-08, S-LEAK-05, S-LEAK-01)', async () => {
    const adapters = altered({ users: { setPassword: async () => {} } })
    const scim = await serve(adapters)
    const { id } = await scim.user('ines', { password: 'canary-1', title: 'canary-2' })
    await scim.patch(`/Users/${id}`, [
      { op: 'replace', path: 'password', value: 'canary-3' },
      { op: 'replace', path: 'nickName', value: 'canary-4' },
    ])
    await scim.post('/Users', { schemas: [userUrn], userName: 'ines', password: 'canary-5' })
    const stored = await adapters.audit.query(scope, { limit: 1_000 })
    expect(JSON.stringify([scim.events, stored])).not.toContain('canary')
    expect(scim.events.map(({ event }) => event)).toContain('user.passwordSet')
    expect(scim.events.find(({ event }) => event === 'user.patched')?.attributes).toEqual([
      'nickName',
    ])
  })

  it('stay small for a large group: the change, the number of members and at most 100 of them (R-EVT-09)', async () => {
    const scim = await serve()
    const ids: string[] = []
    for (let index = 0; index < 150; index += 1) ids.push((await scim.user(`user-${index}`)).id)
    await scim.group('Crew', ids)
    const added = scim.events.find(({ event }) => event === 'member.added')
    expect(added?.count).toBe(150)
    expect(added?.members).toHaveLength(100)
  })
})

describe('an audit log that cannot be written', () => {
  const broken = () =>
    altered({
      audit: {
        append: async () => {
          throw new Error('disk full')
        },
      },
      users: { supports: {} },
    })

  it('refuses the write before it happens where the host demands entries (S-OPS-02)', async () => {
    const scim = await serve(broken(), { audit: 'required' })
    const { status, headers, body } = await scim.post('/Users', {
      schemas: [userUrn],
      userName: 'ines',
    })
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toBeTruthy()
    expect(body.detail).not.toContain('disk full')
    expect((await scim.get('/Users')).body.totalResults).toBe(0)
  })

  it('does not hold up anybody otherwise, and the event is still told (S-OPS-02)', async () => {
    const scim = await serve(broken())
    await scim.user('ines')
    expect(scim.events.map(({ event }) => event)).toContain('user.created')
  })
})

describe('what a search is about', () => {
  it('need not be in the URL, and is in no event and no report (R-SEC-03, S-LEAK-05)', async () => {
    const { users, ...rest } = altered({
      users: {
        query: async () => {
          throw new Error('down')
        },
      },
    })
    const scim = await serve({ ...rest, users })
    const filter = 'userName eq "canary@acme.example"'
    await scim.post('/Users/.search', { schemas: [searchUrn], filter })
    await scim.get(`/Users?filter=${encodeURIComponent(filter)}`)
    expect(scim.errors).toHaveLength(2)
    expect(JSON.stringify(scim.events)).not.toContain('canary')
    const found = await (await serve()).post('/Users/.search', { schemas: [searchUrn], filter })
    expect({ status: found.status, total: found.body.totalResults }).toEqual({
      status: 200,
      total: 0,
    })
  })

  it('is not taken from the URL of a search (R-SEARCH-06)', async () => {
    const scim = await serve()
    await scim.user('ines')
    const path = `/Users/.search?count=0&filter=${encodeURIComponent('userName eq "noor"')}`
    const { body } = await scim.post(path, { schemas: [searchUrn], filter: 'userName eq "ines"' })
    expect(body.Resources).toHaveLength(1)
  })
})
