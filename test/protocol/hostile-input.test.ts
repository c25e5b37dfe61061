import { bulkUrn, errorUrn, groupUrn, patchUrn, searchUrn, serve, userUrn } from './server.js'

const inherited = [
  '__proto__',
  'constructor',
  'constructor.prototype',
  'prototype',
  'toString',
  'toString.x',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  '\\u005f_proto__',
]

const snapshot = () =>
  [Object.prototype, Array.prototype, Function.prototype, String.prototype].map((prototype) =>
    Object.entries(Object.getOwnPropertyDescriptors(prototype)),
  )

/** Bodies that are wrong whatever they are sent to. */
const malformed: [name: string, text: string][] = [
  ['nothing', ''],
  ['half an object', '{"schemas":['],
  ['a text', '"x"'],
  ['null', 'null'],
  ['an array', '[]'],
  ['a bad escape', '{"userName":"\\x"}'],
  ['100 000 arrays in each other', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['100 000 objects in each other', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ['the same name twice', `{"schemas":["${userUrn}"],"userName":"a","userName":"b"}`],
  ['the same name in two cases', `{"schemas":["${userUrn}"],"userName":"a","USERNAME":"b"}`],
  ['a lone surrogate', `{"schemas":["${userUrn}"],"userName":"\\ud800"}`],
  ['NUL', `{"schemas":["${userUrn}"],"userName":"a\\u0000"}`],
  ['17 MB', JSON.stringify({ schemas: [userUrn], userName: 'x'.repeat(17_000_000) })],
  ['an operator of a database', `{"schemas":["${userUrn}"],"userName":{"$ne":null}}`],
]

describe.each(malformed)('a body that is %s', (_, text) => {
  it.each([
    ['POST', '/Users'],
    ['PUT', '/Users/:id'],
    ['PATCH', '/Users/:id'],
    ['POST', '/Users/.search'],
    ['POST', '/.search'],
    ['POST', '/Bulk'],
    ['POST', '/Groups'],
  ])(
    'is answered by %s %s with a 4xx SCIM error, and changes nothing (R-MT-11, R-MT-12, R-MT-14, R-ERR-07, S-INP-04, S-INP-05, S-DOS-02)',
    async (method, path) => {
      const scim = await serve()
      const user = await scim.user('ines')
      const answer = await scim
        .send(method, path.replace(':id', user.id), text)
        .catch(() => undefined)
      if (answer) {
        const isSearchWithoutParameters =
          path.endsWith('.search') && text.startsWith('{"schemas":["')
        if (!isSearchWithoutParameters || answer.status !== 200) {
          expect(answer.status).toBeGreaterThanOrEqual(400)
          expect(answer.status).toBeLessThan(500)
          expect(answer.body).toMatchObject({
            schemas: [errorUrn],
            status: String(answer.status),
            detail: expect.stringMatching(/./),
          })
        }
      }
      expect((await scim.get(`/Users/${user.id}`)).body).toEqual(user)
      expect((await scim.get('/')).body.totalResults).toBe(1)
      expect(scim.errors).toEqual([])
    },
  )
})

describe('names that JavaScript objects inherit', () => {
  it.each(inherited)('%s reaches nothing anywhere (S-INP-01, S-INP-02)', async (name) => {
    const before = snapshot()
    const scim = await serve()
    const user = await scim.user('ines')
    const path = `/Users/${user.id}`
    const operation = (operation: string) =>
      scim.send('PATCH', path, `{"schemas":["${patchUrn}"],"Operations":[${operation}]}`)
    const refused = [
      await operation(`{"op":"add","path":"${name}","value":1}`),
      await operation(`{"op":"add","path":"${name}.x","value":1}`),
      await operation(`{"op":"replace","path":"name.${name}","value":1}`),
      await operation(`{"op":"remove","path":"${name}"}`),
      await operation(`{"op":"add","path":"emails[${name} eq \\"x\\"].value","value":"x"}`),
      await scim.get(`/Users?filter=${encodeURIComponent(`${name} eq "x"`)}`),
      await scim.get(`/Users?filter=${encodeURIComponent(`emails[${name} pr]`)}`),
      await scim.get(`/Users?sortBy=${encodeURIComponent(name)}`),
    ]
    for (const { status, body } of refused)
      expect([status, body.schemas]).toEqual([400, [errorUrn]])
    const harmless = [
      await scim.send(
        'POST',
        '/Users',
        `{"schemas":["${userUrn}"],"userName":"a","${name}":{"x":1}}`,
      ),
      await scim.send(
        'PUT',
        path,
        `{"schemas":["${userUrn}"],"userName":"ines","${name}":{"x":1}}`,
      ),
      await operation(`{"op":"add","value":{"${name}":{"x":1}}}`),
      await scim.get(`/Users?attributes=${encodeURIComponent(name)}`),
      await scim.get(`${path}?excludedAttributes=${encodeURIComponent(name)}`),
      await scim.send(
        'POST',
        '/Bulk',
        `{"schemas":["${bulkUrn}"],"Operations":[{"method":"POST","path":"/Users","bulkId":"${name}","data":{"schemas":["${userUrn}"],"userName":"bulk"}}]}`,
      ),
      await scim.send('POST', '/Users/.search', `{"schemas":["${searchUrn}"],"${name}":1}`),
    ]
    for (const { status } of harmless) expect(status).toBeLessThan(500)
    expect(scim.errors).toEqual([])
    expect(snapshot()).toEqual(before)
    expect(({} as { x?: number }).x).toBeUndefined()
  })
})

describe('attributes no schema has', () => {
  const extra = {
    isAdmin: true,
    role: 'owner',
    password_hash: 'x',
    organization_id: 1,
    username__startswith: 'a',
  }

  it('never reach a store (S-INP-03, R-COMMON-16)', async () => {
    const scim = await serve()
    const user = await scim.user('ines', extra)
    const { body } = await scim.put(`/Users/${user.id}`, { ...user, ...extra, title: 't' })
    for (const name of Object.keys(extra))
      expect([user[name], body[name]]).toEqual([undefined, undefined])
    const stored = await scim.adapters.users.get(
      { tenant: 'acme', actor: '', requestId: '', signal: new AbortController().signal },
      user.id,
      { omit: new Set() },
    )
    expect(Object.keys(stored ?? {}).sort()).toEqual(['active', 'id', 'meta', 'title', 'userName'])
  })

  it('are refused by name where the host wants that (R-COMMON-16)', async () => {
    const scim = await serve(undefined, { unknownAttributes: 'reject' })
    const { status, body } = await scim.post('/Users', {
      schemas: [userUrn],
      userName: 'a',
      ...extra,
    })
    expect(status).toBe(400)
    expect(body.detail).toContain('isAdmin')
  })
})

it.each([
  ['/Users', { schemas: [userUrn], userName: 7 }, 'userName'],
  ['/Users', { schemas: [userUrn], userName: 'a', active: 'maybe' }, 'active'],
  ['/Users', { schemas: [userUrn], userName: 'a', emails: [{ value: {} }] }, 'emails'],
  ['/Users', { schemas: [userUrn], userName: '  ' }, 'userName'],
  ['/Groups', { schemas: [groupUrn], displayName: 'a', members: [{ display: 'x' }] }, 'members'],
  ['/Groups', { schemas: [groupUrn], displayName: 'a', members: [{ value: '' }] }, 'members'],
  ['/Groups', { schemas: [groupUrn], displayName: ['a', 'b'] }, 'displayName'],
  ['/Groups', { schemas: [groupUrn] }, 'displayName'],
])(
  'names the attribute that is wrong: POST %s %j (R-ERR-10, R-TYPE-01, R-USER-02, R-GROUP-02)',
  async (path, body, name) => {
    const scim = await serve()
    const answer = await scim.post(path, body)
    expect([answer.status, answer.body.scimType]).toEqual([400, 'invalidValue'])
    expect(answer.body.detail).toContain(name)
  },
)

it('takes no long text for the JSON of a value, since no limit of a body applies in it', async () => {
  const scim = await serve()
  const listOf = (count: number) =>
    JSON.stringify(Array.from({ length: count }, (_, index) => ({ value: `${index}@example.com` })))
  const post = (emails: string) =>
    scim.post('/Users', { schemas: [userUrn], userName: `of ${emails.length}`, emails })
  expect((await post(listOf(500))).body.emails).toHaveLength(500)
  const { status, body } = await post(listOf(2_000))
  expect([status, body.scimType]).toEqual([400, 'invalidValue'])
})

it.each(['attributes', 'excludedAttributes'])('bounds %s in the body of a search', async (name) => {
  const scim = await serve()
  await scim.user('ines', { title: 'Boss' })
  const search = (names: string | string[]) =>
    scim.post('/Users/.search', { schemas: [searchUrn], [name]: names })
  const namesOf = (count: number) => ['title', ...Array(count).fill('unknown')] as string[]
  for (const given of [namesOf(4_000), namesOf(4_000).join()]) {
    expect((await search(given)).body.Resources).toHaveLength(1)
  }
  for (const given of [namesOf(5_000), namesOf(5_000).join()]) {
    const { status, body } = await search(given)
    expect([status, body.scimType]).toEqual([400, 'invalidValue'])
    expect(body.detail).toContain(name)
  }
})
