import { auditEntry, subjectOf } from '../events/audit-entry.js'
import type { MemberChange } from '../stores/group-store.js'
import type { Resource } from '../stores/resource.js'
import { type Call, within } from './call.js'
import type { Change } from './kind.js'
import { appendAudit } from './outbox.js'
import { nextMeta } from './state.js'
import { changeMembers, type Outcome, replaceStored, writeOf } from './store-input.js'

const undoMs = 10_000

/**
 * Restores the state before a change, so that a refusal means that nothing has changed. If this
 * fails, the mark stays and the refusal is still reported.
 *
 * @param stored the resource as stored, and the members really added and removed
 */
export async function undo(call: Call, change: Change, stored: Outcome): Promise<void> {
  const { tenant, actor, requestId } = call.scope
  // Also if the client has disconnected or the deadline has passed.
  const signal = AbortSignal.timeout(undoMs)
  const own = within(call, { tenant, actor, requestId, signal })
  const [restored, what] = await restore(own, change, stored).catch(
    () => [stored.resource, 'the state before could not be restored'] as const,
  )
  const entry = auditEntry(own.scope, call.services.clock(), {
    event: 'request.refused',
    outcome: 'refused',
    target: subjectOf(restored),
    detail: `The host refused; ${what}.`,
  })
  await appendAudit(own, [entry])
}

async function restore(
  call: Call,
  { kind, before, members }: Change,
  { resource, members: actual }: Outcome,
): Promise<readonly [Resource, string]> {
  const { store, scope, type, services } = call
  if (kind === 'created') {
    const expectedVersion = resource.meta.version
    await store.delete(scope, resource.id, { expectedVersion, outbox: undefined })
    return [resource, 'the new resource was removed']
  }
  if (kind === 'deleted') {
    await store.create(scope, resource, writeOf(type, resource, undefined))
    return [resource, 'the resource was restored']
  }
  if (!before) {
    await changeMembers(call, resource.id, inverseOf(actual ?? members), undefined)
    return [resource, 'the members before were restored']
  }
  const meta = nextMeta(resource.meta, services.clock(), services.newId())
  const restored = { ...before, meta }
  const back = { before: resource, after: restored, members: inverseOf(members) }
  await replaceStored(call, back, undefined)
  return [restored, 'the state before was restored']
}

function inverseOf({ add, remove }: MemberChange): MemberChange {
  return { add: remove, remove: add }
}
