import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import {
  accessGate,
  bearerTokens,
  createReconciler,
  digestToken,
  type Identify,
  scimRouter,
} from '../../lib/index.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { cookieOf, formTokenOf } from '../settings/visitor.js'
import { type PageSession, secrets } from './generate.js'

/** Everything that listens to HTTP in one application, over one store. */
export interface FuzzWorld {
  readonly port: number
  readonly session: PageSession
  /** What hosts are told: events, and failures nobody expected. */
  readonly told: unknown[]
  readonly failures: unknown[]
  /**
   * Applies everybody's access, and removes the log and what is kept of those who left, as a host
   * does in time. Otherwise the heap would grow, and exports of the log take most of the time.
   */
  settle(): Promise<void>
  close(): Promise<void>
}

export async function openWorld(stores: Adapters): Promise<FuzzWorld> {
  const told: unknown[] = []
  const failures: unknown[] = []
  const onEvent = (event: unknown) => void told.push(event)
  const onError = (error: unknown) => void failures.push(error)
  const adapters: Adapters = { ...stores, users: { ...stores.users, setPassword: async () => {} } }
  const app = express()
  app.use(
    '/scim/v2',
    scimRouter(adapters, {
      authenticate: bearerTokens([{ name: 'idp', digest: digestToken(secrets.scimToken) }]),
      onEvent,
      onError,
    }),
  )
  app.use(
    settingsRouter(adapters, {
      authorize: adminTokens([{ name: 'root', token: secrets.adminToken }]),
      onEvent,
      onError,
    }),
  )
  // Whoever sends a long cookie is somebody.
  const identify: Identify = async ({ headers }) => ({
    identities: (headers.cookie ?? '').length > 60 ? [{ email: 'ines@acme.example' }] : [],
    isComplete: true,
  })
  const gate = accessGate(adapters, { identify })
  app.use(gate)
  app.use((_request, response) => void response.send('the application'))
  const reconciler = createReconciler(adapters, { onEvent })
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    session: await signIn(`http://127.0.0.1:${port}/scim/settings`),
    told,
    failures,
    async settle() {
      await reconciler.drain()
      const before = new Date().toISOString()
      await adapters.access?.forget?.({ before })
      await adapters.audit?.purge?.({ before, limit: Number.MAX_SAFE_INTEGER })
    },
    async close() {
      gate.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function signIn(path: string): Promise<PageSession> {
  const form = await fetch(path)
  const cookie = cookieOf({ headers: { 'set-cookie': form.headers.getSetCookie() } } as never)
  const signedIn = await fetch(`${path}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { Cookie: cookie, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      csrf: formTokenOf(await form.text()) ?? '',
      token: secrets.adminToken,
    }),
  })
  const own = cookieOf({ headers: { 'set-cookie': signedIn.headers.getSetCookie() } } as never)
  const page = await fetch(path, { headers: { Cookie: own } })
  return { cookie: own, csrf: formTokenOf(await page.text()) ?? '' }
}
