import fc from 'fast-check'
import type { Adapters } from '../../lib/stores/index.js'
import { groupUrn, serve } from './server.js'

let crews = 0

const idsIn = (body: { members?: { value: string }[] }) =>
  (body.members ?? []).map(({ value }) => value)

/** PATCH of groups, however a store keeps members. */
export function groupPatchSuite(make: () => Adapters | Promise<Adapters>): void {
  it('answers 204 with the new version, and 200 when attributes are asked for (R-PATCH-14, clients F)', async () => {
    const scim = await serve(await make())
    const user = await scim.user('a')
    const group = await scim.group('Crew')
    const path = `/Groups/${group.id}`
    const added = await scim.patch(path, [
      { op: 'add', path: 'members', value: [{ value: user.id }] },
    ])
    expect([added.status, added.body]).toEqual([204, undefined])
    // Without it the client of SCIM-SDK 1.30 calls it a failure (F).
    expect(added.headers.get('Content-Type')).toBe('application/scim+json')
    const read = await scim.get(path)
    expect(added.headers.get('etag')).toBe(read.body.meta.version)
    expect(added.headers.get('location')).toBe(group.meta.location)
    expect(read.body.meta.version).not.toBe(group.meta.version)
    const asked = await scim.patch(`${path}?attributes=members`, [
      { op: 'add', path: 'members', value: [{ value: user.id }] },
    ])
    expect([asked.status, idsIn(asked.body)]).toEqual([200, [user.id]])
    const excluded = await scim.patch(`${path}?excludedAttributes=members`, [])
    expect([excluded.status, excluded.body.displayName]).toEqual([200, 'Crew'])
  })

  it('does nothing for a member who is there already or not at all (R-PATCH-18, R-PATCH-23, R-GROUP-08)', async () => {
    const scim = await serve(await make())
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const group = await scim.group('Crew', [a.id, a.id])
    expect(idsIn(group)).toEqual([a.id])
    const path = `/Groups/${group.id}`
    for (const operation of [
      { op: 'add', path: 'members', value: [{ value: a.id }, { value: a.id }] },
      { op: 'remove', path: `members[value eq "${b.id}"]` },
      { op: 'remove', path: 'members', value: [{ value: b.id }] },
    ]) {
      expect((await scim.patch(path, [operation])).status).toBe(204)
    }
    expect((await scim.get(path)).body).toEqual(group)
  })

  it('changes attributes and members in one request, with If-Match too (R-PATCH-12, R-PATCH-47)', async () => {
    const scim = await serve(await make())
    const [a, b, c] = [await scim.user('a'), await scim.user('b'), await scim.user('c')]
    const group = await scim.group('Crew', [a.id, b.id])
    const path = `/Groups/${group.id}`
    const operations = [
      { op: 'replace', value: { id: group.id, displayName: 'Team' } },
      { op: 'add', path: 'members', value: [{ value: c.id }] },
      { op: 'remove', path: `members[value eq "${a.id}"]` },
    ]
    const stale = await scim.patch(path, operations, { headers: { 'If-Match': 'W/"stale"' } })
    expect(stale.status).toBe(412)
    expect((await scim.get(path)).body).toEqual(group)
    const headers = { 'If-Match': group.meta.version }
    expect((await scim.patch(path, operations, { headers })).status).toBe(204)
    const { body } = await scim.get(path)
    expect(body.displayName).toBe('Team')
    expect(idsIn(body).sort()).toEqual([b.id, c.id].sort())
    expect((await scim.patch(path, operations, { headers })).status).toBe(412)
  })

  it('obeys If-Match for members alone (R-PATCH-47, R-ETAG-05)', async () => {
    const scim = await serve(await make())
    const user = await scim.user('a')
    const group = await scim.group('Crew')
    const path = `/Groups/${group.id}`
    const operations = [{ op: 'add', path: 'members', value: [{ value: user.id }] }]
    const stale = await scim.patch(path, operations, { headers: { 'If-Match': 'W/"stale"' } })
    expect(stale.status).toBe(412)
    expect((await scim.get(path)).body).toEqual(group)
    const headers = { 'If-Match': group.meta.version }
    expect((await scim.patch(path, operations, { headers })).status).toBe(204)
    expect((await scim.patch(path, operations, { headers })).status).toBe(412)
  })

  it('replaces all members, and removes all of them (R-PATCH-28, R-PATCH-20, R-GROUP-09)', async () => {
    const scim = await serve(await make())
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const group = await scim.group('Crew', [a.id])
    const path = `/Groups/${group.id}`
    await scim.patch(path, [{ op: 'replace', path: 'members', value: [{ value: b.id }] }])
    expect(idsIn((await scim.get(path)).body)).toEqual([b.id])
    await scim.patch(path, [{ op: 'remove', path: 'members' }])
    expect((await scim.get(path)).body.members).toEqual([])
  })

  it.each([
    ['value null', null, [204, 400]],
    ['an empty list', [], [204, 400]],
    ['unknown ids', [{ value: 'nobody' }], [204]],
    ['malformed values', [{ ids: ['x'] }], [400]],
    ['a number', 7, [400]],
  ])(
    'never empties a group by a remove with %s (S-INT-06, R-PATCH-25)',
    async (__, value, statuses) => {
      const scim = await serve(await make())
      const user = await scim.user('a')
      const group = await scim.group('Crew', [user.id])
      const path = `/Groups/${group.id}`
      const { status } = await scim.patch(path, [{ op: 'remove', path: 'members', value }])
      expect(statuses).toContain(status)
      expect(idsIn((await scim.get(path)).body)).toEqual([user.id])
    },
  )

  it('refuses unknown members, naming them, and changes nothing, where the host chose so (R-GROUP-05, S-AUTHZ-03)', async () => {
    const scim = await serve(await make(), { unknownMembers: 'refuse' })
    const user = await scim.user('a')
    const foreign = await scim.user('b', {}, { as: 'other' })
    const group = await scim.group('Crew')
    const path = `/Groups/${group.id}`
    for (const id of ['nobody', foreign.id]) {
      const value = [{ value: user.id }, { value: id }]
      for (const { status, body } of [
        await scim.patch(path, [{ op: 'add', path: 'members', value }]),
        await scim.put(path, { ...group, members: value }),
        await scim.post('/Groups', { ...group, displayName: 'N', members: value }),
      ]) {
        expect([status, body.scimType]).toEqual([400, 'invalidValue'])
        expect(body.detail).toContain(id)
      }
    }
    expect((await scim.get(path)).body).toEqual(group)
    expect((await scim.get('/Groups')).body.totalResults).toBe(1)
  })

  it('passes over unknown members, and lets the others come and go (C2, R-GROUP-05)', async () => {
    const scim = await serve(await make())
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const members = [{ value: 'nobody' }, { value: a.id }]
    const { body: group } = await scim.post('/Groups', {
      schemas: [groupUrn],
      displayName: 'C',
      members,
    })
    expect(idsIn(group)).toEqual([a.id])
    const path = `/Groups/${group.id}`
    const added = [{ value: b.id }, { value: 'nobody' }]
    expect((await scim.patch(path, [{ op: 'add', path: 'members', value: added }])).status).toBe(
      204,
    )
    expect(idsIn((await scim.get(path)).body).sort()).toEqual([a.id, b.id].sort())
    const put = await scim.put(path, { ...group, members: [{ value: 'nobody' }, { value: b.id }] })
    expect(idsIn(put.body)).toEqual([b.id])
  })

  it('keeps all of 100 members added by as many requests at the same time (S-INT-02, R-PATCH-52)', async () => {
    const scim = await serve(await make(), { maxRetries: 100 })
    const ids = []
    for (let index = 0; index < 100; index += 1) ids.push((await scim.user(`user-${index}`)).id)
    const group = await scim.group('Crew')
    const answers = await Promise.all(
      ids.map((value) =>
        scim.patch(`/Groups/${group.id}`, [{ op: 'add', path: 'members', value: [{ value }] }]),
      ),
    )
    expect(answers.filter(({ status }) => status !== 204)).toEqual([])
    const { body } = await scim.get(`/Groups/${group.id}`)
    expect(idsIn(body).sort()).toEqual([...ids].sort())
  })
}

/** Operations of one PATCH, for stores that tell the type of members. */
export function groupOperationsSuite(make: () => Adapters | Promise<Adapters>): void {
  it('sees members that an operation before has added as a later request would', async () => {
    const scim = await serve(await make())
    const [a, b] = [await scim.user('a', { displayName: 'Ada' }), await scim.user('b')]
    const inner = await scim.group('Inner')
    const ids = [a.id, b.id, inner.id, 'nobody']
    const member = fc.record(
      { value: fc.constantFrom(...ids), type: fc.constantFrom('User', 'Group', 'user', 'direct') },
      { requiredKeys: ['value'] },
    )
    const filter = fc.constantFrom(
      ...['type eq "User"', 'type eq "Group"', 'type ne "User"', 'not (type eq "Group")'],
      ...['type pr', 'display eq "Ada"', 'display pr', 'not (display pr)', `value ne "${b.id}"`],
      ...[`value eq "${a.id}"`, `value eq "${a.id}" and type eq "User"`],
    )
    const giving = fc.record({
      op: fc.constantFrom('add', 'replace'),
      path: fc.constant('members'),
      value: fc.array(member, { maxLength: 3 }),
    })
    const operation = fc.oneof(
      giving,
      giving.map(({ op, value }) => ({ op, value: { members: value } })),
      filter.map((text) => ({ op: 'remove', path: `members[${text}]` })),
      fc.constant({ op: 'add', path: `members[value eq "${a.id}"]`, value: { type: 'Group' } }),
    )
    const membersAfter = async (requests: object[][]) => {
      const { id } = await scim.group(`Crew ${crews++}`, [b.id])
      const statuses: number[] = []
      for (const each of requests) {
        statuses.push((await scim.patch(`/Groups/${id}`, each)).status)
      }
      const { body } = await scim.get(`/Groups/${id}`)
      await scim.delete(`/Groups/${id}`)
      return { isDone: statuses.every((status) => status < 300), members: idsIn(body).sort() }
    }
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 2, maxLength: 4 }), async (operations) => {
        const apart = await membersAfter(operations.map((each) => [each]))
        const together = await membersAfter([operations])
        if (apart.isDone) expect(together).toEqual(apart)
      }),
      { numRuns: 200 },
    )
  })
}
