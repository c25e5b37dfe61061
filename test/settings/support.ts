import express from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler } from '../../lib/access/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import type { MappingPolicy } from '../../lib/mapping/index.js'
import { adminTokens, type SettingsOptions, settingsRouter } from '../../lib/settings/index.js'
import type { AccessTarget, Adapters } from '../../lib/stores/index.js'
import { recordingTarget } from '../access/recording-target.js'
import { createWorld, type World } from '../access/world.js'

export const adminToken = 'admin-token-of-the-tests'
export const otherToken = 'admin-token-of-another-tenant'

export interface SettingsSetUp {
  readonly options?: Partial<SettingsOptions>
  readonly target?: Partial<AccessTarget>
  readonly policy?: Partial<MappingPolicy>
  readonly change?: (adapters: Adapters) => Adapters
}

/** A host app with the settings mounted at its root, over memory adapters. */
export function aSettingsApp(setUp: SettingsSetUp = {}) {
  const host = recordingTarget()
  const stores = memoryAdapters({
    target: { ...host.target, ...setUp.target },
    ...(setUp.policy && { policy: setUp.policy }),
  })
  const adapters = setUp.change?.(stores) ?? stores
  const world: World = createWorld(stores)
  const events: AuditEntry[] = []
  const reconciler = createReconciler(adapters)
  const app = express()
  app.use(
    settingsRouter(adapters, {
      authorize: adminTokens([
        { name: 'root', token: adminToken, tenant: 'acme' },
        { name: 'stranger', token: otherToken, tenant: 'other' },
      ]),
      onEvent: (event) => void events.push(event),
      tokens: stores.tokens,
      ...setUp.options,
    }),
  )
  app.use((_request, response) => {
    response.status(404).send('the host')
  })
  return {
    ...world,
    app,
    host,
    events,
    reconciler,
    access: world.adapters.access,
    get: (path: string, token = adminToken) =>
      request(app).get(path).set('Authorization', `Bearer ${token}`),
    post: (path: string, body: object, token = adminToken) =>
      request(app).post(path).set('Authorization', `Bearer ${token}`).send(body),
  }
}
