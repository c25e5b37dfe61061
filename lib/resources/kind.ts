import type { AuditEvent } from '../events/audit-entry.js'
import type { PatchOperation } from '../patch/operation.js'
import type { Projection, Projector } from '../projection/index.js'
import type { Json, JsonObject, ResourceType } from '../schema/types.js'
import type { Adapters } from '../stores/adapters.js'
import type { MemberChange } from '../stores/group-store.js'
import type { Read } from '../stores/query.js'
import type { Resource } from '../stores/resource.js'
import type { ResourceStore } from '../stores/resource-store.js'
import type { LedgerChange } from '../stores/write.js'
import type { Call, ResourceCall, Services } from './call.js'
import type { Refused } from './people/still-in.js'
import type { Computed } from './represent.js'

/** The kind of change that a request makes. */
export type ChangeKind = 'created' | 'replaced' | 'patched' | 'deleted'

/** The change of one resource: its state before and after a request. */
export interface Change {
  readonly kind: ChangeKind
  /** Absent if the resource is created, or if only members change and nothing was read. */
  readonly before?: Resource
  /**
   * The new state; for a deleted resource, its last state. If nothing was read, only its id is
   * meaningful.
   */
  readonly after: Resource
  /** The new `password`, which is never stored with the resource. */
  readonly secrets: Readonly<Record<string, Json>>
  /** For groups: the members added and removed. */
  readonly members: MemberChange
  /** Names of the attributes that differ. */
  readonly attributes: readonly string[]
}

/** Describes how the change of a request is made. */
export interface WriteSpec {
  /**
   * Which parts of the current state must be read. Absent: none, because the change does not depend
   * on it.
   */
  readonly read?: Read | undefined
  /**
   * Computes the change of the current state. Ids in `ignored` name no resource and are to be
   * dropped.
   *
   * @throws ScimError when the request cannot be applied to this state
   */
  readonly decide: (
    current: Resource | undefined,
    ignored: ReadonlySet<string>,
  ) => Change | Promise<Change>
}

/**
 * A step of a write. It returns `undefined` if there is nothing to wait for, which is the usual
 * case.
 */
export type Step = Promise<void> | undefined

/** An attribute that a stored resource must have, and its allowed `typeof`. */
export interface RequiredAttribute {
  readonly name: string
  readonly types: readonly string[]
}

/**
 * Everything that is special about the resources of one type. An absent member means that nothing
 * is special. The steps of a write are in `write.ts`.
 */
export interface Kind {
  /** First part of the names of its events. */
  readonly noun: 'user' | 'group' | 'resource'
  /** The store of the type's resources; `undefined` when the adapters have none. */
  storeIn(adapters: Adapters, type: ResourceType): ResourceStore | undefined
  /** Attributes that a stored resource must have. */
  readonly required: readonly RequiredAttribute[]
  /** Adds default values to a new resource. */
  withDefaults?(resource: Resource): Resource
  /** Attributes that a PUT keeps if it does not contain them. */
  readonly keptByPut: readonly string[]

  /** The secrets of a request that the host accepts; the others are dropped. Absent: none. */
  acceptedSecrets?(services: Services, secrets: Change['secrets']): Change['secrets']

  /** How a new resource is made. */
  create(call: Call, resource: Resource, secrets: Change['secrets']): WriteSpec
  /** How a PUT is applied. */
  replace(call: ResourceCall, sent: ReceivedResource): WriteSpec
  /** How a PATCH is applied. */
  patch(call: ResourceCall, operations: readonly PatchOperation[]): WriteSpec | Promise<WriteSpec>
  /** How a resource is deleted. */
  deletion(call: ResourceCall): WriteSpec
  /**
   * The resources refer to others, which may not exist: the host may want such references dropped.
   */
  readonly namesOthers: boolean

  /**
   * The part of a change that takes access away, which may be all of it; `undefined` if it takes
   * none.
   */
  withdrawal?(call: Call, change: Change): Change | undefined
  /** Refuses forbidden changes before anything is stored. */
  check?(call: Call, change: Change): Step
  /** Ids of the users (or groups, for all their users) whose access the change may alter. */
  pending?(call: Call, change: Change): readonly string[]
  /** The next record of the written user, for access that ends and is only recorded. */
  ledger?(call: Call, change: Change): LedgerChange['next'] | undefined
  /** Events besides the one about the change itself. */
  events?(change: Change): readonly AuditEvent[]
  /** What is told of a request that was answered with an error, beside that. */
  refusal?(call: Call, refused: Refused): Promise<AuditEvent | undefined>
  /**
   * Checks a deletion and carries out what must happen first; returns the deletion of the resulting
   * state.
   *
   * @throws UnavailableError when it cannot be done now; the same DELETE can be sent again
   */
  beforeDeletion?(call: ResourceCall): Promise<Change>
  /**
   * Passes the change's secrets to the host. Called once the resource is stored, under the person's
   * lease; if it fails, the write is undone.
   */
  handOver?(call: Call, change: Change): Promise<void>
  /**
   * Carries out the effects that the client can rely on once it gets the answer. The change is
   * already durable, with `isRecorded` also the record of `ledger`.
   *
   * @throws UnavailableError when the client has to try again later
   */
  settle?(call: Call, change: Change, isRecorded?: boolean): Step
  /**
   * Like `settle`, if there was nothing to change: an earlier request may have failed in that step.
   */
  settleUnchanged?(call: Call, resource: Resource): Step

  /**
   * Reads a resource for an answer together with data for computed attributes, if the store can.
   */
  readShown?(call: ResourceCall, view: View): Promise<Shown | undefined> | undefined
  /** Whether a page of these resources should come with their groups. */
  wantsGroups?(call: Call, omit: ReadonlySet<string>): boolean
  /** Data for the computed attributes of a resource that was just created. */
  readonly computedAtFirst?: Partial<Computed>
  /** Reads the data for computed attributes, for all resources at once, if it is not known yet. */
  readComputed?(
    services: Services,
    scope: Call['scope'],
    resources: readonly Resource[],
    shown: { readonly view: View; readonly known: Partial<Computed> },
  ): Promise<Partial<Computed>> | undefined
  /** The attribute that may have so many values that it is represented in parts. */
  readonly longAttribute?: string
  /**
   * The attributes that are computed on reading, as a new object; `null` for one that has no value.
   */
  compute?(resource: Resource, computed: Computed): JsonObject
  /** Adds attributes that are shown when a single resource is read, but not in a list. */
  completeAlone?(representation: JsonObject, view: View): void
  /**
   * Whether a representation shows data of other resources, which can change without this one's
   * version.
   */
  showsOthers?(resource: Resource, view: View): boolean
  /** A PATCH answers without the resource unless the client asks for attributes. */
  readonly patchAnswersNothing: boolean
  /** Whether the result of a write lacks attributes that this representation shows. */
  isPartial?(call: Call, view: View): boolean
}

/** The attributes of a type that a client wants to see. */
export interface View {
  readonly projection: Projection
  readonly project: Projector
  readonly omit: ReadonlySet<string>
}

/** A resource with the data for computed attributes that was read with it. */
export interface Shown {
  readonly resource: Resource
  readonly computed?: Partial<Computed>
}

/** The contents of a POST or PUT body. */
export interface ReceivedResource {
  readonly attributes: JsonObject
  readonly secrets: Change['secrets']
  /** Lower-cased names of all attributes in it, including unassigned ones. */
  readonly names: ReadonlySet<string>
}

/** No change of members. */
export const noMembers: MemberChange = { add: [], remove: [] }
