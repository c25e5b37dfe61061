import { memoryAdapters } from '../../adapters/memory/index.js'
import { enterpriseUrn, groupUrn, serve, userUrn } from './server.js'

const owned = 'urn:example:owned'
const ownerOptions = {
  schemas: [
    {
      id: owned,
      name: 'Owned',
      attributes: [
        {
          name: 'owner',
          type: 'complex',
          subAttributes: [
            { name: 'value' },
            { name: '$ref', type: 'reference', referenceTypes: ['User'] },
          ],
        },
      ],
    },
  ],
  userExtensions: [{ schema: owned }],
} as const
const patchOf = (operation: object) => [operation]

describe('names in any script', () => {
  const names = ['👩\u200d💻 Devs', 'گروه\u200cها', '\u200fצוות', 'Daten\u00adbank']

  it.each(names)(
    'takes the group name %j, returns it as sent and finds it again (A10, E6)',
    async (displayName) => {
      const scim = await serve()
      const { status, body } = await scim.post('/Groups', { schemas: [groupUrn], displayName })
      expect(status).toBe(201)
      expect(body.displayName).toBe(displayName)
      const plain = displayName.replace(/\p{Cf}/gu, '')
      for (const text of [displayName, plain]) {
        const query = encodeURIComponent(`displayName eq ${JSON.stringify(text)}`)
        const found = await scim.get(`/Groups?filter=${query}`)
        expect(found.body.totalResults).toBe(1)
      }
      const twin = await scim.post('/Groups', { schemas: [groupUrn], displayName: plain })
      expect(twin.status).toBe(409)
    },
  )

  it.each(['a\0b', 'a\nb', 'a\u2028b', '\u200d'])(
    'refuses the group name %j (A10)',
    async (displayName) => {
      const scim = await serve()
      const { status } = await scim.post('/Groups', { schemas: [groupUrn], displayName })
      expect(status).toBe(400)
    },
  )
})

describe('$ref', () => {
  it('of a manager is never stored, and PUT of what was read changes nothing (A12, E13, E14)', async () => {
    const scim = await serve()
    const $ref = 'https://evil.example/Users/1'
    const linked = await scim.user('a@acme.example', { [enterpriseUrn]: { manager: { $ref } } })
    expect(JSON.stringify(linked)).not.toContain('evil')
    const boss = await scim.user('boss@acme.example')
    const user = await scim.user('b@acme.example', {
      [enterpriseUrn]: { manager: { value: boss.id } },
    })
    expect(user[enterpriseUrn].manager.$ref).toContain(boss.id)
    const again = await scim.put(`/Users/${user.id}`, user)
    expect(again.body.meta).toEqual(user.meta)
  })

  it("of a host's schema is an attribute like any other (A11)", async () => {
    const scim = await serve(memoryAdapters(), ownerOptions)
    const owner = { $ref: 'https://x.example/Users/1' }
    const user = await scim.user('a@acme.example', { [owned]: { owner } })
    const path = `/Users/${user.id}`
    const next = 'https://x.example/Users/2'
    const op = { op: 'replace', path: `${owned}:owner.$ref`, value: next }
    const patched = await scim.patch(path, patchOf(op))
    expect(patched.body[owned]).toEqual({ owner: { $ref: next } })
    const value = { op: 'add', path: `${owned}:owner.value`, value: '2' }
    expect((await scim.patch(path, patchOf(value))).body[owned].owner).toEqual({
      value: '2',
      $ref: next,
    })
    const query = encodeURIComponent(`${owned}:owner.$ref pr`)
    expect((await scim.get(`/Users?filter=${query}`)).body.totalResults).toBe(1)
  })
})

describe('limits.maxStringLength', () => {
  it('bounds strings in POST, PUT and PATCH, and is named (A8)', async () => {
    const scim = await serve(memoryAdapters(), { limits: { maxStringLength: 64 } })
    const user = await scim.user('a@acme.example', { nickName: 'x'.repeat(64) })
    const nickName = 'x'.repeat(65)
    const sent = { schemas: [userUrn], userName: 'a@acme.example', nickName }
    const answers = [
      await scim.post('/Users', { ...sent, userName: 'b' }),
      await scim.put(`/Users/${user.id}`, sent),
      await scim.patch(
        `/Users/${user.id}`,
        patchOf({ op: 'add', path: 'nickName', value: nickName }),
      ),
    ]
    for (const { status, body } of answers) {
      expect(status).toBe(400)
      expect(body.detail).toContain('maxStringLength')
    }
  })

  it('lets texts of 32 768 characters, pictures and certificates of 80 kB pass by default (A8)', async () => {
    const scim = await serve()
    const base64 = 'A'.repeat(109_228)
    const user = await scim.user('a@acme.example', {
      nickName: 'x'.repeat(32_768),
      photos: [{ value: `data:image/png;base64,${base64}` }],
      x509Certificates: [{ value: base64 }],
    })
    expect(user.x509Certificates[0].value).toBe(base64)
  })
})

describe('limits.maxValues', () => {
  const emails = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => ({ value: `${from + index}@acme.example` }))
  const add = (value: object[]) => ({ op: 'add', path: 'emails', value })

  it('bounds the values of an attribute in POST, PUT and PATCH, and is named', async () => {
    const scim = await serve(memoryAdapters(), { limits: { maxValues: 60 } })
    const user = await scim.user('a@acme.example', { emails: emails(60) })
    const url = `/Users/${user.id}`
    const sent = { schemas: [userUrn], userName: 'a@acme.example', emails: emails(61) }
    const answers = [
      await scim.post('/Users', { ...sent, userName: 'b' }),
      await scim.put(url, sent),
      await scim.patch(url, [add(emails(1, 60))]),
      await scim.patch(url, [{ op: 'replace', path: 'emails', value: emails(61) }]),
      await scim.patch(url, [{ op: 'add', path: 'emails[value eq "z"].type', value: 'work' }]),
      await scim.patch(url, [{ op: 'replace', value: { phoneNumbers: emails(61) } }]),
    ]
    for (const { status, body } of answers) {
      expect([status, body.scimType]).toEqual([400, 'invalidValue'])
      expect(body.detail).toContain('maxValues')
    }
    expect((await scim.patch(url, [add(emails(60))])).status).toBe(200)
  })

  it('lets more stay, change and go, where a resource has them already', async () => {
    const adapters = memoryAdapters()
    const { id } = await (await serve(adapters)).user('a@acme.example', { emails: emails(9) })
    const scim = await serve(adapters, { limits: { maxValues: 3 } })
    const patch = async (operation: object) =>
      (await scim.patch(`/Users/${id}`, [operation])).body.emails?.length
    expect(await patch({ op: 'replace', path: 'title', value: 'Boss' })).toBe(9)
    expect(await patch({ op: 'replace', path: 'emails.type', value: 'work' })).toBe(9)
    expect(await patch(add(emails(1, 9)))).toBeUndefined()
    expect(await patch({ op: 'remove', path: 'emails[value sw "8"]' })).toBe(8)
    expect(await patch({ op: 'replace', path: 'emails', value: emails(3) })).toBe(3)
  })

  it('does not apply to the members of groups', async () => {
    const scim = await serve(memoryAdapters(), { limits: { maxValues: 1 } })
    const ids = [(await scim.user('a')).id, (await scim.user('b')).id, (await scim.user('c')).id]
    const { id } = await scim.group('Crew', ids.slice(1))
    const members = [{ value: ids[0] }]
    await scim.patch(`/Groups/${id}`, [{ op: 'add', path: 'members', value: members }])
    expect((await scim.get(`/Groups/${id}`)).body.members).toHaveLength(3)
  })
})

it.each(['known', 'reject'] as const)(
  'takes a URI in schemas that is unknown here with unknownAttributes %j (A20)',
  async (unknownAttributes) => {
    const foreign = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'
    const group = { schemas: [groupUrn, foreign], displayName: 'x' }
    const scim = await serve(memoryAdapters(), { unknownAttributes })
    expect((await scim.post('/Groups', group)).status).toBe(201)
    const strict = await serve(memoryAdapters(), {
      unknownAttributes,
      deviations: { legacyUrns: false },
    })
    expect((await strict.post('/Groups', group)).status).toBe(400)
  },
)

const levelled = 'urn:example:levelled'

it.each([
  ['1.0', 201, 1],
  ['1e2', 201, 100],
  ['-0.0', 201, 0],
  ['10E-1', 201, 1],
  ['1.5', 400, undefined],
  ['1e-1', 400, undefined],
])(
  'takes the number %s for an integer if it is one, however it is written',
  async (text, status, level) => {
    const scim = await serve(memoryAdapters(), {
      schemas: [
        { id: levelled, name: 'Levelled', attributes: [{ name: 'level', type: 'integer' }] },
      ],
      userExtensions: [{ schema: levelled }],
    })
    const body = `{"userName":"ines","${levelled}":{"level":${text}}}`
    const answer = await scim.send('POST', '/Users', body)
    expect([answer.status, answer.body[levelled]?.level]).toEqual([status, level])
  },
)
