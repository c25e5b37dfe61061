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
