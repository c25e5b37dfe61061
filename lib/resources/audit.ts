import type { AuditEntry, EventName } from '../events/catalogue.js'
import type { Resource } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'

/** Most member ids one entry lists. */
const maxListedMembers = 100

/** What an entry says beside who, when and for whom. */
export interface Happening {
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

/** An event or audit entry. */
export function auditEntry(scope: Scope, at: Date, happening: Happening): AuditEntry {
  return entryAt(scope, at.toISOString(), happening)
}

function entryAt(scope: Scope, at: string, happening: Happening): AuditEntry {
  const { tenant, actor, requestId } = scope
  const entry: AuditEntry = {
    at,
    tenant,
    actor,
    requestId,
    outcome: 'succeeded',
    ...happening,
  }
  const { members } = happening
  if (members === undefined) return entry
  return { ...entry, members: members.slice(0, maxListedMembers), count: members.length }
}

/** The entries about several happenings to one resource at one time; a happening may have another target. */
export function auditEntries(
  scope: Scope,
  at: Date,
  happenings: readonly Happening[],
  target: NonNullable<AuditEntry['target']>,
): AuditEntry[] {
  const instant = at.toISOString()
  return happenings.map((happening) => entryAt(scope, instant, { target, ...happening }))
}

/** The resource an entry is about. */
export function targetOf(resource: Resource): NonNullable<AuditEntry['target']> {
  const name = resource['userName'] ?? resource['displayName']
  return {
    resourceType: resource.meta.resourceType,
    id: resource.id,
    ...(typeof name === 'string' && { name }),
  }
}
