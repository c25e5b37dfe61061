import type { AuditEvent } from '../events/audit-entry.js'
import type { PatchOperation } from '../patch/operation.js'
import type { Projection } from '../projection/index.js'
import type { Json, JsonObject, ResourceType } from '../schema/types.js'
import type { Adapters } from '../stores/adapters.js'
import type { MemberChange } from '../stores/group-store.js'
import type { Read } from '../stores/query.js'
import type { Resource } from '../stores/resource.js'
import type { ResourceStore } from '../stores/resource-store.js'
import type { Call, ResourceCall, Services } from './call.js'
import type { Computed } from './represent.js'

/** What a request does to a resource. */
export type ChangeKind = 'created' | 'replaced' | 'patched' | 'deleted'

/** One resource before and after a request. */
export interface Change {
  readonly kind: ChangeKind
  /** Absent when the resource is created, and when only members change and nothing was read. */
  readonly before?: Resource
  /** Of a deleted resource: its last state. When nothing was read: its id alone says something. */
  readonly after: Resource
  /** The new `password`, which is never stored with the resource. */
  readonly secrets: Readonly<Record<string, Json>>
  /** Groups: who comes and goes. */
  readonly members: MemberChange
  /** Names of the attributes that differ. */
  readonly attributes: readonly string[]
}

/** How a request's change is made. */
export interface WriteSpec {
  /** What must be known of the present state; absent: nothing, the change does not depend on it. */
  readonly read?: Read | undefined
  /**
   * The change of this present state. Ids in `ignored` name nobody; the host wants them left out.
   *
   * @throws ScimError when the request cannot be applied to this state
   */
  readonly decide: (
    current: Resource | undefined,
    ignored: ReadonlySet<string>,
  ) => Change | Promise<Change>
}

/** `undefined` where there is nothing to wait for: most requests end most steps at once. */
export type Step = Promise<void> | undefined

/** An attribute that a stored resource must have, and what `typeof` may say of it. */
export interface RequiredAttribute {
  readonly name: string
  readonly types: readonly string[]
}

/**
 * Everything that is special about the resources of one type. A member that is absent means that
 * nothing is special. The steps of a write are in `write.ts`.
 */
export interface Kind {
  /** First part of the names of its events. */
  readonly noun: 'user' | 'group' | 'resource'
  /** The store of the type's resources; `undefined` when the adapters have none. */
  storeIn(adapters: Adapters, type: ResourceType): ResourceStore | undefined
  /** What a stored resource must look like. */
  readonly required: readonly RequiredAttribute[]
  /** A new resource with the values it has unless the client gives others. */
  withDefaults?(resource: Resource): Resource
  /** Attributes that a PUT which does not name them leaves as they are. */
  readonly keptByPut: readonly string[]

  /**
   * The secrets of a request that the host takes; the others are dropped. Absent: it takes none.
   */
  acceptedSecrets?(services: Services, secrets: Change['secrets']): Change['secrets']

  /** How a new resource is made. */
  create(call: Call, resource: Resource, secrets: Change['secrets']): WriteSpec
  /** How a PUT is applied. */
  replace(call: ResourceCall, sent: Sent): WriteSpec
  /** How a PATCH is applied. */
  patch(call: ResourceCall, operations: readonly PatchOperation[]): WriteSpec
  /** What must be known of a resource that is deleted. */
  deletion(call: ResourceCall): WriteSpec
  /** The resources name others, which may not exist: the host may want those passed over. */
  readonly namesOthers: boolean

  /** Refuses what must not be, before anything is stored. */
  check?(call: Call, change: Change): Step
  /** Ids of the users (or groups, for all their users) whose access the change may alter. */
  pending?(call: Call, change: Change): readonly string[]
  /** What is told beside the change itself. */
  events?(change: Change): readonly AuditEvent[]
  /**
   * Checks a deletion and does what must have happened before it; returns the deletion of the state
   * that it leaves.
   *
   * @throws UnavailableError when it cannot be done now; the same DELETE can be sent again
   */
  beforeDeletion?(call: ResourceCall): Promise<Change>
  /**
   * Hands the change's secrets over to the host. Called once the resource is stored, while nobody
   * else works on it; when it fails, the write is undone.
   */
  handOver?(call: Call, change: Change): Promise<void>
  /**
   * Does what the client must be able to rely on when it is answered. The change is durable
   * already.
   *
   * @throws UnavailableError when the client must be told to come back
   */
  settle?(call: Call, change: Change): Step
  /** As `settle` when there was nothing to change: an earlier request may have failed there. */
  settleUnchanged?(call: Call, resource: Resource): Step

  /** What representations need beside the resources; read for all of them at once. */
  readComputed?(
    services: Services,
    scope: Call['scope'],
    resources: readonly Resource[],
    view: View,
  ): Promise<Partial<Computed>> | Partial<Computed> | undefined
  /** Sets the attributes that are computed on reading. */
  compute?(representation: JsonObject, resource: Resource, computed: Computed): void
  /** Adds what the representation of a resource read alone shows, and those in a list do not. */
  completeAlone?(representation: JsonObject, view: View): void
  /**
   * Whether a representation shows what other resources say, which changes without this one's
   * version.
   */
  showsOthers?(resource: Resource, view: View): boolean
  /** A PATCH is answered without the resource unless the client asks for attributes. */
  readonly patchAnswersNothing: boolean
  /** Whether what a write returns lacks attributes that this representation shows. */
  isPartial?(call: Call, view: View): boolean
}

/** Which attributes of a type a client wants to see. */
export interface View {
  readonly projection: Projection
  readonly omit: ReadonlySet<string>
}

/** What the body of a POST or PUT says. */
export interface Sent {
  readonly attributes: JsonObject
  readonly secrets: Change['secrets']
  /** Names of the attributes that were given at all, be they unassigned, in lower case. */
  readonly names: ReadonlySet<string>
}

/** Nobody comes and nobody goes. */
export const noMembers: MemberChange = { add: [], remove: [] }
