import type { Resource } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { AuditEntry, EventName } from './catalogue.js'

/** The most member ids that one entry lists. */
const maxListedMembers = 100

/** The content of an audit entry, without time, actor and request. */
export interface AuditEvent {
  readonly event: EventName
  readonly outcome?: AuditEntry['outcome']
  readonly target?: NonNullable<AuditEntry['target']>
  readonly attributes?: readonly string[]
  /** Ids of members; the entry lists at most 100 of them and the total count. */
  readonly members?: readonly string[]
  readonly detail?: string
  readonly status?: number
  readonly scimType?: string
}

/**
 * Makes an event or audit entry. This is the only place that does; the actor and the request come
 * from the scope.
 */
export function auditEntry(scope: Scope, at: Date, event: AuditEvent): AuditEntry {
  return entryAt(scope, at.toISOString(), event)
}

function entryAt(scope: Scope, at: string, event: AuditEvent): AuditEntry {
  const { tenant, actor, requestId } = scope
  const entry: AuditEntry = {
    at,
    tenant,
    actor,
    requestId,
    outcome: 'succeeded',
    ...event,
  }
  const { members } = event
  if (members === undefined) return entry
  return { ...entry, members: members.slice(0, maxListedMembers), count: members.length }
}

/**
 * Makes the entries for several events on one resource at the same time; an event may name another
 * subject.
 */
export function auditEntries(
  scope: Scope,
  at: Date,
  events: readonly AuditEvent[],
  target: NonNullable<AuditEntry['target']>,
): AuditEntry[] {
  const instant = at.toISOString()
  return events.map((event) => entryAt(scope, instant, { target, ...event }))
}

/** The resource that an entry is about. */
export function subjectOf(resource: Resource): NonNullable<AuditEntry['target']> {
  const name = resource['userName'] ?? resource['displayName']
  return {
    resourceType: resource.meta.resourceType,
    id: resource.id,
    ...(typeof name === 'string' && { name }),
  }
}
