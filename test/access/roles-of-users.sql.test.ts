import express from 'express'
import request from 'supertest'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { createReconciler } from '../../lib/access/index.js'
import { bearerTokens } from '../../lib/http/bearer-tokens.js'
import { scimRouter } from '../../lib/http/router.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'
import { sqliteDatabase } from '../support/test-database.js'

const token = 'token-of-the-identity-provider'
const adminToken = 'token-of-the-administrator'
const user = 'urn:ietf:params:scim:schemas:core:2.0:User'
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

describe('roles of users on SQL', () => {
  it('are given, explained and taken at once', async () => {
    const database = sqliteDatabase()
    const steps: string[] = []
    const adapters = await sqlAdapters({
      url: database.url,
      policy: { roles_users: [['Manager', 'LS.Manager']] },
      target: {
        async deprovision(_scope, { userName }) {
          steps.push(`${userName} out`)
        },
        async applyAccess(_scope, { userName }, access, plan) {
          steps.push(`${userName} ${access.role}`)
          return { applied: plan.grants }
        },
      },
    })
    const reconciler = createReconciler(adapters)
    const app = express()
      .use(
        '/scim/v2',
        scimRouter(adapters, { authenticate: bearerTokens([{ name: 'idp', token }]) }),
      )
      .use(
        settingsRouter(adapters, {
          authorize: adminTokens([{ name: 'admin', token: adminToken }]),
          reconciler,
        }),
      )
    const scim = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' }
    const ada = { schemas: [user], userName: 'ada', entitlements: [{ value: 'LS.Manager' }] }
    const { body } = await request(app).post('/scim/v2/Users').set(scim).send(ada).expect(201)
    await reconciler.drain()
    expect(steps).toEqual(['ada Manager'])
    const explain = async () =>
      JSON.stringify(
        (
          await request(app)
            .get(`/api/scim/explain?user=${body.id}`)
            .set('Authorization', `Bearer ${adminToken}`)
        ).body,
      )
    expect(await explain()).toContain('roles_users[0]')
    const Operations = [{ op: 'remove', path: 'entitlements' }]
    await request(app)
      .patch(`/scim/v2/Users/${body.id}`)
      .set(scim)
      .send({ schemas: [patchOp], Operations })
      .expect(200)
    expect(steps).toEqual(['ada Manager', 'ada out'])
    expect(await explain()).not.toContain('roles_users[0]')
    await adapters.close()
    await database.drop()
  })
})
