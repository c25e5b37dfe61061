import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import {
  type LabelStudioAdapters,
  type LabelStudioAdaptersOptions,
  labelStudioAdapters,
} from '../../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { labelStudioProxy } from '../../../examples/label-studio-proxy/proxy.js'
import { createInvitation } from '../../../lib/access/index.js'
import {
  type AccessGateOptions,
  type Authenticator,
  bearerTokens,
  createReconciler,
  type Reconciler,
  type ReconcilerOptions,
  type ScimOptions,
  scimRouter,
} from '../../../lib/index.js'
import type { MappingRules } from '../../../lib/mapping/index.js'
import type { AccessRecord } from '../../../lib/stores/access-store.js'
import type { Adapters } from '../../../lib/stores/adapters.js'
import type { Scope } from '../../../lib/stores/scope.js'
import { type Answer, send } from '../../support/label-studio-browser.js'
import type { Subject } from './contract.js'

export const scimToken = 'token-of-the-identity-provider'
const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** What a test may choose about the product. */
export interface ProductOptions {
  /** Gives the owner's sign-in. Default true. */
  withOwner?: boolean
  storage?: Adapters
  authenticate?: Authenticator
  router?: Partial<ScimOptions>
  reconciler?: ReconcilerOptions
  /** Works in the background. Default true; without it, a test calls `drained`. */
  isWorking?: boolean
  adapters?: Partial<LabelStudioAdaptersOptions>
  gate?: Omit<AccessGateOptions, 'identify'>
}

/** The whole product in front of one Label Studio, and what an identity provider sends to it. */
export interface Product {
  /** Where SCIM is. */
  readonly url: string
  /** Where people reach Label Studio: below the same path as the original. */
  readonly front: string
  readonly adapters: LabelStudioAdapters
  readonly reconciler: Reconciler
  scim(method: string, path: string, body?: unknown, token?: string): Promise<Answer>
  pushUser(attributes: Record<string, unknown>): Promise<Answer>
  pushGroup(displayName: string, memberIds: readonly string[]): Promise<Answer>
  patch(path: string, operations: readonly unknown[]): Promise<Answer>
  setActive(id: string, active: boolean): Promise<Answer>
  lookUp(email: string): Promise<Answer>
  saveRules(rules: Partial<MappingRules>): Promise<void>
  record(userId: string): Promise<AccessRecord | undefined>
  /** A link by which this person signs up. */
  signUpLink(userId: string): Promise<string>
  /** Why the reconciler has given up on somebody. */
  failedBecause(userId: string): Promise<string | undefined>
  drained(): Promise<void>
  stop(): Promise<void>
}

export const scopeOf = (): Scope => ({
  tenant: 'default',
  actor: 'test',
  requestId: 'r',
  signal: AbortSignal.timeout(200_000),
})

/** Starts SCIM, reconciler, gate and proxy in front of `subject`. */
export async function startProduct(
  subject: Pick<Subject, 'url' | 'token' | 'ownerEmail' | 'ownerPassword'>,
  options: ProductOptions = {},
): Promise<Product> {
  const storage = options.storage ?? memoryAdapters()
  const owner = { email: subject.ownerEmail, password: subject.ownerPassword }
  const adapters = labelStudioAdapters({
    url: subject.url,
    token: subject.token,
    storage,
    ...(options.withOwner !== false && { owner }),
    retries: 1,
    ...options.adapters,
  })
  const reconciler = createReconciler(adapters, {
    ...{ backoffMs: 20, maxBackoffMs: 200, pollMs: 50, maxRetryAfterMs: 200 },
    ...options.reconciler,
  })
  const app = express()
  const authenticate = options.authenticate ?? bearerTokens([{ name: 'idp', token: scimToken }])
  const router = { authenticate, onPending: () => reconciler.wake(), ...options.router }
  app.use('/scim/v2', scimRouter(adapters, router))
  const proxy = labelStudioProxy(app, adapters, subject.url, options.gate)
  const server: Server = app.listen(0, '127.0.0.1')
  proxy.attach(server)
  await once(server, 'listening')
  if (options.isWorking !== false) reconciler.start()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    front: `${url}${new URL(subject.url).pathname.replace(/\/$/, '')}`,
    adapters,
    reconciler,
    ...requestsTo(url),
    ...looksInto(adapters),
    drained: () => reconciler.drain(),
    async signUpLink(userId) {
      const user = await adapters.users.get(scopeOf(), userId, { omit: new Set() })
      const link = user && (await createInvitation(adapters, scopeOf(), user))
      return `${url}${link?.path}`
    },
    async stop() {
      proxy.close()
      server.closeAllConnections()
      server.close()
      await reconciler.stop()
      await storage.close?.()
    },
  }
}

function requestsTo(url: string) {
  const scim: Product['scim'] = (method, path, body, token = scimToken) =>
    send(`${url}/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body,
    })
  const patch: Product['patch'] = (path, operations) =>
    scim('PATCH', path, { schemas: [patchOp], Operations: operations })
  return {
    scim,
    patch,
    pushUser: (attributes: Record<string, unknown>) =>
      scim('POST', '/Users', { schemas: [userSchema], ...attributes }),
    pushGroup: (displayName: string, memberIds: readonly string[]) => {
      const members = memberIds.map((value) => ({ value }))
      return scim('POST', '/Groups', { schemas: [groupSchema], displayName, members })
    },
    setActive: (id: string, active: boolean) =>
      patch(`/Users/${id}`, [{ op: 'replace', value: { active } }]),
    lookUp: (email: string) =>
      scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${email}"`)}`),
  }
}

function looksInto({ access }: LabelStudioAdapters & { access: NonNullable<Adapters['access']> }) {
  const nothing: MappingRules = { roles_groups: [], workspaces_groups: [], projects_groups: [] }
  return {
    async saveRules(rules: Partial<MappingRules>) {
      const { version } = await access.rules(scopeOf())
      const options = { expectedVersion: version, affects: 'everybody' } as const
      await access.saveRules(scopeOf(), { ...nothing, ...rules }, options)
    },
    record: (userId: string) => access.getRecord(scopeOf(), userId),
    async failedBecause(userId: string) {
      const [entry] = await access.pendingOf(scopeOf(), [userId])
      return entry?.failed ? entry.lastError : undefined
    },
  }
}
