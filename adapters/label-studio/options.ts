import createDebug from 'debug'
import {
  type AccessAdapters,
  type Adapters,
  type AuditEntry,
  ConfigurationError,
  callback,
  createEmitter,
  custom,
  flag,
  nested,
  oneOf,
  optionTable,
  readOptions,
  text,
} from '../../lib/adapter/index.js'
import { connectionRows, type LabelStudioApiOptions } from './api/index.js'

/**
 * How access ends in Community, in addition to the access gate, which always refuses people.
 *
 * - `admin`: the account is deactivated through the Django admin; real, immediate, reversible.
 *   Needs `owner`.
 * - `gate`: Label Studio is not changed; only the gate refuses. Fully reversible.
 * - `soft-delete`: the organization membership is removed. Cannot be undone through Label Studio's
 *   API.
 * - `hard-delete`: like `gate`, but a DELETE by the IdP deletes the account, with uploads, drafts
 *   and tabs; annotations lose their author.
 */
export type CommunityDeprovisioning = 'admin' | 'gate' | 'soft-delete' | 'hard-delete'

/** Options of `labelStudioAdapters`. */
export interface LabelStudioAdaptersOptions extends LabelStudioApiOptions {
  /**
   * Adapters that store the SCIM state, e.g. `await sqlAdapters({ url: 'sqlite:scim.db' })`, given
   * without a target.
   */
  readonly storage: Adapters
  /**
   * The tenant that this Label Studio belongs to. Default `default`, which is the tenant of tokens
   * that name none. Requests of other tenants that would change a person are refused with 403,
   * a reconciler leaves their pending work alone, and a gate for another tenant is refused.
   */
  readonly tenant?: string
  /**
   * The owner's sign-in. Community only: deactivates, renames and sets passwords through its admin.
   */
  readonly owner?: { readonly email: string; readonly password: string }
  /** Community only. Default: `admin` with `owner`, else `gate`. */
  readonly deprovisioning?: CommunityDeprovisioning
  /**
   * Community only: how people come in for the first time. `password`: the account is created at
   * once with the `password` that SCIM sends (default with `owner`). `invite`: each person signs up
   * with a personal link (`createInvitation`), and the gate accepts no other (default without
   * `owner`).
   */
  readonly firstSignIn?: 'password' | 'invite'
  /**
   * Which existing accounts in Label Studio SCIM may take over: `all` of the organization
   * (default), `none`, or those whose address is in one of these domains. Owners are never taken
   * over.
   */
  readonly adopt?: 'all' | 'none' | readonly string[]
  /**
   * `required`: the import and adoption wait while the audit log cannot be written, and an account
   * is linked only after its entry is stored. Give the same as to `scimRouter`. Default
   * `bestEffort`.
   */
  readonly audit?: 'required' | 'bestEffort'
  /**
   * Called with each event of the import and of adoption, after its change is durable. Its errors
   * are only logged.
   */
  readonly onEvent?: (event: AuditEntry) => unknown
  /** Enterprise only: create missing workspaces that a rule names. Default `false`. */
  readonly createWorkspaces?: boolean
}

const debug = createDebug('label-studio-scim:label-studio')
const code = 'ERR_SCIM_LABEL_STUDIO_OPTION'
const isDomain = (value: unknown) => typeof value === 'string' && /^[^@\s]+\.[^@\s]+$/.test(value)

/** The options of `labelStudioAdapters`. */
export const labelStudioTable = optionTable<LabelStudioAdaptersOptions>()(
  'labelStudioAdapters',
  code,
  {
    ...connectionRows,
    token: { type: text('a token of the owner of the organization'), required: true, secret: true },
    storage: {
      type: custom<Adapters>(
        'adapters that keep access, e.g. await sqlAdapters({ url: "sqlite:scim.db" })',
        (value) => Boolean((value as Partial<Adapters> | null)?.access),
      ),
      required: true,
      secret: true,
    },
    owner: {
      type: nested<NonNullable<LabelStudioAdaptersOptions['owner']>>({
        email: { type: text(), required: true },
        password: { type: text(), required: true, secret: true },
      }),
      shown: 'none',
    },
    tenant: { type: text(), default: 'default' },
    deprovisioning: {
      type: oneOf('admin', 'gate', 'soft-delete', 'hard-delete'),
      shown: '`"admin"` with `owner`, else `"gate"`',
    },
    firstSignIn: {
      type: oneOf('password', 'invite'),
      shown: '`"password"` with `owner`, else `"invite"`',
    },
    adopt: {
      type: custom<'all' | 'none' | readonly string[]>(
        '"all", "none" or a list of e-mail domains such as "example.com"',
        (value) =>
          value === 'all' || value === 'none' || (Array.isArray(value) && value.every(isDomain)),
      ),
      default: 'all',
    },
    audit: { type: oneOf('required', 'bestEffort'), default: 'bestEffort' },
    onEvent: {
      type: callback<NonNullable<LabelStudioAdaptersOptions['onEvent']>>(),
      shown: 'none',
    },
    createWorkspaces: { type: flag, default: false },
  },
)

/** Options with every default filled in. */
export interface LabelStudioSettings {
  readonly storage: AccessAdapters
  readonly tenant: string
  readonly maxConcurrent: number
  readonly deprovisioning: CommunityDeprovisioning
  readonly firstSignIn: 'password' | 'invite'
  readonly adopt: 'all' | 'none' | readonly string[]
  readonly createWorkspaces: boolean
  readonly audit: 'required' | 'bestEffort'
  /** Never throws. */
  readonly emit: (event: AuditEntry) => void
}

/**
 * Complete options from what a host gave.
 *
 * @throws ConfigurationError `ERR_SCIM_LABEL_STUDIO_OPTION` naming the option and the fix
 */
export function labelStudioSettings(given: LabelStudioAdaptersOptions): LabelStudioSettings {
  const { storage, owner, tenant, adopt, createWorkspaces, audit, onEvent, ...options } =
    readOptions(labelStudioTable, given)
  const deprovisioning = options.deprovisioning ?? (owner ? 'admin' : 'gate')
  const firstSignIn = options.firstSignIn ?? (owner ? 'password' : 'invite')
  if (!owner && deprovisioning === 'admin') throw needsOwner('deprovisioning: admin')
  if (!owner && firstSignIn === 'password') throw needsOwner('firstSignIn: password')
  return {
    storage: storage as AccessAdapters,
    tenant,
    maxConcurrent: options.maxConcurrent,
    deprovisioning,
    firstSignIn,
    adopt: typeof adopt === 'string' ? adopt : adopt.map((domain) => domain.toLowerCase()),
    createWorkspaces,
    audit,
    emit: emitterOf(onEvent),
  }
}

function emitterOf(onEvent: LabelStudioAdaptersOptions['onEvent']): LabelStudioSettings['emit'] {
  const { emit, on } = createEmitter((error) => debug('onEvent threw: %O', error))
  if (onEvent) on(onEvent)
  return emit
}

function needsOwner(setting: string): ConfigurationError {
  return new ConfigurationError(
    code,
    `labelStudioAdapters: option "${setting}" needs "owner", the e-mail address and ` +
      'password of the owner.',
  )
}
