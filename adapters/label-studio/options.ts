import type { AccessAdapters } from '../../lib/access/index.js'
import { ConfigurationError } from '../../lib/errors.js'
import type { Adapters } from '../../lib/stores/adapters.js'
import type { LabelStudioApiOptions } from './api/index.js'

/**
 * How access ends in Community, beside the access gate, which always shuts people out.
 *
 * - `admin`: the account is deactivated through the Django admin; real, immediate, reversible. Needs `owner`.
 * - `gate`: Label Studio is left alone; only the proxy refuses. Fully reversible.
 * - `soft-delete`: the organization membership is removed. Cannot be undone through Label Studio's API.
 * - `hard-delete`: as `gate`, and a DELETE by the IdP deletes the account, with uploads, drafts and tabs; annotations
 *   lose their author.
 */
export type CommunityDeprovisioning = 'admin' | 'gate' | 'soft-delete' | 'hard-delete'

/** Options of `labelStudioAdapters`. */
export interface LabelStudioAdaptersOptions extends LabelStudioApiOptions {
  /** Where SCIM state lives, e.g. `await sqlAdapters({ url: 'sqlite:scim.db' })`, given without a target. */
  readonly storage: Adapters
  /**
   * The tenant whose people this Label Studio has. Default `default`, which is the tenant of tokens that name none.
   * Requests of other tenants that would change a person are refused with 403.
   */
  readonly tenant?: string
  /** The owner's sign-in. Community only: deactivates, renames and sets passwords through its admin. */
  readonly owner?: { readonly email: string; readonly password: string }
  /** Community only. Default: `admin` with `owner`, else `gate`. */
  readonly deprovisioning?: CommunityDeprovisioning
  /**
   * Community only: how people come in for the first time. `password`: the account is made at once and gets the
   * `password` that SCIM sends (default with `owner`). `invite`: people sign up with a link that is made for
   * each of them (`createInvitation`), the only one that the gate lets through (default without).
   */
  readonly firstSignIn?: 'password' | 'invite'
  /**
   * Which accounts that exist in Label Studio already may be managed through SCIM: `all` of the organization (default),
   * `none`, or those whose address is in one of these domains. Owners never are.
   */
  readonly adopt?: 'all' | 'none' | readonly string[]
  /** Enterprise only: create a workspace that a rule names and that does not exist. Default `false`. */
  readonly createWorkspaces?: boolean
}

/** Options with every default filled in. */
export interface LabelStudioSettings {
  readonly storage: AccessAdapters
  readonly tenant: string
  readonly deprovisioning: CommunityDeprovisioning
  readonly firstSignIn: 'password' | 'invite'
  readonly adopt: 'all' | 'none' | readonly string[]
  readonly createWorkspaces: boolean
}

/**
 * Complete options from what a host gave.
 *
 * @throws ConfigurationError `ERR_SCIM_LABEL_STUDIO_OPTION` naming the option and the fix
 */
export function labelStudioSettings(given: LabelStudioAdaptersOptions): LabelStudioSettings {
  const { storage, owner } = given
  if (!storage?.access) {
    throw wrong(
      '"storage" must be adapters that keep access, e.g. await sqlAdapters({ url: "sqlite:scim.db" })',
    )
  }
  const deprovisioning = given.deprovisioning ?? (owner ? 'admin' : 'gate')
  if (!['admin', 'gate', 'soft-delete', 'hard-delete'].includes(deprovisioning)) {
    throw wrong('"deprovisioning" must be "admin", "gate", "soft-delete" or "hard-delete"')
  }
  if (deprovisioning === 'admin' && !owner) {
    throw wrong(
      '"deprovisioning: admin" needs "owner", the e-mail address and password of the owner',
    )
  }
  const firstSignIn = given.firstSignIn ?? (owner ? 'password' : 'invite')
  if (firstSignIn === 'password' && !owner) {
    throw wrong(
      '"firstSignIn: password" needs "owner", the e-mail address and password of the owner',
    )
  }
  const { tenant = 'default' } = given
  if (typeof tenant !== 'string' || tenant === '') {
    throw wrong('"tenant" must be a non-empty text')
  }
  return {
    storage: { ...storage, access: storage.access },
    tenant,
    deprovisioning,
    firstSignIn,
    adopt: readAdopt(given.adopt ?? 'all'),
    createWorkspaces: given.createWorkspaces ?? false,
  }
}

function readAdopt(adopt: 'all' | 'none' | readonly string[]): LabelStudioSettings['adopt'] {
  if (adopt === 'all' || adopt === 'none') return adopt
  const isDomain = (text: unknown) => typeof text === 'string' && /^[^@\s]+\.[^@\s]+$/.test(text)
  if (!Array.isArray(adopt) || !adopt.every(isDomain)) {
    throw wrong('"adopt" must be "all", "none" or a list of e-mail domains such as "example.com"')
  }
  return adopt.map((domain: string) => domain.toLowerCase())
}

function wrong(complaint: string): ConfigurationError {
  return new ConfigurationError('ERR_SCIM_LABEL_STUDIO_OPTION', `Option ${complaint}.`)
}
