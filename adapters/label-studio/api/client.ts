import { getOrganization, isOwner, type Organization, type Whoami, whoami } from './account.js'
import { type CallObserver, type HttpClient, httpClient } from './http/client.js'
import { type MembersApi, membersApi } from './members.js'
import { apiSettings, type LabelStudioApiOptions } from './options.js'
import { revokePersonalTokens } from './personal-tokens.js'
import { type ProjectsApi, projectsApi } from './projects.js'
import { type OrganizationSettingsApi, organizationSettingsApi } from './settings.js'
import { isSignUpOpen } from './sign-up.js'
import { type UsersApi, usersApi } from './users.js'
import { getVersion, isHealthy, type LabelStudioVersion } from './version.js'
import { type WorkspacesApi, workspacesApi } from './workspaces.js'

/**
 * Label Studio's REST API, used as one account. Every call may throw `LabelStudioError`, or the
 * reason of the signal that aborted it.
 */
export interface LabelStudioApi {
  /** Edition and release; needs no valid token. */
  version(signal?: AbortSignal): Promise<LabelStudioVersion>
  isHealthy(signal?: AbortSignal): Promise<boolean>
  /** The token's account. */
  whoami(signal?: AbortSignal): Promise<Whoami>
  isOwner(account: Whoami, signal?: AbortSignal): Promise<boolean>
  organization(id: number, signal?: AbortSignal): Promise<Organization>
  /** Members of one organization. */
  members(organization: number): MembersApi
  users: UsersApi
  workspaces: WorkspacesApi
  projects: ProjectsApi
  settings: OrganizationSettingsApi
  /**
   * Revokes every personal access token of another account, of which the legacy token is given.
   * Label Studio lets nobody else see them.
   *
   * @throws LabelStudioError `unexpected` if Label Studio refuses, e.g. for a deactivated account
   */
  revokePersonalTokens(legacyToken: string, signal?: AbortSignal): Promise<void>
  /** Whether anybody can sign up without a link; `undefined` if unknown. */
  isSignUpOpen(signal?: AbortSignal): Promise<boolean | undefined>
  /** For calls without a function here. */
  http: HttpClient
}

/**
 * Makes a client of Label Studio's REST API (Community and Enterprise).
 *
 * It keeps no cookies and follows no redirects. Error messages contain neither the token nor Label
 * Studio's text.
 *
 * @param observe called with the outcome of each call
 * @throws ConfigurationError when an option cannot work
 */
export function labelStudioApi(
  options: LabelStudioApiOptions,
  observe?: CallObserver,
): LabelStudioApi {
  const connection = apiSettings(options)
  const http = httpClient(connection, observe)
  return {
    version: (signal) => getVersion(http, signal),
    isHealthy: (signal) => isHealthy(http, signal),
    whoami: (signal) => whoami(http, signal),
    isOwner: (account, signal) => isOwner(http, account, signal),
    organization: (id, signal) => getOrganization(http, id, signal),
    members: (organization) => membersApi(http, organization),
    users: usersApi(http),
    workspaces: workspacesApi(http),
    projects: projectsApi(http),
    settings: organizationSettingsApi(http),
    revokePersonalTokens: (token, signal) =>
      revokePersonalTokens(httpClient({ ...connection, token }), signal),
    isSignUpOpen: (signal) => isSignUpOpen(connection, signal),
    http,
  }
}

export type { Whoami } from './account.js'
export { type LabelStudioAdmin, labelStudioAdmin } from './admin/index.js'
export { normalizeEmail } from './email.js'
export { isLabelStudioError, type LabelStudioError, type LabelStudioErrorKind } from './errors.js'
export type { LabelStudioApiOptions, LabelStudioConnection } from './options.js'
export { type AssignableRoleCode, type ProjectRoleCode, type RoleCode, roleNames } from './roles.js'
export type { LabelStudioUser } from './users.js'
export type { Edition, LabelStudioVersion } from './version.js'
export type { Workspace } from './workspaces.js'
