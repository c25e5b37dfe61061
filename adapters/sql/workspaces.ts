import { randomUUID } from 'node:crypto'
import {
  type AuditEntry,
  type MappingPolicy,
  type Scope,
  UniquenessError,
  type UnplacedProject,
  type Workspace,
  type WorkspaceStore,
} from '../../lib/adapter/index.js'
import { appendAudit } from './audit-store.js'
import { type Database, type Session, statement } from './database.js'
import { saveRulesIn } from './rules.js'
import { isStorable, sql } from './sql.js'

interface InTenant {
  readonly tenant: string
}

interface Titled extends InTenant {
  readonly id: string
  readonly title: string
}

/** Project numbers as a JSON array of rows. */
interface Projects extends InTenant {
  readonly rows: string
}

const versionName = 'workspaces.version'

const selectVersion = statement<InTenant, { value: string }>(
  (value) => sql`
    select value from scim_values
    where tenant = ${value('tenant')} and name = ${versionName}`,
)

/**
 * The first step of each change. It locks the tenant's row, so that changes run one after the
 * other.
 */
const setVersion = statement<InTenant & { readonly version: string }>(
  (value) => sql`
    insert into scim_values (tenant, name, value)
    values (${value('tenant')}, ${versionName}, ${value('version')})
    on conflict (tenant, name) do update set value = excluded.value`,
)

const selectTitled = statement<Omit<Titled, 'id'>, { id: string }>(
  (value) => sql`
    select id from scim_workspaces
    where tenant = ${value('tenant')} and title = ${value('title')}`,
)

const insertWorkspace = statement<Titled>(
  (value) => sql`
    insert into scim_workspaces (tenant, id, title)
    values (${value('tenant')}, ${value('id')}, ${value('title')})`,
)

const renameWorkspace = statement<Titled>(
  (value) => sql`
    update scim_workspaces set title = ${value('title')}
    where tenant = ${value('tenant')} and id = ${value('id')}`,
)

const deleteWorkspace = statement<Omit<Titled, 'title'>>(
  (value) => sql`
    delete from scim_workspaces where tenant = ${value('tenant')} and id = ${value('id')}`,
)

const emptyWorkspace = statement<Omit<Titled, 'title'>>(
  (value) => sql`
    delete from scim_workspace_projects
    where tenant = ${value('tenant')} and workspace_id = ${value('id')}`,
)

const selectWorkspace = statement<Omit<Titled, 'title'>, { id: string }>(
  (value) => sql`
    select id from scim_workspaces where tenant = ${value('tenant')} and id = ${value('id')}`,
)

const putAll = statement<Projects & { readonly id: string }>(
  (value, { json }) => sql`
    insert into scim_workspace_projects (tenant, project_id, workspace_id)
    select ${value('tenant')}, project_id, ${value('id')}
    from ${json.rows(value('rows'), { project_id: 'integer' })} as projects where 1 = 1
    on conflict (tenant, project_id)
      do update set workspace_id = excluded.workspace_id, creator_id = null`,
)

const removeAll = statement<Projects>(
  (value, { json }) => sql`
    delete from scim_workspace_projects
    where tenant = ${value('tenant')} and project_id in (
      select project_id from ${json.rows(value('rows'), { project_id: 'integer' })} as projects)`,
)

const noteCreator = statement<InTenant & UnplacedProject>(
  (value) => sql`
    insert into scim_workspace_projects (tenant, project_id, creator_id)
    values (${value('tenant')}, ${value('projectId')}, ${value('creatorId')})
    on conflict (tenant, project_id) do update set creator_id = excluded.creator_id
      where scim_workspace_projects.workspace_id is null`,
)

const selectAll = statement<InTenant, { id: string; title: string }>(
  (value) => sql`
    select id, title from scim_workspaces where tenant = ${value('tenant')} order by title`,
)

type PlaceRow = { project_id: number | string; workspace_id: string }

const selectPlaces = statement<InTenant, PlaceRow>(
  (value) => sql`
    select project_id, workspace_id from scim_workspace_projects
    where tenant = ${value('tenant')} and workspace_id is not null order by project_id`,
)

const selectUnplaced = statement<InTenant, { project_id: number | string; creator_id: string }>(
  (value) => sql`
    select project_id, creator_id from scim_workspace_projects
    where tenant = ${value('tenant')} and workspace_id is null order by project_id`,
)

/** Workspaces, shared by all instances that use the database. */
export function sqlWorkspaceStore(database: Database, policy: MappingPolicy): WorkspaceStore {
  const change = changer(database)
  return {
    async version({ tenant }) {
      const [row] = await database.urgent.prepared(selectVersion, { tenant })
      return row?.value ?? '0'
    },
    list: ({ tenant }) => listOf(database, tenant),
    create: (scope, { id, title }, audit) =>
      change({ scope, audit }, async (session, tenant) => {
        await refuseTaken(session, { tenant, id, title })
        await session.change(insertWorkspace, { tenant, id, title })
        return true
      }).then(() => undefined),
    rename: (scope, { id, title }, audit, rules) =>
      change({ scope, audit }, async (session, tenant) => {
        await refuseTaken(session, { tenant, id, title })
        if (!isStorable(id)) return false
        const renamed = await session.change(renameWorkspace, { tenant, id, title })
        if (renamed > 0 && rules) await saveRulesIn({ session, tenant, policy }, rules)
        return renamed > 0
      }),
    delete: (scope, id, audit) =>
      change({ scope, audit }, async (session, tenant) => {
        if (!isStorable(id)) return false
        await session.change(emptyWorkspace, { tenant, id })
        return (await session.change(deleteWorkspace, { tenant, id })) > 0
      }),
    putProjects: (scope, id, projectIds, audit) =>
      change({ scope, audit }, async (session, tenant) => {
        if (!isStorable(id)) return false
        const [row] = await session.prepared(selectWorkspace, { tenant, id })
        if (row) await session.change(putAll, { tenant, id, rows: rowsOf(projectIds) })
        return row !== undefined
      }),
    removeProjects: (scope, projectIds, audit) =>
      change({ scope, audit }, async (session, tenant) => {
        await session.change(removeAll, { tenant, rows: rowsOf(projectIds) })
        return true
      }).then(() => undefined),
    noteCreator: (scope, project) =>
      change({ scope }, async (session, tenant) => {
        await session.change(noteCreator, { tenant, ...project })
        return true
      }).then(() => undefined),
    async listUnplaced({ tenant }) {
      const rows = await database.prepared(selectUnplaced, { tenant })
      return rows.map(({ project_id: id, creator_id: creatorId }) => ({
        projectId: Number(id),
        creatorId,
      }))
    },
  }
}

interface Change {
  readonly scope: Scope
  readonly audit?: readonly AuditEntry[] | undefined
}
type Work = (session: Session, tenant: string) => Promise<boolean>

/**
 * Runs changes of a tenant's workspaces one after the other; a change without effect is not logged.
 */
function changer(database: Database) {
  return ({ scope, audit = [] }: Change, work: Work): Promise<boolean> =>
    database.transaction(async (session) => {
      const { tenant } = scope
      await session.change(setVersion, { tenant, version: randomUUID() })
      const hasChanged = await work(session, tenant)
      if (hasChanged) await appendAudit(session, tenant, audit)
      return hasChanged
    }, scope)
}

async function refuseTaken(session: Session, { tenant, id, title }: Titled): Promise<void> {
  const [taken] = await session.prepared(selectTitled, { tenant, title })
  if (taken && taken.id !== id) throw new UniquenessError('title')
}

async function listOf(database: Database, tenant: string): Promise<readonly Workspace[]> {
  const [workspaces, places] = await Promise.all([
    database.prepared(selectAll, { tenant }),
    database.prepared(selectPlaces, { tenant }),
  ])
  const projects = new Map<string, number[]>(workspaces.map(({ id }) => [id, []]))
  for (const { project_id: project, workspace_id: id } of places) {
    projects.get(id)?.push(Number(project))
  }
  return workspaces.map(({ id, title }) => ({ id, title, projectIds: projects.get(id) ?? [] }))
}

function rowsOf(projectIds: readonly number[]): string {
  return JSON.stringify([...new Set(projectIds)].map((id) => [id]))
}
