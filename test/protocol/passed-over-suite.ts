import type { Adapters } from '../../lib/stores/adapters.js'
import type { PassedOverCount } from '../../lib/stores/passed-over.js'
import { bulkUrn, groupUrn, type ServiceProvider, serve, userUrn } from './server.js'

const scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}

/** What is counted, as soon as something is: it is written down a moment after the answer. */
export async function countsOf(
  { adapters }: Pick<ServiceProvider, 'adapters'>,
  isThere: (counts: readonly PassedOverCount[]) => boolean = ({ length }) => length > 0,
): Promise<readonly PassedOverCount[]> {
  for (;;) {
    const counts = (await adapters.access?.listPassedOver?.(scope)) ?? []
    if (isThere(counts)) return counts
    await new Promise(setImmediate)
  }
}

/** What is passed over is counted and reported, on any store. */
export function passedOverSuite(make: () => Adapters | Promise<Adapters>): void {
  it('counts members that name nobody, by POST, PUT and PATCH, and logs each once a day (C2)', async () => {
    let now = new Date('2026-03-01T10:00:00Z')
    const scim = await serve(await make(), { clock: () => now })
    const user = await scim.user('ines')
    const ghost = [{ value: 'ghost' }, { value: user.id }]
    const posted = await scim.post('/Groups', {
      schemas: [groupUrn],
      displayName: 'Crew',
      members: ghost,
    })
    expect(posted.body.members).toHaveLength(1)
    await scim.put(`/Groups/${posted.body.id}`, { ...posted.body, members: ghost })
    await scim.patch(`/Groups/${posted.body.id}`, [{ op: 'add', path: 'members', value: ghost }])
    expect(await countsOf(scim)).toEqual([
      { kind: 'member', name: 'ghost', count: 3, at: now.toISOString() },
    ])
    const logged = () => scim.events.filter(({ event }) => event === 'member.passedOver')
    while (logged().length === 0) await new Promise(setImmediate)
    now = new Date('2026-03-01T10:10:00Z')
    await scim.patch(`/Groups/${posted.body.id}`, [{ op: 'add', path: 'members', value: ghost }])
    await countsOf(scim, ([first]) => first?.count === 4)
    expect(logged()).toHaveLength(1)
    now = new Date('2026-03-02T10:10:00Z')
    await scim.patch(`/Groups/${posted.body.id}`, [{ op: 'add', path: 'members', value: ghost }])
    await countsOf(scim, ([first]) => first?.count === 5)
    while (logged().length === 1) await new Promise(setImmediate)
    expect(logged()[1]).toMatchObject({ members: ['ghost'], tenant: 'acme' })
    const stored = await scim.adapters.audit?.query(scope, { limit: 100 })
    expect(stored?.filter(({ event }) => event === 'member.passedOver')).toHaveLength(2)
  })

  it('counts unknown attributes and extensions alike in POST, PUT, PATCH and Bulk (C1)', async () => {
    const scim = await serve(await make())
    const badge = 'urn:example:badge:2.0:User'
    const unknown = { favourite: 'x', [badge]: { number: '7' } }
    const user = await scim.user('ines', unknown)
    const path = `/Users/${user.id}`
    await scim.put(path, { ...user, ...unknown })
    await scim.patch(path, [{ op: 'replace', value: { active: false, ...unknown } }])
    const { status, body } = await scim.patch(path, [
      { op: 'replace', path: 'title', value: 't' },
      { op: 'add', path: `${badge}:number`, value: '7' },
    ])
    expect([status, body.active, body.title]).toEqual([200, false, 't'])
    const data = { schemas: [userUrn], userName: 'noor', ...unknown }
    const operation = { method: 'POST', path: '/Users', bulkId: 'b', data }
    await scim.post('/Bulk', { schemas: [bulkUrn], Operations: [operation] })
    const times = (counts: readonly PassedOverCount[], part: string) =>
      counts
        .filter(({ kind, name }) => kind === 'attribute' && name.includes(part))
        .reduce((sum, { count }) => sum + count, 0)
    // Those of the last requests may be written down later than those of the first.
    const counts = await countsOf(scim, (each) => times(each, '') >= 9)
    expect([times(counts, 'favourite'), times(counts, badge)]).toEqual([4, 5])
    while (!scim.events.some(({ event }) => event === 'attribute.passedOver')) {
      await new Promise(setImmediate)
    }
    const { attributes } = scim.events.find(({ event }) => event === 'attribute.passedOver') ?? {}
    expect(attributes).toHaveLength(1)
  })

  it('writes a name that comes again and again once in five minutes (C2)', async () => {
    const adapters = await make()
    const { access } = adapters
    if (!access?.countPassedOver) throw new Error('The adapters count nothing.')
    const write = access.countPassedOver.bind(access)
    let writes = 0
    const countPassedOver: typeof write = (...given) => {
      writes += 1
      return write(...given)
    }
    const counting = { ...adapters, access: { ...access, countPassedOver } }
    const scim = await serve(counting)
    const group = await scim.group('Crew')
    const add = () =>
      scim.patch(`/Groups/${group.id}`, [
        { op: 'add', path: 'members', value: [{ value: 'ghost' }] },
      ])
    for (let sent = 0; sent < 20; sent += 1) await add()
    await countsOf(scim)
    for (let sent = 0; sent < 20; sent += 1) await add()
    expect(writes).toBe(1)
  })

  it('keeps the names that came last, of each tenant its own (C2)', async () => {
    const adapters = await make()
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
    const other = { ...scope, tenant: 'other' }
    await adapters.access?.countPassedOver?.(other, [
      { kind: 'attribute', name: 'urn:x:badge', count: 2, at: at(0) },
    ])
    for (let second = 0; second < 510; second += 10) {
      const seen = Array.from({ length: 10 }, (_, index) => ({
        ...{ kind: 'attribute' as const, name: `a${second + index}`, count: 1 },
        at: at(second + index),
      }))
      expect(await adapters.access?.countPassedOver?.(scope, seen)).toHaveLength(10)
    }
    const kept = (await adapters.access?.listPassedOver?.(scope)) ?? []
    expect([kept.length, kept[0]?.name, kept.at(-1)?.name]).toEqual([500, 'a509', 'a10'])
    expect(await adapters.access?.listPassedOver?.(other)).toMatchObject([{ count: 2 }])
  })
}
