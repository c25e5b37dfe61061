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
import { bodyOf, notSupported } from '../read-request.js'
import type { Handler } from '../route.js'
import { scopeOf } from '../scope.js'

/** Handlers of writes to one resource type, the same that single requests go to. */
export interface WriteHandlers {
  readonly type: ResourceType
  readonly handlers: Readonly<Record<CheckedOperation['method'], Handler>>
}

/** Services of a router, whose options know the protocol's. */
type BulkServices = Services & { readonly options: ProtocolOptions }

const bulkResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
const patchOpUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/**
 * POST to `/Bulk` (RFC 7644 §3.7). Each operation is a request of its own: authorized, checked,
 * stored and audited alone; the job as a whole is not atomic. Other requests get their turn between
 * operations. At the deadline what was done is answered, and 503 for each of the rest.
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
    const results = operations.flatMap((_, index) => job.results.get(index) ?? [])
    return { status: 200, headers: {}, body: { schemas: [bulkResponseUrn], Operations: results } }
  }
}

/** How long taking back a resource may last. */
const takeBackMs = 10_000

/** The answer of an operation has no resource in it: nothing more than its id need be read. */
const onlyId: ReadonlyMap<string, string> = new Map([['attributes', 'id']])

/** A resource that lacks something until the operations it needs are done. */
interface Unfinished {
  readonly index: number
  readonly type: ResourceType
  readonly id: string
  readonly later: readonly JsonObject[]
  readonly needs: ReadonlySet<string>
}

/** A bulk request while it is carried out. */
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
    await finish(job, next)
    job.unfinished.shift()
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** What was not done, is still under way, or lacks what it refers to, may be sent again. */
function failTheRest(job: Job): void {
  const late = unavailable('The bulk request took too long before this was done.', 1)
  const lacking = new Set(job.unfinished.map(({ index }) => index))
  for (const index of job.operations.keys()) {
    if (!job.results.has(index) || lacking.has(index)) fail(job, index, late)
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

/** Such a PATCH answers 204 unless attributes are asked for. */
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
 * Adds what a resource was created without; where that cannot be had, the resource is taken back.
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
    // Also when the deadline has passed: a client that sends it again must not find half of it.
    const scope = scopeOf({ ...request, lifetime: { signal: AbortSignal.timeout(takeBackMs) } })
    await remove(within(call, scope)).catch(() => undefined)
    fail(job, index, error)
  }
}

/** @throws ScimError 409 when a reference leads nowhere, or to an operation that failed */
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
 * The id in what follows an endpoint: one segment, decoded once; none has NUL, which PostgreSQL
 * refuses to look for.
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
  // That the client has gone is nobody's failure.
  if (error !== request.lifetime.signal.reason) services.onError?.(error, request)
  return unexpectedFailure(request.requestId)
}
