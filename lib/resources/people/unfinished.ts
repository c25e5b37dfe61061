import type { AccessStore } from '../../stores/access-store.js'
import type { Scope } from '../../stores/scope.js'

/** Among the members of a note: everybody who is in the group. */
export const everybody = '*'

/**
 * Members (people or groups) of whom a change of a group may take the access, until it has ended:
 * when that takes longer than the client waits, the same request sent again finds the group as it
 * shall be, and must not be acknowledged before. {@link everybody} may be among them.
 */
export async function unfinishedLosses(
  access: AccessStore,
  scope: Scope,
  groupId: string,
): Promise<readonly string[]> {
  const value = await access.getValue(scope, nameOf(groupId))
  return value === undefined ? [] : (JSON.parse(value) as readonly string[])
}

/** Notes members of whom some may lose their access. */
export async function addUnfinished(
  access: AccessStore,
  scope: Scope,
  groupId: string,
  ids: readonly string[],
): Promise<void> {
  const known = new Set(await unfinishedLosses(access, scope, groupId))
  if (ids.some((id) => !known.has(id))) await save(access, scope, groupId, [...known, ...ids])
}

/** Takes members back of whom nobody has to lose access any more; the last one removes the note. */
export async function removeUnfinished(
  access: AccessStore,
  scope: Scope,
  groupId: string,
  ids: readonly string[],
): Promise<void> {
  const done = new Set(ids)
  const known = await unfinishedLosses(access, scope, groupId)
  const left = known.filter((id) => !done.has(id))
  if (left.length < known.length) await save(access, scope, groupId, left)
}

async function save(
  access: AccessStore,
  scope: Scope,
  groupId: string,
  ids: readonly string[],
): Promise<void> {
  const value = ids.length > 0 ? JSON.stringify([...new Set(ids)]) : undefined
  await access.setValue(scope, nameOf(groupId), value)
}

function nameOf(groupId: string): string {
  return `unfinished:${groupId}`
}
