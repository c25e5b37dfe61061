import type { AuditEvent } from '../events/audit-entry.js'
import type { EventName } from '../events/catalogue.js'
import type { Json } from '../schema/types.js'
import type { MemberChange } from '../stores/group-store.js'
import type { Resource } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { Services } from './stores.js'

/** What a request does to a resource. */
export type ChangeKind = 'created' | 'replaced' | 'patched' | 'deleted'

/** One resource before and after a request. */
export interface Change {
  readonly kind: ChangeKind
  /** Absent when the resource is created. */
  readonly before?: Resource
  /** For a deleted resource: its last state. */
  readonly after: Resource
  /** The new `password`, which is never stored with the resource. */
  readonly secrets: Readonly<Record<string, Json>>
  /** Groups: who comes and goes. */
  readonly members: MemberChange
  /** Names of the attributes that differ. */
  readonly attributes: readonly string[]
}

/** `undefined` where there is nothing to wait for: most requests end most steps at once. */
export type Done = Promise<void> | undefined

/** What is particular about writing resources of one type. */
export interface TypeRules {
  /** Refuses what must not be, before anything is stored. */
  check(services: Services, scope: Scope, change: Change): Done
  /** Ids of the users (or groups, for all their users) whose access the change may alter. */
  pending(change: Change): readonly string[]
  /** What is told beside the change itself. */
  happenings(services: Services, change: Change): readonly AuditEvent[]
  /**
   * Hands the change's secrets over to the host. Called once the resource is stored, while nobody else works on it;
   * when it fails, the write is undone. Absent: the type has none.
   */
  handOver?(services: Services, scope: Scope, change: Change): Promise<void>
  /**
   * Does what the client must be able to rely on when it is answered. The change is durable already.
   *
   * @throws UnavailableError when the client must be told to come back
   */
  afterWrite(services: Services, scope: Scope, change: Change): Done
  /** As `afterWrite` when there was nothing to change: an earlier request may have failed there. */
  afterNothing(services: Services, scope: Scope, resource: Resource): Done
}

/** Nobody comes and nobody goes. */
export const noMembers: MemberChange = { add: [], remove: [] }

/** Name of the event of a change, by resource type. */
export function eventOf(resourceType: string, kind: ChangeKind): EventName {
  switch (resourceType) {
    case 'User':
      return `user.${kind}`
    case 'Group':
      return `group.${kind}`
    default:
      return `resource.${kind}`
  }
}
