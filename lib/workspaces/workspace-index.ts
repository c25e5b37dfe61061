import { grouped } from '../stores/grouped.js'
import type { Scope } from '../stores/scope.js'
import type { WorkspaceStore } from '../stores/workspace-store.js'

/** An index of a tenant's workspaces. */
export interface WorkspaceIndex {
  readonly byTitle: ReadonlyMap<string, readonly number[]>
  readonly byId: ReadonlyMap<string, readonly number[]>
  /** Projects in no workspace, by the id of their creator. */
  readonly byCreator: ReadonlyMap<string, readonly number[]>
  /** Cached unions of projects of several workspaces and of a creator. */
  readonly unions: Map<string, ReadonlySet<number>>
  /** Total size of the unions. */
  remembered: number
}

const maxTenants = 100

/** Reads the workspaces of a tenant again only if their version has changed. Caches 100 tenants. */
export function indexSource(store: WorkspaceStore): (scope: Scope) => Promise<WorkspaceIndex> {
  const known = new Map<string, { readonly version: string; readonly index: WorkspaceIndex }>()
  return async (scope) => {
    // Read before the list, so that the list is at least as new.
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
  return {
    byTitle: new Map(workspaces.map(({ title, projectIds }) => [title, projectIds])),
    byId: new Map(workspaces.map(({ id, projectIds }) => [id, projectIds])),
    byCreator: projectsByCreator(unplaced),
    unions: new Map(),
    remembered: 0,
  }
}

type Unplaced = Awaited<ReturnType<WorkspaceStore['listUnplaced']>>

/** Numbers of projects in no workspace, by the id of their creator. */
export function projectsByCreator(unplaced: Unplaced): ReadonlyMap<string, readonly number[]> {
  const groups = grouped(unplaced, ({ creatorId }) => creatorId)
  const numbers = [...groups].map(
    ([id, projects]) => [id, projects.map(({ projectId }) => projectId)] as const,
  )
  return new Map(numbers)
}
