import type { Client } from '../client.js'
import { startJavaClient } from '../java-client.js'
import { enterpriseUrn } from '../life.js'
import { type Server, scimToken, startServer } from '../server.js'

const ann = 'ann@corp.example'
const annRay = 'ann.ray@corp.example'

describe('the SCIM connector 1.0.5 of Apache Syncope and midPoint against the example host', () => {
  let server: Server
  let client: Client
  const ids = { ann: '', crew: '', team: '' }

  beforeAll(async () => {
    server = await startServer()
    client = await startJavaClient('connid', server.baseUrl, scimToken)
  })
  afterAll(async () => {
    await client?.stop()
    await server?.stop()
  })

  const user = (command: string, values: object) => client.do(command, { type: 'User', ...values })
  const group = (command: string, values: object) =>
    client.do(command, { type: 'Group', ...values })
  const createGroup = async (displayName: string) => {
    const attributes = { displayName, __NAME__: displayName }
    return (await group('create', { attributes })).uid
  }
  const userNow = () => server.get(`/Users/${ids.ann}`)
  const done = { success: true }
  /** All that Syncope knows of Ann, which is what it sends with every update. */
  const attributesOf = (userName: string, changed: object = {}) => ({
    userName,
    externalId: 'hr-ann',
    'name.givenName': 'Ann',
    'name.familyName': 'Lee',
    'emails.work.value': userName,
    'emails.work.primary': true,
    [`${enterpriseUrn}:employeeNumber`]: '7',
    __ENABLE__: true,
    groups: [ids.crew],
    ...changed,
  })

  it('tests the connection', async () => {
    expect(await client.do('test')).toEqual(done)
  })

  it('creates groups, and somebody who joins one of them', async () => {
    ids.crew = await createGroup('crew')
    ids.team = await createGroup('team')
    const created = await user('create', { attributes: attributesOf(ann) })
    expect(created).toMatchObject(done)
    ids.ann = created.uid
    expect(await userNow()).toMatchObject({
      userName: ann,
      externalId: 'hr-ann',
      active: true,
      name: { givenName: 'Ann', familyName: 'Lee' },
      emails: [{ value: ann, type: 'work', primary: true }],
      [enterpriseUrn]: { employeeNumber: '7' },
    })
    expect(await server.memberNames(ids.crew)).toEqual([ann])
  })

  it('reads back what it created', async () => {
    const wanted = ['userName', 'name.familyName', 'emails.work.value', 'groups', 'active']
    const { object } = await user('read', { uid: ids.ann, wanted })
    expect(object).toMatchObject({
      uid: ids.ann,
      name: ann,
      attributes: {
        'name.familyName': ['Lee'],
        'emails.work.value': [ann],
        groups: [ids.crew],
        active: ['true'],
      },
    })
  })

  it.each([
    ['userName', ann],
    ['__NAME__', ann],
    ['externalId', 'hr-ann'],
  ])('finds somebody by %s', async (attribute, value) => {
    const found = await user('find', { attribute, value, wanted: ['userName', 'externalId'] })
    expect(found).toMatchObject({ success: true, objects: [{ uid: ids.ann }] })
  })

  it('finds a group by its name, and nobody where there is nobody', async () => {
    const asked = { attribute: 'displayName', value: 'crew', wanted: ['displayName'] }
    const found = await group('find', asked)
    expect(found.objects).toMatchObject([{ uid: ids.crew, name: 'crew' }])
    const unknown = { attribute: 'userName', value: 'nobody@corp.example' }
    const none = await user('find', { ...unknown, wanted: ['userName'] })
    expect(none).toMatchObject({ success: true, objects: [] })
  })

  it('is told that a name is taken', async () => {
    const taken = await user('create', { attributes: attributesOf(ann, { groups: [] }) })
    expect(taken).toMatchObject({ success: false, message: expect.stringMatching(/409/) })
    expect(await server.usersNamed(ann)).toHaveLength(1)
  })

  it('renames somebody by PUT, who stays in the group', async () => {
    const changed = { 'name.familyName': 'Ray' }
    const attributes = attributesOf(annRay, changed)
    expect(await user('update', { uid: ids.ann, attributes })).toMatchObject({ uid: ids.ann })
    expect(await userNow()).toMatchObject({
      userName: annRay,
      name: { givenName: 'Ann', familyName: 'Ray' },
      emails: [{ value: annRay }],
    })
    expect(await server.memberNames(ids.crew)).toEqual([annRay])
  })

  it('locks somebody by PUT and unlocks', async () => {
    for (const active of [false, true]) {
      const attributes = attributesOf(annRay, { __ENABLE__: active })
      expect(await user('update', { uid: ids.ann, attributes })).toMatchObject(done)
      expect(await userNow()).toMatchObject({ active })
    }
  })

  it('moves somebody to another group by PUT', async () => {
    const attributes = attributesOf(annRay, { groups: [ids.team] })
    expect(await user('update', { uid: ids.ann, attributes })).toMatchObject(done)
    expect(await server.memberNames(ids.crew)).toEqual([])
    expect(await server.memberNames(ids.team)).toEqual([annRay])
  })

  it('changes the groups alone, with a PATCH of nothing but schemas before (D)', async () => {
    const deltas = [{ name: 'groups', add: [ids.crew], remove: [ids.team] }]
    expect(await user('change', { uid: ids.ann, deltas })).toEqual(done)
    expect(await server.memberNames(ids.crew)).toEqual([annRay])
    expect(await server.memberNames(ids.team)).toEqual([])
  })

  it('locks somebody by what has changed alone, and unlocks', async () => {
    for (const active of [false, true]) {
      const deltas = [{ name: 'active', replace: [active] }]
      expect(await user('change', { uid: ids.ann, deltas })).toEqual(done)
      expect(await userNow()).toMatchObject({ active, userName: annRay })
    }
  })

  it('renames a group, whose members stay', async () => {
    const attributes = { displayName: 'squad', __NAME__: 'squad' }
    expect(await group('update', { uid: ids.crew, attributes })).toMatchObject(done)
    expect((await server.get(`/Groups/${ids.crew}`)).displayName).toBe('squad')
    const deltas = [{ name: 'displayName', replace: ['club'] }]
    expect(await group('change', { uid: ids.crew, deltas })).toEqual(done)
    expect((await server.get(`/Groups/${ids.crew}`)).displayName).toBe('club')
    expect(await server.memberNames(ids.crew)).toEqual([annRay])
  })

  it('adds members to a group and removes them', async () => {
    const members = (change: object) =>
      group('change', { uid: ids.team, deltas: [{ name: 'members', ...change }] })
    expect(await members({ add: [ids.ann] })).toEqual(done)
    expect(await server.memberNames(ids.team)).toEqual([annRay])
    expect(await members({ remove: [ids.ann] })).toEqual(done)
    expect(await server.memberNames(ids.team)).toEqual([])
  })

  it('lists everybody, page by page', async () => {
    for (const name of ['b1', 'b2', 'b3', 'b4']) {
      const attributes = { userName: `${name}@corp.example`, __ENABLE__: true }
      expect(await user('create', { attributes })).toMatchObject(done)
    }
    const seen: string[] = []
    let cookie: string | undefined
    do {
      const page = await user('page', { size: 2, ...(cookie && { cookie }) })
      expect(page.success).toBe(true)
      seen.push(...page.objects.map(({ uid }: { uid: string }) => uid))
      cookie = page.cookie
    } while (cookie)
    expect([seen.length, new Set(seen).size]).toEqual([5, 5])
  })

  it('deletes somebody, who leaves the groups too', async () => {
    expect(await user('delete', { uid: ids.ann })).toEqual(done)
    expect(await server.usersNamed(annRay)).toEqual([])
    expect(await server.memberNames(ids.crew)).toEqual([])
    for (const command of ['read', 'delete']) {
      const gone = await user(command, { uid: ids.ann })
      expect(gone).toMatchObject({ success: false, error: 'NoSuchEntityException' })
    }
  })

  it('deletes a group', async () => {
    expect(await group('delete', { uid: ids.crew })).toEqual(done)
    expect(await server.groupsNamed('club')).toEqual([])
  })

  it('is told that its token is wrong', async () => {
    const stranger = await startJavaClient('connid', server.baseUrl, 'a-token-that-nobody-gave-out')
    const refused = await stranger.do('test')
    await stranger.stop()
    expect(refused.success).toBe(false)
  })
})
