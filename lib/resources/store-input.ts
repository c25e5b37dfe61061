import { comparableOf } from '../schema/comparable.js'
import { lookupKeys } from '../schema/lookups.js'
import type { ResourceType } from '../schema/types.js'
import type { MemberChange } from '../stores/group-store.js'
import type { Resource } from '../stores/resource.js'
import type { LedgerEntry, Outbox, Write } from '../stores/write.js'
import { type Call, isConditional, type ResourceCall } from './call.js'
import type { Change } from './kind.js'

/** The result of a change in a store. */
export interface Outcome {
  /** The resource as it is stored now, or its last state if it was deleted. */
  readonly resource: Resource
  /** The members really added and removed, if only the store can tell. */
  readonly members?: MemberChange
  /** The record that was stored with it. */
  readonly ledger?: LedgerEntry | undefined
}

/** Calls the store for a change; `undefined` if there is no such resource. */
export async function storeChange(
  call: ResourceCall,
  change: Change,
  outbox: Outbox | undefined,
): Promise<Outcome | undefined> {
  const { store, scope, type, kind } = call
  const { before, after, members } = change
  if (change.kind === 'created') {
    return { resource: await store.create(scope, after, writeOf(type, after, outbox)) }
  }
  if (change.kind === 'deleted') {
    const isExpected = kind.beforeDeletion !== undefined || isConditional(call)
    const expectedVersion = isExpected ? after.meta.version : undefined
    const isDeleted = await store.delete(scope, after.id, { expectedVersion, outbox })
    return isDeleted ? { resource: after } : undefined
  }
  if (!before) return changeMembers(call, call.id, members, outbox)
  return { resource: await replaceStored(call, { before, after, members }, outbox) }
}

/** Replaces a stored resource, with only the change of members if the store supports that. */
export function replaceStored(
  { store, scope, type }: Call,
  { before, after, members }: Pick<Change, 'after' | 'members'> & { readonly before: Resource },
  outbox: Outbox | undefined,
): Promise<Resource> {
  const write = {
    expectedVersion: before.meta.version,
    keysBefore: () => lookupKeys(type, before),
    ...writeOf(type, after, outbox),
  }
  const isDelta = store.supports?.memberDeltas && hasMembers(members)
  return store.replace(scope, after, isDelta ? withMembers(write, members) : write)
}

/** Changes the members of a group that was not read; `undefined` when there is no such group. */
export async function changeMembers(
  { services, scope }: Call,
  id: string,
  change: MemberChange,
  outbox: Outbox | undefined,
): Promise<Outcome | undefined> {
  const now = services.clock().toISOString()
  const changed = await services.adapters.groups.changeMembers?.(scope, id, change, {
    now,
    outbox,
  })
  return (
    changed && { resource: changed.group, members: { add: changed.added, remove: changed.removed } }
  )
}

/** What a store needs besides the resource. */
export function writeOf(type: ResourceType, resource: Resource, outbox: Outbox | undefined): Write {
  return {
    keys: lookupKeys(type, resource),
    comparable: () => comparableOf(type, resource),
    outbox,
  }
}

/** The additional input of group stores. */
function withMembers<W>(write: W, members: MemberChange): W {
  return { members, ...write }
}

/** Whether any member is added or removed. */
export function hasMembers({ add, remove }: MemberChange): boolean {
  return add.length + remove.length > 0
}
