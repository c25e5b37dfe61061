import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { memoryAdapters } from '../../adapters/memory/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import { scimRouter } from '../../lib/http/router.js'
import type { ScimOptions } from '../../lib/options.js'
import type { Principal } from '../../lib/protocol/messages.js'
import type { Adapters } from '../../lib/stores/adapters.js'
import { groupUrn, patchUrn, userUrn } from '../support/urns.js'

export * from '../support/urns.js'

/** An answer as tests look at it. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests reach deep into bodies
  readonly body: any
}

export interface CallOptions {
  readonly headers?: Record<string, string>
  /** Name of the tenant; `acme` unless given. */
  readonly as?: string
}

/** A service provider that listens, and a client that speaks to it. */
export interface ServiceProvider {
  readonly adapters: Adapters
  readonly baseUrl: string
  readonly events: readonly AuditEntry[]
  readonly errors: readonly unknown[]
  get(path: string, options?: CallOptions): Promise<Answer>
  post(path: string, body: unknown, options?: CallOptions): Promise<Answer>
  put(path: string, body: unknown, options?: CallOptions): Promise<Answer>
  patch(path: string, operations: unknown, options?: CallOptions): Promise<Answer>
  delete(path: string, options?: CallOptions): Promise<Answer>
  /** Sends a body that need not be JSON. */
  send(method: string, path: string, text: string, options?: CallOptions): Promise<Answer>
  /** Creates and returns the body. */
  user(userName: string, attributes?: object, options?: CallOptions): Promise<Answer['body']>
  group(
    displayName: string,
    members?: readonly string[],
    options?: CallOptions,
  ): Promise<Answer['body']>
}

const running: http.Server[] = []

afterEach(() => {
  for (const server of running.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** The present time, never the same millisecond twice. */
function everLater(): () => Date {
  let last = 0
  return () => {
    last = Math.max(Date.now(), last + 1)
    return new Date(last)
  }
}

/**
 * Starts a service provider whose tokens are `<tenant>` or `<tenant>/<user id>`. Stopped after the
 * test.
 */
export async function serve(
  adapters: Adapters = memoryAdapters(),
  options: Partial<ScimOptions> = {},
): Promise<ServiceProvider> {
  const events: AuditEntry[] = []
  const errors: unknown[] = []
  const app = express()
  app.use(
    '/scim/v2',
    scimRouter(adapters, {
      authenticate: ({ headers }) => principalOf(headers.authorization ?? ''),
      onEvent: (event) => events.push(event),
      onError: (error) => errors.push(error),
      // What is created one after the other is listed so, however fast that was.
      clock: everLater(),
      ...options,
    }),
  )
  const server = http.createServer(app)
  running.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim/v2`
  return { adapters, baseUrl, events, errors, ...clientOf(baseUrl) }
}

interface Sent {
  readonly body?: unknown
  readonly text?: string | undefined
  readonly options?: CallOptions | undefined
}

function clientOf(baseUrl: string) {
  const call = async (
    method: string,
    path: string,
    { body, text: sent = JSON.stringify(body), options = {} }: Sent,
  ): Promise<Answer> => {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${options.as ?? 'acme'}`,
        ...(sent !== undefined && { 'Content-Type': 'application/scim+json' }),
        ...options.headers,
      },
      ...(sent !== undefined && { body: sent }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
  }
  const post = (path: string, body: unknown, options?: CallOptions) =>
    call('POST', path, { body, options })
  return {
    post,
    get: (path: string, options?: CallOptions) => call('GET', path, { options }),
    put: (path: string, body: unknown, options?: CallOptions) =>
      call('PUT', path, { body, options }),
    patch: (path: string, operations: unknown, options?: CallOptions) =>
      call('PATCH', path, { body: { schemas: [patchUrn], Operations: operations }, options }),
    delete: (path: string, options?: CallOptions) => call('DELETE', path, { options }),
    send: (method: string, path: string, text: string, options?: CallOptions) =>
      call(method, path, { text, options }),
    user: async (userName: string, attributes: object = {}, options?: CallOptions) => {
      const body = { schemas: [userUrn], userName, ...attributes }
      return created(await post('/Users', body, options))
    },
    group: async (displayName: string, members: readonly string[] = [], options?: CallOptions) => {
      const list = members.map((value) => ({ value }))
      const body = { schemas: [groupUrn], displayName, members: list }
      return created(await post('/Groups', body, options))
    },
  }
}

function created({ status, body }: Answer) {
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body
}

function principalOf(authorization: string): Principal {
  const [tenant = '', userId] = authorization.replace('Bearer ', '').split('/')
  return {
    tenant,
    name: userId === undefined ? `${tenant}-token` : `${tenant}-token-${userId}`,
    scopes: ['scim:read', 'scim:write'],
    ...(userId !== undefined && { userId }),
  }
}
