import type { AuditEntry, EventName } from '../../../lib/events/catalogue.js'
import type { Adapters } from '../../../lib/stores/adapters.js'
import type { User } from '../../../lib/stores/resource.js'
import type { Scope } from '../../../lib/stores/scope.js'

/** Writes to the audit log what was done to a SCIM user without a request: by the import, or to make room. */
export async function logChange(
  { audit }: Pick<Adapters, 'audit'>,
  scope: Scope,
  event: EventName,
  user: Pick<User, 'id' | 'userName'>,
): Promise<void> {
  const entry: AuditEntry = {
    at: new Date().toISOString(),
    event,
    tenant: scope.tenant,
    actor: scope.actor,
    requestId: scope.requestId,
    outcome: 'succeeded',
    target: { resourceType: 'User', id: user.id, name: user.userName },
  }
  await audit?.append(scope, [entry])
}
