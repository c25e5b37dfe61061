import type { HttpClient } from './http/client.js'
import { apiPath } from './http/path.js'
import { membersAmong, pages } from './pages.js'
import { booleanOf, numberOf, readArray, readId, readRecord, textOf } from './read.js'
import { type ProjectRoleCode, type RoleCode, toRoleCode } from './roles.js'
import { together } from './together.js'
import { orUndefined } from './users.js'

/** A project of the organization. */
export interface Project {
  id: number
  title: string
}

/** A person who can work in a project (Enterprise only). */
export interface ProjectMember {
  userId: number
  /** A member by organization role or workspace, who cannot be removed from the project. */
  implicit: boolean
  /**
   * The role in the project; `null` without a project role, `undefined` if this version does not
   * say.
   */
  role: RoleCode | null | undefined
}

/** A person to become a member (Enterprise only). */
export interface NewMember {
  userId: number
  role?: ProjectRoleCode
}

/** A member's project role (Enterprise only). */
export interface ProjectRole {
  /** Id of the role, for `removeRole`. */
  id: number
  userId: number
  role: RoleCode | undefined
  /** Who set it, e.g. `manual`, `scim`, `api`; `undefined` before mid-2026. */
  roleSource: string | undefined
}

/**
 * Calls about projects. All but `list` and `get` are Enterprise's; Community answers
 * `featureAbsent`.
 */
export interface ProjectsApi {
  /** All projects, page by page. */
  list(signal?: AbortSignal): AsyncGenerator<Project>
  get(id: number, signal?: AbortSignal): Promise<Project | undefined>
  /**
   * A person's membership in the project: direct, or by role or workspace. Requests only the people
   * asked for at the same time.
   */
  member(id: number, userId: number, signal?: AbortSignal): Promise<ProjectMember | undefined>
  /**
   * Makes a person a member. `role` gives them a project role; without it they act with their
   * organization role (Inherit), unless they already have a project role: see `removeRole`.
   *
   * @returns `false` if Label Studio skipped them, e.g. because they are Not Activated
   */
  addMember(id: number, member: NewMember, signal?: AbortSignal): Promise<boolean>
  /** Removes a direct member; it is not an error if the person is not one. */
  removeMember(id: number, userId: number, signal?: AbortSignal): Promise<void>
  /** The project roles of members. A member without one acts with the organization role. */
  roles(id: number, signal?: AbortSignal): Promise<ProjectRole[]>
  /** Removes a role by its id; `false` if there was none. */
  removeRole(roleId: number, signal?: AbortSignal): Promise<boolean>
}

/** Calls about projects, on `http`. */
export function projectsApi(http: HttpClient): ProjectsApi {
  return { ...projectCalls(http), ...memberCalls(http), ...roleCalls(http) }
}

function projectCalls(http: HttpClient): Pick<ProjectsApi, 'list' | 'get'> {
  const get = together<undefined, Project>(async (id) => {
    const path = apiPath`/api/projects/${id}/`
    const answer = await orUndefined(http.request({ method: 'GET', path }))
    return new Map(answer === undefined ? [] : [[undefined, toProject(answer)]])
  })
  return {
    async *list(signal) {
      for await (const each of pages(http, apiPath`/api/projects/`, { signal })) {
        yield toProject(each)
      }
    },
    get: (id, signal) => get(id, undefined, signal),
  }
}

function memberCalls(http: HttpClient): Pick<ProjectsApi, 'member' | 'addMember' | 'removeMember'> {
  const findMember = together<number, ProjectMember>(async (id, userIds) => {
    const path = apiPath`/api/projects/${id}/members/paginated/`
    const found = await membersAmong(http, path, userIds)
    return new Map([...found].map(([userId, each]) => [userId, toProjectMember(userId, each)]))
  })
  const addMember = together<NewMember, boolean>(async (id, members, signal) => {
    const path = apiPath`/api/projects/${id}/members/bulk/`
    // The request lists the members to have, so repeating it changes nothing.
    const body = toBulk(members)
    const request = { method: 'POST', path, body, repeatable: true, signal } as const
    const { skipped_user_ids: skipped } = readRecord(await http.request(request), 'project members')
    const isMember = Array.isArray(skipped)
      ? (userId: number) => !skipped.includes(userId)
      : await directMembers(http, id, body.included)
    return new Map(members.map((member) => [member, isMember(member.userId)]))
  })
  return {
    member: findMember,
    addMember: async (id, member, signal) => (await addMember(id, member, signal)) !== false,
    async removeMember(id, userId, signal) {
      const path = apiPath`/api/projects/${id}/members/`
      // Versions before mid-2026 read only the body.
      const who = { user: userId }
      await orUndefined(http.request({ method: 'DELETE', path, query: who, body: who, signal }))
    },
  }
}

/** Who of these is a direct member: versions before mid-2026 do not tell whom they skip. */
async function directMembers(http: HttpClient, id: number, userIds: readonly number[]) {
  const path = apiPath`/api/projects/${id}/members/paginated/`
  const found = await membersAmong(http, path, userIds)
  return (userId: number): boolean => {
    const member = found.get(userId)
    return member !== undefined && !toProjectMember(userId, member).implicit
  }
}

function roleCalls(http: HttpClient): Pick<ProjectsApi, 'roles' | 'removeRole'> {
  return {
    async roles(id, signal) {
      const path = apiPath`/api/projects/${id}/roles`
      const answer = await http.request({ method: 'GET', path, signal })
      return readArray(answer, 'project roles').map(toProjectRole)
    },
    async removeRole(roleId, signal) {
      const path = apiPath`/api/projects/roles/${roleId}/`
      const done = http.request({ method: 'DELETE', path, signal }).then(() => true)
      return (await orUndefined(done)) ?? false
    },
  }
}

function toBulk(members: readonly NewMember[]) {
  const roles = members.flatMap(({ userId, role }) =>
    role === undefined ? [] : [{ user_id: userId, role }],
  )
  return { all: false, included: members.map(({ userId }) => userId), excluded: [], roles }
}

function toProjectMember(userId: number, member: Record<string, unknown>): ProjectMember {
  const role = member['project_role']
  const isWithout = role === null || role === ''
  return {
    userId,
    implicit: booleanOf(member, 'implicit_member') ?? false,
    role: isWithout ? null : toRoleCode(role),
  }
}

function toProject(value: unknown): Project {
  const record = readRecord(value, 'project')
  return { id: readId(record, 'id', 'project'), title: textOf(record, 'title') }
}

function toProjectRole(value: unknown): ProjectRole {
  const record = readRecord(value, 'project role')
  return {
    id: readId(record, 'id', 'project role'),
    userId:
      numberOf(record, 'user') ??
      readId(readRecord(record['user'], 'project role'), 'id', 'project role'),
    role: toRoleCode(record['role']),
    roleSource: textOf(record, 'role_source') || undefined,
  }
}
