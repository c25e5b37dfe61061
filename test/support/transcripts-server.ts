import { randomUUID } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ScimOptions } from '../../lib/options.js'
import type { JsonObject } from '../../lib/schema/types.js'
import type { Adapters } from '../../lib/stores/adapters.js'
import { type ExpressVersion, load } from '../http/support.js'
import type { Incoming, OutgoingRequest, ReplayTarget } from './transcripts-replay.js'

/** One configuration: a store, a mount path and a version of Express. */
export interface Setting {
  readonly adapters: Adapters
  readonly mount: '/' | '/scim/v2'
  readonly express: ExpressVersion
  readonly options?: Partial<ScimOptions>
}

/** A listening host on which every target is a separate tenant. */
export interface TranscriptServer {
  /** Makes a new tenant. */
  target(): ReplayTarget
  close(): Promise<void>
}

/** The header with the options of a request's router, by which the host of these tests routes. */
const optionsHeader = 'x-test-options'

/** Starts a host on a free loopback port. */
export async function startTranscriptServer(setting: Setting): Promise<TranscriptServer> {
  const server = http.createServer(hostOf(setting))
  const agent = new http.Agent({ keepAlive: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const mount = setting.mount === '/' ? '' : setting.mount
  return {
    target: () => {
      const tenant = randomUUID()
      return {
        baseUrl: `http://127.0.0.1:${port}${mount}`,
        send: (request, { actor, options }) =>
          send(port, agent, {
            ...request,
            path: `${mount}${request.path}` || '/',
            headers: {
              Authorization: `Bearer ${tenant}/${actor}`,
              [optionsHeader]: JSON.stringify(options),
              ...request.headers,
            },
          }),
      }
    },
    close: () =>
      new Promise((resolve) => {
        agent.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function hostOf({ adapters, mount, express: version, options = {} }: Setting) {
  const { express, scimRouter, unauthorized } = load(version)
  const authenticate: ScimOptions['authenticate'] = ({ headers: { authorization = '' } }) => {
    const [, tenant, name] = /^Bearer ([^/]+)\/(.+)$/.exec(String(authorization)) ?? []
    if (tenant === undefined || name === undefined) throw unauthorized('Unknown token.')
    return { tenant, name, scopes: ['scim:read', 'scim:write'] }
  }
  const onError = (error: unknown) => console.error(error)
  // Later requests get later times, so that tests can expect the order of creation.
  let now = Date.now()
  const clock = () => {
    now += 1
    return new Date(now)
  }
  const routers = new Map<string, ReturnType<typeof scimRouter>>()
  const routerFor = (text: string) => {
    const own = JSON.parse(text) as JsonObject
    const router =
      routers.get(text) ??
      scimRouter(adapters, { authenticate, onError, clock, ...options, ...own })
    routers.set(text, router)
    return router
  }
  const app = express()
  app.use(mount, (request, response, next) => {
    routerFor(request.get(optionsHeader) ?? '{}')(request, response, next)
  })
  return app
}

function send(
  port: number,
  agent: http.Agent,
  { method, path, headers, text }: OutgoingRequest,
): Promise<Incoming> {
  return new Promise((resolve, reject) => {
    const body = text === undefined ? undefined : Buffer.from(text)
    const request = http.request(
      {
        port,
        agent,
        method,
        path,
        host: '127.0.0.1',
        headers: { ...headers, ...(body && { 'Content-Length': body.length }) },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}
