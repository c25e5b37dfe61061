import path from 'node:path'
import { send } from '../../support/label-studio-browser.js'
import { pythonWithSdk } from '../../support/label-studio-server.js'
import { type Client, startClient } from '../client.js'
import { adminToken, type Server, startServer } from '../server.js'

describe("label-studio-sdk 2.1.2 against the example host's settings", () => {
  let server: Server
  let client: Client

  const start = async (token: string) => {
    const program = { name: 'label-studio-sdk', command: await pythonWithSdk() }
    const parameters = [path.join(__dirname, 'main.py')]
    return startClient({ ...program, parameters, baseUrl: server.origin, token })
  }

  beforeAll(async () => {
    server = await startServer()
    client = await start(adminToken)
  })
  afterAll(async () => {
    await client?.stop()
    await server?.stop()
  })

  const settings = async () => {
    const headers = { authorization: `Bearer ${adminToken}` }
    return (await send(`${server.origin}/api/scim/settings`, { headers })).json
  }
  const update = (rules: object) => client.do('update', { rules })

  it('finds no rules at first', async () => {
    const found = await client.do('get')
    expect(found.settings).toMatchObject({ roles_groups: [], projects_groups: [] })
  })

  it.each([
    [
      'roles',
      {
        roles_groups: [
          ['Administrator', 'LS-Admins'],
          ['Annotator', 'LS-Ann'],
        ],
      },
    ],
    ['workspaces', { workspaces_groups: [['Engineering', 'LS-Eng']] }],
    [
      'projects, one with the role inherited',
      {
        projects_groups: [
          { project_id: 42, group: 'LS-P42', role: 'Reviewer' },
          { project_id: 43, group: 'LS-P43', role: 'Inherit' },
        ],
      },
    ],
  ])('saves rules of %s', async (_, rules) => {
    expect(await update(rules)).toMatchObject({ success: true, settings: rules })
    expect(await settings()).toMatchObject(rules)
    expect((await client.do('get')).settings).toMatchObject(rules)
  })

  it('keeps the rules that an update does not name', async () => {
    expect(await update({ roles_groups: [] })).toMatchObject({ success: true })
    expect(await settings()).toMatchObject({
      roles_groups: [],
      workspaces_groups: [['Engineering', 'LS-Eng']],
    })
  })

  it('is told that no rule gives Owner, and changes nothing', async () => {
    const before = await settings()
    const refused = await update({ roles_groups: [['Owner', 'LS-Admins']] })
    expect(refused).toMatchObject({ success: false, status: 400 })
    expect(refused.body.detail).toMatch(/Owner/)
    expect(await settings()).toEqual(before)
  })

  it('is told that its token is wrong', async () => {
    const stranger = await start('a-token-that-nobody-gave-out')
    const refused = await stranger.do('update', { rules: { roles_groups: [] } })
    await stranger.stop()
    expect(refused).toMatchObject({ success: false, status: 401 })
  })
})
