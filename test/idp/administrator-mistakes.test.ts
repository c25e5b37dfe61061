import fs from 'node:fs'
import path from 'node:path'
import express from 'express'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { createApp } from '../../command/serve/app.js'
import { createReconciler } from '../../lib/access/index.js'
import { bearerTokens, digestToken } from '../../lib/http/bearer-tokens.js'
import { scimRouter } from '../../lib/http/router.js'
import { UnavailableError } from '../../lib/stores/index.js'
import { listen, type Reply, type Running, send } from '../http/support.js'

/** What an administrator enters wrong in an identity provider, and what its log shows then. */

const token = 'scim_token-of-the-mistakes-suite'
const readOnly = 'scim_token-that-may-only-read'
const expired = 'scim_token-that-has-expired-here'
let host: Running

/** What docs/connect.md says that errors begin with, by their status. */
const documented = fs
  .readFileSync(path.join(__dirname, '../../docs/connect.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .flatMap(([, status = '', begin = '']) => {
    const [number = ''] = /^\d{3}/.exec(status) ?? []
    return number === '' || /^(–|names)/.test(begin) ? [] : [{ number, begin }]
  })

/** Rows that the tests have met. */
const met = new Set<string>()

function expectDocumented({ status, json }: Reply): void {
  const row = documented.find(
    ({ number, begin }) =>
      number === String(status) && json.detail.startsWith(begin.replace(/ of …$/, '')),
  )
  expect({ status, detail: json.detail, row }).toMatchObject({ row: expect.anything() })
  if (row !== undefined) met.add(row.begin)
}

beforeAll(async () => {
  const app = express()
  const authenticate = bearerTokens([
    { name: 'idp', token },
    { name: 'reader', token: readOnly, scopes: ['scim:read'] },
    { name: 'old', token: expired, expiresAt: '2020-01-01T00:00:00Z' },
  ])
  app.use('/scim/v2', scimRouter(memoryAdapters(), { authenticate, unknownMembers: 'refuse' }))
  host = await listen(app)
})
afterAll(() => host.close())

describe('the answer to a wrong token names the fix (R-AUTH-01, IDP-36)', () => {
  it.each([
    ['no scheme', token, /no scheme\. Write "Bearer" and a space before the token/],
    ['the scheme twice', `Bearer Bearer ${token}`, /twice\. Enter only the token/],
    ["Label Studio's scheme", `Token ${token}`, /Send "Authorization: Bearer <token>" instead/],
    ['Basic', 'Basic aWRwOnNlY3JldA==', /Only the scheme "Bearer"/],
    ['no token', 'Bearer', /no token after "Bearer"/],
    ['quotation marks', `Bearer "${token}"`, /without spaces, quotation marks and line breaks/],
    ['half a token', `Bearer ${token.slice(0, 20)}`, /Copy it into the client again/],
    ['an expired token', `Bearer ${expired}`, /expired\. Make a new one/],
  ])('%s', async (_, authorization, fix) => {
    const reply = await send(host, '/scim/v2/Users?startIndex=1&count=2', {
      headers: { Authorization: authorization },
    })
    expect({ status: reply.status, body: reply.json }).toMatchObject({
      status: 401,
      body: { status: '401', detail: expect.stringMatching(fix) },
    })
    expect(reply.text).not.toContain(token.slice(0, 20))
    if (!/^(Basic|Token) |^Bearer$/.test(authorization)) expectDocumented(reply)
  })

  it('nothing at all', async () => {
    const reply = await send(host, '/scim/v2/Users')
    expect(reply.status).toBe(401)
    expectDocumented(reply)
  })
})

describe('the answer to a wrong base URL names the fix (IDP-36)', () => {
  it.each([
    ['that ends with /Users', '/scim/v2/Users/Users?count=2', /must end before "\/Users"/],
    ['twice the path', '/scim/v2/scim/v2/Users', /must end before "\/Users"/],
    ['of SCIM 1.1', '/scim/v2/ServiceProviderConfigs', /Check the base URL/],
    ['in lower case', '/scim/v2/users?count=2', /It is written "\/Users"/],
  ])('%s', async (_, path, fix) => {
    const reply = await send(host, path, { headers: { Authorization: `Bearer ${token}` } })
    expect({ status: reply.status, body: reply.json }).toMatchObject({
      status: 404,
      body: { status: '404', detail: expect.stringMatching(fix) },
    })
    expectDocumented(reply)
  })

  it('is not mistaken for one where names of endpoints are names of resource types', async () => {
    for (const path of ['/scim/v2/ResourceTypes/Users', '/scim/v2/Schemas/Users']) {
      const reply = await send(host, path, { headers: { Authorization: `Bearer ${token}` } })
      expect(reply.json).toMatchObject({ status: '404', detail: expect.not.stringMatching(/base/) })
    }
  })

  it('of the example host without /scim/v2', async () => {
    const adapters = memoryAdapters()
    const reconciler = createReconciler(adapters)
    const scimDigests = [digestToken(token)]
    const adminDigests = [digestToken('scim_admin-token-of-the-mistakes-suite')]
    const example = await listen(createApp({ adapters, reconciler, scimDigests, adminDigests }))
    try {
      const headers = { Authorization: `Bearer ${token}` }
      const reply = await send(example, '/Users?startIndex=1&count=2', { headers })
      expect({ status: reply.status, body: reply.json }).toMatchObject({
        status: 404,
        body: { status: '404', detail: expect.stringMatching(/Add it to the base URL/) },
      })
      expectDocumented(reply)
      expect((await send(example, '/scim/v2/Users', { headers })).status).toBe(200)
    } finally {
      await example.close()
    }
  })

  it('is not told to whom has no token', async () => {
    expect((await send(host, '/scim/v2/Users/Users')).status).toBe(401)
  })
})

it('the answer to groups pushed before their people names the fix (IDP-23)', async () => {
  const group = { displayName: 'Crew', members: [{ value: '00u-not-pushed-yet' }] }
  const reply = await post('/Groups', group)
  expect(reply.json).toMatchObject({
    status: '400',
    scimType: 'invalidValue',
    detail: expect.stringMatching(/"00u-not-pushed-yet"\. Provision people before their groups/),
  })
  expectDocumented(reply)
})

it('the answer to a person who exists names the lookup (R-CREATE-12, IDP-32)', async () => {
  await post('/Users', { userName: 'twice@example.com' })
  const reply = await post('/Users', { userName: 'twice@example.com' })
  expect(reply.json).toMatchObject({
    status: '409',
    detail: expect.stringMatching(/Look it up with a filter on "userName"/),
  })
  expectDocumented(reply)
})

it('the answer to a token that may only read names the scope', async () => {
  const reply = await post('/Users', { userName: 'new@example.com' }, readOnly)
  expect(reply.status).toBe(403)
  expectDocumented(reply)
})

it('the answer to an id that is gone says so', async () => {
  const reply = await send(host, '/scim/v2/Users/gone', {
    headers: { Authorization: `Bearer ${token}` },
  })
  expect(reply.status).toBe(404)
  expectDocumented(reply)
})

it('the answer of a database that is down says when to come back', async () => {
  const adapters = memoryAdapters()
  const down = () => Promise.reject(new UnavailableError('The database cannot answer now.'))
  const app = express()
  const authenticate = bearerTokens([{ name: 'idp', token }])
  const users = { ...adapters.users, create: down }
  app.use('/scim/v2', scimRouter({ ...adapters, users }, { authenticate }))
  const broken = await listen(app)
  try {
    const reply = await post('/Users', { userName: 'late@example.com' }, token, broken)
    expect(reply.status).toBe(503)
    expectDocumented(reply)
  } finally {
    await broken.close()
  }
})

it('docs/connect.md explains what is really answered, row by row', () => {
  expect(documented.map(({ begin }) => begin).filter((begin) => !met.has(begin))).toEqual([])
})

function post(pathname: string, body: object, as = token, to = host): Promise<Reply> {
  const headers = { Authorization: `Bearer ${as}`, 'Content-Type': 'application/scim+json' }
  return send(to, `/scim/v2${pathname}`, { method: 'POST', headers, body: JSON.stringify(body) })
}
