import { ScimError } from '../../errors.js'
import type { SettingsContext } from '../options.js'
import {
  changeWorkspace,
  createWorkspace,
  deleteWorkspace,
  requireOwn,
} from '../rules/workspaces.js'
import type { Answer, Call } from './answer.js'

/**
 * `GET /api/scim/workspaces`: the workspaces that are kept here, and projects that wait to be put
 * into one.
 */
export async function getWorkspaces(context: SettingsContext, { scope }: Call): Promise<Answer> {
  const store = await requireOwn(context, scope)
  const [workspaces, unplaced] = await Promise.all([store.list(scope), store.listUnplaced(scope)])
  return { status: 200, body: { workspaces, unplaced } }
}

/** `POST /api/scim/workspaces`: makes a workspace, `{ "title": …, "projects": [numbers] }`. */
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

/** `POST /api/scim/workspaces/change`: another title, projects in and out. */
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

/** @throws ScimError 400 for anything but an object with these members at most */
function fieldsOf(body: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ScimError(400, 'The body must be a JSON object.')
  }
  const unknown = Object.keys(body).find((name) => !names.includes(name))
  if (unknown === undefined) return body as Readonly<Record<string, unknown>>
  throw new ScimError(400, `"${unknown}" is not known here. Use ${names.join(', ')}.`)
}

function textIn(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  throw new ScimError(400, `"${name}" must be a text.`)
}

function numbersIn(name: string, value: unknown): readonly number[] {
  const isList =
    Array.isArray(value) &&
    value.length <= 10_000 &&
    value.every((id) => Number.isSafeInteger(id) && id > 0)
  if (isList) return value as readonly number[]
  throw new ScimError(400, `"${name}" must be a list of at most 10000 numbers of projects.`)
}
