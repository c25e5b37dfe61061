import type { AuditEntry } from '../events/catalogue.js'
import type { MappingRules } from '../mapping/types.js'
import type { Scope } from './scope.js'

/** A named set of projects, for hosts that have projects and no workspaces of their own. */
export interface Workspace {
  readonly id: string
  /** Unique within the tenant, compared exactly. Rules name a workspace by it. */
  readonly title: string
  /** Numbers of its projects, ascending. A project is in at most one workspace. */
  readonly projectIds: readonly number[]
}

/** A project in no workspace, and who made it. */
export interface UnplacedProject {
  readonly projectId: number
  /** SCIM id of the person. */
  readonly creatorId: string
}

/**
 * Mapping rules that are saved together with a workspace: as for `saveRules` of the access store.
 */
export interface RulesToSave {
  readonly rules: MappingRules
  readonly expectedVersion: string
  readonly affects: readonly string[]
}

/**
 * Workspaces of a host that has none, as Label Studio Community. Every method is atomic, and every
 * change gives a new version. `audit` becomes durable with the change, or not at all.
 */
export interface WorkspaceStore {
  /**
   * **Optional.** `false`: the host has workspaces of its own, and these count for nothing.
   * Default: `true`.
   */
  isUsed?(scope: Scope): Promise<boolean>

  /**
   * Differs after every change of the tenant's workspaces; `0` at first. One cheap query: it may
   * come with every request.
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
   * Gives a workspace another title. `rules`: saved in the same step, so that nobody is without the
   * workspace for a moment, nor in another one. `false`, and no change, when there is no such
   * workspace.
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

  /** Its projects are in no workspace then. `false` when there is no such workspace. */
  delete(scope: Scope, id: string, audit?: readonly AuditEntry[]): Promise<boolean>

  /**
   * Puts projects into a workspace, out of those they were in. `false`, and no change, when there
   * is no such workspace.
   */
  putProjects(
    scope: Scope,
    id: string,
    projectIds: readonly number[],
    audit?: readonly AuditEntry[],
  ): Promise<boolean>

  /** Takes projects out of their workspaces, and forgets who made them. */
  removeProjects(
    scope: Scope,
    projectIds: readonly number[],
    audit?: readonly AuditEntry[],
  ): Promise<void>

  /** Notes who made a project that is in no workspace; nothing when it is in one. */
  noteCreator(scope: Scope, project: UnplacedProject): Promise<void>

  /** Projects in no workspace whose creators were noted, by number. */
  listUnplaced(scope: Scope): Promise<readonly UnplacedProject[]>
}
