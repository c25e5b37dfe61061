import { ScimError } from '../../errors.js'
import { readMany } from '../../stores/read-many.js'
import { omitGroups } from '../../stores/reads.js'
import type { Workspace, WorkspaceStore } from '../../stores/workspace-store.js'
import { choiceOf, integerOf, readText } from '../api/parameters.js'
import { countOf } from '../numbers.js'
import type { ProjectChoice } from '../options.js'
import {
  changeWorkspace,
  createWorkspace,
  deleteWorkspace,
  requireOwn,
  takeOutProjects,
} from '../rules/workspaces.js'
import { type Buttons, pressed } from './buttons.js'
import type { Part } from './html.js'
import { page } from './layout.js'
import { outcome } from './views/panels.js'
import { type ProjectPlace, type WorkspaceRow, workspacesView } from './views/workspaces.js'
import type { PageAnswer, PageRequest } from './visit.js'

const limit = 50
const offsets = { least: 0, most: 1_000_000_000, otherwise: 0 }

/** The workspaces that are kept here, and the workspace of each project. */
export async function showWorkspaces(pageRequest: PageRequest): Promise<PageAnswer> {
  return workspacesPage(pageRequest, undefined)
}

/** The actions of the buttons. Each returns the message to show. */
const actions: Buttons<string> = {
  async create({ context, scope, form }) {
    const title = (form.get('title') ?? '').trim()
    await createWorkspace(context, scope, title)
    return `The workspace "${title}" was made. Put projects into it below.`
  },
  async rename({ context, scope, form }) {
    const title = (form.get('title') ?? '').trim()
    await changeWorkspace(context, scope, { id: form.get('id') ?? '', title })
    return `The workspace is called "${title}" now, also in the rules.`
  },
  async remove({ context, scope, form }) {
    await deleteWorkspace(context, scope, form.get('id') ?? '')
    return 'The workspace was removed. Its projects are in none now.'
  },
  async put(pageRequest) {
    const id = pageRequest.form.get('number') ?? ''
    const isNumber = /^[1-9]\d{0,14}$/.test(id)
    if (!isNumber) throw new ScimError(400, 'Give the number of a project.')
    return place(pageRequest, new Map([[Number(id), pageRequest.form.get('workspace') ?? '']]))
  },
  place: (pageRequest) => place(pageRequest, chosenPlaces(pageRequest.form)),
}

/** Does what the pressed button says. */
export async function changeWorkspaces(pageRequest: PageRequest): Promise<PageAnswer> {
  const action = pressed(actions, pageRequest)
  try {
    return await workspacesPage(pageRequest, outcome('good', await action(pageRequest)))
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    return workspacesPage(pageRequest, outcome('bad', error.message), error.status)
  }
}

/**
 * The projects whose workspace was changed in the form. All others may have been moved by someone
 * else since.
 */
function chosenPlaces(form: URLSearchParams): ReadonlyMap<number, string> {
  const projects = form.getAll('project')
  const [before, chosen] = [form.getAll('before'), form.getAll('workspace')]
  return new Map(
    projects.flatMap((project, index) =>
      /^[1-9]\d{0,14}$/.test(project) && chosen[index] !== before[index]
        ? [[Number(project), chosen[index] ?? '']]
        : [],
    ),
  )
}

/** Puts projects into workspaces by workspace id; '' takes them out. */
async function place(
  { context, scope }: PageRequest,
  places: ReadonlyMap<number, string>,
): Promise<string> {
  if (places.size === 0) return 'Nothing was changed.'
  for (const id of new Set(places.values())) {
    const projects = [...places].flatMap(([project, chosen]) => (chosen === id ? [project] : []))
    if (id === '') await takeOutProjects(context, scope, projects)
    else await changeWorkspace(context, scope, { id, addProjects: projects })
  }
  return `${countOf(places.size, 'project was', 'projects were')} moved.`
}

async function workspacesPage(
  pageRequest: PageRequest,
  said: Part,
  status = 200,
): Promise<PageAnswer> {
  const { context, scope, layout, query } = pageRequest
  const store = await requireOwn(context, scope)
  const search = readText(query, 'search')?.trim() ?? ''
  const only = choiceOf(query, 'only', ['none'])
  const offset = integerOf(query, 'offset', offsets)
  const listed = await projectsOf(pageRequest)
  const [workspaces, places] = await placesOf(pageRequest, store, listed.projects)
  const found = places.filter(
    (each) =>
      (only === undefined || each.workspaceId === undefined) &&
      `${each.title} ${each.id}`.toLowerCase().includes(search.toLowerCase()),
  )
  const content = workspacesView(layout, {
    notice: said,
    workspaces: await rowsOf(pageRequest, workspaces, places),
    places: found.slice(offset, offset + limit),
    total: found.length,
    canList: listed.isComplete,
    ...(listed.failure !== undefined && { failure: listed.failure }),
    search,
    only,
    offset,
    limit,
  })
  return { status, page: page(layout, { title: 'Workspaces', tab: 'workspaces', content }) }
}

interface ListedProjects {
  readonly projects: readonly ProjectChoice[]
  readonly isComplete: boolean
  readonly failure?: string
}

async function projectsOf({ context, scope }: PageRequest): Promise<ListedProjects> {
  if (!context.projects) return { projects: [], isComplete: false }
  try {
    return { projects: await context.projects(scope), isComplete: true }
  } catch {
    const failure = 'Label Studio cannot list its projects now.'
    return { projects: [], isComplete: false, failure }
  }
}

/**
 * All workspaces, and all projects with their workspace. Projects that are not in one yet come
 * first.
 */
async function placesOf(
  { context, scope }: PageRequest,
  store: WorkspaceStore,
  listed: readonly ProjectChoice[],
): Promise<readonly [readonly Workspace[], readonly ProjectPlace[]]> {
  const [workspaces, unplaced] = await Promise.all([store.list(scope), store.listUnplaced(scope)])
  const titles = new Map(listed.map(({ id, title }) => [id, title]))
  const workspaceOf = new Map(
    workspaces.flatMap(({ id, projectIds }) => projectIds.map((each) => [each, id] as const)),
  )
  const creators = new Map(unplaced.map(({ projectId, creatorId }) => [projectId, creatorId]))
  const people = await readMany(context.adapters.users, scope, [...new Set(creators.values())], {
    ...omitGroups,
  })
  const names = new Map(people.map(({ id, userName }) => [id, userName]))
  // If the host lists its projects, any other project was deleted there.
  const ids = titles.size > 0 ? titles.keys() : [...workspaceOf.keys(), ...creators.keys()]
  const places = [...ids].map((id): ProjectPlace => {
    const creator = creators.get(id)
    return {
      id,
      title: titles.get(id) ?? `Project ${id}`,
      workspaceId: workspaceOf.get(id),
      madeBy: creator === undefined ? undefined : (names.get(creator) ?? 'somebody deleted'),
    }
  })
  const rank = ({ madeBy }: ProjectPlace) => (madeBy === undefined ? 1 : 0)
  return [workspaces, places.sort((a, b) => rank(a) - rank(b) || b.id - a.id)]
}

async function rowsOf(
  { context, scope }: PageRequest,
  workspaces: readonly Workspace[],
  places: readonly ProjectPlace[],
): Promise<readonly WorkspaceRow[]> {
  const { rules } = await context.adapters.access.rules(scope)
  return workspaces.map(({ id, title }) => ({
    id,
    title,
    groups: rules.workspaces_groups.flatMap(([named, group]) => (named === title ? [group] : [])),
    projects: places.filter(({ workspaceId }) => workspaceId === id).map((each) => each.title),
  }))
}
