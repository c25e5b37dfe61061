import { buildHost, type StartedHost, startHost } from '../../host/start-host.js'
import { send } from '../../support/label-studio-browser.js'
import { type Canaille, startCanaille } from './identity-provider.js'

const token = 'scim-token-of-the-clients-suite'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

describe('Canaille, an identity provider, against the example host as it is', () => {
  let host: StartedHost
  let canaille: Canaille
  /** Ids in Canaille by name. */
  const ids: { ann: string; bob: string; crew: string } = { ann: '', bob: '', crew: '' }

  beforeAll(async () => {
    await buildHost()
    host = await startHost({ SCIM_TOKEN: token, DATABASE_URL: 'sqlite::memory:' })
    canaille = await startCanaille(`${host.origin}/scim/v2`, token)
  })
  afterAll(async () => {
    await canaille?.stop()
    await host?.stop()
  })

  const scim = async (path: string) =>
    (await send(`${host.origin}/scim/v2${path}`, { headers: { authorization: `Bearer ${token}` } }))
      .json
  const userOf = async (userName: string) =>
    (await scim(`/Users?filter=userName eq "${userName}"`)).Resources[0]
  const groupOf = async (displayName: string) =>
    (await scim(`/Groups?filter=displayName eq "${displayName}"`)).Resources[0]
  const memberNames = async (displayName: string) => {
    const { members = [] } = await groupOf(displayName)
    const users = await Promise.all(
      members.map(({ value }: { value: string }) => scim(`/Users/${value}`)),
    )
    return users.map(({ userName }) => userName).sort()
  }

  it('creates people with what it knows of them', async () => {
    ids.ann = await canaille.create('user', {
      'user-name': 'ann',
      'formatted-name': 'Ann Lee',
      'given-name': 'Ann',
      'family-name': 'Lee',
      emails: 'ann@corp.example',
      'employee-number': '7',
      department: 'Vision',
      password: 'Ann-passw0rd!',
    })
    const ann = await userOf('ann')
    expect(ann).toMatchObject({
      externalId: ids.ann,
      active: true,
      name: { formatted: 'Ann Lee', givenName: 'Ann', familyName: 'Lee' },
      emails: [{ value: 'ann@corp.example' }],
      [enterprise]: { employeeNumber: '7', department: 'Vision' },
    })
    expect(ann.password).toBeUndefined()
    ids.bob = await canaille.create('user', {
      'user-name': 'bob',
      'formatted-name': 'Bob Ray',
      'family-name': 'Ray',
      emails: 'bob@corp.example',
    })
    expect((await userOf('bob')).active).toBe(true)
  })

  it('renames people', async () => {
    const before = await userOf('ann')
    await canaille.set('user', ids.ann, {
      'family-name': 'Lee-Ray',
      'formatted-name': 'Ann Lee-Ray',
    })
    const after = await userOf('ann')
    expect([after.id, after.name.familyName]).toEqual([before.id, 'Lee-Ray'])
  })

  it('creates a group with its members, adds and removes them', async () => {
    ids.crew = await canaille.create('group', { 'display-name': 'crew', members: ids.ann })
    expect(await memberNames('crew')).toEqual(['ann'])
    await canaille.set('group', ids.crew, { members: [ids.ann, ids.bob] })
    expect(await memberNames('crew')).toEqual(['ann', 'bob'])
    await canaille.set('group', ids.crew, { members: ids.bob })
    expect(await memberNames('crew')).toEqual(['bob'])
  })

  it('locks people', async () => {
    await canaille.set('user', ids.bob, { 'lock-date': '2020-01-01T00:00:00+00:00' })
    expect((await userOf('bob')).active).toBe(false)
  })

  it('deletes groups and people', async () => {
    await canaille.delete('group', ids.crew)
    expect(await groupOf('crew')).toBeUndefined()
    await canaille.delete('user', ids.ann)
    expect([await userOf('ann'), (await userOf('bob')).userName]).toEqual([undefined, 'bob'])
  })
})
