import type { Resource } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { AuditEntry, EventName } from './catalogue.js'

/** Most member ids one entry lists. */
const maxListedMembers = 100

/** What an audit entry says beside when, who and in which request. */
export interface AuditEvent {
  readonly event: EventName
  readonly outcome?: AuditEntry['outcome']
  readonly target?: NonNullable<AuditEntry['target']>
  readonly attributes?: readonly string[]
  /** Ids of members; the entry lists at most 100 and says how many there are. */
  readonly members?: readonly string[]
  readonly detail?: string
  readonly status?: number
  readonly scimType?: string
}

/** The one maker of events and audit entries; the scope says who asked, and in which request. */
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
 * The entries about several events to one resource at one time; an event may name another subject.
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

/** The resource an entry is about. */
export function subjectOf(resource: Resource): NonNullable<AuditEntry['target']> {
  const name = resource['userName'] ?? resource['displayName']
  return {
    resourceType: resource.meta.resourceType,
    id: resource.id,
    ...(typeof name === 'string' && { name }),
  }
}
