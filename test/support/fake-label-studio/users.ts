import {
  apiError,
  type FakeContext,
  type FakeHandler,
  invalid,
  json,
  noContent,
  paged,
  record,
  route,
  textIn,
} from './http.js'
import {
  type FakeMember,
  type FakeUser,
  memberOf,
  newMember,
  newUser,
  organizationId,
  ownerId,
} from './state.js'

/** An account as the API shows it. Removed people are masked, in lists too. */
export function showUser({ state, options }: FakeContext, user: FakeUser) {
  const owner = state.users.get(ownerId)
  const isRemoved = memberOf(state, user.id)?.deletedAt !== undefined
  const hasOrganization = user.activeOrganization !== null
  return {
    id: user.id,
    first_name: user.firstName,
    last_name: user.lastName,
    username: user.username,
    email: user.email,
    last_activity: user.dateJoined,
    custom_hotkeys: {},
    avatar: null,
    initials: isRemoved ? 'DU' : (user.email || user.username).slice(0, 2),
    phone: '',
    active_organization: user.activeOrganization,
    active_organization_meta: hasOrganization
      ? { title: 'Label Studio', email: owner?.email ?? '' }
      : { title: '', email: '' },
    allow_newsletters: null,
    date_joined: user.dateJoined,
    ...(isRemoved && masks[options.masks ?? 'plain'](user.id)),
  }
}

const masks = {
  plain: (_id: number) => ({
    first_name: 'Deleted',
    last_name: 'User',
    username: 'Deleted',
    email: 'Deleted',
  }),
  numbered: (id: number) => ({
    first_name: 'Deleted',
    last_name: `User ${id}`,
    username: `deleted-${id}`,
    email: `deleted-${id}-user@example.com`,
  }),
}

/** Adds a person to the members. Does nothing if there is any membership, even a deleted one. */
export function addMember(context: FakeContext, user: FakeUser): FakeMember {
  const { state, options } = context
  const existing = memberOf(state, user.id)
  if (existing !== undefined) return existing
  const id = state.nextId()
  const member = newMember(id, user.id, options.defaultRole)
  state.members.set(id, member)
  return member
}

const whoami: FakeHandler = (context) => {
  const { state, isEnterprise, user } = context
  if (user === undefined) return apiError(401, '')
  const role = memberOf(state, user.id)?.role
  const membership = { role, active: role !== 'DI', organization_id: organizationId }
  return json(200, {
    ...showUser(context, user),
    permissions: ['organizations.view'],
    ...(isEnterprise && { org_membership: [membership], organization_membership: membership }),
  })
}

/**
 * An owner who has left the organization sees nobody. Other people are visible through their
 * membership.
 */
const seesNobody = ({ user, isEnterprise }: FakeContext) =>
  !isEnterprise && user?.id === ownerId && user.activeOrganization === null

const list: FakeHandler = (context) => {
  if (seesNobody(context)) return json(200, [])
  return json(
    200,
    [...context.state.members.values()]
      .filter(({ deletedAt }) => !context.isEnterprise || deletedAt === undefined)
      .flatMap(({ userId }) => context.state.users.get(userId) ?? [])
      .map((each) => showUser(context, each)),
  )
}

/** Stores `email` exactly as sent. `password` and `is_active` have an effect only in Enterprise. */
const create: FakeHandler = (context) => {
  const { state, isEnterprise, request } = context
  const body = request.json
  const errors = createErrors(context)
  if (errors !== undefined) return invalid(errors)
  const email = textIn(body, 'email') ?? ''
  const user = newUser(state.nextId(), {
    email: isEnterprise ? email.toLowerCase() : email,
    username: textIn(body, 'username') ?? '',
    firstName: textIn(body, 'first_name') ?? '',
    lastName: textIn(body, 'last_name') ?? '',
    password: isEnterprise ? textIn(body, 'password') : undefined,
    activeOrganization: isEnterprise ? (context.user?.activeOrganization ?? null) : null,
  })
  state.users.set(user.id, user)
  if (!seesNobody(context)) addMember(context, user)
  return json(201, showUser(context, user))
}

function createErrors({ state, isEnterprise, request }: FakeContext) {
  const username = textIn(request.json, 'username')
  const email = textIn(request.json, 'email')
  if (username === undefined) return { username: ['This field is required.'] }
  if (email === undefined || email === '') return undefined
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return { email: ['Enter a valid email address.'] }
  const fold = (text: string) => (isEnterprise ? text.toLowerCase() : text)
  const isTaken = [...state.users.values()].some((each) => fold(each.email) === fold(email))
  return isTaken ? { email: ['user with this email address already exists.'] } : undefined
}

const get = found((context, user) => json(200, showUser(context, user)))

/** Saves the other attributes before it refuses the e-mail address. */
const change = found((context, user) => {
  const { request } = context
  user.firstName = textIn(request.json, 'first_name') ?? user.firstName
  user.lastName = textIn(request.json, 'last_name') ?? user.lastName
  user.username = textIn(request.json, 'username') ?? user.username
  if (record(request.json)['active_organization'] === null) user.activeOrganization = null
  if ('email' in record(request.json)) {
    return apiError(405, 'Cannot update read-only field: email')
  }
  return json(200, showUser(context, user))
})

const remove = found((context, user) => {
  const { state, options } = context
  if (options.mode !== 'oss-old') {
    if (user.id === ownerId) return apiError(403, 'The organization owner cannot be deleted')
    if (context.user?.id !== ownerId) {
      return apiError(403, 'Only the organization owner can delete users')
    }
  }
  state.users.delete(user.id)
  for (const each of state.annotations.values()) {
    if (each.completedBy === user.id) each.completedBy = null
  }
  const member = memberOf(state, user.id)
  if (member !== undefined) state.members.delete(member.id)
  return noContent()
})

function found(handler: (context: FakeContext, user: FakeUser) => ReturnType<FakeHandler>) {
  return (context: FakeContext, id: number) => {
    const user = context.state.users.get(id)
    return user === undefined || seesNobody(context)
      ? apiError(404, 'No User matches the given query.')
      : handler(context, user)
  }
}

/** Another organization of Enterprise has only its creator, and is shown to those active there. */
const listMembers: FakeHandler = (context, organization) => {
  const { state, isEnterprise, request, user } = context
  const isElsewhere = isEnterprise && organization === user?.activeOrganization
  const own = user && memberOf(state, user.id)
  if (isElsewhere && organization !== organizationId && own) {
    return paged(request, [own], (each) => showMember(context, each), { defaultSize: 20 })
  }
  if (organization !== organizationId)
    return { status: 404, headers: { 'content-type': 'text/html' } }
  const members = [...state.members.values()].filter((each) =>
    isEnterprise ? matchesMemberQuery(context, each) : true,
  )
  return paged(request, members, (each) => showMember(context, each), {
    defaultSize: 20,
    isUnlimited: !isEnterprise,
  })
}

function matchesMemberQuery(context: FakeContext, member: FakeMember): boolean {
  const { state, options, request } = context
  const { query } = request
  const asked = query.get('is_deleted') ?? (options.listsRemoved ? undefined : 'false')
  if (asked !== undefined && `${member.deletedAt !== undefined}` !== asked) return false
  const roles = query.get('role')?.split(',')
  if (roles !== undefined && !roles.includes(member.role)) return false
  const user = state.users.get(member.userId)
  const text = `${user?.email} ${user?.firstName} ${user?.lastName}`.toLowerCase()
  return text.includes((query.get('search') ?? '').toLowerCase())
}

export function showMember(context: FakeContext, member: FakeMember) {
  const user = context.state.users.get(member.userId)
  return {
    id: member.id,
    organization: organizationId,
    user: user && showUser(context, user),
    created_projects: null,
    contributed_to_projects: null,
    ...(context.isEnterprise && {
      role: member.role,
      role_source: member.roleSource,
      user_type: member.userType,
      tags: [],
    }),
  }
}

const getMember: FakeHandler = ({ state }, _organization, userId) => {
  const member = userId === undefined ? undefined : memberOf(state, userId)
  if (member === undefined) return apiError(404, 'No OrganizationMember matches the given query.')
  const annotations = [...state.annotations.values()].filter((each) => each.completedBy === userId)
  return json(200, {
    user: userId,
    organization: organizationId,
    contributed_projects_count: 0,
    annotations_count: annotations.length,
    created_at: state.users.get(member.userId)?.dateJoined,
    created_projects: null,
    contributed_to_projects: null,
  })
}

const removeMember: FakeHandler = ({ state, user }, organization, userId) => {
  if (organization !== organizationId) {
    return apiError(404, 'No Organization matches the given query.')
  }
  if (user?.id !== ownerId) {
    return apiError(403, 'You do not have permission to perform this action.')
  }
  const member = userId === undefined ? undefined : memberOf(state, userId)
  if (member === undefined || member.deletedAt !== undefined) {
    return apiError(404, 'Member not found')
  }
  if (member.userId === user.id) return json(405, { detail: 'User cannot soft delete self' })
  member.deletedAt = new Date().toISOString()
  const removed = state.users.get(member.userId)
  if (removed !== undefined) removed.activeOrganization = null
  return noContent()
}

const listOrganizations: FakeHandler = () =>
  json(200, [{ id: organizationId, title: 'Label Studio', contact_info: null }])

const getOrganization: FakeHandler = ({ state, options, isEnterprise }, id) => {
  if (id !== organizationId) return apiError(404, 'No Organization matches the given query.')
  const shared = { id, title: 'Label Studio', contact_info: null }
  if (!isEnterprise) {
    const users = [...state.members.values()].map(({ userId }) => userId)
    return json(200, { ...shared, token: state.inviteToken, created_by: ownerId, users })
  }
  const { role = true, workspace = true } = options.manual ?? {}
  return json(200, {
    ...shared,
    default_role: options.defaultRole ?? 'NO',
    billing: { manual_role_management: role, manual_workspace_management: workspace },
  })
}

/** Accounts and memberships, as far as both editions have them. */
export const userRoutes = [
  route('GET', '/api/current-user/whoami', whoami),
  route('GET', '/api/users/', list),
  route('POST', '/api/users/', create),
  route('GET', '/api/users/:id/', get),
  route('PATCH', '/api/users/:id/', change),
  route('DELETE', '/api/users/:id/', remove),
  route('GET', '/api/organizations/', listOrganizations),
  route('GET', '/api/organizations/:id', getOrganization),
  route('GET', '/api/organizations/:id/memberships', listMembers),
  route('GET', '/api/organizations/:id/memberships/:id/', getMember),
  route('DELETE', '/api/organizations/:id/memberships/:id/', removeMember),
]
