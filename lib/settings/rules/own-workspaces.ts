import { auditEntry } from '../../events/audit-entry.js'
import type { AuditEntry } from '../../events/catalogue.js'
import type { MappingRules } from '../../mapping/index.js'
import type { Scope } from '../../stores/scope.js'
import type { Workspace, WorkspaceStore } from '../../stores/workspace-store.js'
import { ensureWorkspaces } from '../../workspaces/index.js'
import type { SettingsContext } from '../options.js'

const maxTitleLength = 255

/** A sentence about what is wrong with the title of a workspace; `undefined` if it is valid. */
export function titleProblem(title: string): string | undefined {
  if (title.trim() === '') return 'The title of the workspace is empty.'
  if (title !== title.trim()) return 'The title of the workspace begins or ends with a space.'
  if (title.length > maxTitleLength) {
    return `The title of the workspace has more than ${maxTitleLength} characters.`
  }
  if (/[\p{Cc}\p{Surrogate}]/u.test(title)) {
    return 'The title of the workspace has a control character.'
  }
  return undefined
}

/**
 * The store of workspaces if they are kept here; `undefined` if the host has its own. A host that
 * lists workspaces has its own, unless the adapters say that the list is ours.
 */
export async function ownWorkspaces(
  { adapters, workspaces }: SettingsContext,
  scope: Scope,
): Promise<WorkspaceStore | undefined> {
  const store = adapters.workspaceStore
  if (!store) return undefined
  const isOurs = store.isUsed ? await store.isUsed(scope) : workspaces === undefined
  return isOurs ? store : undefined
}

/** Whether workspaces are kept here; `false` while the host cannot tell. */
export async function hasOwnWorkspaces(context: SettingsContext, scope: Scope): Promise<boolean> {
  return ownWorkspaces(context, scope).then(
    (store) => store !== undefined,
    () => false,
  )
}

/** Titles in rules without a workspace here. Saving the rules creates these workspaces. */
export async function newTitles(
  context: SettingsContext,
  scope: Scope,
  rules: MappingRules,
): Promise<readonly string[]> {
  const titles = new Set(rules.workspaces_groups.map(([title]) => title))
  const store = titles.size > 0 ? await ownWorkspaces(context, scope) : undefined
  if (!store) return []
  for (const { title } of await store.list(scope)) titles.delete(title)
  return [...titles]
}

/** Creates the workspaces that rules name and that do not exist yet. */
export async function makeNamedWorkspaces(
  context: SettingsContext,
  scope: Scope,
  rules: MappingRules,
): Promise<void> {
  const titles = rules.workspaces_groups.map(([title]) => title)
  const store = titles.length > 0 ? await ownWorkspaces(context, scope) : undefined
  if (!store) return
  const made: AuditEntry[] = []
  await ensureWorkspaces(store, scope, titles, (workspace) => {
    const entry = workspaceEntry(context, scope, 'workspace.created', workspace)
    made.push(entry)
    return entry
  })
  for (const entry of made) context.emit(entry)
}

/** A log entry about a workspace. */
export function workspaceEntry(
  { clock }: SettingsContext,
  scope: Scope,
  event: 'workspace.created' | 'workspace.changed' | 'workspace.deleted',
  { id, title }: Pick<Workspace, 'id' | 'title'>,
): AuditEntry {
  return auditEntry(scope, clock(), {
    event,
    target: { resourceType: 'Workspace', id, name: title },
  })
}
