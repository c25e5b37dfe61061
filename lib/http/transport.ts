import createDebug from 'debug'
import type { RequestHandler } from 'express'
import { forbidden, type ScimError } from '../errors.js'
import { type AuditEvent, auditEntry } from '../events/audit-entry.js'
import type { AuditEntry } from '../events/catalogue.js'
import { tell } from '../events/emitter.js'
import type { DiscoveryEndpoint, RateLimits } from '../options.js'
import { errorBody } from '../protocol/error-body.js'
import type { Principal, ScimRequest, ScimResponse } from '../protocol/messages.js'
import type { ScimRoute } from '../protocol/routes.js'
import type { Recorder } from '../recorder/index.js'
import { sentenceForLog } from '../resources/store-errors.js'
import type { JsonObject } from '../schema/types.js'
import { causeForAttention } from '../stores/errors.js'
import {
  type AuthenticationOptions,
  anonymous,
  principalOf,
  requireScope,
  sendsCredentials,
} from './authenticate.js'
import { type BaseUrlOf, baseUrlOf, expressNeeded } from './base-url.js'
import { type Exchange, type Head, openExchange } from './exchange.js'
import { type FailureReport, toAnswer } from './failures.js'
import { createGuard, type Guard, tooManyFailures } from './guard.js'
import { type Body, type BodyLimits, readBody } from './read-body.js'
import { ClientGoneError } from './read-bytes.js'
import { readQuery } from './read-query.js'
import { respond } from './respond.js'
import { type PathMatch, type RouteTable, routeTable } from './route-table.js'
import { decodeSegments, readVersion, splitTarget } from './target.js'

/** Everything the transport depends on. */
export interface TransportOptions extends AuthenticationOptions {
  readonly openDiscovery: readonly DiscoveryEndpoint[]
  readonly baseUrl?: string | BaseUrlOf | undefined
  readonly requireHttps: boolean
  readonly caseInsensitivePaths: boolean
  readonly limits: BodyLimits & { readonly maxRequestsInFlight: number }
  readonly rateLimits: RateLimits
  readonly requestTimeoutMs: number
  readonly clock: () => Date
  readonly emit: (event: AuditEntry) => void
  readonly onError: (error: unknown, report: FailureReport) => void
  /** Called for every request with valid credentials. */
  readonly onContact?: ((principal: Principal, requestId: string) => void) | undefined
  /** Called with every exchange with an authenticated client. */
  readonly recorder?: Recorder | undefined
}

/** The destination of a request: a path that has routes. */
interface Destination {
  readonly path: PathMatch
  /** The version segment, to be appended to the base URL. */
  readonly suffix: string
  readonly query: string
}

/** What is known about a request so far, for its events. */
interface Progress {
  principal: Principal
  /** The handler was called; from here on the services report refusals. */
  isHandled: boolean
  /** The handler reports its own failures. */
  isReported: boolean
  /** The request as passed to the handler. */
  handled?: Pick<ScimRequest, 'baseUrl' | 'body'>
}

interface Server {
  readonly table: RouteTable
  readonly guard: Guard
  readonly withoutExpress: ReturnType<typeof expressNeeded>
  readonly options: TransportOptions
}

const debug = createDebug('label-studio-scim:request')
const withBody = ['POST', 'PUT', 'PATCH']
/** Refusals that may have been the end of somebody's access, and never came to a handler. */
const toldUnhandled = [400, 401, 403, 413, 415, 429]

/**
 * A handler that serves routes. It authenticates before it reads anything, turns each request into
 * a plain value, and turns the answer or the error into a response. It answers every request below
 * its mount path.
 */
export function scimTransport(
  routes: readonly ScimRoute[],
  options: TransportOptions,
): RequestHandler {
  const server: Server = {
    table: routeTable(routes, options.caseInsensitivePaths),
    guard: createGuard(options),
    withoutExpress: expressNeeded('scimRouter'),
    options,
  }
  return (request, response) => serve(server, openExchange(request, response, options))
}

function serve(server: Server, exchange: Exchange): void {
  const startedAt = debug.enabled ? performance.now() : 0
  const progress: Progress = { principal: anonymous, isHandled: false, isReported: false }
  const done = (answer: ScimResponse) => {
    try {
      respond(exchange, answer)
    } catch (error) {
      respond(exchange, failed(server, exchange, { error, progress }))
    }
    recordExchange(server, exchange, { progress, answer })
    if (debug.enabled) noteAnswer(exchange, answer, startedAt)
  }
  exchange.settle(work(server, exchange, progress), done, (error) =>
    done(failed(server, exchange, { error, progress })),
  )
}

function noteAnswer({ head, requestId }: Exchange, { status }: ScimResponse, startedAt: number) {
  const elapsedMs = Math.round(performance.now() - startedAt)
  debug('%s %s %d %dms', requestId, head.method, status, elapsedMs)
}

function recordExchange(
  { options: { recorder, onError } }: Server,
  { head: { method, url, headers }, requestId }: Exchange,
  { progress, answer }: { readonly progress: Progress; readonly answer: ScimResponse },
): void {
  const { handled, principal } = progress
  if (recorder === undefined || handled === undefined) return
  const { baseUrl, body } = handled
  const report = (error: unknown) =>
    onError(error, { requestId, method, path: '', tenant: principal.tenant })
  const record = () => {
    const whole = answer.body && wholeBody(answer.body, answer.isLong)
    const exchange = {
      ...{ method, url, headers, baseUrl, status: answer.status },
      ...(body !== undefined && { body: body as JsonObject }),
      ...(whole !== undefined && { answer: whole }),
    }
    recorder(exchange, report)
  }
  tell(record, [], report)
}

/** The body with its long lists, which are otherwise made while they are written. */
function wholeBody(body: JsonObject, isLong: boolean | undefined): JsonObject {
  return isLong ? JSON.parse(JSON.stringify(body)) : body
}

async function work(server: Server, exchange: Exchange, progress: Progress): Promise<ScimResponse> {
  exchange.hold(server.guard.enter())
  const problem = server.withoutExpress(exchange.request)
  if (problem) throw problem
  if (server.options.requireHttps && !exchange.request.secure) {
    throw forbidden('This service provider can only be reached over https.')
  }
  // Looked up before authentication, because discovery may be open; reported only after it.
  const destination = findDestination(server, exchange)
  const principal = authenticate(server, exchange, destination)
  progress.principal = principal instanceof Promise ? await principal : principal
  if (destination instanceof Error) throw destination
  return handle(server, exchange, { destination, progress })
}

function findDestination({ table }: Server, { head, request }: Exchange): Destination | ScimError {
  try {
    const { segments: sent, query } = splitTarget(head.url)
    const { segments, suffix } = readVersion(decodeSegments(sent), request.baseUrl)
    return { path: table.match(segments), suffix, query }
  } catch (error) {
    return error as ScimError
  }
}

function authenticate(
  { guard, options }: Server,
  { head, request, requestId }: Exchange,
  destination: Destination | ScimError,
): Principal | Promise<Principal> {
  // Credentials are checked even at open endpoints, because IdPs use these to test a connection.
  if (isOpen(head, destination, options) && !sendsCredentials(request)) return anonymous
  guard.admit(request)
  const accept = (principal: Principal) => {
    guard.remember(request, true)
    guard.spend(principal)
    options.onContact?.(principal, requestId)
    return principal
  }
  const refuse = (error: unknown): never => {
    const isRefused = (error as Partial<ScimError> | undefined)?.status === 401
    const wait = isRefused ? guard.remember(request, false) : 0
    throw wait > 0 ? tooManyFailures(wait) : error
  }
  try {
    const principal = principalOf(request, options)
    return principal instanceof Promise ? principal.then(accept).catch(refuse) : accept(principal)
  } catch (error) {
    return refuse(error)
  }
}

function isOpen(
  { method }: Head,
  destination: Destination | ScimError,
  { openDiscovery }: TransportOptions,
): boolean {
  if (destination instanceof Error || !['GET', 'HEAD'].includes(method)) return false
  const route = destination.path.route(method)
  return route?.discovery === true && openDiscovery.some((name) => name === route.pattern[0])
}

interface Routed {
  readonly destination: Destination
  readonly progress: Progress
}

function handle(
  { guard, options }: Server,
  exchange: Exchange,
  { destination: { path, suffix, query }, progress }: Routed,
): Promise<ScimResponse> | ScimResponse {
  const { principal } = progress
  const { head, request, requestId, lifetime } = exchange
  if (head.method === 'OPTIONS') return { status: 204, headers: { Allow: path.allow } }
  const { route, parameters } = path.find(head.method)
  if (principal !== anonymous) requireScope(principal, route.write)
  const parameterValues = readQuery(query)
  const baseUrl =
    baseUrlOf(request, options.baseUrl) + (options.baseUrl === undefined ? suffix : '')
  const answer = (body?: Body) => {
    if (route.pattern[0] === 'Bulk' && body) guard.charge(principal, operationsIn(body.value) - 1)
    progress.isHandled = true
    progress.isReported = route.reports === true
    if (route.windUpMs !== undefined) exchange.allowWindUp(route.windUpMs)
    const scimRequest = {
      method: route.method,
      query: parameterValues,
      ifMatch: head.headers['if-match'],
      ifNoneMatch: head.headers['if-none-match'],
      body: body?.value,
      bodyBytes: body?.bytes ?? 0,
      baseUrl,
      principal,
      requestId,
      lifetime,
    }
    progress.handled = scimRequest
    return route.handler(scimRequest, parameters)
  }
  return withBody.includes(route.method)
    ? readBody(exchange, options.limits).then(answer)
    : answer()
}

/** The number of operations in a bulk request; member names match in any case. */
function operationsIn(body: JsonObject): number {
  const lists = Object.entries(body).flatMap(([name, value]) =>
    name.toLowerCase() === 'operations' && Array.isArray(value) ? [value.length] : [],
  )
  return Math.max(1, ...lists)
}

interface Failure {
  readonly error: unknown
  readonly progress: Progress
}

/** The one place where an error becomes an answer. */
function failed(
  { options }: Server,
  { head, requestId, lifetime }: Exchange,
  { error, progress }: Failure,
): ScimResponse {
  const answer = toAnswer(error, requestId)
  const { status, scimType, headers } = answer
  const { tenant, name: actor } = progress.principal
  const detail = sentenceForLog(answer)
  const said = { status, detail, ...(scimType !== undefined && { scimType }) }
  const emit = (event: AuditEvent) =>
    options.emit(auditEntry({ tenant, actor, requestId }, options.clock(), { ...said, ...event }))
  // Neither a disconnected client nor a deliberate 501 is reported.
  const isFailure = status >= 500 && status !== 501 && !(error instanceof ClientGoneError)
  if (isFailure) {
    const path = `/${splitTarget(head.url).segments.join('/')}`
    const isTold = progress.isReported && status !== 500 && !lifetime.signal.aborted
    debug('%s %s %s failed with %d: %s', requestId, head.method, path, status, detail)
    const cause = causeForAttention(error)
    if (status === 500 || cause)
      options.onError(cause ?? error, { requestId, method: head.method, path, tenant })
    if (!isTold) emit({ event: 'request.failed', outcome: 'failed' })
  } else if (!progress.isHandled && toldUnhandled.includes(status)) {
    emit({ event: 'request.refused', outcome: 'refused' })
  }
  return { status, headers, body: errorBody(answer) }
}
