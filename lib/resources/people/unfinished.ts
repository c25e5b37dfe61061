import type { AccessStore } from '../../stores/access-store.js'
import type { Scope } from '../../stores/scope.js'

/**
 * Those whose access a change of a group takes, until it has ended: when that takes longer than the
 * client waits, the same request sent again finds the group as it shall be, and must not be
 * acknowledged before.
 */
export async function unfinishedLosses(
  access: AccessStore,
  scope: Scope,
  groupId: string,
): Promise<readonly string[]> {
  const value = await access.getValue(scope, nameOf(groupId))
  return value === undefined ? [] : (JSON.parse(value) as readonly string[])
}

/** Notes members (people or groups) of whom some are about to lose their access. */
export async function addUnfinished(
  access: AccessStore,
  scope: Scope,
  groupId: string,
  ids: readonly string[],
): Promise<void> {
  const known = await unfinishedLosses(access, scope, groupId)
  await save(access, scope, groupId, [...new Set([...known, ...ids])])
}

/** Takes members back of whom nobody has to lose access any more. */
export async function removeUnfinished(
  access: AccessStore,
  scope: Scope,
  groupId: string,
  ids: readonly string[],
): Promise<void> {
  const done = new Set(ids)
  const known = await unfinishedLosses(access, scope, groupId)
  await save(
    access,
    scope,
    groupId,
    known.filter((id) => !done.has(id)),
  )
}

function save(access: AccessStore, scope: Scope, groupId: string, ids: readonly string[]) {
  return access.setValue(scope, nameOf(groupId), JSON.stringify(ids))
}

function nameOf(groupId: string): string {
  return `unfinished:${groupId}`
}
