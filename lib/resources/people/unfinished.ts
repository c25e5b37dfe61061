import type { AccessStore } from '../../stores/access-store.js'
import type { Scope } from '../../stores/scope.js'

/** Stands for everybody in the group. */
export const everybody = '*'

/**
 * The members (people or groups) who may lose access by a change of a group and whose access may
 * not have ended yet. If that takes longer than the client waits, the same request sent again finds
 * the group already changed, and must not be acknowledged too early. {@link everybody} may be among
 * them.
 */
export async function unfinishedLosses(
  access: AccessStore,
  scope: Scope,
  groupId: string,
): Promise<readonly string[]> {
  const value = await access.getValue(scope, nameOf(groupId))
  return value === undefined ? [] : (JSON.parse(value) as readonly string[])
}

/** Notes members who may lose their access. */
export async function addUnfinished(
  access: AccessStore,
  scope: Scope,
  groupId: string,
  ids: readonly string[],
): Promise<void> {
  const known = new Set(await unfinishedLosses(access, scope, groupId))
  if (ids.some((id) => !known.has(id))) await save(access, scope, groupId, [...known, ...ids])
}

/** Removes members whose access needs no more work; removing the last one deletes the note. */
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
