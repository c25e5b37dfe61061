import { randomBytes } from 'node:crypto'

/**
 * The edition and version to imitate. `oss-old`: Community up to 1.22. `oss-new`: Community 1.23.2,
 * which the fake is compared with. `lse`: Enterprise, from its published API reference only.
 */
export type FakeMode = 'oss-old' | 'oss-new' | 'lse'

export interface FakeOptions {
  mode?: FakeMode
  /** Community before 1.17: there are no personal access tokens. */
  before117?: boolean
  /** Path that the fake is served under, e.g. `/label-studio`. Default: none. */
  basePath?: string
  /**
   * `numbered` is the format in sources after 1.23.2: `deleted-7-user@example.com`. Default
   * `plain`.
   */
  masks?: 'plain' | 'numbered'
  /** Enterprise: how many people may have a working role at once. Default: unlimited. */
  seatLimit?: number
  /**
   * Enterprise: the list of members has removed ones too, masked, unless `is_deleted=false` is
   * asked for. The reference does not say. Default false.
   */
  listsRemoved?: boolean
  /** Enterprise: the role of new members. Default `NO`. */
  defaultRole?: string
  /** Enterprise: `false` disables the API for that kind of access; `status` is its answer then. */
  manual?: { role?: boolean; workspace?: boolean; project?: boolean; status?: 400 | 403 }
  /**
   * Enterprise before mid-2026: members are removed by a JSON body, because the query is not read,
   * and the bulk call does not tell whom it skipped.
   */
  before2026?: boolean
  /** Enterprise before 2.37.0: removing a person from a workspace works, but answers 500. */
  workspaceRemovalFails?: boolean
  /**
   * `false` stands for an organization made without the legacy flag. It refuses legacy tokens.
   * Default true.
   */
  legacyTokens?: boolean
  /** Community without `DISABLE_SIGNUP_WITHOUT_LINK`: sign-up needs no link. Default false. */
  openSignUp?: boolean
  /** Lifetime of an access token, in seconds. Default 300. */
  accessTokenSeconds?: number
  /** The admin's form lacks `is_active`, as an unknown future version might. */
  strangeAdminForm?: boolean
}

export interface FakeUser {
  id: number
  email: string
  username: string
  firstName: string
  lastName: string
  isActive: boolean
  isStaff: boolean
  isSuperuser: boolean
  /** `undefined`: no password was set, so the person cannot sign in. */
  password: string | undefined
  /** Part of every session, so that a new password ends old sessions. */
  passwordVersion: number
  activeOrganization: number | null
  /** '': there is none. Label Studio then fails where it needs one. */
  legacyToken: string
  dateJoined: string
  lastLogin: string | undefined
  /** `jti` of the only valid personal access token. */
  personalAccessToken: string | undefined
  /** Every personal access token ever made, without its signature. */
  outstandingTokens: string[]
}

export interface FakeMember {
  id: number
  userId: number
  deletedAt: string | undefined
  /** Enterprise. */
  role: string
  roleSource: string
  userType: string
}

export interface FakeProject {
  id: number
  title: string
  createdBy: number | null
  /** Enterprise: the explicit members. */
  members: Set<number>
}

export interface FakeTask {
  id: number
  project: number
  data: unknown
}

export interface FakeAnnotation {
  id: number
  task: number
  result: unknown
  completedBy: number | null
}

export interface FakeWorkspace {
  id: number
  title: string
  isPersonal: boolean
  isArchived: boolean
  members: Set<number>
}

export interface FakeProjectRole {
  id: number
  project: number
  user: number
  role: string
  roleSource: string
}

/** The complete state of the fake. Tests may read and change it. */
export interface FakeState {
  users: Map<number, FakeUser>
  members: Map<number, FakeMember>
  projects: Map<number, FakeProject>
  tasks: Map<number, FakeTask>
  annotations: Map<number, FakeAnnotation>
  workspaces: Map<number, FakeWorkspace>
  projectRoles: Map<number, FakeProjectRole>
  inviteToken: string
  scimSettings: Record<string, unknown>
  samlSettings: Record<string, unknown>
  tokenSettings: { api_tokens_enabled: boolean; legacy_api_tokens_enabled: boolean }
  nextId(): number
}

export const organizationId = 1
export const ownerId = 1

/** The state of a new installation: one organization and its owner. */
export function newState(
  options: FakeOptions,
  owner: { email: string; password: string },
): FakeState {
  const ids = new Map<string, number>()
  const counter = (name: string) => {
    const id = (ids.get(name) ?? ownerId) + 1
    ids.set(name, id)
    return id
  }
  const state: FakeState = {
    users: new Map(),
    members: new Map(),
    projects: new Map(),
    tasks: new Map(),
    annotations: new Map(),
    workspaces: new Map(),
    projectRoles: new Map(),
    inviteToken: randomKey(),
    scimSettings: {
      roles_groups: [],
      workspaces_groups: [],
      projects_groups: [],
      user_type_groups: [],
    },
    samlSettings: {
      roles_groups: [],
      workspaces_groups: [],
      projects_groups: [],
      user_type_groups: [],
      manual_role_management: null,
    },
    tokenSettings: {
      api_tokens_enabled: true,
      legacy_api_tokens_enabled: options.legacyTokens ?? true,
    },
    nextId: () => counter('all'),
  }
  const user = newUser(ownerId, { ...owner, username: '' })
  state.users.set(ownerId, {
    ...user,
    isStaff: true,
    isSuperuser: true,
    activeOrganization: organizationId,
  })
  state.members.set(ownerId, { ...newMember(ownerId, ownerId), role: 'OW' })
  return state
}

export function newUser(
  id: number,
  given: Partial<FakeUser> & Pick<FakeUser, 'email' | 'username'>,
): FakeUser {
  return {
    id,
    firstName: '',
    lastName: '',
    isActive: true,
    isStaff: false,
    isSuperuser: false,
    password: undefined,
    passwordVersion: 0,
    activeOrganization: null,
    legacyToken: randomKey(),
    dateJoined: new Date().toISOString(),
    lastLogin: undefined,
    personalAccessToken: undefined,
    outstandingTokens: [],
    ...given,
  }
}

export function newMember(id: number, userId: number, role = 'NO'): FakeMember {
  return { id, userId, deletedAt: undefined, role, roleSource: 'manual', userType: 'standard' }
}

export const randomKey = () => randomBytes(20).toString('hex')

/** The membership of a person, deleted or not. */
export function memberOf(state: FakeState, userId: number): FakeMember | undefined {
  return [...state.members.values()].find((each) => each.userId === userId)
}
