import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { createApp, createSettingsApp } from '../../command/serve/app.js'
import { readEnvironment } from '../../command/serve/environment.js'
import { createReconciler, digestToken } from '../../lib/index.js'

describe('the environment of the example host', () => {
  it.each([
    [{ SETTINGS_PORT: '3001' }, { port: 3001, host: '127.0.0.1' }],
    [
      { SETTINGS_PORT: '0', HOST: '::1' },
      { port: 0, host: '::1' },
    ],
    [
      { SETTINGS_PORT: '3001', SETTINGS_HOST: '10.0.0.1' },
      { port: 3001, host: '10.0.0.1' },
    ],
  ])('gives the settings a port of their own: %j (R9)', (variables, settings) => {
    expect(readEnvironment(variables).settings).toEqual(settings)
  })

  it.each([
    [{ SETTINGS_PORT: 'x' }, 'SETTINGS_PORT is not a port'],
    [{ SETTINGS_HOST: '10.0.0.1' }, 'SETTINGS_HOST is set'],
    [{ ADMIN_TOKEN: 'admin' }, 'ADMIN_TOKEN must have at least 16 characters'],
    [{ HOST_SECRET: 'short' }, 'HOST_SECRET must have at least 32 characters'],
  ])('refuses %j (R9, R29)', (variables, message) => {
    expect(() => readEnvironment(variables)).toThrow(message)
  })
})

it('serves the settings at one origin only, its own where it has one (R9)', async () => {
  const adapters = memoryAdapters()
  const parts = {
    adapters,
    reconciler: createReconciler(adapters),
    scimDigests: [digestToken('scim-token-of-the-tests')],
    adminDigests: [digestToken('admin-token-of-the-tests')],
  }
  await request(createApp(parts)).get('/scim/settings').expect(401)
  const shared = createApp({ ...parts, hasOwnSettings: true })
  await request(shared).get('/scim/settings').expect(404)
  await request(shared).get('/api/scim/settings').expect(404)
  await request(createSettingsApp(parts)).get('/scim/settings').expect(401)
})

it('leads from / to the settings, except where Label Studio or nothing is', async () => {
  const adapters = memoryAdapters()
  const reconciler = createReconciler(adapters)
  const [scim, admin] = ['scim', 'admin'].map((each) => digestToken(`${each}-token-of-the-tests`))
  const parts = { adapters, reconciler, scimDigests: [scim!], adminDigests: [admin!] }
  const leads = async (app: ReturnType<typeof createApp>) => {
    const { status, headers } = await request(app).get('/')
    return [status, headers['location']]
  }
  expect(await leads(createApp(parts))).toEqual([302, 'scim/settings'])
  expect(await leads(createSettingsApp(parts))).toEqual([302, 'scim/settings'])
  expect((await leads(createApp({ ...parts, hasOwnSettings: true })))[0]).toBe(404)
  expect((await leads(createApp({ ...parts, choices: {} })))[0]).toBe(404)
})

describe('several hosts with one HOST_SECRET', () => {
  const [scim, admin] = ['scim-token-of-the-tests', 'admin-token-of-the-tests']
  const adapters = memoryAdapters()
  const reconciler = createReconciler(adapters)
  const hostWith = (HOST_SECRET: string) => {
    const environment = { SCIM_TOKEN: scim, ADMIN_TOKEN: admin, HOST_SECRET }
    const { scim: scimAccess, admin: adminAccess, secret } = readEnvironment(environment)
    const digests = { scimDigests: scimAccess.digests, adminDigests: adminAccess.digests }
    return createApp({ adapters, reconciler, ...digests, ...(secret && { secret }) })
  }
  const [one, other] = [hostWith('s'.repeat(32)), hostWith('s'.repeat(32))]
  const stranger = hostWith('t'.repeat(32))

  it('let administrators sign in at one and go on at another', async () => {
    const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
    const first = await request(one).get('/scim/settings').set(navigation).expect(401)
    const csrf = /name="csrf" value="([^"]+)"/.exec(first.text)?.[1] ?? ''
    const cookieOf = (answer: request.Response) =>
      String(answer.headers['set-cookie']).split(';', 1)[0] ?? ''
    const signedIn = await request(one)
      .post('/scim/settings/sign-in')
      .set({ ...navigation, Cookie: cookieOf(first) })
      .type('form')
      .send({ csrf, token: admin })
      .expect(303)
    const session = { ...navigation, Cookie: cookieOf(signedIn) }
    await request(other).get('/scim/settings').set(session).expect(200)
    await request(stranger).get('/scim/settings').set(session).expect(401)
  })

  it('take the cursors of each other', async () => {
    const headers = { Authorization: `Bearer ${scim}` }
    for (const userName of ['ann', 'ben']) {
      await request(one).post('/scim/v2/Users').set(headers).send({ userName }).expect(201)
    }
    const page = (host: typeof one, cursor: string) =>
      request(host).get(`/scim/v2/Users?count=1&cursor=${cursor}`).set(headers)
    const { nextCursor } = (await page(one, '').expect(200)).body
    await page(other, nextCursor).expect(200)
    await page(stranger, nextCursor).expect(400)
  })
})
