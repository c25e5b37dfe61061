import express from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import { bearerTokens, scimRouter } from '../../lib/index.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'
import type { Adapters, TokenStore } from '../../lib/stores/index.js'
import { testDatabase } from '../support/test-database.js'

const admin = 'admin-token-of-the-tests'
const stranger = 'admin-token-of-another-tenant'
const inCode = 'token-given-in-the-code'
const path = '/api/scim/tokens'

/** One host: SCIM and the settings over these adapters. */
function aHost(adapters: Adapters & { readonly tokens: TokenStore }) {
  const state = { now: new Date('2026-03-01T10:00:00Z') }
  const clock = () => state.now
  const events: AuditEntry[] = []
  const app = express()
  const authenticate = bearerTokens([{ name: 'in code', token: inCode, tenant: 'acme' }], {
    store: adapters.tokens,
    clock,
  })
  app.use('/scim/v2', scimRouter(adapters, { authenticate, clock }))
  app.use(
    settingsRouter(adapters, {
      authorize: adminTokens([
        { name: 'root', token: admin, tenant: 'acme' },
        { name: 'stranger', token: stranger, tenant: 'other' },
      ]),
      tokens: adapters.tokens,
      onEvent: (event) => void events.push(event),
      clock,
    }),
  )
  const as = (token: string, call: request.Test) => call.set('Authorization', `Bearer ${token}`)
  return {
    state,
    events,
    get: (url: string, token = admin) => as(token, request(app).get(url)),
    post: (url: string, body: object, token = admin) =>
      as(token, request(app).post(url)).send(body),
    scim: async (token: string) =>
      (await as(token, request(app).get('/scim/v2/Users?count=0'))).status,
  }
}

const kinds: [
  string,
  () => Promise<{ adapters: ReturnType<typeof memoryAdapters>; end(): Promise<void> }>,
][] = [
  ['in memory', async () => ({ adapters: memoryAdapters(), end: async () => {} })],
  [
    'on a database',
    async () => {
      const database = await testDatabase()
      const adapters = await sqlAdapters({ url: database.url })
      const end = async () => {
        await adapters.close()
        await database.drop()
      }
      return { adapters, end }
    },
  ],
]

describe.each(kinds)('tokens that administrators make %s', (_kind, make) => {
  let host: ReturnType<typeof aHost>
  let second: ReturnType<typeof aHost>
  let end: () => Promise<void>
  beforeEach(async () => {
    const made = await make()
    host = aHost(made.adapters)
    second = aHost(made.adapters)
    end = made.end
  })
  afterEach(() => end())

  it('open SCIM on every host, and are told once', async () => {
    const { body } = await host.post(path, { name: ' okta ' }).expect(201)
    expect(body).toEqual({
      id: expect.any(String),
      name: 'okta',
      token: expect.stringMatching(/^scim_[\w-]{43}$/),
      createdAt: '2026-03-01T10:00:00.000Z',
      createdBy: 'root',
    })
    expect(await host.scim(body.token)).toBe(200)
    expect(await second.scim(body.token)).toBe(200)
    expect(await host.scim(inCode)).toBe(200)
    const { text } = await host.get(path).expect(200)
    expect(text).not.toContain(body.token)
    expect(text).not.toContain('digest')
    const { text: log } = await host.get('/api/scim/audit?event=token.created')
    expect(JSON.parse(log).entries).toMatchObject([
      { actor: 'root', target: { resourceType: 'Token', id: body.id, name: 'okta' } },
    ])
    expect(log).not.toContain(body.token)
  })

  it('are refused at the next request on every host once they are revoked', async () => {
    const { body } = await host.post(path, { name: 'okta' })
    expect(await second.scim(body.token)).toBe(200)
    await host.post(`${path}/revoke`, { id: body.id }).expect(200, { revoked: true })
    expect(await second.scim(body.token)).toBe(401)
    expect(await host.scim(body.token)).toBe(401)
    await host.post(`${path}/revoke`, { id: body.id }).expect(404)
    expect(host.events.map(({ event }) => event)).toEqual(['token.created', 'token.revoked'])
  })

  it('are rotated with a day to enter the new one, once', async () => {
    const { body: old } = await host.post(path, { name: 'okta' })
    host.state.now = new Date('2026-03-01T10:00:01Z')
    const { body: next } = await host.post(`${path}/rotate`, { id: old.id }).expect(201)
    expect(next).toMatchObject({ name: 'okta', token: expect.not.stringMatching(old.token) })
    await host.post(`${path}/rotate`, { id: old.id }).expect(409)
    expect([await host.scim(old.token), await host.scim(next.token)]).toEqual([200, 200])
    const { body } = await host.get(path)
    expect(body.tokens).toMatchObject([
      { id: old.id, state: 'replaced', expiresAt: '2026-03-02T10:00:01.000Z' },
      { id: next.id, state: 'valid' },
    ])
    host.state.now = new Date('2026-03-02T10:00:01Z')
    expect([await host.scim(old.token), await host.scim(next.token)]).toEqual([401, 200])
  })

  it('end at the time they were given, and keep their life when they are rotated', async () => {
    const expiresAt = '2026-03-01T12:00:00Z'
    const { body } = await host.post(path, { name: 'okta', expiresAt }).expect(201)
    host.state.now = new Date('2026-03-01T11:00:00Z')
    const { body: next } = await host.post(`${path}/rotate`, { id: body.id })
    expect(next.expiresAt).toBe('2026-03-01T13:00:00.000Z')
    host.state.now = new Date('2026-03-01T12:00:00Z')
    expect([await host.scim(body.token), await host.scim(next.token)]).toEqual([401, 200])
    const states = (await host.get(path)).body.tokens.map(({ state }: { state: string }) => state)
    expect(states).toEqual(['expired', 'valid'])
  })

  it('are shown with their last use, those of the code as well', async () => {
    const { body } = await host.post(path, { name: 'okta' })
    expect(await host.scim(body.token)).toBe(200)
    host.state.now = new Date('2026-03-01T10:30:00Z')
    await host.post(path, { name: 'unused' })
    host.state.now = new Date('2026-03-01T11:00:00Z')
    expect(await host.scim(inCode)).toBe(200)
    const used = async () => (await host.get(path)).body.tokens.map(lastUse)
    // The answer does not wait for the note.
    await eventually(async () => (await used()).filter(([, used]: unknown[]) => used).length === 2)
    expect(await used()).toEqual([
      ['okta', '2026-03-01T10:00:00.000Z'],
      ['unused', undefined],
      ['in code', '2026-03-01T11:00:00.000Z'],
    ])
  })

  it('belong to one tenant', async () => {
    const { body } = await host.post(path, { name: 'okta' })
    expect((await host.get(path, stranger)).body).toEqual({ tokens: [] })
    for (const action of ['rename', 'rotate', 'revoke']) {
      const sent = { id: body.id, ...(action === 'rename' && { name: 'x' }) }
      await host.post(`${path}/${action}`, sent, stranger).expect(404)
    }
    expect(await host.scim(body.token)).toBe(200)
  })

  it('have names that tell them apart', async () => {
    const { body } = await host.post(path, { name: 'okta' })
    const { body: entra } = await host.post(path, { name: 'entra' })
    await host.post(path, { name: 'okta' }).expect(409)
    await host.post(`${path}/rename`, { id: entra.id, name: 'okta' }).expect(409)
    const renamed = await host.post(`${path}/rename`, { id: body.id, name: 'Okta (EU)' })
    expect(renamed.body).toMatchObject({ id: body.id, name: 'Okta (EU)' })
    await host.post(path, { name: 'okta' }).expect(201)
  })
})

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) if (await isSo()) return
  throw new Error('It never became so.')
}

function lastUse({ name, lastUsedAt }: { name: string; lastUsedAt?: string }) {
  return [name, lastUsedAt]
}

it.each([
  [{}, '"name" must be a text.'],
  [{ name: ' ' }, 'Give the token a name'],
  [{ name: 'a\nb' }, 'Give the token a name'],
  [{ name: 'x'.repeat(101) }, 'Give the token a name'],
  [{ name: 'a', expiresAt: 'tomorrow' }, 'must be a date'],
  [{ name: 'a', expiresAt: '2030-02-31' }, 'must be a date'],
  [{ name: 'a', expiresAt: '2020-01-01' }, 'expired already'],
  [{ name: 'a', token: 'mine' }, '"token" is not known here'],
])('a token cannot be %j', async (body, detail) => {
  const answer = await aHost(memoryAdapters()).post(path, body)
  expect(answer.status).toBe(400)
  expect(answer.body.detail).toContain(detail)
})

it('says where tokens come from when none are made here', async () => {
  const app = express()
  const authorize = adminTokens([{ name: 'root', token: admin }])
  app.use(settingsRouter(memoryAdapters(), { authorize }))
  const answer = await request(app).get(path).set('Authorization', `Bearer ${admin}`)
  expect(answer.status).toBe(404)
  expect(answer.body.detail).toContain('gives them in its code')
})
