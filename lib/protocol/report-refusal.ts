import type { ScimError } from '../errors.js'
import { auditEntry } from '../events/audit-entry.js'
import { callOf, type Services } from '../resources/call.js'
import { appendAudit } from '../resources/outbox.js'
import { sentenceForLog, toScimError } from '../resources/store-errors.js'
import type { ResourceType } from '../schema/types.js'
import type { Scope } from '../stores/scope.js'
import type { ScimRequest } from './messages.js'
import { scopeOf } from './read-request.js'
import { requestAttributes } from './request-attributes.js'
import type { Handler, PathParameters } from './route.js'

/**
 * Wraps a write handler, so that its refusals and failures go to the audit log and to listeners,
 * with attribute names but without values. It throws a `ScimError` for every failure that can be
 * reported to the client.
 */
export function reporting(services: Services, type: ResourceType, handler: Handler): Handler {
  return (request, parameters) =>
    handler(request, parameters).catch(async (error: unknown) => {
      const known = toScimError(error)
      await report(services, request, { type, parameters, error: known })
      throw known ?? error
    })
}

const appendMs = 10_000

/**
 * A scope for writes that must happen although the deadline has passed or the client has
 * disconnected.
 */
function unhurried({ tenant, actor, requestId }: Scope): Scope {
  return { tenant, actor, requestId, signal: AbortSignal.timeout(appendMs) }
}

/** A request to one resource type, and why it was refused; `undefined`: by an unexpected failure. */
export interface RefusedRequest {
  readonly type: ResourceType
  readonly parameters: PathParameters
  readonly error: ScimError | undefined
}

async function report(
  services: Services,
  request: ScimRequest,
  { type, parameters, error }: RefusedRequest,
): Promise<void> {
  const { status, scimType, message } = told(error)
  const { id = '' } = parameters
  const scope = scopeOf(request)
  const entry = auditEntry(scope, services.clock(), {
    ...(status >= 500
      ? { event: 'request.failed', outcome: 'failed' }
      : { event: 'request.refused', outcome: 'refused' }),
    target: { resourceType: type.name, id },
    attributes: [...requestAttributes(type, request.body, services.options.deviations)].filter(
      (name) => name !== 'schemas',
    ),
    detail: `${request.method}: ${message}`,
    status,
    ...(scimType !== undefined && { scimType }),
  })
  await appendAudit({ services, scope: lasting(request) }, [entry])
  // The transport reports unexpected failures and timeouts.
  if (error && !request.lifetime.signal.aborted) services.emit(entry)
  await reportStillIn(services, request, { type, parameters, error })
}

/**
 * Tells of somebody who still has access although the request, which was refused or not carried
 * out, would have ended it.
 */
export async function reportStillIn(
  services: Services,
  request: Pick<ScimRequest, 'method' | 'body' | 'principal' | 'requestId' | 'lifetime'>,
  { type, parameters: { id = '' }, error }: RefusedRequest,
): Promise<void> {
  const scope = lasting(request)
  const call = callOf(services, type, scope)
  const { method, body } = request
  const refused = { id, method, body, ...told(error) }
  // A store that cannot be asked has failed the request as well, and the client sends it again.
  const event = await call.kind.refusal?.(call, refused).catch(() => undefined)
  if (!event) return
  const entry = auditEntry(scope, services.clock(), event)
  await appendAudit(call, [entry])
  services.emit(entry)
}

function told(error: ScimError | undefined) {
  const { status = 500, scimType } = error ?? {}
  const message = error ? sentenceForLog(error) : 'The service provider failed.'
  return { status, scimType, message }
}

/** The log also records a request that timed out or whose client has disconnected (F19). */
function lasting(request: Pick<ScimRequest, 'principal' | 'requestId' | 'lifetime'>): Scope {
  const scope = scopeOf(request)
  return request.lifetime.signal.aborted ? unhurried(scope) : scope
}
