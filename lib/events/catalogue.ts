/**
 * The events of the library: `noun.verb`, emitted after the change is durable. Events carry the
 * **names** of changed attributes, never their values, and never a secret.
 */
export const eventNames = [
  'user.created',
  'user.replaced',
  'user.patched',
  'user.deleted',
  'user.adopted',
  'user.activated',
  'user.deactivated',
  'user.deprovisioned',
  'user.passwordSet',
  'user.signedIn',
  'group.created',
  'group.replaced',
  'group.patched',
  'group.deleted',
  'member.added',
  'member.removed',
  'resource.created',
  'resource.replaced',
  'resource.patched',
  'resource.deleted',
  'attribute.passedOver',
  'member.passedOver',
  'access.granted',
  'access.revoked',
  'access.drifted',
  'access.retrying',
  'access.failed',
  'access.notEnded',
  'access.massLoss',
  'rules.saved',
  'workspace.created',
  'workspace.changed',
  'workspace.deleted',
  'token.created',
  'token.changed',
  'token.revoked',
  'request.refused',
  'request.failed',
] as const

/** Name of an event. */
export type EventName = (typeof eventNames)[number]

/** One event. Also the shape of an entry in the audit log. */
export interface AuditEntry {
  /** RFC 3339. */
  readonly at: string
  readonly event: EventName
  readonly tenant: string
  readonly actor: string
  readonly requestId: string
  readonly outcome: 'succeeded' | 'refused' | 'failed'
  /** The resource that the event is about. */
  readonly target?: {
    readonly resourceType: string
    readonly id: string
    /** `userName` or `displayName`, for people who read the log. */
    readonly name?: string
  }
  /** Names of the attributes that changed. */
  readonly attributes?: readonly string[]
  /** Ids of members added or removed: at most 100, with the total in `count`. */
  readonly members?: readonly string[]
  readonly count?: number
  /** A sentence, or a machine-readable text such as a grant. Never a secret. */
  readonly detail?: string
  readonly status?: number
  readonly scimType?: string
}
