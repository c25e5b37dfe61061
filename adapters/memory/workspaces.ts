import {
  type AccessStore,
  UniquenessError,
  VersionMismatchError,
  type WorkspaceStore,
} from '../../lib/adapter/index.js'
import type { State, TenantState } from './state.js'

/** The workspace of a project, or its creator. */
export type ProjectPlace =
  | { readonly workspaceId: string; readonly creatorId?: undefined }
  | { readonly creatorId: string; readonly workspaceId?: undefined }

/** The workspaces of one tenant. */
export interface WorkspaceState {
  /** Titles by id. */
  readonly titles: Map<string, string>
  readonly places: Map<number, ProjectPlace>
  version: number
}

export function createWorkspaces(): WorkspaceState {
  return { titles: new Map(), places: new Map(), version: 0 }
}

/** Workspaces in maps. */
export function memoryWorkspaceStore(
  state: State,
  { saveRules }: Pick<AccessStore, 'saveRules'>,
): WorkspaceStore {
  const of = (scope: { readonly tenant: string }) => state.of(scope).workspaces
  const change: typeof state.write = (scope, outbox, work) =>
    state.write(scope, outbox, () => {
      const result = work()
      of(scope).version += 1
      return result
    })
  return {
    async version(scope) {
      return String(of(scope).version)
    },
    async list(scope) {
      return listOf(of(scope))
    },
    async create(scope, { id, title }, audit = []) {
      refuseTaken(of(scope), { id, title })
      change(scope, { audit }, () => of(scope).titles.set(id, title))
    },
    async rename(scope, { id, title }, audit = [], rules = undefined) {
      const { titles } = of(scope)
      if (!titles.has(id)) return false
      refuseTaken(of(scope), { id, title })
      if (rules && state.of(scope).rules.version !== rules.expectedVersion) {
        throw new VersionMismatchError()
      }
      change(scope, { audit }, () => titles.set(id, title))
      // Saves before it returns, like all methods of this store.
      if (rules) await saveRules(scope, rules.rules, rules)
      return true
    },
    async delete(scope, id, audit = []) {
      const { titles, places } = of(scope)
      if (!titles.has(id)) return false
      change(scope, { audit }, () => {
        titles.delete(id)
        for (const [project, place] of places) {
          if (place.workspaceId === id) places.delete(project)
        }
      })
      return true
    },
    async putProjects(scope, id, projectIds, audit = []) {
      const { titles, places } = of(scope)
      if (!titles.has(id)) return false
      change(scope, { audit }, () => {
        for (const project of projectIds) places.set(project, { workspaceId: id })
      })
      return true
    },
    async removeProjects(scope, projectIds, audit = []) {
      const { places } = of(scope)
      change(scope, { audit }, () => {
        for (const project of projectIds) places.delete(project)
      })
    },
    async noteCreator(scope, { projectId, creatorId }) {
      const { places } = of(scope)
      if (places.get(projectId)?.workspaceId !== undefined) return
      change(scope, undefined, () => places.set(projectId, { creatorId }))
    },
    async listUnplaced(scope) {
      return [...of(scope).places]
        .flatMap(([projectId, { creatorId }]) =>
          creatorId === undefined ? [] : [{ projectId, creatorId }],
        )
        .sort((a, b) => a.projectId - b.projectId)
    },
  }
}

function listOf({ titles, places }: WorkspaceState) {
  const projects = new Map<string, number[]>([...titles.keys()].map((id) => [id, []]))
  for (const [project, { workspaceId }] of places) {
    if (workspaceId !== undefined) projects.get(workspaceId)?.push(project)
  }
  return [...titles]
    .map(([id, title]) => ({
      id,
      title,
      projectIds: (projects.get(id) ?? []).sort((a, b) => a - b),
    }))
    .sort((a, b) => (a.title < b.title ? -1 : 1))
}

interface TitledWorkspace {
  readonly id: string
  readonly title: string
}

function refuseTaken({ titles }: TenantState['workspaces'], { id, title }: TitledWorkspace): void {
  const isTaken = [...titles].some(([other, taken]) => taken === title && other !== id)
  if (isTaken) throw new UniquenessError('title')
}
