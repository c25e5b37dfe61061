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
export function auditEntry(scope: Omit<Scope, 'signal'>, at: Date, event: AuditEvent): AuditEntry {
  return entryAt(scope, at.toISOString(), event)
}

function entryAt(scope: Omit<Scope, 'signal'>, at: string, event: AuditEvent): AuditEntry {
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
  return members === undefined ? entry : { ...entry, ...listed(members) }
}

function listed(members: readonly string[]): Pick<AuditEntry, 'members' | 'count'> {
  return { members: members.slice(0, maxListedMembers), count: members.length }
}

/**
 * The entries about a change of members, with those who really joined or left; none if nobody did.
 */
export function withActualMembers(
  entries: readonly AuditEntry[],
  { added, removed }: ActualMembers,
): readonly AuditEntry[] {
  if (added.length + removed.length === 0) return []
  const actual = new Map<EventName, readonly string[]>([
    ['member.added', added],
    ['member.removed', removed],
  ])
  return entries
    .map((entry) => ({ ...entry, ...listedIn(actual.get(entry.event)) }))
    .filter(({ count }) => count !== 0)
}

function listedIn(members: readonly string[] | undefined) {
  return members && listed(members)
}

/** Ids of those who really joined or left a group. */
export interface ActualMembers {
  readonly added: readonly string[]
  readonly removed: readonly string[]
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
