import { once } from 'node:events'
import { createServer, request as httpRequest, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  type AccessGate,
  type AccessGateOptions,
  accessGate,
  type PolicyDecision,
  type PolicyQuestion,
  type PolicyRefusal,
  type RequestPolicy,
} from '../../lib/gate/index.js'
import type { Adapters } from '../../lib/stores/index.js'

/** A gate in front of an application that answers with the request it got. */
export interface Guarded {
  readonly url: string
  readonly gate: AccessGate
  /** The paths of the requests that the gate has let pass. */
  readonly reached: string[]
}

/** Functions that close what a test has opened. */
export type CleanUps = (() => void)[]

/** What the clock of the gate says. */
export const now = '2026-01-02T03:04:05.000Z'

export const emailOf = (name: string) => `${name}@example.com`

/** Whom a request belongs to is in its authorization: `ann,bob`, or `?` for unknown. */
const identify: AccessGateOptions['identify'] = ({ headers }) => {
  const names = (headers.authorization ?? '').split(',').filter((name) => name !== '')
  const identities = names.filter((name) => name !== '?').map((name) => ({ email: emailOf(name) }))
  return Promise.resolve({ identities, isComplete: !names.includes('?') })
}

/** Puts a gate with these options in front of an application. */
export async function guard(
  { adapters, cleanUps }: { adapters: Adapters; cleanUps: CleanUps },
  options: Partial<AccessGateOptions> = {},
): Promise<Guarded> {
  const clock = () => new Date(now)
  const gate = accessGate(adapters, { identify, clock, recheckMs: 100, ...options })
  const reached: string[] = []
  const server = createServer((request, response) => {
    gate(request, response, (error) => {
      reached.push(request.url ?? '')
      if (error) response.writeHead(500).end()
      else void answer(request, response)
    })
  })
  gate.attach(server, (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  })
  cleanUps.push(() => gate.close())
  return { url: await listen(server, cleanUps), gate, reached }
}

const answer = async (...[request, response]: Parameters<RequestListener>): Promise<void> => {
  const { url, headers } = request
  const body = await text(request)
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ url, authorization: headers.authorization ?? null, body }))
}

/** Starts a server and returns its URL. */
export async function listen(
  server: ReturnType<typeof createServer>,
  cleanUps: CleanUps,
): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUps.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A policy of a host, what it was asked, and what it was told. */
export function policyOf(
  decide: PolicyDecision | ((question: PolicyQuestion) => PolicyDecision | Promise<PolicyDecision>),
  rest: Partial<RequestPolicy> = {},
) {
  const questions: PolicyQuestion[] = []
  const refusals: PolicyRefusal[] = []
  const policy: RequestPolicy = {
    mode: 'enforce',
    isOpen: ({ url }) => url === '/open',
    async decide(_scope, question) {
      questions.push(question)
      return typeof decide === 'function' ? decide(question) : decide
    },
    onRefusal: (refusal) => refusals.push(refusal),
    ...rest,
  }
  return { policy, questions, refusals }
}

export const allow: PolicyDecision = { kind: 'allow' }
export const refuse: PolicyDecision = {
  kind: 'refuse',
  status: 404,
  detail: 'There is no such project.',
  reason: 'project 7 is not theirs',
}

/** Sends a request of these people. */
export function ask({ url }: Guarded, names: string, path = '/a', init: RequestInit = {}) {
  const headers = names === '' ? {} : { authorization: names }
  return fetch(`${url}${path}`, { ...init, headers })
}

/** Sends a request whose body lacks its last byte. */
export function slowly({ url }: Guarded, names = 'ann', path = '/a') {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n`
  socket.write(`${head}Authorization: ${names}\r\n\r\na`)
  return { socket, answer: text(socket) }
}

/** Asks for a WebSocket, and returns the status and the whole answer. */
export async function upgrade({ url }: Guarded, names: string, path = '/ws', more = '') {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const offer = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket'
  socket.write(`GET ${path} HTTP/1.1\r\n${offer}\r\n${more}Authorization: ${names}\r\n\r\n`)
  const whole = await text(socket)
  return { status: Number(whole.split(' ')[1]), whole }
}

export const urlencoded = 'application/x-www-form-urlencoded'

export interface Form {
  readonly path?: string
  readonly method?: string
  readonly type?: string
  readonly headers?: Record<string, string>
  readonly body: string | Buffer
}

/** Submits a form as it is; what the application got if it passes, else status and sentence. */
export function submit(
  { url }: { readonly url: string },
  { path = '/user/login', method = 'POST', type = urlencoded, headers = {}, body }: Form,
) {
  const length = { 'content-length': String(Buffer.byteLength(body)) }
  const all = { 'content-type': type, ...length, ...headers }
  return new Promise<Record<string, unknown>>((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, { method, headers: all }, async (response) => {
      const answer = JSON.parse(await text(response))
      resolve({ status: response.statusCode, ...answer })
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** The body of a form. */
export const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
