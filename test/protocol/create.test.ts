import { memoryAdapters } from '../../adapters/memory/index.js'
import { watched } from './adapters.js'
import { enterpriseUrn, errorUrn, groupUrn, serve, userUrn } from './server.js'

const ines = { schemas: [userUrn], userName: 'ines@acme.example' }

describe('POST', () => {
  it('answers 201 with the resource, its location and its version (R-CREATE-01)', async () => {
    const scim = await serve()
    const { status, headers, body } = await scim.post('/Users', {
      ...ines,
      name: { givenName: 'Ines' },
    })
    expect(status).toBe(201)
    expect(body).toEqual({
      schemas: [userUrn],
      id: expect.stringMatching(/^[A-Za-z0-9_-]+$/),
      userName: 'ines@acme.example',
      name: { givenName: 'Ines' },
      active: true,
      meta: {
        resourceType: 'User',
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        lastModified: body.meta.created,
        location: `${scim.baseUrl}/Users/${body.id}`,
        version: expect.stringMatching(/^W\/".+"$/),
      },
    })
    expect(headers.get('location')).toBe(body.meta.location)
    expect(headers.get('etag')).toBe(body.meta.version)
  })

  it('makes ids that begin with the time, so that databases keep together what comes together', async () => {
    const scim = await serve()
    const idOf = async (name: string): Promise<string> => (await scim.user(name)).id
    const since = Date.now()
    const ids = await Promise.all(
      Array.from({ length: 50 }, (_, each) => idOf(`${each}@acme.example`)),
    )
    const until = Date.now()
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) {
      // RFC 9562 §5.7.
      const parts =
        /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(id)
      const time = Number.parseInt(`${parts?.[1]}${parts?.[2]}`, 16)
      expect([time >= since, time <= until]).toEqual([true, true])
    }
  })

  it('ignores readOnly attributes, also id, meta and groups (R-CREATE-02, R-COMMON-06, R-COMMON-10, R-USER-21)', async () => {
    const scim = await serve()
    const body = await scim.user('ines@acme.example', {
      id: 'mine',
      meta: { resourceType: 'Group', created: '2001-01-01T00:00:00Z', version: 'W/"1"' },
      groups: [{ value: 'admins' }],
    })
    expect(body.id).not.toBe('mine')
    expect(body.meta.resourceType).toBe('User')
    expect(body.meta.created).not.toBe('2001-01-01T00:00:00Z')
    expect(body.groups).toBeUndefined()
  })

  it('refuses a missing required attribute with 400 invalidValue (R-CREATE-03)', async () => {
    const scim = await serve()
    const { status, body } = await scim.post('/Users', { schemas: [userUrn], active: true })
    expect(status).toBe(400)
    expect(body).toMatchObject({ schemas: [errorUrn], status: '400', scimType: 'invalidValue' })
    expect(body.detail).toContain('userName')
  })

  it('refuses a userName that is taken, in any case, with 409 uniqueness that says how to look it up (R-CREATE-04, R-CREATE-12, S-LEAK-06, S-ATO-05)', async () => {
    const scim = await serve()
    await scim.post('/Users', ines)
    const { status, body } = await scim.post('/Users', {
      ...ines,
      userName: 'INES@ＡＣＭＥ.example',
    })
    expect(status).toBe(409)
    expect(body.scimType).toBe('uniqueness')
    expect(body.detail).toMatch(/userName.*filter/)
    expect(body.detail).not.toMatch(/ines/i)
  })

  it('creates one of 100 equal resources posted at the same time (R-CREATE-05, S-INT-01)', async () => {
    const scim = await serve()
    const answers = await Promise.all(Array.from({ length: 100 }, () => scim.post('/Users', ines)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(99)
  })

  it.each([
    ['no schemas', {}],
    ['another schema', { schemas: [groupUrn] }],
    ['an extension alone', { schemas: [enterpriseUrn] }],
  ])('refuses %s with 400 invalidSyntax (R-CREATE-06, R-CREATE-10)', async (_, schemas) => {
    const scim = await serve(undefined, { strict: true })
    const { status, body } = await scim.post('/Users', { userName: 'x', ...schemas })
    expect(status).toBe(400)
    expect(body.scimType).toBe('invalidSyntax')
  })

  it('takes people for active unless it is said otherwise, and null for unsaid (R-CREATE-07)', async () => {
    const scim = await serve()
    expect((await scim.user('a', {})).active).toBe(true)
    expect((await scim.user('b', { active: null })).active).toBe(true)
    expect((await scim.user('c', { active: false })).active).toBe(false)
  })

  it('shapes the answer by attributes and excludedAttributes (R-CREATE-09, R-PROJ-01)', async () => {
    const scim = await serve()
    const only = await scim.post('/Users?attributes=userName', ines)
    expect(Object.keys(only.body).sort()).toEqual(['id', 'schemas', 'userName'])
    const without = await scim.post('/Users?excludedAttributes=meta,active', {
      ...ines,
      userName: 'noor@acme.example',
    })
    expect(Object.keys(without.body).sort()).toEqual(['id', 'schemas', 'userName'])
  })

  it('frees the userName of somebody deleted, for a new resource with a new id (R-CREATE-13, S-ATO-07, R-DEL-04, R-DEL-09)', async () => {
    const scim = await serve()
    const first = await scim.user('ines@acme.example')
    await scim.delete(`/Users/${first.id}`)
    const second = await scim.user('ines@acme.example')
    expect(second.id).not.toBe(first.id)
  })

  it('returns what is returned on request if and only if the client sent it (R-CREATE-11, R-PROJ-06)', async () => {
    const urn = 'urn:example:device'
    const scim = await serve(memoryAdapters(), {
      schemas: [
        {
          id: urn,
          name: 'Device',
          attributes: [
            { name: 'serial', required: true },
            { name: 'secretNote', returned: 'request' },
          ],
        },
      ],
      resourceTypes: [{ name: 'Device', endpoint: '/Devices', schema: urn }],
    })
    const body = { schemas: [urn], serial: '1', secretNote: 'n' }
    const sent = await scim.post('/Devices', body)
    expect(sent.body.secretNote).toBe('n')
    const read = await scim.get(`/Devices/${sent.body.id}`)
    expect(read.body.secretNote).toBeUndefined()
    const asked = await scim.get(`/Devices/${sent.body.id}?attributes=secretNote`)
    expect(asked.body.secretNote).toBe('n')
    const patched = await scim.patch(`/Devices/${sent.body.id}`, [
      { op: 'replace', path: 'serial', value: '2' },
    ])
    expect(patched.body).toMatchObject({ serial: '2' })
    expect(patched.body.secretNote).toBeUndefined()
    const set = await scim.patch(`/Devices/${sent.body.id}`, [
      { op: 'replace', path: 'secretNote', value: 'm' },
    ])
    expect(set.body.secretNote).toBe('m')
  })

  it('gives a password to the host and to nobody else (R-USER-11, R-USER-12, S-LEAK-01)', async () => {
    const adapters = watched(memoryAdapters())
    const passwords: string[] = []
    const users = {
      ...adapters.users,
      setPassword: async (_: unknown, __: unknown, password: string) => {
        passwords.push(password)
      },
    }
    const scim = await serve({ ...adapters, users })
    const user = await scim.user('ines@acme.example', { password: 'canary-1' })
    const path = `/Users/${user.id}`
    const patched = await scim.patch(path, [{ op: 'replace', path: 'password', value: 'canary-2' }])
    const replaced = await scim.put(path, { ...ines, password: 'canary-3' })
    const read = await scim.get(`${path}?attributes=password,userName`)
    expect(passwords).toEqual(['canary-1', 'canary-2', 'canary-3'])
    const seen = [user, patched, replaced, read, scim.events, adapters.calls]
    expect(JSON.stringify(seen)).not.toContain('canary')
    expect(scim.events.map(({ event }) => event)).toContain('user.passwordSet')
  })

  it('changes the version with every password, whatever it is (S-LEAK-09, R-PATCH-44)', async () => {
    const adapters = memoryAdapters()
    const users = { ...adapters.users, setPassword: async () => {} }
    const scim = await serve({ ...adapters, users })
    const user = await scim.user('ines@acme.example', { password: 'same' })
    const operations = [{ op: 'replace', path: 'password', value: 'same' }]
    const { status, body } = await scim.patch(`/Users/${user.id}`, operations)
    expect(status).toBe(200)
    expect(body.meta.version).not.toBe(user.meta.version)
  })

  it('drops passwords where the host takes none, and says so in its configuration (R-DISC-10)', async () => {
    const scim = await serve()
    const user = await scim.user('ines@acme.example', { password: 'canary' })
    const { body } = await scim.patch(`/Users/${user.id}`, [
      { op: 'replace', path: 'password', value: 'canary' },
    ])
    expect(body.meta.version).toBe(user.meta.version)
    expect((await scim.get('/ServiceProviderConfig')).body.changePassword.supported).toBe(false)
  })

  it('refuses a body that is no object (R-MT-11)', async () => {
    const scim = await serve()
    const { status, body } = await scim.post('/Users', [ines])
    expect(status).toBe(400)
    expect(body.scimType).toBe('invalidSyntax')
  })

  it('stores an externalId as it is and never takes it for an id (R-COMMON-07, R-COMMON-09, S-ATO-06)', async () => {
    const scim = await serve()
    const first = await scim.user('ines@acme.example')
    for (const externalId of ['1', '01', '1e0', '0x1', '__proto__', first.id]) {
      const body = await scim.user(`user-${externalId}@acme.example`, { externalId })
      expect(body.externalId).toBe(externalId)
      expect(body.id).not.toBe(externalId)
    }
    const number = await scim.post('/Users', { ...ines, userName: 'n', externalId: 1 })
    expect(number.status).toBe(400)
    expect(number.body.detail).toContain('externalId')
    expect((await scim.get(`/Users/${first.id}`)).body.userName).toBe('ines@acme.example')
  })
})
