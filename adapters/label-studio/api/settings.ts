import { isObject } from '../../../lib/adapter/index.js'
import { isLabelStudioError } from './errors.js'
import type { HttpClient } from './http/client.js'
import { apiPath } from './http/path.js'
import { booleanOf, type JsonRecord, numberOf, readRecord, readString } from './read.js'

/** Seats and flags of the subscription (Enterprise only). */
export interface Billing {
  /** Absent if Label Studio does not say. */
  seats: { count: number; limit: number | undefined; reached: boolean } | undefined
  flags: ManualFlags
}

/**
 * Whether access may be changed by hand and through the API. If one is `false`, only SAML, LDAP and
 * Label Studio's own SCIM may change it, and our calls are refused. `undefined`: unknown; the
 * default is `true`.
 */
export interface ManualFlags {
  manualRoleManagement: boolean | undefined
  manualWorkspaceManagement: boolean | undefined
}

/** Mapping of Label Studio Enterprise's own SCIM or SAML, as stored there. */
export interface NativeMapping {
  roles_groups: unknown[]
  workspaces_groups: unknown[]
  projects_groups: unknown[]
  /** Seat types, which Enterprise has since 2.37. */
  user_type_groups: unknown[]
}

/** What matters of the settings of Label Studio's own SAML. */
export interface SamlSettings {
  readonly mapping: NativeMapping
  /** Its own `manual_role_management`, which the flag yields to if it is set. */
  readonly manualRoles: boolean | undefined
}

/** Calls about settings of the whole organization. */
export interface OrganizationSettingsApi {
  /** `undefined` in Community. */
  billing(signal?: AbortSignal): Promise<Billing | undefined>
  /** Mapping of Label Studio's own SCIM; `undefined` in Community. */
  scimMapping(signal?: AbortSignal): Promise<NativeMapping | undefined>
  /** Settings of Label Studio's own SAML; `undefined` in Community. */
  saml(signal?: AbortSignal): Promise<SamlSettings | undefined>
  /**
   * The token of the organization's invite link. Anybody who has it can sign up, so treat it as a
   * secret.
   */
  inviteToken(signal?: AbortSignal): Promise<string>
  /** Replaces the invite link, so that the old one no longer works. Returns the new token. */
  resetInvite(signal?: AbortSignal): Promise<string>
  /**
   * Which kinds of token the organization accepts; `undefined` in versions before personal access
   * tokens.
   */
  tokenSettings(signal?: AbortSignal): Promise<TokenSettings | undefined>
}

/** Kinds of token that work in the organization. */
export interface TokenSettings {
  personalAccessTokens: boolean
  legacyTokens: boolean
}

/** Makes these calls over `http`. */
export function organizationSettingsApi(http: HttpClient): OrganizationSettingsApi {
  const read = (path: ReturnType<typeof apiPath>, signal?: AbortSignal) =>
    unlessAbsent(http.request({ method: 'GET', path, signal }))
  return {
    async billing(signal) {
      const answer = await read(apiPath`/api/billing/info`, signal)
      return answer === undefined ? undefined : toBilling(readRecord(answer, 'billing'))
    },
    async scimMapping(signal) {
      const answer = await read(apiPath`/api/scim/settings`, signal)
      return answer === undefined ? undefined : toMapping(readRecord(answer, 'SCIM settings'))
    },
    async saml(signal) {
      const answer = await read(apiPath`/api/saml/settings`, signal)
      if (answer === undefined) return undefined
      const body = readRecord(answer, 'SAML settings')
      return { mapping: toMapping(body), manualRoles: booleanOf(body, 'manual_role_management') }
    },
    async inviteToken(signal) {
      const answer = await http.request({ method: 'GET', path: apiPath`/api/invite`, signal })
      return readString(readRecord(answer, 'invite'), 'token', 'invite')
    },
    async resetInvite(signal) {
      const path = apiPath`/api/invite/reset-token`
      const request = { method: 'POST', path, body: {}, repeatable: true, signal } as const
      return readString(readRecord(await http.request(request), 'invite'), 'token', 'invite')
    },
    async tokenSettings(signal) {
      const answer = await read(apiPath`/api/jwt/settings`, signal)
      return answer === undefined
        ? undefined
        : toTokenSettings(readRecord(answer, 'token settings'))
    },
  }
}

async function unlessAbsent(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (isLabelStudioError(error, 'featureAbsent')) return undefined
    throw error
  }
}

function toBilling(body: JsonRecord): Billing {
  const checks = isObject(body['billing_checks']) ? body['billing_checks'] : {}
  const flags = isObject(body['billing_flags']) ? body['billing_flags'] : {}
  const users = isObject(checks['users']) ? checks['users'] : undefined
  return {
    seats: users && toSeats(users),
    flags: {
      manualRoleManagement: booleanOf(flags, 'manual_role_management'),
      manualWorkspaceManagement: booleanOf(flags, 'manual_workspace_management'),
    },
  }
}

/** The reference has a number for every limit, so one that nobody can have reached means none. */
function toSeats(users: JsonRecord): NonNullable<Billing['seats']> {
  const limit = numberOf(users, 'limit')
  const reached = booleanOf(users, 'reached') ?? false
  const isNone = limit !== undefined && limit <= 0 && !reached
  return { count: numberOf(users, 'count') ?? 0, limit: isNone ? undefined : limit, reached }
}

function toMapping(body: JsonRecord): NativeMapping {
  const list = (name: string) => (Array.isArray(body[name]) ? body[name] : [])
  return {
    roles_groups: list('roles_groups'),
    workspaces_groups: list('workspaces_groups'),
    projects_groups: list('projects_groups'),
    user_type_groups: list('user_type_groups'),
  }
}

function toTokenSettings(body: JsonRecord): TokenSettings {
  return {
    personalAccessTokens: booleanOf(body, 'api_tokens_enabled') ?? false,
    legacyTokens: booleanOf(body, 'legacy_api_tokens_enabled') ?? true,
  }
}
