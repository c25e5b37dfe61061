import { setTimeout as wait, setImmediate as yieldToOthers } from 'node:timers/promises'
import { ScimError, unavailable } from '../../errors.js'
import { runCircle, takeBackMs, tooLate } from '../bulk-circle.js'
import {
  type BulkServices,
  createJob,
  fail,
  hasFailed,
  isOver,
  type Job,
  type WriteHandlers,
} from '../bulk-job.js'
import { findHandler, runOperation } from '../bulk-operation.js'
import type { BulkStep } from '../bulk-plan.js'
import { readBulk } from '../bulk-request.js'
import { bodyOf, notSupported } from '../read-request.js'
import { reportStillIn } from '../report-refusal.js'
import type { Handler } from '../route.js'

const bulkResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'

/** How long after its deadline a bulk request may answer, in milliseconds. */
export const bulkWindUpMs = takeBackMs + 5_000

/**
 * POST to `/Bulk` (RFC 7644 §3.7). Each operation is a separate request: authorized, checked,
 * stored and audited by itself; the whole is not atomic. Other requests can run between operations.
 * At the deadline, the completed operations are answered, and the rest with 503 each, once what was
 * created of an incomplete circle is removed.
 */
export function bulkHandler(services: BulkServices, endpoints: readonly WriteHandlers[]): Handler {
  return async (request) => {
    const { features, limits, deviations } = services.options
    if (!features.bulk) throw notSupported('bulk requests')
    if (request.bodyBytes > limits.maxPayloadBytes) {
      throw new ScimError(413, `A bulk request has at most ${limits.maxPayloadBytes} bytes.`)
    }
    const { maxBulkOperations: maxOperations } = limits
    const bulk = readBulk(bodyOf(request), { deviations, maxOperations })
    const job = createJob(bulk, { services, request, endpoints })
    await run(job)
    const told = reportLeft(job)
    await Promise.race([told, whenAborted(request.lifetime.signal)])
    const results = bulk.operations.flatMap((_, index) => job.results.get(index) ?? [])
    return { status: 200, headers: {}, body: { schemas: [bulkResponseUrn], Operations: results } }
  }
}

/** A circle in progress. */
interface Open {
  readonly step?: BulkStep
  readonly ended?: Promise<void>
}

async function run(job: Job): Promise<void> {
  const { signal } = job.request.lifetime
  let open: Open = {}
  const note = (circle: Open) => {
    open = circle
  }
  await Promise.race([runSteps(job, note), whenAborted(signal)])
  if (!signal.aborted) return
  if (open.ended) await Promise.race([open.ended, wait(takeBackMs, undefined, { ref: false })])
  failTheRest(job, open.step)
}

async function runSteps(job: Job, note: (circle: Open) => void): Promise<void> {
  for (const step of job.steps) {
    if (isOver(job)) return
    await yieldToOthers()
    const [index = -1] = step.operations
    if (step.deferred.size === 0) await runOperation(job, index)
    else {
      const ended = runCircle(job, step)
      note({ step, ended })
      await ended
      note({})
    }
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/**
 * Answers 503 for each operation that was not done, is still in progress, or is in a circle that
 * could not be taken back in time; it can be sent again.
 */
function failTheRest(job: Job, circle: BulkStep | undefined): void {
  const isOpen = (index: number) => circle?.operations.includes(index) && !hasFailed(job, index)
  for (const index of job.operations.keys()) {
    if (!job.results.has(index) || isOpen(index)) fail(job, index, tooLate())
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
