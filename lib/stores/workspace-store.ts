import type { AuditEntry } from '../events/catalogue.js'
import type { MappingRules } from '../mapping/types.js'
import type { Scope } from './scope.js'

/** A named set of projects, for hosts that have projects but no workspaces. */
export interface Workspace {
  readonly id: string
  /** Unique within the tenant, compared exactly. Rules refer to a workspace by it. */
  readonly title: string
  /** Numbers of its projects, ascending. A project is in at most one workspace. */
  readonly projectIds: readonly number[]
}

/** A project in no workspace, and its creator. */
export interface UnplacedProject {
  readonly projectId: number
  /** SCIM id of the person. */
  readonly creatorId: string
}

/** Mapping rules to save together with a workspace, as in `saveRules` of the access store. */
export interface RulesToSave {
  readonly rules: MappingRules
  readonly expectedVersion: string
  readonly affects: readonly string[]
}

/**
 * Workspaces for a host that has none, such as Label Studio Community. Every method is atomic, and
 * every change gives a new version. `audit` becomes durable with the change, or not at all.
 */
export interface WorkspaceStore {
  /**
   * **Optional.** `false` if the host has its own workspaces, so that these are not used. Default:
   * `true`.
   */
  isUsed?(scope: Scope): Promise<boolean>

  /**
   * Changes with every change of the tenant's workspaces; initially `0`. One cheap query, because
   * every request may call it.
   */
  version(scope: Scope): Promise<string>

  /** All workspaces, by title. */
  list(scope: Scope): Promise<readonly Workspace[]>

  /**
   * Adds a workspace without projects. @throws UniquenessError `title` when another one has this
   * title
   */
  create(
    scope: Scope,
    workspace: Pick<Workspace, 'id' | 'title'>,
    audit?: readonly AuditEntry[],
  ): Promise<void>

  /**
   * Gives a workspace another title. `rules` are saved in the same step, so that nobody temporarily
   * loses the workspace or gets another one. `false`, and no change, if there is no such workspace.
   *
   * @throws UniquenessError `title` when another one has this title
   * @throws VersionMismatchError when other rules were saved meanwhile; nothing is changed
   */
  rename(
    scope: Scope,
    workspace: Pick<Workspace, 'id' | 'title'>,
    audit?: readonly AuditEntry[],
    rules?: RulesToSave,
  ): Promise<boolean>

  /**
   * Deletes a workspace; its projects are then in no workspace. `false` if there is no such
   * workspace.
   */
  delete(scope: Scope, id: string, audit?: readonly AuditEntry[]): Promise<boolean>

  /** Moves projects into a workspace. `false`, and no change, if there is no such workspace. */
  putProjects(
    scope: Scope,
    id: string,
    projectIds: readonly number[],
    audit?: readonly AuditEntry[],
  ): Promise<boolean>

  /** Removes projects from their workspaces, and forgets their creators. */
  removeProjects(
    scope: Scope,
    projectIds: readonly number[],
    audit?: readonly AuditEntry[],
  ): Promise<void>

  /** Records the creator of a project that is in no workspace; does nothing if it is in one. */
  noteCreator(scope: Scope, project: UnplacedProject): Promise<void>

  /** Projects in no workspace whose creators were noted, by number. */
  listUnplaced(scope: Scope): Promise<readonly UnplacedProject[]>
}
