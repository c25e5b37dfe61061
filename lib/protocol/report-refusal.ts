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
 * A handler of writes whose refusals and failures go to the audit log and to listeners, with names
 * of attributes and without values. What it throws is a `ScimError` wherever the failure is one a
 * client can be told about.
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

/** For what must be written although the deadline has passed or the client has gone. */
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
  // A request that is out of time, or whose client has gone, is in the log as well (F19).
  const within = request.lifetime.signal.aborted ? unhurried(scope) : scope
  await appendAudit({ services, scope: within }, [entry])
  // Whoever answers the request tells of failures nobody expected, and of its deadline.
  if (error && !request.lifetime.signal.aborted) services.emit(entry)
}
