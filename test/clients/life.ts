import type { Client } from './client.js'
import { type Server, scimToken, startServer } from './server.js'

const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** Starts a client against a service provider. */
export type StartClient = (baseUrl: string, token: string) => Promise<Client>

/** What a client does otherwise than others. */
export interface Traits {
  /** It sends no `If-Match` with PATCH, whatever version it is given. */
  readonly patchesAnyVersion?: true
}

/** What a test of one client's own abilities works with. */
export interface Life {
  client(): Client
  server(): Server
}

/**
 * A whole life of people and groups, asserted from both sides: what the client believed and what
 * the server has. The client knows the commands create, read, find, page, replace, patch and
 * delete.
 */
export function describeLife(start: StartClient, traits: Traits = {}): Life {
  let server: Server
  let client: Client
  const ids = { ann: '', bob: '', crew: '' }

  beforeAll(async () => {
    server = await startServer()
    client = await start(server.baseUrl, scimToken)
  })
  afterAll(async () => {
    await client?.stop()
    await server?.stop()
  })

  const user = (command: string, values: object) => client.do(command, { type: 'User', ...values })
  const group = (command: string, values: object) =>
    client.do(command, { type: 'Group', ...values })
  const patchUser = (id: string, ...operations: readonly object[]) =>
    user('patch', { id, operations })
  const patchGroup = (id: string, ...operations: readonly object[]) =>
    group('patch', { id, operations })
  const done = { success: true }

  it('learns what the service provider can do', async () => {
    expect(await client.do('discover')).toMatchObject({ patch: true, filter: true, etag: true })
  })

  it('creates people with what it knows of them', async () => {
    const created = await user('create', { resource: ann() })
    expect(created).toMatchObject({ success: true, resource: ann() })
    ids.ann = created.resource.id
    expect(await server.get(`/Users/${ids.ann}`)).toMatchObject(ann())
    ids.bob = (await user('create', { resource: person('bob') })).resource.id
    expect(await server.usersNamed('bob@corp.example')).toMatchObject([{ id: ids.bob }])
  })

  it('reads back what it created', async () => {
    const { resource } = await user('read', { id: ids.ann })
    expect(resource).toEqual(await server.get(`/Users/${ids.ann}`))
  })

  it('is told that a name is taken', async () => {
    const taken = await user('create', { resource: person('bob') })
    expect(taken).toMatchObject({ success: false, status: 409, scimType: 'uniqueness' })
    expect(await server.usersNamed('bob@corp.example')).toHaveLength(1)
  })

  it.each([
    ['userName', 'ANN@corp.example'],
    ['externalId', 'hr-ann'],
    ['emails.value', 'ann@corp.example'],
    ['name.familyName', 'Lee'],
    [`${enterpriseUrn}:employeeNumber`, '7'],
  ])('finds people by %s', async (attribute, value) => {
    const found = await user('find', { attribute, value })
    expect(found).toMatchObject({ success: true, total: 1, resources: [{ id: ids.ann }] })
  })

  it('finds nobody where there is nobody', async () => {
    const found = await user('find', { attribute: 'userName', value: 'nobody@corp.example' })
    expect(found).toMatchObject({ success: true, total: 0, resources: [] })
  })

  it('is told that a filter names nothing', async () => {
    const refused = await user('find', { attribute: 'shoeSize', value: '42' })
    expect(refused).toMatchObject({ success: false, status: 400, scimType: 'invalidFilter' })
  })

  it('renames somebody by replacing everything', async () => {
    const { resource } = await user('read', { id: ids.ann })
    const name = { givenName: 'Ann', familyName: 'Ray' }
    const renamed = { ...resource, userName: 'ann.ray@corp.example', name }
    const replaced = await user('replace', { id: ids.ann, resource: renamed })
    expect(replaced).toMatchObject({ success: true, resource: { id: ids.ann, name } })
    expect(await server.usersNamed('ann@corp.example')).toEqual([])
    expect(await server.usersNamed('ann.ray@corp.example')).toMatchObject([
      { id: ids.ann, name, externalId: 'hr-ann', [enterpriseUrn]: { department: 'Vision' } },
    ])
  })

  it('changes single attributes', async () => {
    const changed = await patchUser(
      ids.ann,
      { op: 'replace', path: 'name.familyName', value: 'Lee-Ray' },
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'ann.ray@corp.example' },
      { op: 'add', path: `${enterpriseUrn}:costCenter`, value: '0815' },
      { op: 'remove', path: 'title' },
    )
    expect(changed).toMatchObject(done)
    const now = await server.get(`/Users/${ids.ann}`)
    expect(now).toMatchObject({
      name: { givenName: 'Ann', familyName: 'Lee-Ray' },
      emails: [{ value: 'ann.ray@corp.example', type: 'work' }],
      [enterpriseUrn]: { department: 'Vision', costCenter: '0815' },
    })
    expect([now.title, changed.resource]).toEqual([undefined, now])
  })

  it('changes several attributes by an operation without a path (E)', async () => {
    const value = { title: 'Dr.', displayName: 'Ann L.' }
    expect(await patchUser(ids.ann, { op: 'replace', value })).toMatchObject(done)
    expect(await server.get(`/Users/${ids.ann}`)).toMatchObject({ ...value, active: true })
  })

  it('locks somebody and unlocks', async () => {
    for (const active of [false, true]) {
      const operation = { op: 'replace', path: 'active', value: active }
      const changed = await patchUser(ids.bob, operation)
      expect(changed).toMatchObject({ success: true, resource: { active } })
      expect(await server.get(`/Users/${ids.bob}`)).toMatchObject({ active })
    }
  })

  it('locks and unlocks by replacing everything', async () => {
    for (const active of [false, true]) {
      const resource = { ...person('bob'), active }
      expect(await user('replace', { id: ids.bob, resource })).toMatchObject(done)
      expect(await server.get(`/Users/${ids.bob}`)).toMatchObject({ active })
    }
  })

  it('is told that its version is stale, and changes nothing', async () => {
    const { resource } = await user('read', { id: ids.bob })
    expect(await patchUser(ids.bob, { op: 'add', path: 'title', value: 'Mr.' })).toMatchObject(done)
    const stale = { id: ids.bob, version: resource.meta.version }
    const refused = { success: false, status: 412 }
    expect(await user('replace', { ...stale, resource })).toMatchObject(refused)
    expect(await user('delete', stale)).toMatchObject(refused)
    const operations = [{ op: 'replace', path: 'active', value: false }]
    if (!traits.patchesAnyVersion) {
      expect(await user('patch', { ...stale, operations })).toMatchObject(refused)
    }
    expect(await server.get(`/Users/${ids.bob}`)).toMatchObject({ title: 'Mr.', active: true })
  })

  it('creates a group with a member', async () => {
    const members = [{ value: ids.ann, type: 'User' }]
    const resource = { schemas: [groupUrn], displayName: 'crew', externalId: 'g-1', members }
    const created = await group('create', { resource })
    expect(created).toMatchObject({ success: true, resource: { displayName: 'crew' } })
    ids.crew = created.resource.id
    expect(await server.memberNames(ids.crew)).toEqual(['ann.ray@corp.example'])
  })

  it('takes an answer to a group PATCH for success (F)', async () => {
    const value = [{ value: ids.bob }]
    const added = await patchGroup(ids.crew, { op: 'add', path: 'members', value })
    expect(added).toMatchObject(done)
    expect(await server.memberNames(ids.crew)).toEqual(['ann.ray@corp.example', 'bob@corp.example'])
  })

  it('sees the groups of a member', async () => {
    const { resource } = await user('read', { id: ids.bob })
    expect(resource.groups).toMatchObject([{ value: ids.crew, display: 'crew' }])
  })

  it('lets somebody leave a group', async () => {
    const operation = { op: 'remove', path: `members[value eq "${ids.ann}"]` }
    expect(await patchGroup(ids.crew, operation)).toMatchObject(done)
    expect(await server.memberNames(ids.crew)).toEqual(['bob@corp.example'])
  })

  it('renames a group, whose members stay', async () => {
    const operation = { op: 'replace', path: 'displayName', value: 'team' }
    expect(await patchGroup(ids.crew, operation)).toMatchObject(done)
    expect(await server.groupsNamed('crew')).toEqual([])
    expect(await server.memberNames(ids.crew)).toEqual(['bob@corp.example'])
  })

  it('empties a group and fills it again by replacing everything', async () => {
    for (const names of [[], ['ann.ray@corp.example', 'bob@corp.example']]) {
      const value = names.length === 0 ? [] : [{ value: ids.ann }, { value: ids.bob }]
      const resource = { schemas: [groupUrn], displayName: 'team', members: value }
      expect(await group('replace', { id: ids.crew, resource })).toMatchObject(done)
      expect(await server.memberNames(ids.crew)).toEqual(names)
      const { resource: read } = await group('read', { id: ids.crew })
      expect(read.members ?? []).toHaveLength(names.length)
    }
  })

  it('lists everybody, page by page', async () => {
    for (const name of ['c1', 'c2', 'c3', 'c4', 'c5']) {
      expect(await user('create', { resource: person(name) })).toMatchObject(done)
    }
    const seen: string[] = []
    for (const length of [2, 2, 2, 1]) {
      const page = await user('page', { startIndex: seen.length + 1, count: 2 })
      expect([page.total, page.resources.length]).toEqual([7, length])
      seen.push(...page.resources.map(({ id }: { id: string }) => id))
    }
    expect(new Set(seen).size).toBe(7)
    expect(seen).toEqual(expect.arrayContaining([ids.ann, ids.bob]))
  })

  it('deletes somebody, who leaves the groups too', async () => {
    expect(await user('delete', { id: ids.ann })).toMatchObject(done)
    expect(await server.usersNamed('ann.ray@corp.example')).toEqual([])
    expect(await server.memberNames(ids.crew)).toEqual(['bob@corp.example'])
    const gone = { success: false, status: 404 }
    expect(await user('read', { id: ids.ann })).toMatchObject(gone)
    expect(await user('delete', { id: ids.ann })).toMatchObject(gone)
    const operation = { op: 'replace', path: 'active', value: true }
    expect(await patchUser(ids.ann, operation)).toMatchObject(gone)
  })

  it('deletes a group, whose members stay', async () => {
    expect(await group('delete', { id: ids.crew })).toMatchObject(done)
    expect(await server.groupsNamed('team')).toEqual([])
    const bob = await server.get(`/Users/${ids.bob}`)
    expect([bob.active, bob.groups]).toEqual([true, undefined])
  })

  it('is told that its token is wrong', async () => {
    const stranger = await start(server.baseUrl, 'a-token-that-nobody-gave-out')
    const refused = await stranger.do('read', { type: 'User', id: ids.bob })
    await stranger.stop()
    expect(refused).toMatchObject({ success: false, status: 401 })
  })

  return { client: () => client, server: () => server }
}

/** Somebody with a name and an address of it. */
export function person(name: string) {
  return {
    schemas: [userUrn],
    userName: `${name}@corp.example`,
    externalId: `hr-${name}`,
    active: true,
    name: { givenName: name, familyName: 'Doe' },
    emails: [{ value: `${name}@corp.example`, type: 'work', primary: true }],
  }
}

function ann() {
  return {
    ...person('ann'),
    schemas: [userUrn, enterpriseUrn],
    name: { givenName: 'Ann', familyName: 'Lee' },
    title: 'Annotator',
    [enterpriseUrn]: { employeeNumber: '7', department: 'Vision' },
  }
}
