import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { send, signIn } from '../support/label-studio-browser.js'
import { buildHost, type StartedHost, startHost } from './start-host.js'

const email = 'ann@example.com'
const password = 'A-good-passw0rd'
let fake: FakeLabelStudio
let host: StartedHost

beforeAll(async () => {
  await buildHost()
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  host = await startHost(environment())
}, 120_000)

const environment = () => ({
  DATABASE_URL: 'sqlite::memory:',
  LABEL_STUDIO_URL: fake.url,
  LABEL_STUDIO_TOKEN: fake.token,
  LABEL_STUDIO_EMAIL: fake.ownerEmail,
  LABEL_STUDIO_PASSWORD: fake.ownerPassword,
  SCIM_TOKEN: 'token-of-the-identity-provider',
  ADMIN_TOKEN: 'token-of-the-administrator',
})

afterAll(async () => {
  await host?.stop()
  await fake?.stop()
})

const scim = (method: string, path: string, body?: unknown) =>
  send(`${host.origin}/scim/v2${path}`, {
    method,
    headers: {
      authorization: 'Bearer token-of-the-identity-provider',
      'content-type': 'application/scim+json',
    },
    body,
  })

describe('the example host in front of a Label Studio', () => {
  it('says at the start what works there and what does not', () => {
    expect(host.output).toMatch(/The token works and is the owner’s/)
    expect(host.output).toMatch(/WARNING: Legacy tokens are on/)
    expect(host.output).not.toMatch(/Community has no roles/)
  })

  it('lists the accounts that the identity provider does not know', async () => {
    const answer = await send(`${host.origin}/api/scim/accounts`, {
      method: 'GET',
      headers: { authorization: 'Bearer token-of-the-administrator' },
    })
    const owner = { kind: 'protected', email: fake.ownerEmail }
    expect(answer.json).toMatchObject({ supported: true, accounts: [owner] })
  })

  it('warns that rules are not in force where its own gate does not enforce them', async () => {
    const reporting = await startHost({ ...environment(), LABEL_STUDIO_RULES: 'report' })
    expect(reporting.output).toMatch(/WARNING: Community has no roles/)
    await reporting.stop()
  })

  it('provisions it, lets people through, and shuts them out', async () => {
    const user = { userName: email, emails: [{ value: email, primary: true }], password }
    const pushed = await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      ...user,
    })
    expect(pushed.status).toBe(201)
    const { status, cookie } = await signIn(host.origin, email, password)
    expect(status).toBe(302)
    const projects = () => send(`${host.origin}/api/projects/`, { headers: { cookie } })
    expect((await projects()).status).toBe(200)
    const deactivated = await scim('PATCH', `/Users/${pushed.json.id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    })
    expect(deactivated.status).toBe(200)
    expect((await projects()).status).toBe(403)
  })

  it('opens nothing when the last rule is deleted', async () => {
    const user = { userName: 'bo@example.com', emails: [{ value: 'bo@example.com' }], password }
    await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      ...user,
    })
    const { cookie } = await signIn(host.origin, 'bo@example.com', password)
    const newProject = () =>
      send(`${host.origin}/api/projects/`, { method: 'POST', headers: { cookie }, body: {} })
    const rules = (list: unknown) =>
      send(`${host.origin}/api/scim/settings`, {
        method: 'POST',
        headers: { authorization: 'Bearer token-of-the-administrator' },
        body: { roles_groups: list },
      })
    expect((await newProject()).status).not.toBe(403)
    expect((await rules([['Annotator', 'Crew']])).status).toBe(200)
    expect((await newProject()).status).toBe(403)
    expect((await rules([])).status).toBe(200)
    expect((await newProject()).status).toBe(403)
  })

  it('keeps SCIM and settings to itself', async () => {
    const settings = await send(`${host.origin}/api/scim/settings`)
    // 403 for what looks like a browser's script, as fetch of Node does.
    expect([401, 403]).toContain(settings.status)
    expect((await send(`${host.origin}/scim/v2/Users`)).status).toBe(401)
    expect(fake.requests.some(({ path }) => path.includes('/scim'))).toBe(false)
  })
})
