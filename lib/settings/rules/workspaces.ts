import { randomUUID } from 'node:crypto'
import { notFound, ScimError } from '../../errors.js'
import type { AuditEntry } from '../../events/catalogue.js'
import { affectedGroups, type MappingRules } from '../../mapping/index.js'
import { storeErrorKind, UnavailableError } from '../../stores/errors.js'
import type { Scope } from '../../stores/scope.js'
import type { RulesToSave, Workspace, WorkspaceStore } from '../../stores/workspace-store.js'
import { firstOf } from '../numbers.js'
import type { SettingsContext } from '../options.js'
import { ownWorkspaces, titleProblem, workspaceEntry } from './own-workspaces.js'
import { savedEvent } from './save.js'

/**
 * Makes a workspace.
 *
 * @throws ScimError 400 for an invalid title, 404 if the host has its own workspaces, 409 for a
 *   taken title
 */
export async function createWorkspace(
  context: SettingsContext,
  scope: Scope,
  title: string,
): Promise<Workspace> {
  const store = await requireOwn(context, scope)
  refuseTitle(title)
  const workspace = { id: randomUUID(), title }
  const entry = workspaceEntry(context, scope, 'workspace.created', workspace)
  await orTaken(title, store.create(scope, workspace, [entry]))
  context.emit(entry)
  return { ...workspace, projectIds: [] }
}

/** The changes of a workspace. */
export interface WorkspaceChange {
  readonly id: string
  readonly title?: string
  readonly addProjects?: readonly number[]
  readonly removeProjects?: readonly number[]
}

/**
 * Renames a workspace, and adds or removes projects. Rules that name it get the new title.
 *
 * @throws ScimError as `createWorkspace`; 400 also for projects that do not exist, 404 also without
 *   such a workspace
 */
export async function changeWorkspace(
  context: SettingsContext,
  scope: Scope,
  change: WorkspaceChange,
): Promise<Workspace> {
  const store = await requireOwn(context, scope)
  const { id, title, addProjects = [], removeProjects = [] } = change
  const before = await workspaceNamed(store, scope, id)
  if (title !== undefined) refuseTitle(title)
  await refuseUnknownProjects(context, scope, addProjects)
  if (title !== undefined && title !== before.title) {
    await rename(context, scope, { store, before, title })
  }
  const leaving = new Set(removeProjects)
  const removed = before.projectIds.filter((each) => leaving.has(each))
  if (removed.length > 0) {
    const entry = projectsEntry(context, scope, before, { removed })
    await store.removeProjects(scope, removed, [entry])
    context.emit(entry)
  }
  if (addProjects.length > 0) await put(context, scope, { store, before, added: addProjects })
  return workspaceNamed(store, scope, id)
}

/**
 * Removes projects from their workspaces.
 *
 * @throws ScimError 404 if the host has its own workspaces
 */
export async function takeOutProjects(
  context: SettingsContext,
  scope: Scope,
  projectIds: readonly number[],
): Promise<void> {
  const store = await requireOwn(context, scope)
  const leaving = new Set(projectIds)
  for (const workspace of await store.list(scope)) {
    const removed = workspace.projectIds.filter((each) => leaving.has(each))
    if (removed.length === 0) continue
    const entry = projectsEntry(context, scope, workspace, { removed })
    await store.removeProjects(scope, removed, [entry])
    context.emit(entry)
  }
}

/**
 * Removes a workspace. Its projects stay, without a workspace.
 *
 * @throws ScimError 404 without such a workspace, 409 while rules name it
 */
export async function deleteWorkspace(
  context: SettingsContext,
  scope: Scope,
  id: string,
): Promise<void> {
  const store = await requireOwn(context, scope)
  const workspace = await workspaceNamed(store, scope, id)
  const { rules } = await context.adapters.access.rules(scope)
  const naming = rules.workspaces_groups.filter(([title]) => title === workspace.title).length
  if (naming > 0) {
    const rulesName = naming === 1 ? 'A rule names' : `${naming} rules name`
    throw new ScimError(409, `${rulesName} this workspace: nobody would be in it any more.`)
  }
  const entry = workspaceEntry(context, scope, 'workspace.deleted', workspace)
  if (await store.delete(scope, id, [entry])) context.emit(entry)
}

/** @throws ScimError 404 if the host has its own workspaces */
export async function requireOwn(context: SettingsContext, scope: Scope): Promise<WorkspaceStore> {
  const store = await ownWorkspaces(context, scope)
  if (store) return store
  throw notFound('Label Studio keeps its workspaces itself here.')
}

/** A stored workspace. */
interface Found {
  readonly store: WorkspaceStore
  readonly before: Workspace
}

interface Renaming extends Found {
  readonly title: string
}

interface Putting extends Found {
  readonly added: readonly number[]
}

const maxAttempts = 5

/** Changes title and rules in one step, so that nobody loses the workspace in between. */
async function rename(
  context: SettingsContext,
  scope: Scope,
  renaming: Renaming,
  attempt = 1,
): Promise<void> {
  const { store, before, title } = renaming
  const workspace = { id: before.id, title }
  const entry = {
    ...workspaceEntry(context, scope, 'workspace.changed', workspace),
    detail: `was "${before.title}"`,
  }
  const rules = await renamedRules(context, scope, renaming)
  const entries = rules ? [entry, rules.entry] : [entry]
  try {
    const isRenamed = await orTaken(title, store.rename(scope, workspace, entries, rules?.saved))
    if (!isRenamed) throw noSuchWorkspace()
  } catch (error) {
    if (storeErrorKind(error) !== 'versionMismatch' || attempt === maxAttempts) throw error
    return rename(context, scope, renaming, attempt + 1)
  }
  for (const each of entries) context.emit(each)
  if (rules) context.reconciler?.wake()
}

/** The rules with the new title; `undefined` if none names the workspace. */
async function renamedRules(
  context: SettingsContext,
  scope: Scope,
  { before, title }: Renaming,
): Promise<{ readonly saved: RulesToSave; readonly entry: AuditEntry } | undefined> {
  const { rules, version } = await context.adapters.access.rules(scope)
  if (!rules.workspaces_groups.some(([named]) => named === before.title)) return undefined
  const renamed: MappingRules = {
    ...rules,
    workspaces_groups: rules.workspaces_groups.map(([named, group]) => [
      named === before.title ? title : named,
      group,
    ]),
  }
  const affects = affectedGroups(rules, renamed, context.policy)
  return {
    saved: { rules: renamed, expectedVersion: version, affects },
    entry: savedEvent(context, scope, rules, renamed),
  }
}

async function put(
  context: SettingsContext,
  scope: Scope,
  { store, before, added }: Putting,
): Promise<void> {
  const entry = projectsEntry(context, scope, before, { added })
  if (!(await store.putProjects(scope, before.id, added, [entry]))) throw noSuchWorkspace()
  context.emit(entry)
}

async function workspaceNamed(store: WorkspaceStore, scope: Scope, id: string): Promise<Workspace> {
  const found = (await store.list(scope)).find((each) => each.id === id)
  if (found) return found
  throw noSuchWorkspace()
}

function noSuchWorkspace(): ScimError {
  return notFound('There is no such workspace.')
}

function refuseTitle(title: string): void {
  const problem = titleProblem(title)
  if (problem !== undefined) throw new ScimError(400, problem)
}

async function refuseUnknownProjects(
  { projects }: SettingsContext,
  scope: Scope,
  ids: readonly number[],
): Promise<void> {
  if (!projects || ids.length === 0) return
  const known = await projects(scope).catch((cause: unknown): never => {
    throw new UnavailableError('The host cannot tell its projects now.', { cause })
  })
  const existing = new Set(known.map(({ id }) => id))
  const unknown = ids.find((id) => !existing.has(id))
  if (unknown !== undefined) throw new ScimError(400, `There is no project ${unknown}.`)
}

async function orTaken<T>(title: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (storeErrorKind(error) !== 'uniqueness') throw error
    throw new ScimError(409, `There is a workspace "${title}" already.`)
  }
}

const maxListed = 20

interface ProjectsChange {
  readonly added?: readonly number[]
  readonly removed?: readonly number[]
}

function projectsEntry(
  context: SettingsContext,
  scope: Scope,
  workspace: Pick<Workspace, 'id' | 'title'>,
  { added = [], removed = [] }: ProjectsChange,
): AuditEntry {
  const parts = [...removed.map((id) => `- project ${id}`), ...added.map((id) => `+ project ${id}`)]
  const detail = firstOf(parts, maxListed)
  return { ...workspaceEntry(context, scope, 'workspace.changed', workspace), detail }
}
