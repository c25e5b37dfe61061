import { memoryAdapters } from '../../adapters/memory/index.js'
import { enterpriseUrn, serve, userUrn } from './server.js'

const add = (title: string) => [{ op: 'add', path: 'title', value: title }]

describe('If-None-Match', () => {
  it.each([
    ['the version', (version: string) => version],
    ['the version as a strong tag', (version: string) => version.replace('W/', '')],
    ['a list', (version: string) => `W/"x" , ${version}`],
    ['*', () => '*'],
  ])('answers 304 with the ETag and no body to %s (R-ETAG-04, R-MT-09)', async (_, header) => {
    const scim = await serve()
    const user = await scim.user('ines')
    const headers = { 'If-None-Match': header(user.meta.version) }
    const answer = await scim.get(`/Users/${user.id}?excludedAttributes=groups`, { headers })
    expect([answer.status, answer.body]).toEqual([304, undefined])
    expect(answer.headers.get('etag')).toBe(user.meta.version)
  })

  it.each(['W/"x"', '"unterminated', 'garbage', '', ','])(
    'answers the resource to %j (R-ETAG-04, R-ETAG-07)',
    async (header) => {
      const scim = await serve()
      const user = await scim.user('ines')
      const answer = await scim.get(`/Users/${user.id}`, { headers: { 'If-None-Match': header } })
      expect([answer.status, answer.body.id]).toEqual([200, user.id])
    },
  )
})

describe('If-None-Match beside what changes without the version', () => {
  const has = ({ meta }: { meta: { version: string } }) => ({
    headers: { 'If-None-Match': meta.version },
  })

  it('shows a person who left or joined a group as they are now (C3, R-ETAG-03)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const group = await scim.group('Crew', [user.id])
    const path = `/Users/${user.id}`
    expect((await scim.get(path, has(user))).body.groups).toHaveLength(1)
    await scim.patch(`/Groups/${group.id}`, [{ op: 'remove', path: 'members' }])
    const left = await scim.get(path, has(user))
    expect([left.status, left.body.groups]).toEqual([200, undefined])
    const without = await scim.get(`${path}?attributes=userName`, has(user))
    expect(without.status).toBe(304)
  })

  it('shows a member who was renamed under the new name (C3)', async () => {
    const scim = await serve()
    const user = await scim.user('ines', { displayName: 'Ines' })
    const group = await scim.group('Crew', [user.id])
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'displayName', value: 'I. M.' }])
    const path = `/Groups/${group.id}`
    expect((await scim.get(path, has(group))).body.members[0].display).toBe('I. M.')
    expect((await scim.get(`${path}?excludedAttributes=members`, has(group))).status).toBe(304)
    const empty = await scim.group('Empty')
    expect((await scim.get(`/Groups/${empty.id}`, has(empty))).status).toBe(304)
  })

  it('shows a manager who was renamed under the new name (C3)', async () => {
    const scim = await serve()
    const boss = await scim.user('boss', { displayName: 'Boss' })
    const user = await scim.user('ines', {
      schemas: [userUrn, enterpriseUrn],
      [enterpriseUrn]: { manager: { value: boss.id } },
    })
    await scim.patch(`/Users/${boss.id}`, [{ op: 'replace', path: 'displayName', value: 'B.' }])
    const path = `/Users/${user.id}?excludedAttributes=groups`
    const { body } = await scim.get(path, has(user))
    expect(body[enterpriseUrn].manager.displayName).toBe('B.')
    const without = `${path},${enterpriseUrn}`
    expect((await scim.get(without, has(user))).status).toBe(304)
  })
})

describe('If-None-Match of a write', () => {
  it.each([
    ['*', () => '*'],
    ['the version', (version: string) => version],
    ['a list with the version', (version: string) => `"x", ${version}`],
  ])('%s answers 412 and changes nothing, in every method (A24)', async (_, header) => {
    const scim = await serve()
    const user = await scim.user('ines')
    const group = await scim.group('Crew', [user.id])
    const value = [{ value: (await scim.user('noor')).id }]
    for (const [path, { meta }] of [
      [`/Users/${user.id}`, user],
      [`/Groups/${group.id}`, group],
    ] as const) {
      const options = { headers: { 'If-None-Match': header(meta.version) } }
      const before = (await scim.get(path)).body
      const operations = path.startsWith('/Groups')
        ? [{ op: 'add', path: 'members', value }]
        : add('t')
      const answers = [
        await scim.put(path, { ...before, externalId: 'x' }, options),
        await scim.patch(path, operations, options),
        await scim.delete(path, options),
      ]
      expect(answers.map(({ status }) => status)).toEqual([412, 412, 412])
      for (const { body } of answers) {
        expect(body.detail).toContain('If-None-Match')
        expect(body.detail).not.toContain('If-Match')
      }
      expect((await scim.get(path)).body).toEqual(before)
    }
  })

  it('of another version lets the write happen (A24)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const headers = { 'If-None-Match': 'W/"other"' }
    expect((await scim.patch(`/Users/${user.id}`, add('t'), { headers })).status).toBe(200)
    expect((await scim.delete(`/Users/${user.id}`, { headers })).status).toBe(204)
  })

  it('counts where versions are switched off only as * (A24)', async () => {
    const scim = await serve(memoryAdapters(), { features: { etag: false } })
    const { id } = await scim.user('ines')
    const send = (header: string) =>
      scim.patch(`/Users/${id}`, add(header), { headers: { 'If-None-Match': header } })
    expect([(await send('*')).status, (await send('W/"1"')).status]).toEqual([412, 200])
  })
})

describe('If-Match', () => {
  it.each([
    ['the version', (version: string) => version],
    ['the version as a strong tag', (version: string) => version.replace('W/', '')],
    ['a list', (version: string) => `"a", ${version}`],
    ['*', () => '*'],
  ])(
    'lets %s change the resource (R-ETAG-06, R-ETAG-07, R-PUT-11, R-PATCH-47)',
    async (_, header) => {
      const scim = await serve()
      const user = await scim.user('ines')
      const path = `/Users/${user.id}`
      const patched = await scim.patch(path, add('t'), {
        headers: { 'If-Match': header(user.meta.version) },
      })
      expect(patched.status).toBe(200)
      const replaced = await scim.put(
        path,
        { schemas: [userUrn], userName: 'ines' },
        {
          headers: { 'If-Match': header(patched.body.meta.version) },
        },
      )
      expect(replaced.status).toBe(200)
    },
  )

  it.each(['W/"stale"', 'garbage', '"unterminated'])(
    'answers 412 to %s before any effect (R-ETAG-05, R-ETAG-07, R-PUT-11)',
    async (header) => {
      const scim = await serve()
      const user = await scim.user('ines')
      const path = `/Users/${user.id}`
      const options = { headers: { 'If-Match': header } }
      const body = { schemas: [userUrn], userName: 'other' }
      expect((await scim.patch(path, add('t'), options)).status).toBe(412)
      expect((await scim.put(path, body, options)).status).toBe(412)
      expect((await scim.delete(path, options)).status).toBe(412)
      expect((await scim.get(path)).body).toEqual(user)
    },
  )

  it('answers 404 for a resource that is not there, also to * (R-ETAG-07, R-ETAG-11)', async () => {
    const scim = await serve()
    const options = { headers: { 'If-Match': '*' } }
    expect((await scim.patch('/Users/none', add('t'), options)).status).toBe(404)
  })

  it('is looked at before If-None-Match (R-ETAG-13)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const headers = { 'If-Match': 'W/"stale"', 'If-None-Match': user.meta.version }
    expect((await scim.get(`/Users/${user.id}`, { headers })).status).toBe(412)
  })

  it('tells who deletes a person whom others change meanwhile that access has ended', async () => {
    const adapters = memoryAdapters()
    let interfere: (() => Promise<unknown>) | undefined
    const users = {
      ...adapters.users,
      async delete(...args: Parameters<typeof adapters.users.delete>) {
        const once = interfere
        interfere = undefined
        await once?.()
        return adapters.users.delete(...args)
      },
    }
    const scim = await serve({ ...adapters, users })
    const user = await scim.user('ines')
    const path = `/Users/${user.id}`
    interfere = () => scim.patch(path, add('Lead'))
    const headers = { 'If-Match': user.meta.version }
    const { status, body } = await scim.delete(path, { headers })
    expect([status, body.detail]).toEqual([412, expect.stringContaining('was ended first')])
    expect((await scim.get(path)).body).toMatchObject({ active: false, title: 'Lead' })
    expect((await scim.delete(path, { headers })).body.detail).not.toContain('was ended first')
    expect((await scim.delete(path)).status).toBe(204)
  })

  it('lets one of 20 writers with the same version win (S-INT-03, R-ETAG-08, R-ETAG-09)', async () => {
    const scim = await serve()
    const user = await scim.user('ines')
    const headers = { 'If-Match': user.meta.version }
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        scim.patch(`/Users/${user.id}`, add(`t${index}`), { headers }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 412)).toHaveLength(19)
  })
})

it('has no versions where they are switched off, and refuses conditions rather than ignore them (R-ETAG-12, R-DISC-10)', async () => {
  const scim = await serve(memoryAdapters(), { features: { etag: false } })
  const user = await scim.user('ines')
  expect(user.meta.version).toBeUndefined()
  const { headers, body } = await scim.get(`/Users/${user.id}`, {
    headers: { 'If-None-Match': '*' },
  })
  expect(headers.get('etag')).toBeNull()
  expect(body).toEqual(user)
  const conditional = { headers: { 'If-Match': 'W/"1"' } }
  expect((await scim.patch(`/Users/${user.id}`, add('t'), conditional)).status).toBe(501)
  expect((await scim.get('/ServiceProviderConfig')).body.etag.supported).toBe(false)
})
