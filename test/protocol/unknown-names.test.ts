import { memoryAdapters } from '../../adapters/memory/index.js'
import { countsOf } from './passed-over-suite.js'
import { enterpriseUrn, groupUrn, type ServiceProvider, serve, userUrn } from './server.js'

const custom = 'urn:ietf:params:scim:schemas:extension:Custom:2.0:User'
const refusing = { unknownAttributes: 'reject' } as const

/** Operations that nobody here can carry out, with the name under which they are reported. */
const unknown = [
  [
    'an extension nobody knows (C1, B3)',
    { path: `${custom}:badge`, value: '7' },
    `${custom}:badge`,
  ],
  ['a whole extension nobody knows', { path: custom, value: { badge: '7' } }, custom],
  ['a misspelt name', { path: 'titel', value: 'x' }, 'titel'],
  ['a misspelt sub-attribute', { path: 'name.first', value: 'x' }, 'name.first'],
  [
    'a misspelt sub-attribute behind a filter',
    { path: 'emails[type eq "work"].adress', value: 'x' },
    'emails.adress',
  ],
  [
    'an unknown name with a filter (A15)',
    { path: 'customMails[type eq "work"].value', value: 'x' },
    'customMails',
  ],
  ['a name with a blank in it', { path: 'Cost Center', value: 'x' }, 'Cost Center'],
  [
    'a name with a blank in it, of an extension nobody knows',
    { path: `${custom}:Cost Center`, value: 'x' },
    `${custom}:Cost Center`,
  ],
  [
    'a name with a blank in it, of a known extension',
    { path: `${enterpriseUrn}:Cost Center`, value: 'x' },
    `${enterpriseUrn}:Cost Center`,
  ],
  ['a name that begins with a digit', { path: '1st.badge', value: 'x' }, '1st.badge'],
] as const

const isActive = async (scim: ServiceProvider, id: string) =>
  (await scim.get(`/Users/${id}`)).body.active

describe('deactivates somebody whatever else the same PATCH names', () => {
  it.each(unknown)('%s', async (_, operation, name) => {
    const scim = await serve()
    const { id } = await scim.user('ines')
    const { status } = await scim.patch(`/Users/${id}`, [
      { op: 'Replace', path: 'active', value: 'False' },
      { op: 'Add', ...operation },
    ])
    expect([status, await isActive(scim, id)]).toEqual([200, false])
    expect(await countsOf(scim)).toMatchObject([{ kind: 'attribute', name, count: 1 }])
  })

  it.each(unknown)('refuses all of it where the host wants that: %s', async (_, operation) => {
    const scim = await serve(memoryAdapters(), refusing)
    const { id } = await scim.user('ines')
    const { status, body } = await scim.patch(`/Users/${id}`, [
      { op: 'replace', path: 'active', value: false },
      { op: 'add', ...operation },
    ])
    expect([status, body.scimType, await isActive(scim, id)]).toEqual([400, 'invalidPath', true])
  })

  it.each([
    [{ value: { actve: false } }],
    [{ value: { [userUrn]: { actve: false } } }],
    [{ value: { [`${userUrn}:actve`]: false, id: 'x' } }],
    [{ value: { [enterpriseUrn]: { nonsense: 1 } } }],
    [{ value: { [groupUrn]: { active: false } } }],
    [{ path: `${groupUrn}:active`, value: false }],
    [{ path: 'urn:scim:schemas:core:1.0:actve', value: false }],
  ])('refuses a PATCH that says nothing else: %j', async (operation) => {
    const scim = await serve()
    const { id } = await scim.user('ines')
    const { status, body } = await scim.patch(`/Users/${id}`, [{ op: 'replace', ...operation }])
    expect([status, body.scimType]).toEqual([400, 'invalidPath'])
    const foreign = [{ op: 'replace', value: { [custom]: { badge: '7' } } }]
    expect((await scim.patch(`/Users/${id}`, foreign)).status).toBe(200)
  })

  it.each(['urn:scim:schemas:core:1.0:', `${groupUrn}:`, `${groupUrn}.`, ''])(
    'takes members out by a path that begins with "%s"',
    async (prefix) => {
      const scim = await serve()
      const ines = await scim.user('ines')
      const { id } = await scim.group('Crew', [ines.id])
      const operation = { op: 'remove', path: `${prefix}members[value eq "${ines.id}"]` }
      expect((await scim.patch(`/Groups/${id}`, [operation])).status).toBe(204)
      expect((await scim.get(`/Groups/${id}`)).body.members).toEqual([])
      const wrong = { op: 'remove', path: `${userUrn}:members` }
      expect((await scim.patch(`/Groups/${id}`, [wrong])).status).toBe(400)
    },
  )

  it.each([
    [[{ path: 'emails[kind eq "work"].value', value: 'x' }]],
    [[{ path: 'emails[type eq "work" and not (kind pr)]', value: { value: 'x' } }]],
    [[{ value: { 'emails[kind eq "work"].value': 'x' } }]],
  ])('an unknown name inside a value filter: %j', async (operations) => {
    const scim = await serve()
    const { id } = await scim.user('ines')
    const others = operations.map((operation) => ({ op: 'Add', ...operation }))
    const alone = await scim.patch(`/Users/${id}`, [
      { op: 'add', path: 'emails[kind pr]', value: 'x' },
    ])
    expect([alone.status, alone.body.scimType]).toEqual([400, 'invalidFilter'])
    const off = { op: 'Replace', path: 'active', value: 'False' }
    const { status } = await scim.patch(`/Users/${id}`, [...others, off])
    expect([status, await isActive(scim, id)]).toEqual([200, false])
    expect(await countsOf(scim)).toHaveLength(1)
  })

  it('a broken value filter of an unknown name', async () => {
    const scim = await serve()
    const { id } = await scim.user('ines')
    const broken = { op: 'Add', path: 'badges[type eq', value: 'x' }
    const alone = await scim.patch(`/Users/${id}`, [broken])
    expect([alone.status, alone.body.scimType]).toEqual([400, 'invalidFilter'])
    const off = { op: 'Replace', path: 'active', value: 'False' }
    const { status } = await scim.patch(`/Users/${id}`, [broken, off])
    expect([status, await isActive(scim, id)]).toEqual([200, false])
  })

  it.each([
    ['in a value (A15)', { active: false, 'customMails[type eq "work"].value': 'x' }],
    ['under an unknown URN', { active: false, 'urn:x:y:z': { badge: 1 } }],
    ['under the URN of the schema (E1)', { [userUrn]: { active: false, nonsense: 1 } }],
  ])('%s', async (_, value) => {
    const scim = await serve()
    const { id } = await scim.user('ines')
    const { status } = await scim.patch(`/Users/${id}`, [{ op: 'replace', value }])
    expect([status, await isActive(scim, id)]).toEqual([200, false])
    expect(await countsOf(scim)).toHaveLength(1)
  })
})

describe('a path that is malformed and begins with a known name', () => {
  it.each([
    'active ',
    '/active',
    ' active',
    '$.active',
    'emails[type eq "work"',
    "emails[type eq 'work'].value",
    'emails[value eq "urn:x:y"',
    'active urn:x:y',
    `${userUrn}:active now`,
    `${userUrn}:active now:x`,
    `${enterpriseUrn}:department[`,
  ])('is refused, whatever else the PATCH says: %j', async (path) => {
    const scim = await serve()
    const { id, meta } = await scim.user('ines')
    const { status } = await scim.patch(`/Users/${id}`, [
      { op: 'replace', path, value: false },
      { op: 'replace', path: 'title', value: 'x' },
    ])
    expect(status).toBe(400)
    expect((await scim.get(`/Users/${id}`)).body.meta.version).toBe(meta.version)
  })
})

describe('a PATCH that says nothing else', () => {
  it('is refused for a misspelt name, and done for an extension nobody knows', async () => {
    const scim = await serve()
    const { id, meta } = await scim.user('ines')
    const misspelt = await scim.patch(`/Users/${id}`, [{ op: 'add', path: 'titel', value: 'x' }])
    expect([misspelt.status, misspelt.body.scimType]).toEqual([400, 'invalidPath'])
    const operations = [{ op: 'add', path: `${custom}:badge`, value: '7' }]
    const foreign = await scim.patch(`/Users/${id}`, operations)
    expect([foreign.status, foreign.body.meta.version]).toEqual([200, meta.version])
  })

  it('lets members leave although another name of the group is misspelt', async () => {
    const scim = await serve()
    const { id } = await scim.user('ines')
    const group = (
      await scim.post('/Groups', {
        schemas: [groupUrn],
        displayName: 'g',
        members: [{ value: id }],
      })
    ).body
    const { status } = await scim.patch(`/Groups/${group.id}`, [
      { op: 'remove', path: `members[value eq "${id}"]` },
      { op: 'replace', path: 'displayname2', value: 'x' },
    ])
    expect(status).toBeLessThan(300)
    expect((await scim.get(`/Groups/${group.id}`)).body.members ?? []).toEqual([])
  })
})

describe('POST and PUT', () => {
  it('take attributes under the URN of the schema and count unknown ones (E1)', async () => {
    const scim = await serve()
    const schemas = [userUrn]
    const body = { schemas, [userUrn]: { userName: 'ann', active: false }, [custom]: { badge: 1 } }
    const posted = await scim.post('/Users', body)
    expect(posted.body).toMatchObject({ userName: 'ann', active: false })
    const put = { schemas, userName: 'ann', [userUrn]: { active: true }, manager: 'm-1' }
    const replaced = await scim.put(`/Users/${posted.body.id}`, put)
    expect(replaced.body).toMatchObject({
      active: true,
      [enterpriseUrn]: { manager: { value: 'm-1' } },
    })
    expect(await countsOf(scim)).toMatchObject([{ name: custom, count: 1 }])
  })

  it('refuse an attribute that is given in both places (E1)', async () => {
    const scim = await serve()
    const twice = { schemas: [userUrn], userName: 'ann', [userUrn]: { username: 'bob' } }
    expect((await scim.post('/Users', twice)).body.scimType).toBe('invalidSyntax')
  })

  it('store no value that says nothing, as PATCH does (A14, E8)', async () => {
    const scim = await serve()
    const empty = {
      phoneNumbers: [
        { type: 'work', value: null },
        { type: 'mobile', value: '' },
      ],
      emails: [{ primary: true }, { type: 'work', value: null, primary: true }],
      addresses: [{ type: 'work', formatted: null }],
      roles: [{ type: 'work' }, {}],
    }
    const posted = await scim.post('/Users', { schemas: [userUrn], userName: 'ann', ...empty })
    const patched = await scim.patch(
      `/Users/${(await scim.user('bob')).id}`,
      Object.entries(empty).map(([path, value]) => ({ op: 'add', path, value })),
    )
    for (const { body } of [posted, patched]) {
      for (const name of Object.keys(empty)) expect(body).not.toHaveProperty(name)
    }
  })
})

describe('add members[value eq "…"] adds whom the path names', () => {
  it.each([
    ['null', null],
    ['an empty string', ''],
    ['an empty object', {}],
    ['the id in an array', [{ value: 'ID' }]],
    ['the id alone', 'ID'],
  ])('with %s as value (A7, E5)', async (_, sent) => {
    const scim = await serve()
    const { id } = await scim.user('ines')
    const { body: group } = await scim.post('/Groups', { schemas: [groupUrn], displayName: 'g' })
    const value = JSON.parse(JSON.stringify(sent).replace('ID', id))
    const operation = { op: 'add', path: `members[value eq "${id}"]`, value }
    for (let round = 0; round < 2; round += 1) {
      expect((await scim.patch(`/Groups/${group.id}`, [operation])).status).toBeLessThan(300)
      const { members } = (await scim.get(`/Groups/${group.id}`)).body
      expect(members.map((member: { value: string }) => member.value)).toEqual([id])
    }
  })
})

describe('a PATCH that is repeated', () => {
  it.each([
    ['emails', 'emails[type eq "work"]', { value: 'new@x.example' }],
    ['addresses', 'addresses[type eq "work"]', { streetAddress: '1 Main' }],
    ['roles', 'roles[primary eq "True"]', { value: 'x' }],
  ])('changes nothing the second time: %s (A5, E11, E12)', async (_, path, value) => {
    const scim = await serve()
    const { id } = await scim.user('ines', {
      emails: [{ value: 'old@x.example', type: 'work', primary: true }],
      addresses: [{ type: 'work', streetAddress: 'Old' }],
      roles: [{ value: 'r', primary: true }],
    })
    const once = await scim.patch(`/Users/${id}`, [{ op: 'replace', path, value }])
    for (let round = 0; round < 3; round += 1) {
      const again = await scim.patch(`/Users/${id}`, [{ op: 'replace', path, value }])
      expect(again.body).toEqual(once.body)
    }
  })
})

describe('remove with null (A22, clients C)', () => {
  it('removes attributes and extensions, and no members', async () => {
    const scim = await serve()
    const { id } = await scim.user('ines', {
      phoneNumbers: [{ value: '1', type: 'work' }],
      [enterpriseUrn]: { department: 'D' },
    })
    const { body } = await scim.patch(`/Users/${id}`, [
      { op: 'remove', path: 'phoneNumbers', value: null },
      { op: 'remove', path: enterpriseUrn, value: null },
    ])
    expect([body.phoneNumbers, body[enterpriseUrn]]).toEqual([undefined, undefined])
    const members = [{ value: id }]
    const group = await scim.post('/Groups', { schemas: [groupUrn], displayName: 'g', members })
    const operations = [{ op: 'remove', path: 'members', value: null }]
    const { status, body: refusal } = await scim.patch(`/Groups/${group.body.id}`, operations)
    expect([status, refusal.scimType]).toEqual([400, 'invalidValue'])
    expect(refusal.detail).toContain('Leave "value" out')
  })
})
