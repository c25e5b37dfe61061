/** The parts of Label Studio's REST API, admin and sessions that the rest of the adapter uses. */
export type { Organization, Whoami } from './account.js'
export {
  type AdminUser,
  type AdminUserChange,
  type LabelStudioAdmin,
  type LabelStudioAdminOptions,
  labelStudioAdmin,
} from './admin/index.js'
export { type LabelStudioApi, labelStudioApi } from './client.js'
export { normalizeEmail } from './email.js'
export {
  isLabelStudioError,
  LabelStudioError,
  type LabelStudioErrorDetails,
  type LabelStudioErrorKind,
} from './errors.js'
export type { MemberQuery, MembersApi, OrganizationMember } from './members.js'
export {
  connectionOf,
  connectionRows,
  type LabelStudioApiOptions,
  type LabelStudioConnection,
} from './options.js'
export type { Project, ProjectMember, ProjectRole, ProjectsApi } from './projects.js'
export {
  type AssignableRoleCode,
  type ProjectRoleCode,
  type RoleCode,
  roleNames,
  toRoleCode,
} from './roles.js'
export {
  type IdentifyOptions,
  identifyLabelStudioUser,
  type LabelStudioIdentification,
  type LabelStudioIdentify,
  type LabelStudioIdentity,
  type RequestWithHeaders,
} from './sessions/identify.js'
export {
  type OwnerTokenOptions,
  type OwnerTokenVerdict,
  ownerTokenVerifier,
} from './sessions/owner.js'
export type {
  Billing,
  ManualFlags,
  NativeMapping,
  OrganizationSettingsApi,
  TokenSettings,
} from './settings.js'
export type { LabelStudioUser, NewUser, UserNames, UsersApi } from './users.js'
export type { Edition, LabelStudioVersion } from './version.js'
export type { Workspace, WorkspacesApi } from './workspaces.js'
