import { buildHost, type StartedHost, startHost } from '../../host/start-host.js'
import { type Answer, send, signIn } from '../../support/label-studio-browser.js'
import { type LabelStudioServer, startLabelStudio } from '../../support/label-studio-server.js'
import { type Canaille, startCanaille } from './identity-provider.js'

const token = 'scim-token-of-the-clients-suite'
const adminToken = 'admin-token-of-the-clients-suite'
const password = 'Ann-passw0rd!'

describe('Canaille, the example host and Label Studio Community together', () => {
  let labelStudio: LabelStudioServer
  let host: StartedHost
  let canaille: Canaille
  let session = ''
  let email = 'ann@corp.example'
  const ids = { ann: '', bob: '', crew: '' }

  beforeAll(async () => {
    await buildHost()
    labelStudio = await startLabelStudio()
    host = await startHost({
      SCIM_TOKEN: token,
      ADMIN_TOKEN: adminToken,
      DATABASE_URL: 'sqlite::memory:',
      LABEL_STUDIO_URL: labelStudio.url,
      LABEL_STUDIO_TOKEN: labelStudio.token,
      LABEL_STUDIO_EMAIL: labelStudio.ownerEmail,
      LABEL_STUDIO_PASSWORD: labelStudio.ownerPassword,
    })
    canaille = await startCanaille(`${host.origin}/scim/v2`, token)
  })
  afterAll(async () => {
    await canaille?.stop()
    await host?.stop()
    await labelStudio?.stop()
  })

  const settings = (method: string, path: string, body?: unknown) =>
    send(`${host.origin}/api/scim/${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}` },
      body,
    })
  /** Grants may follow the answer; ending access never does. */
  const granted = async () => {
    for (;;) {
      const { json } = await settings('GET', 'status')
      if (json.pending === 0) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const whoami = (origin: string) =>
    send(`${origin}/api/current-user/whoami`, { headers: { cookie: session } })
  const isRefused = ({ status }: Answer) => status === 401 || status === 403

  /** With the session they had and by signing in again, through the proxy and around it. */
  const expectIn = async () => {
    await granted()
    expect((await whoami(host.origin)).json).toMatchObject({ email })
    expect((await signIn(host.origin, email, password)).status).toBe(302)
  }
  const expectOut = async () => {
    for (const origin of [host.origin, labelStudio.url]) {
      expect([origin, isRefused(await whoami(origin))]).toEqual([origin, true])
      expect([origin, (await signIn(origin, email, password)).status]).not.toEqual([origin, 302])
    }
  }
  const newSession = async () => {
    session = (await signIn(host.origin, email, password)).cookie
  }

  it('lets somebody in who is created', async () => {
    const person = { 'formatted-name': 'Ann Lee', 'given-name': 'Ann', 'family-name': 'Lee' }
    const named = { 'user-name': 'ann', emails: email, password }
    ids.ann = await canaille.create('user', { ...person, ...named })
    await granted()
    await newSession()
    await expectIn()
    expect((await whoami(host.origin)).json).toMatchObject({ first_name: 'Ann', last_name: 'Lee' })
  })

  it('follows a new name and address', async () => {
    email = 'ann.ray@corp.example'
    await canaille.set('user', ids.ann, { 'family-name': 'Ray', emails: email })
    await granted()
    // Canaille pushes the password with every change, and a set password ends sessions.
    await newSession()
    await expectIn()
    expect((await whoami(host.origin)).json).toMatchObject({ first_name: 'Ann', last_name: 'Ray' })
    expect((await signIn(host.origin, 'ann@corp.example', password)).status).not.toBe(302)
  })

  it('shuts somebody out who leaves the last group with a role, and lets them in again', async () => {
    const bob = { 'user-name': 'bob', 'formatted-name': 'Bob Ray', 'family-name': 'Ray' }
    ids.bob = await canaille.create('user', { ...bob, emails: 'bob@corp.example' })
    const rules = { roles_groups: [['Annotator', 'crew']] }
    expect((await settings('POST', 'settings', rules)).status).toBe(200)
    const members = [ids.ann, ids.bob]
    ids.crew = await canaille.create('group', { 'display-name': 'crew', members })
    await newSession()
    await expectIn()
    await canaille.set('group', ids.crew, { members: ids.bob })
    await expectOut()
    await canaille.set('group', ids.crew, { members })
    await granted()
    await newSession()
    await expectIn()
  })

  it('shuts somebody out who is locked, and leaves the others in', async () => {
    await canaille.set('user', ids.ann, { 'lock-date': '2020-01-01T00:00:00+00:00' })
    await expectOut()
    const { json } = await settings('GET', 'status')
    expect(json.pending).toBe(0)
  })

  it('keeps somebody out who is deleted', async () => {
    await canaille.delete('user', ids.ann)
    await expectOut()
  })
})
