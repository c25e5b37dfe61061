import type { Adapters } from '../stores/adapters.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { WorkspaceStore } from '../stores/workspace-store.js'
import { ensureWorkspaces } from './ensure.js'
import { indexSource, type WorkspaceIndex } from './workspace-index.js'

/** A newly created project, as observed by the gate. */
export interface CreatedProject {
  readonly projectId: number
  /** Its creator. */
  readonly user: User
}

/** A person, and the titles of the workspaces that the rules give them. */
export interface PersonInWorkspaces {
  readonly userId: string
  readonly titles: readonly string[]
}

/**
 * Answers which projects people see through workspaces. The answers come from an index that is kept
 * in step with the store's version, at one cheap query per call.
 */
export interface WorkspaceDirectory {
  /** Whether the store's workspaces are used at all. If not, the other methods return nothing. */
  isUsed(scope: Scope): Promise<boolean>
  /**
   * Numbers of the projects of a workspace, ascending, by its title (as rules name it), else by its
   * id.
   */
  projectsOfWorkspace(scope: Scope, titleOrId: string): Promise<readonly number[]>
  /**
   * Projects that a person in these workspaces sees: those of the workspaces, and those in no
   * workspace that the person made. Returns the same set while no workspace changes.
   */
  projectsOfPerson(scope: Scope, person: PersonInWorkspaces): Promise<ReadonlySet<number>>
  /**
   * Projects in no workspace that this person made as a Manager; only they and Administrators see
   * them.
   */
  unplacedProjectsOf(scope: Scope, userId: string): Promise<readonly number[]>
  /**
   * To be called once a project was created. A Manager's project goes into their workspace if they
   * have exactly one. With several or none, it waits for an administrator to assign it, and its
   * creator can see it meanwhile.
   */
  projectCreated(scope: Scope, project: CreatedProject): Promise<void>
  /** To be called once a project was deleted. */
  projectDeleted(scope: Scope, projectId: number): Promise<void>
}

/**
 * Makes the directory for these adapters' workspaces. Make it only once, because it keeps the
 * index.
 */
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
 * Cached with the index, because a union of thousands of projects would cost more than the rest of
 * a decision.
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
