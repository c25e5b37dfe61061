import request from 'supertest'
import { digestToken } from '../../lib/http/bearer-tokens.js'
import { adminTokens, type SettingsOptions } from '../../lib/settings/index.js'
import { adminToken, aSettingsApp } from './support.js'
import { aRule, cookieOf, formTokenOf, path, signedInPage } from './visitor.js'

/** What browsers say of a request that a script at the page's own origin makes. */
const ofScripts = {
  fetch: { mode: 'cors', destination: 'empty' },
  'an image': { mode: 'no-cors', destination: 'image' },
  'a frame': { mode: 'navigate', destination: 'iframe' },
  'an object': { mode: 'navigate', destination: 'object' },
  'a prefetch': { mode: 'no-cors', destination: 'empty' },
} as const
const told = ({ mode, destination }: { mode: string; destination: string }) => ({
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': mode,
  'Sec-Fetch-Dest': destination,
})
const navigation = told({ mode: 'navigate', destination: 'document' })
const tabs = ['', '/people', '/people/x', '/groups', '/log', '/log.csv', '/status']

describe('the settings page beside content that others wrote', () => {
  it.each(Object.entries(ofScripts))(
    'shows nothing to %s of the same origin (R9)',
    async (_, by) => {
      const { visit, csrf } = await signedInPage()
      for (const tab of tabs) {
        const { status, text } = await visit(`${path}${tab}`).set(told(by))
        expect([tab, status]).toEqual([tab, 403])
        expect(text).not.toContain(csrf)
        expect(text).not.toContain('name="version"')
      }
    },
  )

  it.each(Object.entries(ofScripts))(
    'takes no form from %s, whatever it knows (R9)',
    async (_, by) => {
      const { send, access, scope, visit } = await signedInPage()
      for (const url of [path, `${path}/status`, `${path}/people/x`, `${path}/sign-out`]) {
        await send(url, { ...aRule, do: 'save', confirm: 'yes' })
          .set(told(by))
          .expect(403)
      }
      await send(`${path}/sign-in`, { token: adminToken }).set(told(by)).expect(403)
      expect((await access.rules(scope)).version).toBe('0')
      await visit(path).expect(200)
    },
  )

  it('answers the navigations of a window, and its own script that looks again (R9)', async () => {
    const { visit, csrf } = await signedInPage()
    await visit(path).set(navigation).expect(200)
    const fetched = told(ofScripts.fetch)
    await visit(path).set(fetched).set('X-Settings-Refresh', csrf).expect(200)
    await visit(path).set(fetched).set('X-Settings-Refresh', 'A'.repeat(43)).expect(403)
  })

  it('cuts its window off from others of the same origin and opener policy (R9)', async () => {
    const { visit } = await signedInPage()
    expect((await visit(path)).headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    })
  })

  it('takes no form by a session that somebody else began (R9)', async () => {
    const authorize: SettingsOptions['authorize'] = ({ headers }) => {
      const [, actor] = /host=(\w+)/.exec(headers.cookie ?? '') ?? []
      return actor === undefined ? undefined : { tenant: 'acme', actor }
    }
    const { app, access, scope } = aSettingsApp({ options: { authorize } })
    for (const other of ['', 'host=mallory']) {
      const planted = await request(app).get(path).set('Cookie', other)
      const fields = { ...aRule, csrf: formTokenOf(planted.text) }
      await request(app)
        .post(path)
        .type('form')
        .set({ ...navigation, Cookie: `${cookieOf(planted)}; host=root` })
        .send(fields)
        .expect(403)
    }
    expect((await access.rules(scope)).version).toBe('0')
  })
})

describe('the settings API beside content that others wrote', () => {
  const authorize: SettingsOptions['authorize'] = ({ headers }) =>
    headers.cookie?.includes('host=root') || headers.authorization
      ? { tenant: 'acme', actor: 'root' }
      : undefined

  it.each([
    ['a cookie', { Cookie: 'host=root' }],
    ['a password that the browser adds', { Authorization: 'Basic cm9vdDpyb290' }],
    ['the domain sign-in of the machine', { Authorization: 'Negotiate YII=' }],
  ])('takes no request of a browser with nothing but %s (R9)', async (_, credentials) => {
    const { app, access, scope } = aSettingsApp({ options: { authorize } })
    for (const by of [...Object.values(ofScripts).map(told), navigation]) {
      const headers = { ...credentials, ...by }
      await request(app).get('/api/scim/people').set(headers).expect(403)
      const rules = { roles_groups: [['Administrator', 'everyone']] }
      await request(app).post('/api/scim/settings').set(headers).send(rules).expect(403)
    }
    expect((await access.rules(scope)).version).toBe('0')
  })

  it('takes programs, and scripts that know a token (R9)', async () => {
    const { app, get } = aSettingsApp({ options: { authorize } })
    await request(app).get('/api/scim/people').set('Cookie', 'host=root').expect(200)
    await get('/api/scim/people').set(told(ofScripts.fetch)).expect(200)
  })

  it('knows nothing of the cookie of the page (R9)', async () => {
    const { app, cookie } = await signedInPage()
    await request(app).get('/api/scim/people').set('Cookie', cookie).expect(401)
  })
})

describe('guessing tokens of the settings', () => {
  const guess = (app: Parameters<typeof request>[0], number: number) =>
    request(app).get('/api/scim/status').set('Authorization', `Bearer guess-${number}`)

  it('ends at the API after some failures in a minute, not for a token that was good (R29)', async () => {
    let now = Date.parse('2026-03-01T08:00:00Z')
    const options = { failedSignInsPerMinute: 3, clock: () => new Date(now) }
    const { app, get } = aSettingsApp({ options })
    await get('/api/scim/status').expect(200)
    const statuses: number[] = []
    for (let number = 0; number < 6; number++) statuses.push((await guess(app, number)).status)
    expect(statuses).toEqual([401, 401, 401, 429, 429, 429])
    expect(Number((await guess(app, 7)).headers['retry-after'])).toBeGreaterThan(0)
    await get('/api/scim/status').expect(200)
    now += 60_000
    expect((await guess(app, 8)).status).toBe(401)
  })

  it('ends at the sign-in form alike, and one counts for the other (R29)', async () => {
    const { app, send } = await signedInPage(
      { options: { failedSignInsPerMinute: 3 } },
      'wrong-token',
    )
    const form = await request(app).get(path)
    const signIn = (token: string) =>
      request(app)
        .post(`${path}/sign-in`)
        .type('form')
        .set('Cookie', cookieOf(form))
        .send({ csrf: formTokenOf(form.text), token })
    await signIn('second').expect(401)
    await guess(app, 1).expect(401)
    const refused = await signIn(adminToken)
    expect([refused.status, refused.text]).toEqual([
      429,
      expect.stringContaining('Too many failed'),
    ])
    // Nobody is signed in: the form asks for a token, and saves nothing.
    await send(path, aRule).expect(401)
  })

  it('counts nobody who presents nothing (R29)', async () => {
    const { app, get } = aSettingsApp({ options: { failedSignInsPerMinute: 1 } })
    for (let visits = 0; visits < 3; visits++) {
      await request(app).get(path).expect(401)
      await request(app).get('/api/scim/status').expect(401)
    }
    await get('/api/scim/status').expect(200)
  })

  it('is not made easy by short tokens (R29)', () => {
    const short = 'a'.repeat(15)
    expect(() => adminTokens([{ name: 'admin', token: short }])).toThrow(
      /adminTokens\[0\]: option "token" .*16 characters/,
    )
    expect(() => adminTokens([{ name: 'admin', token: `${short}a` }])).not.toThrow()
    expect(() => digestToken(short)).toThrow('16 characters')
  })

  it('refuses credentials that name no administrator (R29)', async () => {
    const authorize = (() => ({ tenant: 'acme', name: 'okta', scopes: ['scim:read'] })) as never
    const { app, access, scope } = aSettingsApp({ options: { authorize } })
    const rules = { roles_groups: [['Administrator', 'everyone']] }
    const { status, body } = await request(app).post('/api/scim/settings').send(rules)
    expect([status, body.detail]).toEqual([403, expect.stringContaining('actor')])
    await request(app).get(path).expect(403)
    expect((await access.rules(scope)).version).toBe('0')
  })
})
