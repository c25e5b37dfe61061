import type { Access, OrganizationRole, ProjectRole } from '../../mapping/index.js'
import type { Scope } from '../../stores/scope.js'
import { projectsByCreator } from '../../workspaces/index.js'
import { countOf, numberText } from '../numbers.js'
import type { ProjectChoice, SettingsContext } from '../options.js'
import { ownWorkspaces } from '../rules/own-workspaces.js'

/** A project that a person sees, and the reasons. */
export interface VisibleProject {
  readonly id: number
  readonly title?: string
  /** The person's role in it. */
  readonly role: OrganizationRole | Exclude<ProjectRole, 'Inherit'>
  /**
   * The groups that give it, each with the workspace it comes through. Empty if the person made it.
   */
  readonly because: readonly { readonly group: string; readonly workspace?: string }[]
}

/** The projects that a person sees if workspaces are kept here. */
export interface VisibleProjects {
  readonly count: number
  readonly total: number
  /** At most 100 projects, by id. Empty for Administrators, who see all. */
  readonly projects: readonly VisibleProject[]
}

/** The host's projects and workspaces, as needed to decide which projects a person sees. */
export interface ProjectMap {
  readonly titles: ReadonlyMap<number, string>
  readonly byWorkspace: ReadonlyMap<string, readonly number[]>
  readonly byCreator: ReadonlyMap<string, readonly number[]>
}

const maxListed = 100
const ranks: readonly (string | null)[] = ['Annotator', 'Reviewer', 'Manager', 'Administrator']

/**
 * Reads the map; `undefined` if the host has its own workspaces or cannot list its projects now.
 */
export async function readProjectMap(
  context: SettingsContext,
  scope: Scope,
): Promise<ProjectMap | undefined> {
  if (!context.projects) return undefined
  try {
    const store = await ownWorkspaces(context, scope)
    if (!store) return undefined
    const [projects, workspaces, unplaced] = await Promise.all([
      context.projects(scope),
      store.list(scope),
      store.listUnplaced(scope),
    ])
    return {
      titles: new Map(projects.map(({ id, title }: ProjectChoice) => [id, title])),
      byWorkspace: new Map(workspaces.map(({ title, projectIds }) => [title, projectIds])),
      byCreator: projectsByCreator(unplaced),
    }
  } catch {
    return undefined
  }
}

/** Ids of the projects that this access shows; `all` for Administrators. */
export function visibleIds(
  map: ProjectMap,
  userId: string,
  access: Omit<Access, 'reasons'>,
): ReadonlySet<number> | 'all' {
  const { active, role, workspaces, projects } = access
  // Without a role, a membership gives nothing.
  if (!active || !ranks.includes(role)) return new Set()
  if (role === 'Administrator') return 'all'
  const ids = [
    ...workspaces.flatMap((title) => map.byWorkspace.get(title) ?? []),
    ...(map.byCreator.get(userId) ?? []),
    ...projects.map(({ projectId }) => projectId),
  ]
  return new Set(ids.filter((id) => map.titles.has(id)))
}

/** The projects that this access shows, with the reasons. */
export function visibleProjects(map: ProjectMap, userId: string, access: Access): VisibleProjects {
  const ids = visibleIds(map, userId, access)
  const total = map.titles.size
  if (ids === 'all') return { count: total, total, projects: [] }
  const listed = [...ids].sort((a, b) => a - b).slice(0, maxListed)
  const projects = listed.map((id) => visibleProject(map, access, id))
  return { count: ids.size, total, projects }
}

function visibleProject(map: ProjectMap, access: Access, id: number): VisibleProject {
  const given = access.projects.find(({ projectId }) => projectId === id)?.role
  const ownRole = given === undefined || given === 'Inherit' ? access.role : given
  const title = map.titles.get(id)
  return {
    id,
    ...(title !== undefined && { title }),
    role: ownRole ?? 'Annotator',
    because: access.reasons.flatMap(({ grant, group, outranked }) => {
      if (grant.kind === 'project' && grant.projectId === id && !outranked) return [{ group }]
      const isIn = grant.kind === 'workspace' && map.byWorkspace.get(grant.title)?.includes(id)
      return isIn ? [{ group, workspace: grant.title }] : []
    }),
  }
}

const maxNamed = 10

/**
 * A sentence about the projects that a person sees, e.g. `Anna sees 1 of 8 projects: Cats (7),
 * because the group "LS-Annotators" gives it.`
 *
 * @param isInForce if false, the sentence says what they would see
 */
export function visibleSentence(
  name: string,
  { count, total, projects }: VisibleProjects,
  isInForce: boolean,
): string {
  if (total === 0) return 'There are no projects yet.'
  const sees = isInForce ? 'sees' : 'would see, were the rules in force,'
  const of = countOf(total, 'project', 'projects')
  if (count === 0) return `${name} ${sees} none of ${of}.`
  if (projects.length === 0) return `${name} ${sees} all ${of}, as an Administrator.`
  const named = projects.slice(0, maxNamed)
  const causes = new Map<string, string[]>()
  for (const project of named) {
    const cause = causeOf(project)
    causes.set(cause, [
      ...(causes.get(cause) ?? []),
      `${project.title ?? 'Project'} (${project.id})`,
    ])
  }
  const parts = [...causes].map(([cause, titles]) => `${titles.join(', ')}, because ${cause}`)
  const more = count - named.length
  const rest = more > 0 ? `; and ${numberText(more)} more` : ''
  return `${name} ${sees} ${numberText(count)} of ${of}: ${parts.join('; ')}${rest}.`
}

function causeOf({ because, role }: VisibleProject): string {
  const [first] = because
  if (!first) return 'they made it, and it is in no workspace yet'
  const { group, workspace } = first
  if (workspace === undefined) return `the group "${group}" gives ${role} in it`
  return `the group "${group}" gives the workspace "${workspace}"`
}
