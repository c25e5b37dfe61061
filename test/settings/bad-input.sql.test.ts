import express from 'express'
import request from 'supertest'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { adminToken } from './support.js'
import { cookieOf, formTokenOf, path } from './visitor.js'

let database: TestDatabase
let adapters: SqlAdapters
let app: express.Express
const errors: unknown[] = []

beforeEach(async () => {
  database = await testDatabase()
  adapters = await sqlAdapters({ url: database.url })
  const authorize = adminTokens([{ name: 'root', token: adminToken, tenant: 'acme' }])
  app = express().use(
    settingsRouter(adapters, { authorize, onError: (error) => errors.push(error) }),
  )
})
afterEach(async () => {
  await adapters.close()
  await database.drop()
})

const call = (method: 'get' | 'post', url: string) =>
  request(app)[method](url).set('Authorization', `Bearer ${adminToken}`)

describe('what no database stores', () => {
  it.each([
    '/api/scim/audit?actor=%00',
    '/api/scim/audit?target=a%00b',
    '/api/scim/audit.csv?actor=%00',
    '/api/scim/explain?user=%00',
    '/api/scim/explain?email=%00',
    '/api/scim/drift?user=%00',
    '/api/scim/people?search=%00',
    '/api/scim/groups?search=%00',
  ])('is refused in %s (D10)', async (url) => {
    const { status, body } = await call('get', url)
    expect([status, body.detail]).toEqual([400, expect.stringContaining('NUL')])
  })

  it.each(['reapply', 'retry'])('is refused in the body of %s (D10)', async (name) => {
    await call('post', `/api/scim/${name}`)
      .send({ users: ['a\0'] })
      .expect(400)
  })

  it('is refused in the forms of the page (D10)', async () => {
    const form = await request(app).get(path)
    const signedIn = await request(app)
      .post(`${path}/sign-in`)
      .type('form')
      .set('Cookie', cookieOf(form))
      .send({ csrf: formTokenOf(form.text), token: adminToken })
    const Cookie = cookieOf(signedIn)
    const page = await request(app).get(path).set({ Cookie })
    const csrf = formTokenOf(page.text)
    const send = (url: string, fields: object) =>
      request(app)
        .post(url)
        .type('form')
        .set({ Cookie })
        .send({ csrf, ...fields })
    await send(`${path}/status`, { do: 'retry', user: '\0' }).expect(400)
    await send(`${path}/people/%00`, { do: 'reapply' }).expect(404)
    await request(app).get(`${path}/log?actor=%00`).set({ Cookie }).expect(400)
    await request(app).get(`${path}/people?search=%00`).set({ Cookie }).expect(400)
    await request(app).get(`${path}/people/%00`).set({ Cookie }).expect(404)
    const rule = { version: '0', 'roles.role': 'Annotator', 'roles.group': 'a\0b' }
    expect((await send(path, { ...rule, do: 'preview' })).status).toBeLessThan(500)
  })
})

describe('a body that is not compressed as it says', () => {
  it.each([
    ['gzip', 400],
    ['deflate', 400],
    // A coding that is not understood (RFC 9110 §15.5.16).
    ['br', 415],
  ])('is refused as %s (D10)', async (encoding, expected) => {
    const { status, body } = await call('post', '/api/scim/settings')
      .set({ 'Content-Type': 'application/json', 'Content-Encoding': encoding })
      .send('{"roles_groups": []}')
    expect([status, typeof body.detail]).toEqual([expected, 'string'])
    expect(errors).toEqual([])
  })
})
