import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { buildHost, type StartedHost, startHost } from './start-host.js'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-one-life-'))
const databaseUrl = `sqlite:${folder}/data/scim.db`
let host: StartedHost
let token: string

beforeAll(async () => {
  await buildHost()
  host = await startHost({ DATABASE_URL: databaseUrl })
  token = host.printed('SCIM token') ?? ''
}, 120_000)

afterAll(async () => {
  await host?.stop()
  fs.rmSync(folder, { recursive: true, force: true })
})

/** A request as an identity provider sends it. */
async function scim(method: string, target: string, body?: object) {
  const response = await fetch(`${host.origin}/scim/v2${target}`, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body && { 'Content-Type': 'application/scim+json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    location: response.headers.get('location'),
    body: text === '' ? undefined : JSON.parse(text),
  }
}

const byUserName = (userName: string) =>
  scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`)

const patch = (target: string, ...Operations: object[]) =>
  scim('PATCH', target, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations,
  })

describe('the example host', () => {
  it('prints where everything is and a token that has 256 bits (S-AUTH-07, S-OPS-07)', () => {
    expect(token).toMatch(/^scim_[A-Za-z0-9_-]{43}$/)
    expect(host.printed('SCIM base URL')).toBe(`${host.origin}/scim/v2`)
    expect(host.printed('database')).toBe(databaseUrl)
    expect(host.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('keeps connections open longer than load balancers do, which is up to 60 s', async () => {
    const response = await fetch(`${host.origin}/healthz`)
    const seconds = /timeout=(\d+)/.exec(response.headers.get('keep-alive') ?? '')?.[1]
    expect(Number(seconds)).toBeGreaterThan(60)
  })

  it('tells whether it lives without a token (S-OPS-04)', async () => {
    const ready = await fetch(`${host.origin}/readyz`)
    expect(await ready.json()).toEqual({ database: 'ok', migrations: 'ok', writes: 'ok' })
    const response = await fetch(`${host.origin}/healthz`)
    expect([response.status, await response.text()]).toEqual([200, 'ok\n'])
  })

  it('lets nobody in without the token (S-AUTH-02)', async () => {
    expect((await fetch(`${host.origin}/scim/v2/Users`)).status).toBe(401)
  })

  it('lets administrators read and save the mapping rules with a token of their own', async () => {
    const settings = (method: string, given: string | undefined, body?: object) =>
      fetch(`${host.origin}/api/scim/settings`, {
        method,
        headers: { Authorization: `Token ${given}`, 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
    const rules = {
      roles_groups: [['Annotator', 'Annotators']],
      workspaces_groups: [],
      projects_groups: [],
    }
    expect((await settings('GET', token)).status).toBe(401)
    const adminToken = host.printed('admin token')
    expect((await settings('POST', adminToken, rules)).status).toBe(200)
    expect(await (await settings('GET', adminToken)).json()).toMatchObject(rules)
    expect(
      (
        await fetch(`${host.origin}/scim/v2/Users`, {
          headers: { Authorization: `Bearer ${adminToken}` },
        })
      ).status,
    ).toBe(401)
  })

  // The steps of one person's employment, each on what the steps before left.
  describe("through one person's life", () => {
    let user: string
    let group: string

    it('looks the person up and finds nobody', async () => {
      const { status, body } = await byUserName('ada@example.com')
      expect(status).toBe(200)
      expect(body).toMatchObject({ totalResults: 0, Resources: [] })
    })

    it('creates the person', async () => {
      const { status, location, body } = await scim('POST', '/Users', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        externalId: 'ext-ada',
        userName: 'ada@example.com',
        name: { givenName: 'Ada', familyName: 'Byron' },
        emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
        active: true,
      })
      expect(status).toBe(201)
      user = body.id
      expect(location).toBe(`${host.origin}/scim/v2/Users/${user}`)
      expect(body).toMatchObject({ externalId: 'ext-ada', active: true, meta: { location } })
    })

    it('finds the person, in any case of the name', async () => {
      const { body } = await byUserName('ADA@Example.com')
      expect(body).toMatchObject({ totalResults: 1, Resources: [{ id: user }] })
    })

    it('refuses to create the same person again', async () => {
      const { status, body } = await scim('POST', '/Users', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'Ada@example.com',
        emails: [{ value: 'other@example.com' }],
      })
      expect([status, body.scimType]).toEqual([409, 'uniqueness'])
    })

    it('updates the person when she marries', async () => {
      const { status, body } = await patch(
        `/Users/${user}`,
        { op: 'replace', path: 'name.familyName', value: 'Lovelace' },
        { op: 'add', path: 'title', value: 'Countess' },
      )
      expect(status).toBe(200)
      expect(body).toMatchObject({
        name: { givenName: 'Ada', familyName: 'Lovelace' },
        title: 'Countess',
        userName: 'ada@example.com',
      })
    })

    it('pushes a group and puts her in it', async () => {
      const created = await scim('POST', '/Groups', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: 'Annotators',
      })
      expect(created.status).toBe(201)
      group = created.body.id
      const pushed = await patch(`/Groups/${group}`, {
        op: 'add',
        path: 'members',
        value: [{ value: user }],
      })
      expect([200, 204]).toContain(pushed.status)
      const { body } = await scim('GET', `/Users/${user}`)
      expect(body.groups).toMatchObject([{ value: group, display: 'Annotators', type: 'direct' }])
    })

    it('deactivates her as Entra ID does, and keeps what is known of her', async () => {
      const { status, body } = await patch(`/Users/${user}`, {
        op: 'Replace',
        path: 'active',
        value: 'False',
      })
      expect(status).toBe(200)
      expect(body).toMatchObject({ active: false, title: 'Countess' })
      expect((await byUserName('ada@example.com')).body.totalResults).toBe(1)
    })

    it('reactivates her as Okta does, with her groups', async () => {
      const { status } = await patch(`/Users/${user}`, { op: 'replace', value: { active: true } })
      expect(status).toBe(200)
      const { body } = await scim('GET', `/Users/${user}`)
      expect(body).toMatchObject({ active: true, groups: [{ value: group }] })
    })

    it('keeps her over a restart, which ends cleanly', async () => {
      const { code, output } = await host.stop()
      expect(code).toBe(0)
      expect(output).toBe(host.output)
      host = await startHost({
        DATABASE_URL: databaseUrl,
        SCIM_TOKEN: 'scim_token-of-the-operator',
      })
      expect(host.output).not.toContain('scim_token-of-the-operator')
      token = 'scim_token-of-the-operator'
      const { body } = await scim('GET', `/Users/${user}`)
      expect(body).toMatchObject({ id: user, active: true, groups: [{ value: group }] })
    })

    it('deletes her, and the group has no member any more', async () => {
      expect((await scim('DELETE', `/Users/${user}`)).status).toBe(204)
      expect((await scim('GET', `/Users/${user}`)).status).toBe(404)
      expect((await byUserName('ada@example.com')).body.totalResults).toBe(0)
      const { body } = await scim('GET', `/Groups/${group}`)
      expect(body.members ?? []).toEqual([])
    })
  })

  it.each([
    ['PORT', { PORT: 'many' }, 'PORT is not a port'],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://x' }, 'DATABASE_URL cannot be used'],
  ])('ends with a sentence when %s cannot be used', async (_, environment, sentence) => {
    await expect(startHost({ DATABASE_URL: databaseUrl, ...environment })).rejects.toThrow(
      new RegExp(`The host ended with 1: .*${sentence}`),
    )
  })
})
