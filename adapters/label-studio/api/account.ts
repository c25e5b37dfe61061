import { isObject } from '../../../lib/adapter/index.js'
import { isLabelStudioError } from './errors.js'
import type { HttpClient } from './http/client.js'
import { apiPath } from './http/path.js'
import { booleanOf, type JsonRecord, numberOf, readId, readRecord, textOf } from './read.js'
import { type RoleCode, toRoleCode } from './roles.js'
import { type LabelStudioUser, toUser } from './users.js'

/** The account a token or a session belongs to. */
export interface Whoami extends LabelStudioUser {
  /** E-mail of the organization's owner; '' when there is no organization. */
  organizationOwnerEmail: string
  organizationTitle: string
  /** Enterprise only. */
  role: RoleCode | undefined
}

/** Reads the account that the client's token belongs to. */
export async function whoami(http: HttpClient, signal?: AbortSignal): Promise<Whoami> {
  return toWhoami(
    await http.request({ method: 'GET', path: apiPath`/api/current-user/whoami`, signal }),
  )
}

/** Reads an answer of `/api/current-user/whoami`. */
export function toWhoami(answer: unknown): Whoami {
  const body = readRecord(answer, 'whoami')
  const meta = isObject(body['active_organization_meta']) ? body['active_organization_meta'] : {}
  const user = toUser(body, 'whoami')
  return {
    ...user,
    organizationOwnerEmail: textOf(meta, 'email'),
    organizationTitle: textOf(meta, 'title'),
    role: roleIn(body, user.activeOrganization),
  }
}

/**
 * Whether `account` owns its organization. In Enterprise the role tells. Community has no roles:
 * the owner is the creator of the organization, which takes a second request.
 */
export async function isOwner(
  http: HttpClient,
  account: Whoami,
  signal?: AbortSignal,
): Promise<boolean> {
  if (account.role !== undefined) return account.role === 'OW'
  if (account.activeOrganization === undefined) return false
  const createdBy = await organizationCreator(http, account.activeOrganization, signal)
  return createdBy === account.id
}

async function organizationCreator(
  http: HttpClient,
  organization: number,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  try {
    const path = apiPath`/api/organizations/${organization}`
    const body = readRecord(await http.request({ method: 'GET', path, signal }), 'organization')
    return numberOf(body, 'created_by')
  } catch (error) {
    if (isLabelStudioError(error, 'notFound', 'forbidden')) return undefined
    throw error
  }
}

function roleIn(body: JsonRecord, organization: number | undefined): RoleCode | undefined {
  const active = body['organization_membership']
  if (isObject(active)) return toRoleCode(active['role'])
  const all = Array.isArray(body['org_membership']) ? body['org_membership'].filter(isObject) : []
  const own = all.find((each) => numberOf(each, 'organization_id') === organization)
  return toRoleCode(own?.['role'])
}

/** An organization as its members see it. */
export interface Organization {
  id: number
  title: string
  /** Enterprise: the role of new members. */
  defaultRole: RoleCode | undefined
  /** Enterprise: whether roles may be set by hand and through the API; `undefined` if unknown. */
  manualRoleManagement: boolean | undefined
  manualWorkspaceManagement: boolean | undefined
}

/** Reads one organization. */
export async function getOrganization(
  http: HttpClient,
  id: number,
  signal?: AbortSignal,
): Promise<Organization> {
  const path = apiPath`/api/organizations/${id}`
  const body = readRecord(await http.request({ method: 'GET', path, signal }), 'organization')
  const billing = isObject(body['billing']) ? body['billing'] : {}
  return {
    id: readId(body, 'id', 'organization'),
    title: textOf(body, 'title'),
    defaultRole: toRoleCode(body['default_role']),
    manualRoleManagement: booleanOf(billing, 'manual_role_management'),
    manualWorkspaceManagement: booleanOf(billing, 'manual_workspace_management'),
  }
}
