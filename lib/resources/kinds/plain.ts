import { applyPatch } from '../../patch/apply.js'
import type { PatchOperation, PatchOptions } from '../../patch/operation.js'
import type { JsonObject } from '../../schema/types.js'
import { inTurns } from '../../stores/in-steps.js'
import { omitNothing } from '../../stores/reads.js'
import type { Resource } from '../../stores/resource.js'
import type { Call, ResourceCall } from '../call.js'
import { type Change, type Kind, noMembers, type WriteSpec } from '../kind.js'
import { patchOptions } from '../options.js'
import { notePassedOver } from '../passed-over.js'
import { changedAttributes, checkImmutable, contentAmong, replacement } from '../state.js'

/** Resources without special behaviour: a host's own types, which give no access. */
export const plain: Kind = {
  noun: 'resource',
  storeIn: (adapters, type) => adapters.resourceStore?.(type),
  required: [],
  keptByPut: [],
  namesOthers: false,
  patchAnswersNothing: false,

  create: (_call, after, secrets) => creation(after, secrets),

  replace: (call, sent) => ({
    read: omitNothing,
    decide: (current) => {
      const before = present(current)
      const after = replacement(call, before, sent.attributes)
      const attributes = changedAttributes(before, after)
      return changeOf('replaced', before, after, { secrets: sent.secrets, attributes })
    },
  }),

  patch: (call, operations) => ({
    read: omitNothing,
    decide: async (current) => {
      const before = present(current)
      const { after, secrets, changed } = await patched(call, before, operations)
      return changeOf('patched', before, after, { secrets, attributes: contentAmong(changed) })
    },
  }),

  deletion: () => ({ read: omitNothing, decide: (current) => deletionOf(present(current)) }),
}

/** The creation of a resource. */
export function creation(after: Resource, secrets: Change['secrets']): WriteSpec {
  const attributes = changedAttributes(undefined, after)
  return { decide: () => ({ kind: 'created', after, secrets, members: noMembers, attributes }) }
}

/** A change without members. */
export function changeOf(
  kind: Change['kind'],
  before: Resource,
  after: Resource,
  { secrets, attributes }: Pick<Change, 'secrets' | 'attributes'>,
): Change {
  return { kind, before, after, secrets, members: noMembers, attributes }
}

/** The deletion of a resource. */
export function deletionOf(resource: Resource): Change {
  return { kind: 'deleted', after: resource, secrets: {}, members: noMembers, attributes: [] }
}

/** The current state, which exists for every spec with `read`. */
export function present(current: Resource | undefined): Resource {
  if (!current) throw new Error('A change needs a state before it.')
  return current
}

/** The result of PATCH operations. */
export interface Patched {
  readonly after: Resource
  readonly secrets: Change['secrets']
  /** Names of the attributes that the operations touched. */
  readonly changed: readonly string[]
}

/**
 * Applies PATCH operations to a resource, in turns with other requests.
 *
 * @param more `isRest`: other operations of the same request are carried out separately; `members`:
 *   those that the operations add
 * @throws ScimError 400 when one cannot be applied; `mutability` for an immutable attribute that
 *   has a value
 */
export async function patched(
  { type, services, scope, kind }: Call | ResourceCall,
  before: Resource,
  operations: readonly PatchOperation[],
  more: Pick<PatchOptions, 'isRest' | 'members'> = {},
): Promise<Patched> {
  const state = before as unknown as JsonObject
  const options = { ...patchOptions(services.options), ...more }
  const steps = applyPatch(type, state, operations, options)
  const { resource, secrets, changed, passedOver } = await inTurns(steps, scope)
  notePassedOver(services, scope, passedOver)
  const after = resource as unknown as Resource
  checkImmutable(type, before, after, changed)
  return { after, secrets: kind.acceptedSecrets?.(services, secrets) ?? {}, changed }
}
