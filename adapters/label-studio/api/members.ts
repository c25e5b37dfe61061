import type { HttpClient } from './http/client.js'
import { apiPath, type Query } from './http/path.js'
import { pages } from './pages.js'
import { readId, readRecord, textOf } from './read.js'
import { type AssignableRoleCode, type RoleCode, toRoleCode } from './roles.js'
import { type LabelStudioUser, orUndefined, toUser } from './users.js'

/** A member of the organization. */
export interface OrganizationMember {
  userId: number
  user: LabelStudioUser
  /** Enterprise only. */
  role: RoleCode | undefined
  /** Enterprise since mid-2026: who set the role, e.g. `manual`, `saml`, `scim`, `api`. */
  roleSource: string | undefined
  /** Enterprise: `standard`, `flex` or `viewonly`. */
  userType: string | undefined
}

/** Narrows a list of members. Enterprise only; Community ignores it. */
export interface MemberQuery {
  /** Part of a name or e-mail; the caller has to compare the e-mails in the answer. */
  search?: string
  /** Only members who were removed. */
  isDeleted?: boolean
  roles?: readonly RoleCode[]
}

/** Calls about the members of one organization. */
export interface MembersApi {
  /** Members, each once, page by page. In Community this includes removed members, masked. */
  list(query?: MemberQuery, signal?: AbortSignal): AsyncGenerator<OrganizationMember>
  /**
   * Sets a member's organization role; `DI` deactivates. Enterprise only.
   *
   * @throws LabelStudioError `featureAbsent` in Community, `seatLimit`, `forbidden`
   */
  setRole(
    userId: number,
    role: AssignableRoleCode,
    signal?: AbortSignal,
  ): Promise<OrganizationMember>
  /**
   * Removes the membership; no API call can undo this. In Community the person can still sign in,
   * and list and create projects.
   *
   * @returns `false` if there was none, or it had been removed before
   * @throws LabelStudioError `conflict` for the token's own account, `forbidden` without ownership
   */
  remove(userId: number, signal?: AbortSignal): Promise<boolean>
}

/** Calls about the members of `organization`. */
export function membersApi(http: HttpClient, organization: number): MembersApi {
  const all = apiPath`/api/organizations/${organization}/memberships`
  return {
    async *list(query = {}, signal) {
      for await (const each of pages(http, all, { query: toQuery(query), signal })) {
        yield toMember(each)
      }
    },
    async setRole(userId, role, signal) {
      if ((role as RoleCode) === 'OW') throw new TypeError('Owner is never assigned.')
      const body = { user_id: userId, role }
      return toMember(await http.request({ method: 'PATCH', path: all, body, signal }))
    },
    async remove(userId, signal) {
      const path = apiPath`/api/organizations/${organization}/memberships/${userId}/`
      const done = http.request({ method: 'DELETE', path, signal }).then(() => true)
      return (await orUndefined(done)) ?? false
    },
  }
}

function toQuery({ search, isDeleted, roles }: MemberQuery): Query {
  return { search, is_deleted: isDeleted, role: roles?.join(',') }
}

function toMember(value: unknown): OrganizationMember {
  const record = readRecord(value, 'organization member')
  const user = toUser(record['user'], 'organization member')
  readId(record, 'id', 'organization member')
  return {
    userId: user.id,
    user,
    role: toRoleCode(record['role']),
    roleSource: textOf(record, 'role_source') || undefined,
    userType: textOf(record, 'user_type') || undefined,
  }
}
