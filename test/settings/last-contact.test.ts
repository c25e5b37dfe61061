import express from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { bearerTokens } from '../../lib/http/bearer-tokens.js'
import { scimRouter } from '../../lib/http/router.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'

describe('the last contact with the identity provider', () => {
  it('is that of the last request with a valid token', async () => {
    const now = new Date('2026-03-01T10:00:00Z')
    const adapters = memoryAdapters()
    const app = express()
    const authenticate = bearerTokens([{ name: 'okta', token: 'scim-token-of-okta' }])
    app.use('/scim/v2', scimRouter(adapters, { authenticate, clock: () => now }))
    app.use(
      settingsRouter(adapters, {
        authorize: adminTokens([{ name: 'a', token: 'secret-of-sixteen' }]),
      }),
    )
    const lastContact = async () => {
      const { body } = await request(app)
        .get('/api/scim/status')
        .set('Authorization', 'Bearer secret-of-sixteen')
      return body.lastContact
    }

    await request(app).get('/scim/v2/Users').set('Authorization', 'Bearer wrong').expect(401)
    expect(await lastContact()).toBeUndefined()
    await request(app)
      .get('/scim/v2/Users')
      .set('Authorization', 'Bearer scim-token-of-okta')
      .expect(200)
    expect(await lastContact()).toBe('2026-03-01T10:00:00.000Z')
  })

  it('fails no request, also when the store throws at once', async () => {
    const adapters = memoryAdapters()
    const access = {
      ...adapters.access,
      setValue: () => {
        throw new Error('The disk is full.')
      },
    }
    const app = express()
    const authenticate = bearerTokens([{ name: 'okta', token: 'scim-token-of-okta' }])
    app.use('/scim/v2', scimRouter({ ...adapters, access }, { authenticate }))
    await request(app)
      .get('/scim/v2/Users')
      .set('Authorization', 'Bearer scim-token-of-okta')
      .expect(200)
  })
})
