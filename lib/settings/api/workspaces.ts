import type { SettingsContext } from '../options.js'
import {
  changeWorkspace,
  createWorkspace,
  deleteWorkspace,
  requireOwn,
} from '../rules/workspaces.js'
import type { Answer, Call } from './answer.js'
import { fieldsOf, numbersIn, textIn } from './fields.js'

/** `GET /api/scim/workspaces`: the workspaces kept here, and projects that are not in one yet. */
export async function getWorkspaces(context: SettingsContext, { scope }: Call): Promise<Answer> {
  const store = await requireOwn(context, scope)
  const [workspaces, unplaced] = await Promise.all([store.list(scope), store.listUnplaced(scope)])
  return { status: 200, body: { workspaces, unplaced } }
}

/** `POST /api/scim/workspaces`: makes a workspace, `{ "title": …, "projects": [ids] }`. */
export async function postWorkspace(
  context: SettingsContext,
  { scope, body }: Call,
): Promise<Answer> {
  const { title, projects = [] } = fieldsOf(body, ['title', 'projects'])
  const made = await createWorkspace(context, scope, textIn('title', title))
  const addProjects = numbersIn('projects', projects)
  if (addProjects.length === 0) return { status: 201, body: made }
  const workspace = await changeWorkspace(context, scope, { id: made.id, addProjects })
  return { status: 201, body: workspace }
}

/** `POST /api/scim/workspaces/change`: changes the title, adds and removes projects. */
export async function postWorkspaceChange(
  context: SettingsContext,
  { scope, body }: Call,
): Promise<Answer> {
  const names = ['id', 'title', 'addProjects', 'removeProjects']
  const { id, title, addProjects = [], removeProjects = [] } = fieldsOf(body, names)
  const workspace = await changeWorkspace(context, scope, {
    id: textIn('id', id),
    ...(title !== undefined && { title: textIn('title', title) }),
    addProjects: numbersIn('addProjects', addProjects),
    removeProjects: numbersIn('removeProjects', removeProjects),
  })
  return { status: 200, body: workspace }
}

/** `POST /api/scim/workspaces/delete`: removes a workspace that no rule names. */
export async function postWorkspaceDelete(
  context: SettingsContext,
  { scope, body }: Call,
): Promise<Answer> {
  const { id } = fieldsOf(body, ['id'])
  await deleteWorkspace(context, scope, textIn('id', id))
  return { status: 200, body: { deleted: true } }
}
