import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { invalidSyntax, notFound, ScimError, unavailable } from '../../errors.js'
import { about, callOf, endpointOf, type Services, within } from '../../resources/call.js'
import { locationOf } from '../../resources/represent.js'
import { patch } from '../../resources/requests.js'
import { toScimError } from '../../resources/store-errors.js'
import { remove } from '../../resources/write.js'
import type { JsonObject, ResourceType } from '../../schema/types.js'
import { causeForAttention } from '../../stores/errors.js'
import { etagOf } from '../../version/etag.js'
import {
  type BulkPlan,
  planBulk,
  referencesOf,
  resolvePathReference,
  resolveReferences,
  takeOut,
} from '../bulk-references.js'
import {
  type BulkOperation,
  type CheckedOperation,
  checkOperation,
  readBulk,
} from '../bulk-request.js'
import type { ProtocolOptions } from '../context.js'
import { errorBody, unexpectedFailure } from '../error-body.js'
import type { ScimRequest, ScimResponse } from '../messages.js'
import { bodyOf, notSupported, scopeOf } from '../read-request.js'
import { reportStillIn } from '../report-refusal.js'
import type { Handler } from '../route.js'

/** The write handlers of a resource type, the same ones that handle single requests. */
export interface WriteHandlers {
  readonly type: ResourceType
  readonly handlers: Readonly<Record<CheckedOperation['method'], Handler>>
}

/** The services of a router, with the options of the protocol. */
type BulkServices = Services & { readonly options: ProtocolOptions }

const bulkResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
const patchOpUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/**
 * POST to `/Bulk` (RFC 7644 §3.7). Each operation is a separate request: authorized, checked,
 * stored and audited by itself; the whole is not atomic. Other requests can run between operations.
 * At the deadline, the completed operations are answered, and the rest with 503 each.
 */
export function bulkHandler(services: BulkServices, endpoints: readonly WriteHandlers[]): Handler {
  return async (request) => {
    const { features, limits, deviations } = services.options
    if (!features.bulk) throw notSupported('bulk requests')
    if (request.bodyBytes > limits.maxPayloadBytes) {
      throw new ScimError(413, `A bulk request has at most ${limits.maxPayloadBytes} bytes.`)
    }
    const { operations, failOnErrors } = readBulk(bodyOf(request), {
      deviations,
      maxOperations: limits.maxBulkOperations,
    })
    const job = createJob(services, request, { operations, endpoints })
    const { signal } = request.lifetime
    await Promise.race([runJob(job, failOnErrors ?? Number.POSITIVE_INFINITY), whenAborted(signal)])
    if (signal.aborted) failTheRest(job)
    const told = reportLeft(job)
    if (!signal.aborted) await told
    const results = operations.flatMap((_, index) => job.results.get(index) ?? [])
    return { status: 200, headers: {}, body: { schemas: [bulkResponseUrn], Operations: results } }
  }
}

/** Time limit for removing an unfinished resource, in milliseconds. */
const takeBackMs = 10_000

/** The answer of an operation contains no resource, so only the id needs to be read. */
const onlyId: ReadonlyMap<string, string> = new Map([['attributes', 'id']])

/** A resource that waits for references to other operations. */
interface Unfinished {
  readonly index: number
  readonly type: ResourceType
  readonly id: string
  readonly later: readonly JsonObject[]
  readonly needs: ReadonlySet<string>
}

/** A bulk request in progress. */
interface Job {
  readonly services: BulkServices
  readonly request: ScimRequest
  readonly endpoints: readonly WriteHandlers[]
  readonly operations: readonly BulkOperation[]
  readonly checked: readonly (CheckedOperation | ScimError)[]
  readonly plan: BulkPlan
  /** Ids of created resources by bulkId. */
  readonly ids: Map<string, string>
  readonly results: Map<number, JsonObject>
  readonly unfinished: Unfinished[]
  /** Operations that came to their handler, which reports its refusals. */
  readonly handled: Set<number>
  failures: number
}

function createJob(
  services: BulkServices,
  request: ScimRequest,
  { operations, endpoints }: Pick<Job, 'operations' | 'endpoints'>,
): Job {
  const checked = checkAll(operations, services)
  const plan = planBulk(checked.map((each) => (each instanceof ScimError ? undefined : each)))
  return {
    services,
    request,
    endpoints,
    operations,
    checked,
    plan,
    ids: new Map(),
    results: new Map(),
    unfinished: [],
    handled: new Set(),
    failures: 0,
  }
}

function checkAll(
  operations: readonly BulkOperation[],
  { options }: Services,
): (CheckedOperation | ScimError)[] {
  const seen = new Set<string>()
  return operations.map((operation) => {
    try {
      const checked = checkOperation(operation, options.deviations)
      const { method, bulkId } = checked
      if (method !== 'POST' || bulkId === undefined) return checked
      if (seen.has(bulkId)) throw invalidSyntax(`"bulkId" "${bulkId}" is used more than once.`)
      seen.add(bulkId)
      return checked
    } catch (error) {
      return toScimError(error) ?? invalidSyntax('The operation is malformed.')
    }
  })
}

async function runJob(job: Job, failOnErrors: number): Promise<void> {
  for (const index of job.plan.order) {
    if (job.failures >= failOnErrors || job.request.lifetime.signal.aborted) break
    await yieldToOthers()
    await runOperation(job, index)
  }
  for (let [next] = job.unfinished; next; [next] = job.unfinished) {
    await yieldToOthers()
    await finish(job, next)
    job.unfinished.shift()
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/**
 * Answers 503 for each operation that was not done, is still in progress, or waits for a reference;
 * it can be sent again.
 */
function failTheRest(job: Job): void {
  const late = unavailable('The bulk request timed out before this operation was done.', 1)
  const lacking = new Set(job.unfinished.map(({ index }) => index))
  for (const index of job.operations.keys()) {
    if (!job.results.has(index) || lacking.has(index)) fail(job, index, late)
  }
}

/** Who was to be shut out by an operation that was refused before its handler, or left out. */
async function reportLeft(job: Job): Promise<void> {
  const left = unavailable('Left out, because operations before it failed ("failOnErrors").', 1)
  for (const [index, operation] of job.checked.entries()) {
    if (job.handled.has(index) || operation instanceof ScimError) continue
    const { method, data } = operation
    try {
      const { type, id } = findHandler(job, method, operation.path)
      const request = { ...job.request, method, body: data }
      const parameters = id === undefined ? {} : { id }
      await reportStillIn(job.services, request, { type, parameters, error: left })
    } catch {
      // The path leads nowhere, so the operation is about nobody.
    }
  }
}

async function runOperation(job: Job, index: number): Promise<void> {
  const operation = job.checked[index]
  if (!operation) return
  try {
    if (operation instanceof ScimError) throw operation
    job.results.set(index, await perform(job, index, operation))
  } catch (error) {
    fail(job, index, error)
  }
}

async function perform(job: Job, index: number, operation: CheckedOperation): Promise<JsonObject> {
  const { services, request, ids } = job
  const deferred = job.plan.deferred.get(index) ?? new Set()
  requireResolved(job, operation, deferred)
  const path = resolvePathReference(operation.path, ids)
  const { type, handler, id } = findHandler(job, operation.method, path)
  const taken = takeOutDeferred(operation, deferred)
  job.handled.add(index)
  const answer = await handler(
    {
      ...request,
      method: operation.method,
      query: answersNothing(services, operation, type) ? new Map() : onlyId,
      ifMatch: operation.version,
      ifNoneMatch: undefined,
      body: taken.data === undefined ? undefined : resolveReferences(taken.data, ids),
    },
    id === undefined ? {} : { id },
  )
  const createdId = answer.body?.['id']
  if (
    operation.method === 'POST' &&
    operation.bulkId !== undefined &&
    typeof createdId === 'string'
  ) {
    ids.set(operation.bulkId, createdId)
    if (taken.later.length > 0) {
      job.unfinished.push({ index, type, id: createdId, later: taken.later, needs: deferred })
    }
  }
  return resultOf(operation, {
    answer,
    location: answer.headers['Location'] ?? locationOf(request.baseUrl, type.endpoint, id ?? ''),
    hasEtags: services.options.features.etag,
  })
}

/** Such a PATCH answers 204 unless the client asks for attributes. */
function answersNothing(
  services: Services,
  { method }: CheckedOperation,
  type: ResourceType,
): boolean {
  return method === 'PATCH' && endpointOf(services, type).kind.patchAnswersNothing
}

function takeOutDeferred(
  { data }: CheckedOperation,
  deferred: ReadonlySet<string>,
): { data?: CheckedOperation['data']; later: readonly JsonObject[] } {
  if (deferred.size > 0 && typeof data === 'object' && data !== null && !Array.isArray(data)) {
    return takeOut(data, deferred)
  }
  return { ...(data !== undefined && { data }), later: [] }
}

/**
 * Adds the references without which a resource was created; if they cannot be resolved, removes the
 * resource.
 */
async function finish(job: Job, { index, type, id, later, needs }: Unfinished): Promise<void> {
  const { services, request, ids } = job
  const call = about(callOf(services, type, scopeOf(request)), id)
  try {
    request.lifetime.signal.throwIfAborted()
    if ([...needs].some((bulkId) => !ids.has(bulkId))) throw unresolved([...needs])
    const operations = later.map((operation) => resolveReferences(operation, ids))
    const body = { schemas: [patchOpUrn], Operations: operations }
    const { resource } = await patch(call, body)
    request.lifetime.signal.throwIfAborted()
    const version = services.options.features.etag && { version: etagOf(resource.meta.version) }
    job.results.set(index, { ...job.results.get(index), ...version })
  } catch (error) {
    // Also after the deadline, so that a client which sends the request again does not find half of
    // it.
    const scope = scopeOf({ ...request, lifetime: { signal: AbortSignal.timeout(takeBackMs) } })
    await remove(within(call, scope)).catch(() => undefined)
    fail(job, index, error)
  }
}

/** @throws ScimError 409 when a reference names no operation, or one that failed */
function requireResolved(
  { ids }: Job,
  operation: CheckedOperation,
  deferred: ReadonlySet<string>,
): void {
  const missing = [...referencesOf(operation)].filter(
    (bulkId) => !ids.has(bulkId) && !deferred.has(bulkId),
  )
  if (missing.length > 0) throw unresolved(missing)
}

function unresolved(bulkIds: readonly string[]): ScimError {
  const names = bulkIds.slice(0, 5).map((bulkId) => JSON.stringify(bulkId.slice(0, 100)))
  return new ScimError(409, `No resource was created for bulkId ${names.join(', ')}.`)
}

function findHandler(
  { endpoints, services }: Job,
  method: CheckedOperation['method'],
  path: string,
): { type: ResourceType; handler: Handler; id?: string } {
  const folded = (text: string) =>
    services.options.caseInsensitivePaths ? text.toLowerCase() : text
  for (const { type, handlers } of endpoints) {
    if (!folded(path).startsWith(folded(type.endpoint))) continue
    const rest = path.slice(type.endpoint.length)
    if (method === 'POST' && rest === '') return { type, handler: handlers.POST }
    const id = method === 'POST' ? undefined : idIn(rest)
    if (id !== undefined) return { type, handler: handlers[method], id }
  }
  throw notFound(`"path" of a ${method} leads to no endpoint of a bulk request.`)
}

/**
 * The id after an endpoint: one segment, decoded once. An id with NUL does not exist, and
 * PostgreSQL would fail to look it up.
 */
function idIn(rest: string): string | undefined {
  const segment = /^\/([^/]+)$/.exec(rest)?.[1]
  if (segment === undefined) return undefined
  try {
    const id = decodeURIComponent(segment)
    return id.includes('\0') ? undefined : id
  } catch {
    return undefined
  }
}

interface AnsweredOperation {
  readonly answer: ScimResponse
  readonly location: string
  readonly hasEtags: boolean
}

function resultOf(
  { method, bulkId }: CheckedOperation,
  { answer, location, hasEtags }: AnsweredOperation,
): JsonObject {
  const etag = answer.headers['ETag']
  return {
    method,
    ...(bulkId !== undefined && { bulkId }),
    ...(hasEtags && etag !== undefined && { version: etag }),
    location,
    status: String(answer.status),
  }
}

function fail(job: Job, index: number, error: unknown): void {
  job.failures += 1
  const { method, bulkId } = job.operations[index] ?? {}
  const known = toScimError(error) ?? unexpected(job, error)
  const cause = causeForAttention(error)
  if (cause) job.services.onError?.(cause, job.request)
  const path = method === 'POST' ? undefined : pathOf(job, index)
  job.results.set(index, {
    ...(method !== undefined && { method }),
    ...(bulkId !== undefined && { bulkId }),
    ...(path !== undefined && {
      location: `${job.request.baseUrl}${resolvePathReference(path, job.ids)}`,
    }),
    status: String(known.status),
    response: errorBody(known),
  })
}

function pathOf({ checked, operations }: Job, index: number): string | undefined {
  const operation = checked[index]
  if (operation && !(operation instanceof ScimError)) return operation.path
  const sent = operations[index]?.path
  return typeof sent === 'string' && sent.startsWith('/') ? sent : undefined
}

function unexpected({ services, request }: Job, error: unknown): ScimError {
  // A disconnected client is not a failure.
  if (error !== request.lifetime.signal.reason) services.onError?.(error, request)
  return unexpectedFailure(request.requestId)
}
