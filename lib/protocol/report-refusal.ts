import type { ScimError } from '../errors.js'
import { auditEntry } from '../events/audit-entry.js'
import type { Services } from '../resources/call.js'
import { appendAudit } from '../resources/outbox.js'
import { toScimError } from '../resources/store-errors.js'
import type { ResourceType } from '../schema/types.js'
import type { Scope } from '../stores/scope.js'
import type { ScimRequest } from './messages.js'
import type { Handler, PathParameters } from './route.js'
import { scopeOf } from './scope.js'
import { sentAttributes } from './sent.js'

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

interface RefusedRequest {
  readonly type: ResourceType
  readonly parameters: PathParameters
  readonly error: ScimError | undefined
}

async function report(
  services: Services,
  request: ScimRequest,
  { type, parameters, error }: RefusedRequest,
): Promise<void> {
  const { status = 500, scimType, message = 'The service provider failed.' } = error ?? {}
  const { id = '' } = parameters
  const scope = scopeOf(request)
  const entry = auditEntry(scope, services.clock(), {
    ...(status >= 500
      ? { event: 'request.failed', outcome: 'failed' }
      : { event: 'request.refused', outcome: 'refused' }),
    target: { resourceType: type.name, id },
    attributes: [...sentAttributes(type, request.body)].filter((name) => name !== 'schemas'),
    detail: `${request.method}: ${message}`,
    status,
    ...(scimType !== undefined && { scimType }),
  })
  // The log also records a request that timed out or whose client has disconnected (F19).
  const within = request.lifetime.signal.aborted ? unhurried(scope) : scope
  await appendAudit({ services, scope: within }, [entry])
  // The transport reports unexpected failures and timeouts.
  if (error && !request.lifetime.signal.aborted) services.emit(entry)
}
