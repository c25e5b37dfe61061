import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import type express from 'express'
import type { Express } from 'express'
import { memoryAdapters } from '../../adapters/memory/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import { resolveOptions } from '../../lib/http/resolve-options.js'
import type { TransportOptions } from '../../lib/http/transport.js'
import type { ScimRequest, ScimResponse } from '../../lib/protocol/messages.js'
import type { PathParameters, ScimRoute } from '../../lib/protocol/routes.js'

export const token = 'scim_test-token-of-the-http-suite'
export const readOnlyToken = 'scim_read-only-token-of-the-suite'
export const scopelessToken = 'scim_token-without-any-scope-here'

/** What is in force when a host says nothing. */
const {
  onError: _,
  clock: _clock,
  ...defaults
} = resolveOptions(
  { authenticate: () => ({ tenant: 'default', name: 'nobody', scopes: [] }) },
  memoryAdapters(),
)

export const defaultLimits = defaults.limits

export type ExpressVersion = 4 | 5

/** Express and the library as a host on this version of Express loads them. */
export function load(version: ExpressVersion) {
  let loaded: ReturnType<typeof requireAll> | undefined
  jest.isolateModules(() => {
    jest.doMock('express', () => jest.requireActual(version === 4 ? 'express4' : 'express'))
    loaded = requireAll()
    jest.dontMock('express')
  })
  if (loaded === undefined) throw new Error('not loaded')
  return loaded
}

function requireAll() {
  return {
    express: require('express') as typeof express,
    ...(require('../../lib/http/transport.js') as typeof import('../../lib/http/transport.js')),
    ...(require('../../lib/adapter/index.js') as typeof import('../../lib/adapter/index.js')),
    ...(require('../../lib/index.js') as typeof import('../../lib/index.js')),
  }
}

export type Library = ReturnType<typeof load>

/** What the fake routes were asked, in order. */
export interface Recorded {
  readonly request: ScimRequest
  readonly parameters: PathParameters
}

type Answer = (request: ScimRequest) => ScimResponse | Promise<ScimResponse>

/** A small route table that records what it is given and answers `answer`, or what it was asked. */
export function fakeRoutes(recorded: Recorded[] = [], answer?: Answer): ScimRoute[] {
  const handler = async (request: ScimRequest, parameters: PathParameters) => {
    recorded.push({ request, parameters })
    if (answer !== undefined) return answer(request)
    return { status: 200, headers: {}, body: { id: parameters['id'] ?? '' } }
  }
  const route = (method: ScimRequest['method'], path: string, write: boolean): ScimRoute => ({
    method,
    pattern: path.split('/').filter(Boolean),
    handler,
    write,
  })
  const discovery = (path: string): ScimRoute => ({ ...route('GET', path, false), discovery: true })
  return [
    route('GET', '/', false),
    route('POST', '/.search', false),
    route('POST', '/Users/.search', false),
    route('GET', '/Users', false),
    route('POST', '/Users', true),
    route('GET', '/Users/:id', false),
    route('PUT', '/Users/:id', true),
    route('PATCH', '/Users/:id', true),
    route('DELETE', '/Users/:id', true),
    route('GET', '/Groups/:id', false),
    route('POST', '/Bulk', true),
    discovery('/ServiceProviderConfig'),
    discovery('/ResourceTypes'),
    discovery('/Schemas'),
    discovery('/Schemas/:id'),
  ]
}

/** Options for `scimTransport` with three tokens. */
export function transportOptions(
  library: Pick<Library, 'bearerTokens'>,
  options: Partial<TransportOptions> = {},
): TransportOptions & { readonly events: AuditEntry[]; readonly errors: unknown[] } {
  const events: AuditEntry[] = []
  const errors: unknown[] = []
  return {
    ...defaults,
    authenticate: library.bearerTokens([
      { name: 'idp', token },
      { name: 'reader', token: readOnlyToken, scopes: ['scim:read'] },
      { name: 'nobody', token: scopelessToken, scopes: [] },
    ]),
    clock: () => new Date('2026-01-31T09:00:00Z'),
    emit: (event) => events.push(event),
    onError: (error) => errors.push(error),
    ...options,
    events,
    errors,
  }
}

/** A listening server and how to talk to it. */
export interface Running {
  readonly port: number
  readonly origin: string
  close(): Promise<void>
}

export async function listen(app: Express): Promise<Running> {
  const server = http.createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface Reply {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly json: any
}

export interface Sending {
  readonly method?: string
  readonly headers?: http.OutgoingHttpHeaders | readonly string[]
  readonly body?: string | Buffer
}

/**
 * Sends a request exactly as given: no normalisation of the path, no headers of its own but Host
 * and length.
 */
export function send(
  { port }: Pick<Running, 'port'>,
  path: string,
  { method = 'GET', headers = {}, body }: Sending = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve(toReply(response, Buffer.concat(chunks).toString())))
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

function toReply(response: http.IncomingMessage, text: string): Reply {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  return { status: response.statusCode ?? 0, headers: response.headers, text, json }
}

/**
 * Sends bytes as they are and returns what comes back, for requests that clients refuse to send.
 */
export function sendRaw({ port }: Pick<Running, 'port'>, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.end(bytes))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}

export const bearer = (value: string = token) => ({ Authorization: `Bearer ${value}` })

export const scim = (value: string = token) => ({
  ...bearer(value),
  'Content-Type': 'application/scim+json',
})

/** Expects a SCIM error response (RFC 7644 §3.12) and returns its body. */
export function expectError(reply: Reply, status: number, scimType?: string) {
  expect({ status: reply.status, body: reply.json }).toEqual({
    status,
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      ...(scimType !== undefined && { scimType }),
      detail: expect.any(String),
    },
  })
  expect(reply.headers['content-type']).toBe('application/scim+json')
  return reply.json as { detail: string }
}
