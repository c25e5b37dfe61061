import { isUtf8 } from 'node:buffer'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { adminRoutes } from './admin.js'
import { anonymousCookie, authenticate, sessionCookie, unauthorized } from './auth.js'
import { enterpriseRoutes } from './enterprise.js'
import { type Faults, faults, strike } from './faults.js'
import {
  apiError,
  type FakeContext,
  type FakeRequest,
  type FakeResponse,
  type FakeRoute,
  unknownPath,
} from './http.js'
import { pageRoutes } from './pages.js'
import { projectRoutes } from './projects.js'
import {
  type FakeOptions,
  type FakeState,
  type FakeUser,
  newState,
  organizationId,
} from './state.js'
import { tokenAdminRoutes } from './token-admin.js'
import { tokenRoutes } from './tokens.js'
import { userRoutes } from './users.js'

export type { Fault, FaultRule, Faults } from './faults.js'
export type * from './state.js'

/** A request that the fake has received. */
export interface SeenRequest {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

/** A Label Studio in this process: a `LabelStudioServer` with additional controls. */
export interface FakeLabelStudio {
  /** Base URL, with the base path. */
  url: string
  ownerEmail: string
  ownerPassword: string
  /** The owner's legacy token. */
  token: string
  state: FakeState
  options: FakeOptions
  faults: Faults
  /** Every request, oldest first. */
  requests: SeenRequest[]
  /** Highest number of concurrent requests. */
  maxInFlight(): number
  /** Stops answering; the state stays. */
  kill(): Promise<void>
  /** Listens again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const owner = { email: 'owner@example.com', password: 'Owner-passw0rd!' }

/** Starts a fake Label Studio on a free loopback port. */
export async function startFakeLabelStudio(options: FakeOptions = {}): Promise<FakeLabelStudio> {
  const state = newState(options, owner)
  const rules = faults()
  const requests: SeenRequest[] = []
  const flight = { now: 0, max: 0 }
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    flight.now += 1
    flight.max = Math.max(flight.max, flight.now)
    response.on('close', () => {
      flight.now -= 1
    })
    const request = await readRequest(incoming, options.basePath ?? '')
    requests.push(request)
    const work = () => respond(request, state, options)
    if (!strike(rules.next(request), response, work)) send(response, work())
  }
  const server = listening((incoming, response) => void answer(incoming, response))
  await server.start()

  return {
    url: `http://127.0.0.1:${server.port()}${options.basePath ?? ''}`,
    ownerEmail: owner.email,
    ownerPassword: owner.password,
    token: state.users.get(organizationId)?.legacyToken ?? '',
    state,
    options,
    faults: rules,
    requests,
    maxInFlight: () => flight.max,
    kill: server.stop,
    async restart() {
      await server.stop()
      await server.start()
    },
    stop: server.stop,
  }
}

/** A server that can be stopped with all its connections and started again on the same port. */
function listening(listener: (request: IncomingMessage, response: ServerResponse) => void) {
  let server: Server | undefined
  let port = 0
  const sockets = new Set<Socket>()
  return {
    port: () => port,
    async start() {
      server = createServer(listener)
      server.on('connection', (socket) => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
      })
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      port = (server.address() as AddressInfo).port
    },
    async stop() {
      const stopping = server
      server = undefined
      if (stopping === undefined) return
      const closed = once(stopping, 'close')
      stopping.close()
      for (const each of sockets) each.destroy()
      await closed
    },
  }
}

async function readRequest(incoming: IncomingMessage, basePath: string): Promise<FakeRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  const isBelow = url.pathname.startsWith(basePath)
  return {
    method: incoming.method ?? 'GET',
    path: isBelow ? url.pathname.slice(basePath.length) : `/outside${url.pathname}`,
    query: url.searchParams,
    headers: incoming.headers,
    body: textOf(Buffer.concat(chunks), incoming.headers['content-type']),
    json: undefined,
  }
}

/** Django decodes a form that is not UTF-8 as ISO-8859-1. */
function textOf(body: Buffer, type = ''): string {
  const isForm = type.startsWith('application/x-www-form-urlencoded')
  return body.toString(isForm && !isUtf8(body) ? 'latin1' : 'utf8')
}

const bothEditions = [...tokenRoutes, ...userRoutes, ...projectRoutes, ...pageRoutes]
const routesOf = {
  community: [...bothEditions, ...adminRoutes, ...tokenAdminRoutes],
  enterprise: [...enterpriseRoutes, ...bothEditions],
}

function respond(request: FakeRequest, state: FakeState, options: FakeOptions): FakeResponse {
  const isEnterprise = options.mode === 'lse'
  const routes = routesOf[isEnterprise ? 'enterprise' : 'community']
  const signedIn: FakeUser[] = []
  const { user, pageUser, sessionUser, refusal } = authenticate(state, options, request)
  const context: FakeContext = {
    state,
    options,
    isEnterprise,
    request,
    user,
    pageUser,
    signIn: (person) => void signedIn.push(person),
  }
  // A session without an organization gets the first one.
  const session = user ?? pageUser
  if (session !== undefined && session.activeOrganization === null && pageUser === session) {
    session.activeOrganization = organizationId
  }
  const answer = dispatch(routes, context, refusal)
  // Each answer to a session signs the session again.
  const person = signedIn[0] ?? sessionUser
  const cookie =
    `sessionid=${person === undefined ? anonymousCookie() : sessionCookie(person)}; ` +
    'HttpOnly; Path=/'
  return withSessionCookie(answer, {
    cookie,
    isNew: person !== undefined || pageUser === undefined,
  })
}

/**
 * Nearly every answer sets a session cookie. A client that stored them all would lose its own
 * session.
 */
function withSessionCookie(
  answer: FakeResponse,
  { cookie, isNew }: { cookie: string; isNew: boolean },
): FakeResponse {
  if (!isNew) return answer
  const others = [answer.headers?.['set-cookie'] ?? []].flat()
  if (others.some((each) => each.startsWith('sessionid='))) return answer
  return { ...answer, headers: { ...answer.headers, 'set-cookie': [...others, cookie] } }
}

function dispatch(
  routes: readonly FakeRoute[],
  context: FakeContext,
  refusal: FakeResponse | undefined,
): FakeResponse {
  const { request, user } = context
  const onPath = routes.filter(({ pattern }) => pattern.test(request.path))
  if (refusal?.status === 500) return refusal
  const isLater = context.options.before117 && request.path.startsWith('/api/token/')
  if (onPath.length === 0 || isLater) return unknownPath()
  const route = onPath.find(({ method }) => method === request.method)
  if (route?.isOpen) return handle(route, context)
  if (refusal !== undefined) return refusal
  if (user === undefined) return unauthorized()
  if (route === undefined) return apiError(405, `Method "${request.method}" not allowed.`)
  return handle(route, context)
}

function handle(route: FakeRoute, context: FakeContext): FakeResponse {
  const { request } = context
  const ids = (route.pattern.exec(request.path) ?? []).slice(1).map(Number)
  if ((request.headers['content-type'] ?? '').includes('json') && request.body !== '') {
    try {
      request.json = JSON.parse(request.body)
    } catch {
      return apiError(400, 'JSON parse error')
    }
  }
  return route.handler(context, ...ids)
}

function send(response: ServerResponse, { status, headers, body }: FakeResponse) {
  response.writeHead(status, headers).end(body)
}
