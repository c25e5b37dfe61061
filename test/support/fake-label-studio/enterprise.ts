import {
  apiError,
  type FakeContext,
  type FakeHandler,
  type FakeResponse,
  invalid,
  json,
  noContent,
  paged,
  record,
  route,
  textIn,
} from './http.js'
import { type FakeWorkspace, memberOf } from './state.js'
import { showMember, showUser } from './users.js'

const noSeat = new Set(['DI', 'NO', 'VO'])
const roles = ['OW', 'AD', 'MA', 'RE', 'AN', 'DI', 'NO']

const seatsTaken = ({ state }: FakeContext) =>
  [...state.members.values()].filter(
    ({ role, userType, deletedAt }) =>
      deletedAt === undefined && userType !== 'flex' && !noSeat.has(role),
  ).length

/** Refuses the request if a MANUAL flag lets only SAML and SCIM change this kind of access. */
function manual(flag: 'role' | 'workspace' | 'project', handler: FakeHandler): FakeHandler {
  return (context, ...ids) => {
    const { manual: flags = {} } = context.options
    const bySaml = flag === 'role' && context.state.samlSettings['manual_role_management'] === false
    if (flags[flag] !== false && !bySaml) return handler(context, ...ids)
    return apiError(flags.status ?? 403, 'Manual management is disabled for this organization.')
  }
}

const setRole = manual('role', (context) => {
  const { state, options, request } = context
  const body = record(request.json)
  const member = memberOf(state, Number(body['user_id']))
  const role = textIn(body, 'role') ?? ''
  if (member === undefined || member.deletedAt !== undefined) return apiError(404, 'Not found.')
  if (!roles.includes(role)) return invalid({ role: [`"${role}" is not a valid choice.`] })
  if (role === 'OW' || member.role === 'OW') return apiError(403, 'The owner cannot be changed.')
  const isNewSeat = member.userType !== 'flex' && noSeat.has(member.role) && !noSeat.has(role)
  if (isNewSeat && seatsTaken(context) >= (options.seatLimit ?? Number.POSITIVE_INFINITY)) {
    return apiError(403, 'The maximum number of users (seats) of your license has been reached.')
  }
  member.role = role
  member.roleSource = 'api'
  return json(200, showMember(context, member))
})

const billing: FakeHandler = (context) => {
  // The reference has a number here. Which one stands for "no limit", it does not say.
  const { seatLimit, manual: flags = {} } = context.options
  const count = seatsTaken(context)
  return json(200, {
    billing_checks: {
      users: {
        count,
        limit: seatLimit ?? 0,
        reached: count >= (seatLimit ?? Number.POSITIVE_INFINITY),
      },
    },
    billing_flags: {
      manual_role_management: flags.role ?? true,
      manual_workspace_management: flags.workspace ?? true,
    },
  })
}

const showWorkspace = (workspace: FakeWorkspace) => ({
  id: workspace.id,
  title: workspace.title,
  is_personal: workspace.isPersonal,
  is_archived: workspace.isArchived,
})

const listWorkspaces: FakeHandler = ({ state }) =>
  json(200, [...state.workspaces.values()].map(showWorkspace))

const createWorkspace = manual('workspace', ({ state, request }) => {
  const title = textIn(request.json, 'title')
  if (title === undefined || title === '') return invalid({ title: ['This field is required.'] })
  const id = state.nextId()
  const workspace = { id, title, isPersonal: false, isArchived: false, members: new Set<number>() }
  state.workspaces.set(id, workspace)
  return json(201, showWorkspace(workspace))
})

type WorkspaceHandler = (context: FakeContext, workspace: FakeWorkspace) => FakeResponse

const workspace =
  (handler: WorkspaceHandler): FakeHandler =>
  (context, id) => {
    const found = id === undefined ? undefined : context.state.workspaces.get(id)
    return found === undefined ? apiError(404, 'No Workspace matches.') : handler(context, found)
  }

const workspaceMembers = workspace((context, { members }) =>
  paged(
    context.request,
    usersIn(context, members).filter(isAskedFor(context)),
    (each) => showUser(context, each),
    { defaultSize: 20 },
  ),
)

/** The `ids` filter of member lists. */
const isAskedFor = ({ request }: FakeContext) => {
  const ids = request.query.get('ids')?.split(',').map(Number)
  return ({ id }: { id: number }) => ids?.includes(id) ?? true
}

const usersIn = ({ state }: FakeContext, ids: Iterable<number>) =>
  [...ids].flatMap((id) => state.users.get(id) ?? [])

const addWorkspaceMember = manual(
  'workspace',
  workspace(({ state, request }, { id, isPersonal, members }) => {
    const user = Number(record(request.json)['user'])
    if (isPersonal) return invalid({ workspace: ['Personal workspaces have no members.'] })
    if (!state.users.has(user)) return invalid({ user: ['Invalid pk.'] })
    members.add(user)
    return json(201, { user, workspace: id })
  }),
)

const addWorkspaceMembers = manual(
  'workspace',
  workspace(({ state, request }, { isPersonal, members }) => {
    const { included } = record(request.json)
    const users = Array.isArray(included) ? included.map(Number) : []
    if (isPersonal) return invalid({ workspace: ['Personal workspaces have no members.'] })
    if (!users.every((user) => state.users.has(user))) return invalid({ user: ['Invalid pk.'] })
    for (const user of users) members.add(user)
    return json(201, { assignments: users.length })
  }),
)

/** The member to remove, from the query or, for old clients, from the body. */
function memberToRemove({ options, request }: FakeContext, name: 'user' | 'user_id') {
  const body = record(request.json)
  const asked = options.before2026 ? null : request.query.get(name)
  return Number(asked ?? body[name] ?? body['user'])
}

const noMember = () => invalid({ user: ['This field is required.'] })

const removeWorkspaceMember = manual(
  'workspace',
  workspace((context, { members }) => {
    const { options } = context
    const user = memberToRemove(context, 'user_id')
    if (Number.isNaN(user)) return noMember()
    const isRemoved = members.delete(user)
    if (options.workspaceRemovalFails) return apiError(500, 'Server error')
    return isRemoved ? noContent() : apiError(404, 'No WorkspaceMember matches.')
  }),
)

const deleteWorkspace = workspace(({ state }, { id }) => {
  state.workspaces.delete(id)
  return noContent()
})

/** Owners and administrators count as members of every project without being listed in it. */
const projectMembers: FakeHandler = (context, id) => {
  const { state, request } = context
  const project = id === undefined ? undefined : state.projects.get(id)
  if (project === undefined) return apiError(404, 'No Project matches the given query.')
  const implicit = [...state.members.values()]
    .filter(({ role, userId }) => ['OW', 'AD'].includes(role) && !project.members.has(userId))
    .map(({ userId }) => userId)
  const wantsAll = request.query.get('implicit') !== 'false'
  const everybody = usersIn(context, [...project.members, ...(wantsAll ? implicit : [])])
  const users = everybody.filter(isAskedFor(context))
  const roleOf = (userId: number) =>
    [...state.projectRoles.values()].find((each) => each.project === id && each.user === userId)
  const show = (user: (typeof users)[number]) => ({
    ...showUser(context, user),
    implicit_member: !project.members.has(user.id),
    project_role: roleOf(user.id)?.role ?? null,
  })
  return paged(request, users, show, { defaultSize: 20 })
}

/** Skips people without membership and a working role in the organization. */
const addProjectMembers = manual('project', ({ state, request, options }, id) => {
  const project = id === undefined ? undefined : state.projects.get(id)
  if (project === undefined) return apiError(404, 'No Project matches the given query.')
  const body = record(request.json)
  const included = Array.isArray(body['included']) ? body['included'].map(Number) : []
  const canJoin = (user: number) => !noSeat.has(memberOf(state, user)?.role ?? 'NO')
  for (const user of included.filter(canJoin)) project.members.add(user)
  for (const each of Array.isArray(body['roles']) ? body['roles'] : []) {
    const { user_id: user, role } = record(each)
    if (canJoin(Number(user)))
      putRole(state, { project: project.id, user: Number(user), role: String(role) })
  }
  return json(200, {
    assignments: included.filter(canJoin).length,
    ...(!options.before2026 && { skipped_user_ids: included.filter((user) => !canJoin(user)) }),
  })
})

function putRole(
  state: FakeContext['state'],
  given: { project: number; user: number; role: string },
) {
  const existing = [...state.projectRoles.values()].find(
    ({ project, user }) => project === given.project && user === given.user,
  )
  const id = existing?.id ?? state.nextId()
  const role = { id, roleSource: 'api', ...given }
  state.projectRoles.set(id, role)
  return role
}

const removeProjectMember = manual('project', (context, id) => {
  const { state } = context
  const project = id === undefined ? undefined : state.projects.get(id)
  const user = memberToRemove(context, 'user')
  if (project === undefined) return apiError(404, 'No Project matches the given query.')
  if (Number.isNaN(user)) return noMember()
  if (!project.members.delete(user)) return apiError(404, 'No ProjectMember matches.')
  for (const role of state.projectRoles.values()) {
    if (role.project === project.id && role.user === user) state.projectRoles.delete(role.id)
  }
  return noContent()
})

const listProjectRoles: FakeHandler = ({ state }, id) =>
  json(
    200,
    [...state.projectRoles.values()]
      .filter(({ project }) => project === id)
      .map(({ roleSource, ...role }) => ({ ...role, role_source: roleSource })),
  )

const addProjectRole = manual('project', ({ state, request }) => {
  const { project, user, role } = record(request.json)
  const given = { project: Number(project), user: Number(user), role: String(role) }
  const isTwice = [...state.projectRoles.values()].some(
    (each) => each.project === given.project && each.user === given.user,
  )
  if (isTwice)
    return invalid({ non_field_errors: ['The fields project, user must make a unique set.'] })
  const { roleSource, ...shown } = putRole(state, given)
  return json(201, { ...shown, role_source: roleSource })
})

const removeProjectRole = manual('project', ({ state }, id = 0) =>
  state.projectRoles.delete(id) ? noContent() : apiError(404, 'No ProjectRole matches.'),
)

const settings = (name: 'scimSettings' | 'samlSettings') => ({
  get: (({ state }) => json(200, state[name])) satisfies FakeHandler,
  post: (({ state, request }) => {
    Object.assign(state[name], record(request.json))
    return json(200, state[name])
  }) satisfies FakeHandler,
})

/** The API that only Enterprise has. Community answers it with a 404 page. */
export const enterpriseRoutes = [
  route('PATCH', '/api/organizations/:id/memberships', setRole),
  route('GET', '/api/billing/info', billing),
  route('GET', '/api/workspaces/', listWorkspaces),
  route('POST', '/api/workspaces/', createWorkspace),
  route('DELETE', '/api/workspaces/:id/', deleteWorkspace),
  route('GET', '/api/workspaces/:id/memberships/paginated/', workspaceMembers),
  route('POST', '/api/workspaces/:id/memberships/', addWorkspaceMember),
  route('POST', '/api/workspaces/:id/memberships/bulk/', addWorkspaceMembers),
  route('DELETE', '/api/workspaces/:id/memberships/', removeWorkspaceMember),
  route('GET', '/api/projects/:id/members/paginated/', projectMembers),
  route('POST', '/api/projects/:id/members/bulk/', addProjectMembers),
  route('DELETE', '/api/projects/:id/members/', removeProjectMember),
  route('GET', '/api/projects/:id/roles', listProjectRoles),
  route('POST', '/api/projects/roles/', addProjectRole),
  route('DELETE', '/api/projects/roles/:id/', removeProjectRole),
  route('GET', '/api/scim/settings', settings('scimSettings').get),
  route('POST', '/api/scim/settings', settings('scimSettings').post),
  route('GET', '/api/saml/settings', settings('samlSettings').get),
  route('POST', '/api/saml/settings', settings('samlSettings').post),
]
