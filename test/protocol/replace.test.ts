import { memoryAdapters } from '../../adapters/memory/index.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import type { ResourceType } from '../../lib/schema/types.js'
import type { Resource } from '../../lib/stores/resource.js'
import { aScope, writeOf } from '../adapters/support.js'
import { watched } from './adapters.js'
import { enterpriseUrn, groupUrn, serve, userUrn } from './server.js'

const device = 'urn:example:device'
const deviceOptions = {
  schemas: [
    {
      id: device,
      name: 'Device',
      attributes: [
        { name: 'serial', mutability: 'immutable', required: true },
        { name: 'label' },
        {
          name: 'place',
          type: 'complex',
          subAttributes: [{ name: 'site', mutability: 'immutable' }, { name: 'room' }],
        },
        { name: 'state', mutability: 'readOnly' },
        {
          name: 'checks',
          type: 'complex',
          multiValued: true,
          subAttributes: [
            { name: 'value' },
            { name: 'note' },
            { name: 'result', mutability: 'readOnly' },
          ],
        },
      ],
    },
  ],
  resourceTypes: [{ name: 'Device', endpoint: '/Devices', schema: device }],
} as const

describe('PUT', () => {
  it('keeps immutable parts of an attribute that are left out (A17)', async () => {
    const scim = await serve(memoryAdapters(), deviceOptions)
    const { body } = await scim.post('/Devices', {
      schemas: [device],
      serial: 'S1',
      place: { site: 'A', room: '1' },
    })
    const path = `/Devices/${body.id}`
    const other = await scim.put(path, { schemas: [device], serial: 'S1', place: { room: '2' } })
    expect(other.body.place).toEqual({ site: 'A', room: '2' })
    const none = await scim.put(path, { schemas: [device], serial: 'S1' })
    expect(none.body.place).toEqual({ site: 'A' })
    const clash = await scim.put(path, { schemas: [device], serial: 'S1', place: { site: 'B' } })
    expect(clash.status).toBe(400)
  })

  it('keeps readOnly parts of elements that stay (A17)', async () => {
    const scim = await serve(memoryAdapters(), deviceOptions)
    const checks = [{ value: 'a', note: 'x' }, { value: 'b' }]
    const { body } = await scim.post('/Devices', { schemas: [device], serial: 'S1', checks })
    const type = compileResourceTypes(deviceOptions as never).byName.get('Device') as ResourceType
    const store = scim.adapters.resourceStore?.(type)
    const stored = await store?.get(aScope('acme'), body.id, { omit: new Set() })
    const results = checks.map((check) => ({ ...check, result: `of ${check.value}` }))
    const checked = { ...stored, checks: results } as unknown as Resource
    const expectedVersion = checked.meta.version
    await store?.replace(aScope('acme'), checked, { expectedVersion, ...writeOf(checked, type) })
    const { body: replaced } = await scim.put(`/Devices/${body.id}`, {
      ...{ schemas: [device], serial: 'S1' },
      checks: [{ value: 'c' }, { value: 'a', note: 'y', result: 'mine' }],
    })
    expect(replaced.checks).toEqual([{ value: 'c' }, { value: 'a', note: 'y', result: 'of a' }])
  })

  it('answers 200 with the whole resource, without what was left out (R-PUT-01, R-PUT-02, R-PUT-03)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example', { title: 'Lead', nickName: 'I' })
    const { status, body, headers } = await scim.put(`/Users/${user.id}`, {
      schemas: [userUrn],
      userName: 'ines@acme.example',
      title: 'Head',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: user.id, title: 'Head', active: true })
    expect(body.nickName).toBeUndefined()
    expect(headers.get('etag')).toBe(body.meta.version)
    expect((await scim.get(`/Users/${user.id}`)).body).toEqual(body)
  })

  it('ignores id, meta, groups and unknown attributes of the body: only the path says which resource (R-PUT-05, S-AUTHZ-04)', async () => {
    const scim = await serve()
    const ines = await scim.user('ines@acme.example')
    const noor = await scim.user('noor@acme.example')
    const { status, body } = await scim.put(`/Users/${ines.id}`, {
      ...noor,
      userName: 'ines2@acme.example',
      groups: [{ value: 'x' }],
      isAdmin: true,
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: ines.id, userName: 'ines2@acme.example' })
    expect(body.meta.location).toBe(ines.meta.location)
    expect(body.isAdmin).toBeUndefined()
    expect((await scim.get(`/Users/${noor.id}`)).body).toEqual(noor)
  })

  it('keeps `active` when the body does not name it', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example', { active: false })
    const { body } = await scim.put(`/Users/${user.id}`, { schemas: [userUrn], userName: 'i' })
    expect(body.active).toBe(false)
  })

  it('keeps the password when the body does not name it (R-PUT-04)', async () => {
    const passwords: string[] = []
    const adapters = memoryAdapters()
    const users = {
      ...adapters.users,
      setPassword: async (_: unknown, __: unknown, password: string) => {
        passwords.push(password)
      },
    }
    const scim = await serve({ ...adapters, users })
    const user = await scim.user('ines@acme.example', { password: 'first' })
    await scim.put(`/Users/${user.id}`, { schemas: [userUrn], userName: 'ines2' })
    expect(passwords).toEqual(['first'])
  })

  it('refuses another value of an immutable attribute, takes the same and a first one (R-PUT-06)', async () => {
    const scim = await serve(memoryAdapters(), deviceOptions)
    const create = await scim.post('/Devices', { schemas: [device], serial: 'S1' })
    const path = `/Devices/${create.body.id}`
    const put = (attributes: object) => scim.put(path, { schemas: [device], ...attributes })
    expect((await put({ serial: 'S2' })).body).toMatchObject({
      status: '400',
      scimType: 'mutability',
    })
    expect((await put({ serial: 'S1', label: 'L' })).body.label).toBe('L')
    expect((await put({ serial: 'S1', place: { site: 'A', room: '1' } })).status).toBe(200)
    const moved = await put({ serial: 'S1', place: { site: 'B' } })
    expect(moved.body.detail).toContain('place.site')
    expect((await put({ serial: 'S1', place: { site: 'A', room: '2' } })).body.place.room).toBe('2')
  })

  it('refuses a body without a required attribute (R-PUT-07)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example')
    const { body } = await scim.put(`/Users/${user.id}`, { schemas: [userUrn], title: 'x' })
    expect(body).toMatchObject({ status: '400', scimType: 'invalidValue' })
  })

  it('never creates: 404 for an unknown id (R-PUT-08, R-HTTP-08)', async () => {
    const scim = await serve()
    const { status } = await scim.put('/Users/none', { schemas: [userUrn], userName: 'x' })
    expect(status).toBe(404)
    expect((await scim.get('/Users')).body.totalResults).toBe(0)
  })

  it('refuses the userName of another user, but takes the own one in another case (R-PUT-09, S-ATO-03)', async () => {
    const scim = await serve()
    const ines = await scim.user('ines@acme.example')
    await scim.user('noor@acme.example')
    const put = (userName: string) =>
      scim.put(`/Users/${ines.id}`, { schemas: [userUrn], userName })
    expect((await put('NOOR@acme.example')).body).toMatchObject({
      status: '409',
      scimType: 'uniqueness',
    })
    expect((await put('INES@acme.example')).body.userName).toBe('INES@acme.example')
  })

  it('clears what is null or empty (R-PUT-10, R-MT-13)', async () => {
    const scim = await serve()
    const user = await scim.user('ines', { title: 't', emails: [{ value: 'i@x.example' }] })
    const { body } = await scim.put(`/Users/${user.id}`, { ...user, title: null, emails: [] })
    expect([body.title, body.emails]).toEqual([undefined, undefined])
  })

  it('changes version and lastModified if and only if something changed (R-PUT-12, R-PUT-13, R-ETAG-03)', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z')
    const adapters = watched(memoryAdapters())
    const scim = await serve(adapters, { clock: () => new Date(now) })
    const user = await scim.user('ines', { name: { givenName: 'I' } })
    now += 1000
    adapters.calls.length = 0
    const same = await scim.put(`/Users/${user.id}`, { ...user, name: { GIVENNAME: 'I' } })
    expect(same.body).toEqual(user)
    expect(adapters.calls.map(({ name }) => name)).not.toContain('users.replace')
    const other = await scim.put(`/Users/${user.id}`, { ...user, title: 't' })
    expect(other.body.meta.lastModified).toBe('2026-01-01T00:00:01.000Z')
    expect(other.body.meta.created).toBe('2026-01-01T00:00:00.000Z')
    expect(other.body.meta.version).not.toBe(user.meta.version)
    const again = await scim.put(`/Users/${user.id}`, { ...user, title: 't' })
    expect(again.body).toEqual(other.body)
  })

  it('does not let lastModified go back when the clock does (S-INT-11)', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z')
    const scim = await serve(memoryAdapters(), { clock: () => new Date(now) })
    const user = await scim.user('ines')
    now -= 3_600_000
    const { body } = await scim.put(`/Users/${user.id}`, { ...user, title: 't' })
    expect(body.meta.lastModified).toBe(user.meta.lastModified)
    expect(body.meta.version).not.toBe(user.meta.version)
  })

  it('removes an extension that is left out (R-PUT-15)', async () => {
    const scim = await serve()
    const user = await scim.user('ines', { [enterpriseUrn]: { department: 'D' } })
    const { body } = await scim.put(`/Users/${user.id}`, { schemas: [userUrn], userName: 'ines' })
    expect(body.schemas).toEqual([userUrn])
    expect(body[enterpriseUrn]).toBeUndefined()
  })

  it('keeps what others wrote in between: a lost race starts again from the new state', async () => {
    const adapters = memoryAdapters()
    const { get } = adapters.users
    let interfere: (() => Promise<unknown>) | undefined
    const users = {
      ...adapters.users,
      get: async (...args: Parameters<typeof get>) => {
        const user = await get(...args)
        const once = interfere
        interfere = undefined
        await once?.()
        return user
      },
    }
    const scim = await serve({ ...adapters, users })
    const user = await scim.user('ines')
    const path = `/Users/${user.id}`
    interfere = () => scim.patch(path, [{ op: 'add', path: 'active', value: false }])
    const { status, body } = await scim.put(path, { schemas: [userUrn], userName: 'ines2' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ userName: 'ines2', active: false })
  })

  it('ends access despite a conflict that another write has solved meanwhile', async () => {
    const adapters = memoryAdapters()
    let interfere: (() => Promise<unknown>) | undefined
    const users = {
      ...adapters.users,
      async replace(...args: Parameters<typeof adapters.users.replace>) {
        const once = interfere
        try {
          return await adapters.users.replace(...args)
        } catch (error) {
          interfere = undefined
          await once?.()
          throw error
        }
      },
    }
    const scim = await serve({ ...adapters, users })
    const [ann, bob] = [await scim.user('ann'), await scim.user('bob')]
    const renamed = (value: string) => ({ op: 'replace', path: 'userName', value })
    interfere = async () => {
      await scim.patch(`/Users/${bob.id}`, [renamed('bob2')])
      await scim.patch(`/Users/${ann.id}`, [renamed('bob')])
    }
    const leaves = [renamed('bob'), { op: 'replace', path: 'active', value: false }]
    const { status, body } = await scim.patch(`/Users/${ann.id}`, leaves)
    expect([status, body.detail]).toEqual([409, expect.stringContaining('has ended')])
    expect((await scim.get(`/Users/${ann.id}`)).body.active).toBe(false)
  })

  it('gives up with 503 when others are always first, and has stored nothing (D9, R-ETAG-09)', async () => {
    const adapters = memoryAdapters()
    const { get } = adapters.users
    const users = {
      ...adapters.users,
      get: async (...args: Parameters<typeof get>) => {
        const user = await get(...args)
        return user && { ...user, meta: { ...user.meta, version: 'old' } }
      },
    }
    const scim = await serve({ ...adapters, users }, { maxRetries: 3 })
    const user = await scim.user('ines')
    const { status, headers } = await scim.put(`/Users/${user.id}`, { ...user, title: 't' })
    expect([status, headers.get('Retry-After')]).toEqual([503, '1'])
    expect((await scim.get(`/Users/${user.id}`)).body.title).toBeUndefined()
  })
})

describe('PUT of a group', () => {
  it('makes the members exactly those given, and writes only the difference (R-PUT-14)', async () => {
    const adapters = watched(memoryAdapters())
    const scim = await serve(adapters)
    const [a, b, c] = [await scim.user('a'), await scim.user('b'), await scim.user('c')]
    const group = await scim.group('Crew', [a.id, b.id])
    const { body } = await scim.put(`/Groups/${group.id}`, {
      ...group,
      members: [{ value: c.id }, { value: b.id, display: 'x' }, { value: c.id }],
    })
    const ids = body.members.map(({ value }: { value: string }) => value)
    expect(ids.sort()).toEqual([b.id, c.id].sort())
    const { args } = adapters.calls.find(({ name }) => name === 'groups.replace') ?? {}
    expect(args?.[2]).toMatchObject({ members: { add: [c.id], remove: [a.id] } })
    expect(scim.events.map(({ event, members }) => [event, members])).toEqual(
      expect.arrayContaining([
        ['member.added', [c.id]],
        ['member.removed', [a.id]],
      ]),
    )
  })

  it('tells nothing of the members of a group that is deleted before the answer', async () => {
    const adapters = memoryAdapters()
    const groups = {
      ...adapters.groups,
      async replace(...args: Parameters<typeof adapters.groups.replace>) {
        const group = await adapters.groups.replace(...args)
        await adapters.groups.delete(args[0], group.id, {})
        return group
      },
    }
    const scim = await serve({ ...adapters, groups })
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const group = await scim.group('Crew', [a.id])
    const { status, body } = await scim.put(`/Groups/${group.id}`, {
      ...group,
      members: [{ value: b.id }],
    })
    expect([status, body.displayName]).toEqual([200, 'Crew'])
    expect(body).not.toHaveProperty('members')
  })

  it('changes nothing when it is sent as it is, in another order too (R-PUT-12)', async () => {
    const scim = await serve()
    const [a, b] = [await scim.user('a'), await scim.user('b')]
    const group = await scim.group('Crew', [a.id, b.id])
    const members = [{ value: b.id }, { value: a.id }]
    const { body } = await scim.put(`/Groups/${group.id}`, { ...group, members })
    expect(body.meta).toEqual(group.meta)
  })

  it('empties a group whose members are left out (R-PUT-03, S-INT-07)', async () => {
    const scim = await serve()
    const group = await scim.group('Crew', [(await scim.user('a')).id])
    const { body } = await scim.put(`/Groups/${group.id}`, {
      schemas: [groupUrn],
      displayName: 'C',
    })
    expect(body.members).toEqual([])
    expect(body.displayName).toBe('C')
  })

  it('keeps members that are left out where the host chose so, and empties it for an empty list (S-INT-07)', async () => {
    const scim = await serve(memoryAdapters(), { putWithoutMembers: 'keep' })
    const user = await scim.user('a')
    const group = await scim.group('Crew', [user.id])
    const renamed = { schemas: [groupUrn], displayName: 'C' }
    const kept = await scim.put(`/Groups/${group.id}`, renamed)
    expect(kept.body.members).toMatchObject([{ value: user.id }])
    const emptied = await scim.put(`/Groups/${group.id}`, { ...renamed, members: [] })
    expect(emptied.body.members).toEqual([])
  })
})
