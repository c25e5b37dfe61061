import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { type ScimError, unavailable } from '../errors.js'
import { within } from '../resources/call.js'
import { patch } from '../resources/requests.js'
import { toScimError } from '../resources/store-errors.js'
import { remove } from '../resources/write.js'
import { etagOf } from '../version/etag.js'
import { fail, hasFailed, isOver, type Job } from './bulk-job.js'
import { type Created, runOperation, unresolved } from './bulk-operation.js'
import type { BulkStep } from './bulk-plan.js'
import { resolveReferences } from './bulk-references.js'
import { scopeOf } from './read-request.js'

/** Time limit for removing one resource, and for an answer to wait for all, in milliseconds. */
export const takeBackMs = 10_000

const patchOpUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** The answer to an operation that the deadline came before. */
export function tooLate(): ScimError {
  return unavailable('The bulk request timed out before this operation was done.', 1)
}

/**
 * Creates the resources of a circle and then adds the references between them. If that fails
 * anywhere, also at the deadline, all of them are removed again and answered with an error: a
 * client that sends the request again does not find half of it.
 */
export async function runCircle(job: Job, step: BulkStep): Promise<void> {
  const created: Created[] = []
  const error = (await createAll(job, step, created)) ?? (await completeAll(job, created))
  if (error === undefined) return
  for (const { bulkId } of created) job.ids.delete(bulkId)
  for (const each of created) {
    await yieldToOthers()
    await takeBack(job, each)
  }
  for (const index of step.operations) {
    const isLeftOut = !job.results.has(index) && isOver(job)
    if (!isLeftOut && !hasFailed(job, index)) fail(job, index, error)
  }
}

/** Returns the error with which to answer the rest of the circle, if one cannot be created. */
async function createAll(
  job: Job,
  { operations, deferred }: BulkStep,
  created: Created[],
): Promise<ScimError | undefined> {
  for (const index of operations) {
    await yieldToOthers()
    if (job.request.lifetime.signal.aborted) return tooLate()
    const each = await runOperation(job, index, deferred.get(index))
    if (each === undefined) return brokenBy(job, index)
    created.push(each)
  }
  return undefined
}

/** Adds the references without which resources were created. */
async function completeAll(job: Job, created: readonly Created[]): Promise<ScimError | undefined> {
  const { signal } = job.request.lifetime
  for (const each of created) {
    if (signal.aborted) return tooLate()
    try {
      if (each.later.length > 0) await complete(job, each)
    } catch (error) {
      fail(job, each.index, error)
      return brokenBy(job, each.index)
    }
  }
  return signal.aborted ? tooLate() : undefined
}

async function complete(job: Job, { index, call, later }: Created): Promise<void> {
  const operations = later.map((operation) => resolveReferences(operation, job.ids))
  const { resource } = await patch(call, { schemas: [patchOpUrn], Operations: operations })
  const { etag } = job.services.options.features
  const version = etag && { version: etagOf(resource.meta.version) }
  job.results.set(index, { ...job.results.get(index), ...version })
}

function brokenBy({ operations, request }: Job, index: number): ScimError {
  if (request.lifetime.signal.aborted) return tooLate()
  return unresolved([String(operations[index]?.bulkId)])
}

/** Has its own time, because the deadline may have passed. The host is told what stays. */
async function takeBack({ request, services }: Job, { call }: Created): Promise<void> {
  const scope = scopeOf({ ...request, lifetime: { signal: AbortSignal.timeout(takeBackMs) } })
  await remove(within(call, scope)).catch((error: unknown) => {
    if (toScimError(error)?.status !== 404) services.onError?.(error, request)
  })
}
