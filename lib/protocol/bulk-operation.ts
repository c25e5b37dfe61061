import { notFound, ScimError } from '../errors.js'
import { about, callOf, endpointOf, type ResourceCall, type Services } from '../resources/call.js'
import { locationOf } from '../resources/represent.js'
import type { JsonObject, ResourceType } from '../schema/types.js'
import { fail, type Job } from './bulk-job.js'
import {
  referencesOf,
  resolvePathReference,
  resolveReferences,
  takeOut,
} from './bulk-references.js'
import type { CheckedOperation } from './bulk-request.js'
import type { ScimResponse } from './messages.js'
import { scopeOf } from './read-request.js'
import type { Handler } from './route.js'

/** A resource that an operation has created. */
export interface Created {
  readonly index: number
  readonly bulkId: string
  readonly call: ResourceCall
  /** The references without which it was created, as PATCH operations. */
  readonly later: readonly JsonObject[]
}

const nothing: ReadonlySet<string> = new Set()

/** The answer of an operation contains no resource, so only the id needs to be read. */
const onlyId: ReadonlyMap<string, string> = new Map([['attributes', 'id']])

/**
 * Carries out an operation and notes its result.
 *
 * @param deferred bulkIds that a POST is to be carried out without
 */
export async function runOperation(
  job: Job,
  index: number,
  deferred: ReadonlySet<string> = nothing,
): Promise<Created | undefined> {
  const operation = job.checked[index]
  if (!operation) return undefined
  try {
    if (operation instanceof ScimError) throw operation
    return await perform(job, { index, operation, deferred })
  } catch (error) {
    fail(job, index, error)
    return undefined
  }
}

interface Planned {
  readonly index: number
  readonly operation: CheckedOperation
  readonly deferred: ReadonlySet<string>
}

async function perform(
  job: Job,
  { index, operation, deferred }: Planned,
): Promise<Created | undefined> {
  const { services, request, ids } = job
  const { method, bulkId } = operation
  requireResolved(job, operation, deferred)
  const path = resolvePathReference(operation.path, ids)
  const { type, handler, id } = findHandler(job, method, path)
  const taken = takeOutDeferred(operation, deferred)
  job.handled.add(index)
  const answer = await handler(
    {
      ...request,
      method,
      query: answersNothing(services, operation, type) ? new Map() : onlyId,
      ifMatch: operation.version,
      ifNoneMatch: undefined,
      body: taken.data === undefined ? undefined : resolveReferences(taken.data, ids),
    },
    id === undefined ? {} : { id },
  )
  const location =
    answer.headers['Location'] ?? locationOf(request.baseUrl, type.endpoint, id ?? '')
  const hasEtags = services.options.features.etag
  job.results.set(index, resultOf(operation, { answer, location, hasEtags }))
  const createdId = answer.body?.['id']
  if (method !== 'POST' || bulkId === undefined || typeof createdId !== 'string') return undefined
  ids.set(bulkId, createdId)
  const call = about(callOf(services, type, scopeOf(request)), createdId)
  return { index, bulkId, call, later: taken.later }
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

/** The error for references to operations that created nothing. */
export function unresolved(bulkIds: readonly string[]): ScimError {
  const names = bulkIds.slice(0, 5).map((bulkId) => JSON.stringify(bulkId.slice(0, 100)))
  return new ScimError(409, `No resource was created for bulkId ${names.join(', ')}.`)
}

/**
 * The handler that a path leads to.
 *
 * @throws ScimError 404 when it leads nowhere
 */
export function findHandler(
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
