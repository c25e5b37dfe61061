import { createSign, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { type ExistingApp, targetOf, withProvisioning } from '../../examples/existing-app/app.js'
import { oauthTokens } from '../../examples/own-authenticator/oauth.js'
import { tenantsApp } from '../../examples/tenants/app.js'
import { bearerTokens, digestToken, scimRouter } from '../../lib/index.js'

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

function scim(app: Express, method: 'get' | 'post' | 'patch', path: string, token: string) {
  const headers = {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/scim+json',
    Accept: 'application/scim+json',
  }
  return request(app)[method](`/scim/v2${path}`).set(headers)
}

const ada = { schemas: [userSchema], userName: 'ada@example.com', active: true }

describe('examples/tenants', () => {
  const tokens = { north: 'token-of-the-north', south: 'token-of-the-south' }
  const admins = { north: 'administrator-of-the-north', south: 'administrator-of-the-south' }
  const tenants = (['north', 'south'] as const).map((name) => ({
    name,
    scimDigest: digestToken(tokens[name]),
    adminDigest: digestToken(admins[name]),
  }))

  it('keeps people of one tenant from the other, with the same user names', async () => {
    const app = tenantsApp(memoryAdapters(), tenants)
    const north = await scim(app, 'post', '/Users', tokens.north).send(ada).expect(201)
    await scim(app, 'post', '/Users', tokens.south).send(ada).expect(201)
    await scim(app, 'get', `/Users/${north.body.id}`, tokens.south).expect(404)
    const listed = await scim(app, 'get', '/Users', tokens.north).expect(200)
    expect(listed.body.totalResults).toBe(1)
  })

  it('shows administrators the settings of their own tenant', async () => {
    const app = tenantsApp(memoryAdapters(), tenants)
    await scim(app, 'post', '/Users', tokens.north).send(ada).expect(201)
    const people = async (token: string) => {
      const authorization = { Authorization: `Bearer ${token}` }
      const { body } = await request(app).get('/api/scim/people').set(authorization).expect(200)
      return JSON.stringify(body)
    }
    expect(await people(admins.north)).toContain('ada@example.com')
    expect(await people(admins.south)).not.toContain('ada@example.com')
  })
})

describe('examples/existing-app', () => {
  const token = 'token-of-the-identity-provider'
  const sessions = new Set<string>()
  const existing: ExistingApp = {
    sessionOf({ headers }) {
      const email = /session=([^;]+)/.exec(headers.cookie ?? '')?.[1] ?? ''
      return sessions.has(email) ? { email, isAdmin: email === 'root@example.com' } : undefined
    },
    redeem: async (code) => ({ email: code }),
    startSession(email) {
      sessions.add(email)
      return `session=${email}`
    },
    async endSessions(email) {
      sessions.delete(email)
    },
  }
  const made = () => {
    const adapters = memoryAdapters({ target: targetOf(existing) })
    return withProvisioning(existing, adapters, bearerTokens([{ name: 'idp', token }]))
  }
  const signIn = (app: Express, email: string) =>
    request(app).get(`/sign-in/callback?code=${email}`)

  it('lets people in whom SCIM has, and puts them out at once when they are unassigned', async () => {
    const app = made()
    await signIn(app, 'ada@example.com').expect(403)
    const { body } = await scim(app, 'post', '/Users', token).send(ada).expect(201)
    await signIn(app, 'ada@example.com').expect(302)
    const home = () => request(app).get('/').set('Cookie', 'session=ada@example.com')
    await home().expect(200)
    const operation = { op: 'replace', path: 'active', value: false }
    const patch = { schemas: [patchOp], Operations: [operation] }
    await scim(app, 'patch', `/Users/${body.id}`, token).send(patch).expect(200)
    await home().expect(401)
    await signIn(app, 'ada@example.com').expect(403)
  })

  it('shows the settings to administrators of the application only', async () => {
    const app = made()
    for (const email of ['root@example.com', 'ada@example.com']) sessions.add(email)
    const status = async (email: string) => {
      const { status: answered } = await request(app)
        .get('/scim/settings')
        .set('Cookie', `session=${email}`)
        .set({ 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' })
      return answered
    }
    expect(await status('root@example.com')).toBe(200)
    expect(await status('ada@example.com')).toBe(401)
  })
})

describe('examples/own-authenticator', () => {
  const issuer = 'https://login.example.com'
  const audience = 'https://scim.example.com'
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwks = {
    keys: [
      { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r1', use: 'sig' },
      { ...ec.publicKey.export({ format: 'jwk' }), kid: 'e1', use: 'sig' },
    ],
  }
  let fetched = 0
  const server = createServer((_request, response) => {
    fetched++
    response.end(JSON.stringify(jwks))
  })
  let app: Express
  beforeAll(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    const authenticate = oauthTokens({
      issuer,
      audience,
      jwksUri: `http://127.0.0.1:${port}/jwks`,
      tenants: { okta: 'default' },
    })
    app = express().use('/scim/v2', scimRouter(memoryAdapters(), { authenticate }))
  })
  afterAll(() => server.close())

  const inAnHour = () => Math.floor(Date.now() / 1000) + 3_600
  const claims = () => ({
    iss: issuer,
    aud: [audience],
    exp: inAnHour(),
    client_id: 'okta',
    scope: 'scim:read scim:write',
  })

  function token(change: Record<string, unknown> = {}, header: Record<string, unknown> = {}) {
    const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const head = { alg: 'RS256', kid: 'r1', typ: 'at+jwt', ...header }
    const signed = `${encode(head)}.${encode({ ...claims(), ...change })}`
    const isEc = head.kid === 'e1'
    const key = isEc ? ec.privateKey : rsa.privateKey
    const signature = createSign('SHA256')
      .update(signed)
      .sign({ key, ...(isEc && { dsaEncoding: 'ieee-p1363' as const }) })
    return `${signed}.${signature.toString('base64url')}`
  }

  it.each([
    ['an RSA key', token()],
    ['an elliptic key', token({}, { alg: 'ES256', kid: 'e1' })],
  ])('takes a token signed with %s', async (_key, signed) => {
    await scim(app, 'get', '/Users', signed).expect(200)
  })

  it.each([
    ['of another issuer', token({ iss: 'https://evil.example.com' })],
    ['for another audience', token({ aud: 'https://other.example.com' })],
    ['that has ended', token({ exp: 1 })],
    ['without an end', token({ exp: undefined })],
    ['from the future', token({ nbf: inAnHour() })],
    ['without a client', token({ client_id: undefined })],
    ['without a signature', `${token({}, { alg: 'none' }).replace(/[^.]*$/, '')}`],
    ['whose algorithm is not the key’s', token({}, { alg: 'ES256' })],
    ['with a name of Object as algorithm', token({}, { alg: 'constructor' })],
    [
      'with another body',
      token().replace(/\.[^.]+\./, `.${Buffer.from('{}').toString('base64')}.`),
    ],
    ['that is no token', 'abc.def'],
  ])('refuses a token %s', async (_case, signed) => {
    await scim(app, 'get', '/Users', signed).expect(401)
  })

  it('refuses clients without a tenant, and writes without the scope', async () => {
    await scim(app, 'get', '/Users', token({ client_id: 'other' })).expect(403)
    const readOnly = token({ scope: 'scim:read' })
    await scim(app, 'get', '/Users', readOnly).expect(200)
    await scim(app, 'post', '/Users', readOnly).send(ada).expect(403)
  })

  it('asks for the keys once, however many unknown ids strangers send', async () => {
    await scim(app, 'get', '/Users', token()).expect(200)
    const before = fetched
    for (const kid of ['x', 'y', 'z'])
      await scim(app, 'get', '/Users', token({}, { kid })).expect(401)
    expect(fetched).toBe(before)
  })
})
