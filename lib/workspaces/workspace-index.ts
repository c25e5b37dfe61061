import type { Scope } from '../stores/scope.js'
import type { WorkspaceStore } from '../stores/workspace-store.js'

/** The workspaces of a tenant, made ready for questions. */
export interface WorkspaceIndex {
  readonly byTitle: ReadonlyMap<string, readonly number[]>
  readonly byId: ReadonlyMap<string, readonly number[]>
  /** Projects in no workspace, by the id of who made them. */
  readonly byCreator: ReadonlyMap<string, readonly number[]>
  /** Projects of several workspaces, and of who made some, together. */
  readonly unions: Map<string, ReadonlySet<number>>
  /** Numbers in all of them. */
  remembered: number
}

const maxTenants = 100

/**
 * Reads the workspaces of a tenant again only when their version has changed. Keeps those of 100
 * tenants.
 */
export function indexSource(store: WorkspaceStore): (scope: Scope) => Promise<WorkspaceIndex> {
  const known = new Map<string, { readonly version: string; readonly index: WorkspaceIndex }>()
  return async (scope) => {
    // Before the list: what is read after it is at least as new.
    const version = await store.version(scope)
    const last = known.get(scope.tenant)
    if (last?.version === version) return last.index
    const index = await readIndex(store, scope)
    known.delete(scope.tenant)
    known.set(scope.tenant, { version, index })
    const [oldest] = known.keys()
    if (known.size > maxTenants && oldest !== undefined) known.delete(oldest)
    return index
  }
}

async function readIndex(store: WorkspaceStore, scope: Scope): Promise<WorkspaceIndex> {
  const [workspaces, unplaced] = await Promise.all([store.list(scope), store.listUnplaced(scope)])
  const byCreator = new Map<string, number[]>()
  for (const { projectId, creatorId } of unplaced) {
    byCreator.set(creatorId, [...(byCreator.get(creatorId) ?? []), projectId])
  }
  return {
    byTitle: new Map(workspaces.map(({ title, projectIds }) => [title, projectIds])),
    byId: new Map(workspaces.map(({ id, projectIds }) => [id, projectIds])),
    byCreator,
    unions: new Map(),
    remembered: 0,
  }
}
