import { memoryAdapters } from '../../adapters/memory/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import { createEmitter } from '../../lib/events/emitter.js'
import type { Adapters, Scope } from '../../lib/stores/index.js'
import { altered, minimalAdapters } from '../protocol/adapters.js'
import { serve, userUrn } from '../protocol/server.js'

const scope: Scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}

const logOf = async (adapters: Adapters) => {
  const entries = (await adapters.audit?.query(scope, { limit: 100 })) ?? []
  return [...entries].reverse().map(({ sequence: _, ...entry }) => entry)
}

describe('the audit log', () => {
  it('says who did what to whom, with names of attributes and no values (S-OPS-01, S-LEAK-05, R-SEC-10, UC-06, R-EVT-10)', async () => {
    const adapters = memoryAdapters()
    const scim = await serve(adapters)
    const headers = { 'X-Request-Id': 'request-7' }
    const user = await scim.user('ines', { title: 'canary-title', nickName: 'n' })
    const path = `/Users/${user.id}`
    await scim.patch(path, [{ op: 'replace', value: { title: 'canary-2', active: false } }], {
      headers,
    })
    await scim.put(path, { schemas: [userUrn], userName: 'ines', active: true })
    const group = await scim.group('Crew', [user.id])
    await scim.patch(`/Groups/${group.id}`, [
      { op: 'remove', path: `members[value eq "${user.id}"]` },
    ])
    await scim.delete(`/Groups/${group.id}`)
    await scim.delete(path)
    const log = await logOf(adapters)
    const about = log.map(({ event, attributes, members, outcome }) => [
      event,
      attributes,
      members,
      outcome,
    ])
    expect(about).toEqual([
      ['user.created', ['userName', 'title', 'nickName', 'active'], undefined, 'succeeded'],
      ['user.patched', ['title', 'active'], undefined, 'succeeded'],
      ['user.deactivated', undefined, undefined, 'succeeded'],
      ['user.deprovisioned', undefined, undefined, 'succeeded'],
      ['user.replaced', ['title', 'nickName', 'active'], undefined, 'succeeded'],
      ['user.activated', undefined, undefined, 'succeeded'],
      ['group.created', ['displayName', 'members'], undefined, 'succeeded'],
      ['member.added', undefined, [user.id], 'succeeded'],
      ['group.patched', ['members'], undefined, 'succeeded'],
      ['member.removed', undefined, [user.id], 'succeeded'],
      ['group.deleted', undefined, undefined, 'succeeded'],
      ['user.patched', ['active'], undefined, 'succeeded'],
      ['user.deactivated', undefined, undefined, 'succeeded'],
      ['user.deleted', undefined, undefined, 'succeeded'],
    ])
    expect(JSON.stringify(log)).not.toContain('canary')
    expect(log[1]).toMatchObject({
      tenant: 'acme',
      actor: 'acme-token',
      requestId: 'request-7',
      target: { resourceType: 'User', id: user.id, name: 'ines' },
    })
    expect(scim.events.map(({ event }) => event)).toEqual(about.map(([event]) => event))
  })

  it('has refused writes too, and no reads (S-OPS-01)', async () => {
    const adapters = memoryAdapters()
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    await scim.get('/Users/none')
    await scim.post('/Users', { schemas: [userUrn], userName: 'INES', title: 'canary' })
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'groups', value: ['canary'] }])
    await scim.delete('/Users/none')
    const log = (await logOf(adapters)).slice(1)
    expect(
      log.map(({ event, outcome, status, scimType }) => [event, outcome, status, scimType]),
    ).toEqual([
      ['request.refused', 'refused', 409, 'uniqueness'],
      ['request.refused', 'refused', 400, 'mutability'],
      ['request.refused', 'refused', 404, undefined],
    ])
    expect(log.map(({ attributes }) => attributes)).toEqual([['userName', 'title'], ['groups'], []])
    expect(JSON.stringify(log)).not.toContain('canary')
    expect(scim.events.slice(1)).toEqual(log)
  })

  it('lists at most 100 members and says how many there were', async () => {
    const adapters = memoryAdapters()
    const scim = await serve(adapters)
    const ids: string[] = []
    for (let index = 0; index < 120; index += 1) ids.push((await scim.user(`u${index}`)).id)
    await scim.group('Crew', ids)
    const entry = (await logOf(adapters)).find(({ event }) => event === 'member.added')
    expect([entry?.members?.length, entry?.count]).toEqual([100, 120])
  })

  it('does not report what did not happen', async () => {
    const adapters = memoryAdapters()
    const scim = await serve(adapters)
    const user = await scim.user('ines')
    const group = await scim.group('Crew', [user.id])
    const before = await logOf(adapters)
    await scim.put(`/Users/${user.id}`, user)
    await scim.patch(`/Groups/${group.id}`, [
      { op: 'add', path: 'members', value: [{ value: user.id }] },
    ])
    expect(await logOf(adapters)).toEqual(before)
    expect(scim.events).toEqual(before)
  })
})

describe('an audit log that cannot be written', () => {
  const failing = { append: async () => Promise.reject(new Error('disk full')) }

  it('stops writes where the host demands it: 503, nothing changed (S-OPS-02)', async () => {
    const plain = minimalAdapters()
    const adapters = { ...plain, audit: { ...failing, query: async () => [] } }
    const scim = await serve(adapters, { audit: 'required' })
    const { status, headers, body } = await scim.post('/Users', {
      schemas: [userUrn],
      userName: 'a',
    })
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toBe('10')
    expect(body.detail).not.toContain('disk')
    expect((await scim.get('/Users')).body.totalResults).toBe(0)
    expect(scim.events.map(({ event }) => event)).toEqual(['request.failed'])
  })

  it('does not stop them otherwise (S-OPS-02)', async () => {
    const adapters = { ...minimalAdapters(), audit: { ...failing, query: async () => [] } }
    const scim = await serve(adapters)
    expect((await scim.post('/Users', { schemas: [userUrn], userName: 'a' })).status).toBe(201)
    expect(scim.events.map(({ event }) => event)).toEqual(['user.created'])
  })

  it('has an entry that says failed when a demanded one was written and the change was not', async () => {
    const entries: AuditEntry[] = []
    const audit = {
      append: async (_: Scope, more: readonly AuditEntry[]) => void entries.push(...more),
      query: async () => [],
    }
    const scim = await serve({ ...minimalAdapters(), audit }, { audit: 'required' })
    await scim.user('a')
    await scim.post('/Users', { schemas: [userUrn], userName: 'A' })
    expect(entries.map(({ event, outcome }) => [event, outcome])).toEqual([
      ['user.created', 'succeeded'],
      ['user.created', 'succeeded'],
      ['user.created', 'failed'],
      ['request.refused', 'refused'],
    ])
  })

  it('is written in the same step as the change by stores that can (S-INT-05)', async () => {
    const seen: unknown[] = []
    const adapters = memoryAdapters()
    const { create } = adapters.users
    const users: Partial<Adapters['users']> = {
      create: (...args) => {
        seen.push(args[2].outbox)
        return create(...args)
      },
    }
    const scim = await serve(altered({ users }))
    await scim.user('ines')
    expect(seen).toMatchObject([
      { pending: [expect.any(String)], audit: [{ event: 'user.created' }] },
    ])
  })
})

describe('an emitter', () => {
  const event: AuditEntry = {
    at: '2026-01-01T00:00:00.000Z',
    event: 'user.created',
    tenant: 't',
    actor: 'a',
    requestId: 'r',
    outcome: 'succeeded',
  }

  it('tells those who listen, to all events or to one, until they stop', () => {
    const emitter = createEmitter()
    const heard: string[] = []
    emitter.on(() => heard.push('all'))
    emitter.on(() => heard.push('created'), 'user.created')
    emitter.on(() => heard.push('deleted'), 'user.deleted')
    const stop = emitter.on(() => heard.push('gone'))
    stop()
    emitter.emit(event)
    expect(heard).toEqual(['all', 'created'])
  })

  it('lets no listener disturb another, or the request', async () => {
    const reported: unknown[] = []
    const emitter = createEmitter((error) => reported.push(error))
    const heard: string[] = []
    emitter.on(() => {
      throw new Error('sync')
    })
    emitter.on(() => Promise.reject(new Error('async')))
    emitter.on(() => heard.push('last'))
    emitter.emit(event)
    await Promise.resolve()
    await Promise.resolve()
    expect(heard).toEqual(['last'])
    expect(reported).toEqual([new Error('sync'), new Error('async')])
  })
})
