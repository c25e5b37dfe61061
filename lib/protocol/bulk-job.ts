import { invalidSyntax, ScimError } from '../errors.js'
import type { Services } from '../resources/call.js'
import { toScimError } from '../resources/store-errors.js'
import type { JsonObject, ResourceType } from '../schema/types.js'
import { causeForAttention } from '../stores/errors.js'
import { type BulkStep, planBulk } from './bulk-plan.js'
import { resolvePathReference } from './bulk-references.js'
import {
  type BulkOperation,
  type BulkRequest,
  type CheckedOperation,
  checkOperation,
} from './bulk-request.js'
import type { ProtocolOptions } from './context.js'
import { errorBody, unexpectedFailure } from './error-body.js'
import type { ScimRequest } from './messages.js'
import type { Handler } from './route.js'

/** The write handlers of a resource type, the same ones that handle single requests. */
export interface WriteHandlers {
  readonly type: ResourceType
  readonly handlers: Readonly<Record<CheckedOperation['method'], Handler>>
}

/** The services of a router, with the options of the protocol. */
export type BulkServices = Services & { readonly options: ProtocolOptions }

/** A bulk request in progress. */
export interface Job {
  readonly services: BulkServices
  readonly request: ScimRequest
  readonly endpoints: readonly WriteHandlers[]
  readonly operations: readonly BulkOperation[]
  readonly checked: readonly (CheckedOperation | ScimError)[]
  readonly steps: readonly BulkStep[]
  /** The request stops after this many failures. */
  readonly failOnErrors: number
  /** Ids of created resources by bulkId. */
  readonly ids: Map<string, string>
  readonly results: Map<number, JsonObject>
  /** Operations that came to their handler, which reports its refusals. */
  readonly handled: Set<number>
  failures: number
}

/** Starts a bulk request: checks and orders its operations. */
export function createJob(
  { operations, failOnErrors = Number.POSITIVE_INFINITY }: BulkRequest,
  work: Pick<Job, 'services' | 'request' | 'endpoints'>,
): Job {
  const checked = checkAll(operations, work.services)
  return {
    ...work,
    operations,
    checked,
    steps: planBulk(checked.map((each) => (each instanceof ScimError ? undefined : each))),
    failOnErrors,
    ids: new Map(),
    results: new Map(),
    handled: new Set(),
    failures: 0,
  }
}

/** Whether no further operation is to begin. */
export function isOver({ failures, failOnErrors, request }: Job): boolean {
  return failures >= failOnErrors || request.lifetime.signal.aborted
}

/** Whether an operation has been answered with an error. */
export function hasFailed({ results }: Job, index: number): boolean {
  return results.get(index)?.['response'] !== undefined
}

/** Answers an operation with an error; an unexpected one is reported to the host. */
export function fail(job: Job, index: number, error: unknown): void {
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
