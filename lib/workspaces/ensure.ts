import { randomUUID } from 'node:crypto'
import type { AuditEntry } from '../events/catalogue.js'
import { storeErrorKind } from '../stores/errors.js'
import type { Scope } from '../stores/scope.js'
import type { Workspace, WorkspaceStore } from '../stores/workspace-store.js'

/** Makes the audit entry of a workspace that is about to be created. */
type EntryOf = (workspace: Pick<Workspace, 'id' | 'title'>) => AuditEntry

/** The workspaces with these titles, in their order; missing ones are created. */
export async function ensureWorkspaces(
  store: WorkspaceStore,
  scope: Scope,
  titles: readonly string[],
  entryOf?: EntryOf,
): Promise<readonly Workspace[]> {
  const existing = new Set((await store.list(scope)).map(({ title }) => title))
  for (const title of new Set(titles)) {
    if (!existing.has(title)) await create(store, scope, title, entryOf)
  }
  const all = new Map((await store.list(scope)).map((each) => [each.title, each]))
  return titles.flatMap((title) => all.get(title) ?? [])
}

/** If another instance creates one with the same title at the same moment, that one is used. */
async function create(
  store: WorkspaceStore,
  scope: Scope,
  title: string,
  entryOf?: EntryOf,
): Promise<void> {
  const workspace = { id: randomUUID(), title }
  try {
    await store.create(scope, workspace, entryOf ? [entryOf(workspace)] : [])
  } catch (error) {
    if (storeErrorKind(error) !== 'uniqueness') throw error
  }
}
