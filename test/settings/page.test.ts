import express from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { unauthorized } from '../../lib/http/challenge.js'
import { adminTokens, type SettingsOptions, settingsRouter } from '../../lib/settings/index.js'
import { html } from '../../lib/settings/page/html.js'
import { someRules } from '../access/world.js'
import { adminToken, aSettingsApp, otherToken } from './support.js'
import { aRule, cookieOf, formTokenOf, path, signedInPage } from './visitor.js'

describe('signing in at the settings page', () => {
  it('shows the form, and nothing else, to everybody else', async () => {
    const { app } = aSettingsApp()
    for (const tab of ['', '/people', '/people/x', '/groups', '/log', '/status', '/log.csv']) {
      const { status, text } = await request(app).get(`${path}${tab}`)
      expect(status).toBe(401)
      expect(text).toContain('Sign in with the administrator')
      expect(text).not.toContain('<nav')
    }
  })

  it('keeps the session in a cookie that scripts and other sites cannot use', async () => {
    const { signedIn } = await signedInPage()
    expect([signedIn.status, signedIn.headers['location']]).toEqual([303, path])
    const [cookie] = signedIn.headers['set-cookie'] as unknown as string[]
    expect(cookie).toMatch(/; HttpOnly/)
    expect(cookie).toMatch(/; SameSite=Strict/)
    expect(cookie).toMatch(/; Path=\/scim\/settings/)
    expect(cookie).toMatch(/; Max-Age=28800/)
    expect(cookie).not.toContain(adminToken)
    expect(Buffer.from(cookie!.split(/[=;]/)[1]!, 'base64url').toString()).not.toContain(adminToken)
  })

  it('marks the cookie Secure where the connection is', async () => {
    const app = express().set('trust proxy', true)
    app.use(
      settingsRouter(memoryAdapters(), {
        authorize: adminTokens([{ name: 'a', token: adminToken }]),
      }),
    )
    const answer = await request(app).get(path).set('X-Forwarded-Proto', 'https')
    expect((answer.headers['set-cookie'] as unknown as string[])[0]).toMatch(/; Secure/)
  })

  it('begins another session with each sign-in', async () => {
    const { app, signedIn } = await signedInPage()
    const first = cookieOf(await request(app).get(path))
    expect(first).not.toBe('')
    expect(first).not.toBe(cookieOf(signedIn))
  })

  it('refuses a wrong token, and does not echo it', async () => {
    const { app, signedIn } = await signedInPage({}, 'wrong-token')
    expect(signedIn.status).toBe(401)
    expect(signedIn.text).toContain('This token is not known here.')
    expect(signedIn.text).not.toContain('wrong-token')
    await request(app).get(path).set('Cookie', cookieOf(signedIn)).expect(401)
  })

  it('says where the token is', async () => {
    const { app } = aSettingsApp()
    const { text } = await request(app).get(path)
    expect(text).toContain('set as <code>ADMIN_TOKEN</code>, or printed when the service starts')
  })

  it('tells whoever has a token of the identity provider that it is one', async () => {
    const world = await signedInPage({ options: { failedSignInsPerMinute: 2 } })
    const { body } = await world.post('/api/scim/tokens', { name: 'okta' }).expect(201)
    const form = await request(world.app).get(path)
    const signIn = (token: string) =>
      request(world.app)
        .post(`${path}/sign-in`)
        .type('form')
        .set('Cookie', cookieOf(form))
        .send({ csrf: formTokenOf(form.text), token })
    const other = await signIn(body.token).expect(401)
    expect(other.text).toContain('This is the token of an identity provider')
    expect(other.text).not.toContain('okta')
    // It counts as a failure, as any other token does.
    expect((await signIn('unknown-token')).text).toContain('This token is not known here.')
    await signIn(body.token).expect(429)
  })

  it('goes on without the store of tokens', async () => {
    const tokens = { ...memoryAdapters().tokens!, find: () => Promise.reject(new Error('down')) }
    const { signedIn } = await signedInPage({ options: { tokens } }, 'wrong-token')
    expect(signedIn.text).toContain('This token is not known here.')
  })

  it('ends when its time is up', async () => {
    let now = new Date('2026-03-01T08:00:00Z')
    const { visit } = await signedInPage({ options: { clock: () => now, sessionMinutes: 60 } })
    now = new Date('2026-03-01T08:59:59Z')
    await visit(path).expect(200)
    now = new Date('2026-03-01T09:00:01Z')
    await visit(path).expect(401)
  })

  it('ends at once when the token is withdrawn (S-AUTH-06)', async () => {
    let isWithdrawn = false
    const known = adminTokens([{ name: 'root', token: adminToken, tenant: 'acme' }])
    const authorize: SettingsOptions['authorize'] = (req) => {
      if (isWithdrawn) throw unauthorized('Withdrawn.')
      return known(req)
    }
    const { visit, send, access, scope } = await signedInPage({ options: { authorize } })
    isWithdrawn = true
    await visit(path).expect(401)
    await send(path, { ...aRule, do: 'save' }).expect(401)
    expect((await access.rules(scope)).version).toBe('0')
  })

  it.each([
    ['changed', (cookie: string) => cookie.slice(0, -3) + (cookie.endsWith('AAA') ? 'BBB' : 'AAA')],
    ['empty', () => 'scim_settings='],
    ['garbage', () => 'scim_settings=%00;;=;scim_settings=x'],
    ['huge', () => `scim_settings=${'A'.repeat(7_000)}`],
  ])('takes a cookie that is %s for none', async (_name, change) => {
    const { app, cookie } = await signedInPage()
    await request(app).get(path).set('Cookie', change(cookie)).expect(401)
  })

  it('is the same on every host with the same secret, and on no other', async () => {
    const options = { sessionSecret: 'a secret of at least 32 characters' }
    const { cookie } = await signedInPage({ options })
    await request(aSettingsApp({ options }).app).get(path).set('Cookie', cookie).expect(200)
    await request(aSettingsApp().app).get(path).set('Cookie', cookie).expect(401)
  })

  it("lets the host's own sign-in count", async () => {
    const authorize: SettingsOptions['authorize'] = ({ headers }) =>
      headers.cookie?.includes('host=root') ? { tenant: 'acme', actor: 'root' } : undefined
    const { app, access, scope } = aSettingsApp({ options: { authorize } })
    await request(app).get(path).expect(401)

    const page = await request(app).get(path).set('Cookie', 'host=root').expect(200)
    expect(page.text).not.toContain('Sign out')
    const cookies = `host=root; ${cookieOf(page)}`
    const send = (csrf: string) =>
      request(app)
        .post(path)
        .type('form')
        .set('Cookie', cookies)
        .send({ ...aRule, csrf })
    await send('').expect(403)
    const previewed = await send(formTokenOf(page.text)).expect(200)
    const [, digest] = /name="previewed" value="([^"]+)"/.exec(previewed.text)!
    await request(app)
      .post(path)
      .type('form')
      .set('Cookie', cookies)
      .send({ ...aRule, csrf: formTokenOf(page.text), previewed: digest, do: 'save' })
      .expect(303)
    expect((await access.rules(scope)).version).toBe('1')
  })

  it('asks once more from its own site when a link from elsewhere came without the cookie', async () => {
    const { app } = aSettingsApp()
    const answer = await request(app).get(path).set('Sec-Fetch-Site', 'cross-site')
    expect(answer.headers['refresh']).toBe('0')
    expect(answer.headers['set-cookie']).toBeUndefined()
  })
})

describe('forms of the settings page', () => {
  it.each([
    ['without a form token', { csrf: '' }, {}],
    ['with that of another session', { csrf: 'A'.repeat(43) }, {}],
    ['from another site', {}, { 'Sec-Fetch-Site': 'cross-site' }],
    ['from another host of the site', {}, { 'Sec-Fetch-Site': 'same-site' }],
    ['from another origin', {}, { Origin: 'https://evil.example' }],
    ['from no origin at all', {}, { Origin: 'null' }],
  ])('are refused %s', async (_name, fields, headers) => {
    const { send, access, scope } = await signedInPage()
    for (const url of [path, `${path}/status`, `${path}/people/x`, `${path}/sign-out`]) {
      await send(url, { ...aRule, do: 'save', ...fields })
        .set(headers)
        .expect(403)
    }
    expect((await access.rules(scope)).version).toBe('0')
  })

  it('are refused without a session', async () => {
    const { app, csrf, access, scope } = await signedInPage()
    await request(app)
      .post(path)
      .type('form')
      .send({ ...aRule, do: 'save', csrf })
      .expect(401)
    await request(app).post(`${path}/status`).type('form').send({ do: 'pause', csrf }).expect(401)
    expect((await access.rules(scope)).version).toBe('0')
    await request(app).post(`${path}/sign-in`).type('form').send({ token: adminToken }).expect(403)
  })

  it('are taken from the page itself', async () => {
    const { send } = await signedInPage()
    await send(path, aRule).set('Sec-Fetch-Site', 'same-origin').expect(200)
    const server = await send(path, aRule).set({ Host: 'ls.example', Origin: 'https://ls.example' })
    expect(server.status).toBe(200)
  })

  it('change only the tenant of the session', async () => {
    const { send, access, scope } = await signedInPage({}, otherToken)
    const previewed = await send(path, aRule)
    const [, digest] = /name="previewed" value="([^"]+)"/.exec(previewed.text)!
    await send(path, { ...aRule, previewed: digest, do: 'save' }).expect(303)
    expect((await access.rules(scope)).version).toBe('0')
    expect((await access.rules({ ...scope, tenant: 'other' })).version).toBe('1')
  })

  it('answer 413 when they are too large', async () => {
    const { send } = await signedInPage({ options: { maxPayloadBytes: 2_048 } })
    const { status, text } = await send(path, { ...aRule, 'roles.group': 'x'.repeat(3_000) })
    expect(status).toBe(413)
    expect(text).toContain('The request body is larger than 2048 bytes')
  })

  it.each([
    ['bytes', `draft=${'x'.repeat(600_000)}`, 'larger than 524288 bytes'],
    ['fields', 'a&'.repeat(30_000), 'The form is too large.'],
  ])('of somebody who has not signed in have few %s', async (_, body, message) => {
    const { app, send } = await signedInPage()
    for (const page of ['', '/sign-in', '/sign-out', '/connect']) {
      const { status, text } = await request(app)
        .post(path + page)
        .type('form')
        .send(body)
      expect([page, status]).toEqual([page, 413])
      expect(text).toContain(message)
    }
    await send(path, { ...aRule, more: body }).expect(200)
  })

  it('are read also where the host has parsed the body, however long the lists', async () => {
    const app = express()
    app.use(express.urlencoded({ extended: true }))
    app.use(
      settingsRouter(memoryAdapters(), {
        authorize: () => ({ tenant: 'acme', actor: 'root' }),
      }),
    )
    const page = await request(app).get(path)
    const groups = Array.from({ length: 60 }, (_, index) => `Group ${index}`)
    const { status, text } = await request(app)
      .post(path)
      .type('form')
      .set('Cookie', cookieOf(page))
      .send(
        new URLSearchParams([
          ['csrf', formTokenOf(page.text)],
          ['version', '0'],
          ...groups.flatMap((group) => [
            ['roles.role', 'Manager'],
            ['roles.group', group],
          ]),
        ] as [string, string][]).toString(),
      )
    expect(status).toBe(200)
    expect(text).toContain('Manager for &quot;Group 19&quot;')
    expect(text.match(/name="roles.group" value="Group/g)).toHaveLength(60)
  })
})

describe('every answer of the settings page', () => {
  it('lets nothing in from elsewhere, and is kept by nobody (S-LEAK-11)', async () => {
    const { visit } = await signedInPage()
    for (const url of [path, `${path}/people`, `${path}/people/nobody`, `${path}/log?event=x`]) {
      const { headers } = await visit(url)
      const policy = String(headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
      })
    }
  })

  it('has no script or style within, and names no other host', async () => {
    const { visit, addUser, addGroup } = await signedInPage()
    await addGroup('Crew', [await addUser('ada@example.com')])
    for (const tab of ['', '/people', '/groups', '/log', '/status']) {
      const { text } = await visit(`${path}${tab}`)
      expect(text).not.toMatch(/<style|<script(?! src="\/scim\/settings\/assets\/script.js")/)
      expect(text).not.toMatch(/ (style|on\w+)="/)
      expect(text).not.toMatch(/(src|href)="(https?:)?\/\//)
    }
  })

  it('reveals nothing of an unexpected error (S-LEAK-04)', async () => {
    const failing = { fail: false }
    const { visit } = await signedInPage({
      options: { onError: () => {} },
      change: (adapters) => ({
        ...adapters,
        groups: {
          ...adapters.groups,
          query: async (...parameters) => {
            if (failing.fail) throw new Error('SELECT secret')
            return adapters.groups.query(...parameters)
          },
        },
      }),
    })
    failing.fail = true
    const { status, text } = await visit(path)
    expect(status).toBe(500)
    expect(text).toContain('Something went wrong')
    expect(text).not.toContain('SELECT')
  })

  it('goes on without what Label Studio cannot tell now', async () => {
    const down = async () => {
      throw new Error('secret of the host')
    }
    const { visit } = await signedInPage({
      options: { workspaces: down, projects: down },
      target: { seats: down },
    })
    const mapping = await visit(path).expect(200)
    expect(mapping.text).toContain('cannot list its workspaces and projects now')
    expect(mapping.text).not.toContain('secret of the host')
    const status = await visit(`${path}/status`).expect(200)
    expect(status.text).toContain('Label Studio cannot be asked now.')
  })

  it('shows what the host allows and what it does not, as text', async () => {
    const message = 'MANUAL_ROLE_MANAGEMENT=0 keeps <the API> from changing roles.'
    const { visit } = await signedInPage({
      change: (adapters) => ({
        ...adapters,
        examine: async () => [{ level: 'error', code: 'manual-role-management', message }],
      }),
    })
    const { text } = await visit(`${path}/status`).expect(200)
    expect(text).toContain('Does not work')
    expect(text).toContain('MANUAL_ROLE_MANAGEMENT=0 keeps &lt;the API&gt; from changing roles.')
  })

  it.each([
    ['Express 5 at the root', express, ''],
    ['Express 5 below a path', express, '/tools'],
    ['Express 4 below a path', jest.requireActual<typeof express>('express4'), '/tools'],
  ])('is right on %s', async (_name, framework, mount) => {
    const app = framework()
    const authorize = adminTokens([{ name: 'root', token: adminToken }])
    app.use(mount === '' ? '/' : mount, settingsRouter(memoryAdapters(), { authorize }))
    const form = await request(app).get(`${mount}${path}`).expect(401)
    const signedIn = await request(app)
      .post(`${mount}${path}/sign-in`)
      .type('form')
      .set('Cookie', cookieOf(form))
      .send({ csrf: formTokenOf(form.text), token: adminToken })
    expect(signedIn.headers['location']).toBe(`${mount}${path}`)
    const page = await request(app).get(`${mount}${path}`).set('Cookie', cookieOf(signedIn))
    expect(page.status).toBe(200)
    await request(app).get(`${mount}${path}/assets/style.css`).expect(200)
    expect(page.text).toContain(`href="${mount}${path}/assets/style.css"`)
    await request(app)
      .get(`${mount}/api/scim/settings`)
      .set('Authorization', `Token ${adminToken}`)
      .expect(200, someRules())
  })
})

describe('html', () => {
  it('escapes every value, joins lists and drops nothing else', () => {
    const part = html`<b title="${'"\'<>&'}">${['a', html`<i>${'<'}</i>`, false, null, undefined, 0]}</b>`
    expect(String(part)).toBe('<b title="&quot;&#39;&lt;&gt;&amp;">a<i>&lt;</i>0</b>')
  })

  it('shows what turns the direction of text around, and leaves values of attributes as they are', () => {
    const name = 'Admins\u202egnp\u2066\u200f'
    const markup = String(html`<b title="${name}" class=${'x'}>${name}</b>${[name]}`)
    const shown = 'Admins[U+202E]gnp[U+2066]\u200f'
    expect(markup).toBe(`<b title="${name}" class=x>${shown}</b>${shown}`)
  })

  it('takes nothing but its own markup for markup', () => {
    const forged = { html: '<script>', toString: () => '<script>' } as never
    expect(String(html`${forged}`)).toBe('&lt;script&gt;')
  })
})

describe('the state of the work', () => {
  it('counts people once, whatever number of groups new rules concern', async () => {
    const { addUser, addGroup, visit, access, scope, reconciler } = await signedInPage()
    const people = []
    for (let n = 0; n < 12; n++) people.push(await addUser(`p${n}@example.com`))
    await addGroup('First', people)
    await addGroup('Second', people.slice(0, 4))
    await reconciler.drain()
    await access.mark(scope, [people[0]!.id])
    const rules = someRules({
      roles_groups: [
        ['Annotator', 'First'],
        ['Manager', 'Second'],
      ],
    })
    await access.saveRules(scope, rules, { expectedVersion: '0', affects: 'everybody' })
    expect((await visit(path)).text).toContain('Updating 1 person, and more')
    await access.fanOut(100)
    expect((await visit(path)).text).toContain('Updating 12 people<')
  })
})

/** The fields of the rules in an editor, as a browser sends them. */
function fieldsIn(text: string): Readonly<Record<string, string>> {
  const shown = text.replace(/<template>.*?<\/template>/gs, '')
  const inputs = [...shown.matchAll(/<input type="text" name="([^"]+)" value="([^"]*)"/g)]
  const selects = [...shown.matchAll(/<select name="([^"]+)".*?<option selected>([^<]*)/gs)]
  return Object.fromEntries([
    ...[...inputs, ...selects].map(([, name = '', value = '']) => [name, value]),
  ])
}

describe('a rule in which only a part is entered', () => {
  it.each([
    ['roles.role', 'Manager', 'roles.group'],
    ['workspaces.title', 'Vision', 'workspaces.group'],
    ['projects.role', 'Reviewer', 'projects.project'],
  ])('stays, with what is missing: %s', async (name, value, missing) => {
    const { send } = await signedInPage()
    const rows = { 'projects.project': '', 'projects.group': '', 'projects.role': 'Inherit' }
    const row = name.startsWith('projects')
      ? { ...rows, [name]: value }
      : { [name]: value, [missing]: '' }
    const page = await send(path, { version: '0', do: 'preview', ...row }).expect(400)
    expect(page.text).toContain(value)
    expect(page.text).toContain('role="alert"')
  })

  it.each([
    ['roles', 'The group is missing.'],
    ['workspaces', 'The workspace and the group are missing.'],
    ['projects', 'The project and the group are missing.'],
  ])('stays also as it was added: %s', async (section, message) => {
    const { send } = await signedInPage()
    const added = await send(path, { version: '0', do: `add:${section}` }).expect(200)
    const fields = { [`${section}.group`]: ' ', ...fieldsIn(added.text) }
    const page = await send(path, { version: '0', do: 'preview', ...fields }).expect(400)
    expect(page.text).toContain(`<p class="problem">${message}</p>`)
    expect(page.text).toContain(`id="${section}-0"`)
    expect(page.text).not.toContain('These are the rules that are saved already.')
  })

  it('is never offered by the page itself', async () => {
    const { visit, send } = await signedInPage()
    expect(fieldsIn((await visit(path)).text)).toEqual({})
    const { text } = await send(path, { version: '0', do: 'preview' }).expect(200)
    expect(text).toContain('These are the rules that are saved already.')
  })
})
