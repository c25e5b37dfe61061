import type { Adapters } from '../stores/adapters.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { WorkspaceStore } from '../stores/workspace-store.js'
import { ensureWorkspaces } from './ensure.js'
import { indexSource, type WorkspaceIndex } from './workspace-index.js'

/** A project that somebody made, as seen by whoever passed the request on. */
export interface CreatedProject {
  readonly projectId: number
  /** Who made it. */
  readonly user: User
}

/** Somebody, and the titles of the workspaces that the rules give them. */
export interface PersonInWorkspaces {
  readonly userId: string
  readonly titles: readonly string[]
}

/**
 * What workspaces mean for access, for whoever enforces it. All answers come from an index that is
 * as new as the store's version, which costs one cheap query a call.
 */
export interface WorkspaceDirectory {
  /**
   * Whether the store's workspaces count here at all. Where they do not, the other methods know of
   * none.
   */
  isUsed(scope: Scope): Promise<boolean>
  /**
   * Numbers of the projects of a workspace, ascending, by its title (as rules name it), else by its
   * id.
   */
  projectsOfWorkspace(scope: Scope, titleOrId: string): Promise<readonly number[]>
  /**
   * Projects that somebody in these workspaces sees: theirs, and those in no workspace that they
   * made. The same set again while no workspace changes.
   */
  projectsOfPerson(scope: Scope, person: PersonInWorkspaces): Promise<ReadonlySet<number>>
  /**
   * Projects in no workspace that this person made as a Manager: they and Administrators see them.
   */
  unplacedProjectsOf(scope: Scope, userId: string): Promise<readonly number[]>
  /**
   * To be called once a project was made. One that a Manager made lands in their workspace when
   * they have exactly one; with several, or none, it waits for an administrator to choose, and its
   * maker sees it meanwhile.
   */
  projectCreated(scope: Scope, project: CreatedProject): Promise<void>
  /** To be called once a project was deleted. */
  projectDeleted(scope: Scope, projectId: number): Promise<void>
}

/** The directory of these adapters' workspaces. Make it once: it keeps the index. */
export function workspaceDirectory(
  adapters: Pick<Adapters, 'workspaceStore' | 'groups'>,
): WorkspaceDirectory {
  const { workspaceStore: store, groups } = adapters
  if (!store) return noWorkspaces
  const index = indexSource(store)
  const isUsed = async (scope: Scope) => (await store.isUsed?.(scope)) ?? true
  const ask = async <T>(scope: Scope, otherwise: T, work: (known: WorkspaceIndex) => T) =>
    (await isUsed(scope)) ? work(await index(scope)) : otherwise
  return {
    isUsed,
    projectsOfWorkspace: (scope, name) =>
      ask(scope, [], ({ byTitle, byId }) => byTitle.get(name) ?? byId.get(name) ?? []),
    projectsOfPerson: (scope, person) => ask(scope, noProjects, (known) => unionOf(known, person)),
    unplacedProjectsOf: (scope, userId) =>
      ask(scope, [], ({ byCreator }) => byCreator.get(userId) ?? []),
    async projectCreated(scope, { projectId, user }) {
      if (!(await isUsed(scope))) return
      const { active, role, workspaces } = await groups.resolveAccess(scope, user)
      if (!active || role !== 'Manager') return
      await place(store, scope, { projectId, creatorId: user.id, titles: workspaces })
    },
    async projectDeleted(scope, projectId) {
      if (await isUsed(scope)) await store.removeProjects(scope, [projectId])
    },
  }
}

const noProjects: ReadonlySet<number> = new Set()
const maxRemembered = 1_000_000

/**
 * Remembered with the index: a union of thousands of projects would cost more than the rest of a
 * decision.
 */
function unionOf(
  index: WorkspaceIndex,
  { userId, titles }: PersonInWorkspaces,
): ReadonlySet<number> {
  const { byTitle, byCreator, unions } = index
  const made = byCreator.get(userId)
  if (titles.length === 0 && !made) return noProjects
  const key = JSON.stringify(made ? [titles, userId] : [titles])
  const known = unions.get(key)
  if (known) return known
  const union = new Set([...titles.flatMap((title) => byTitle.get(title) ?? []), ...(made ?? [])])
  index.remembered += 1 + union.size
  if (index.remembered > maxRemembered) {
    unions.clear()
    index.remembered = union.size
  }
  unions.set(key, union)
  return union
}

async function place(
  store: WorkspaceStore,
  scope: Scope,
  made: {
    readonly projectId: number
    readonly creatorId: string
    readonly titles: readonly string[]
  },
): Promise<void> {
  const { projectId, creatorId, titles } = made
  const [title] = titles
  if (title !== undefined && titles.length === 1) {
    const [workspace] = await ensureWorkspaces(store, scope, [title])
    if (workspace && (await store.putProjects(scope, workspace.id, [projectId]))) return
  }
  await store.noteCreator(scope, { projectId, creatorId })
}

const noWorkspaces: WorkspaceDirectory = {
  isUsed: async () => false,
  projectsOfWorkspace: async () => [],
  projectsOfPerson: async () => noProjects,
  unplacedProjectsOf: async () => [],
  projectCreated: async () => {},
  projectDeleted: async () => {},
}
