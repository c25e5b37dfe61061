import { UnavailableError } from '../../../../lib/adapter/index.js'
import { isLabelStudioError, type LabelStudioApi } from '../../api/index.js'

/**
 * The things that a MANUAL_* flag of Enterprise can reserve for SAML, LDAP and Label Studio's own
 * SCIM.
 */
export type Managed = 'role' | 'workspace' | 'project'

const flags = {
  role: { name: 'MANUAL_ROLE_MANAGEMENT', what: 'organization roles' },
  workspace: { name: 'MANUAL_WORKSPACE_MANAGEMENT', what: 'workspaces' },
  project: { name: 'MANUAL_PROJECT_MEMBER_MANAGEMENT', what: 'members of projects' },
} as const satisfies Record<Managed, unknown>

const untilSomebodyActs = 300

/**
 * Runs `work` and explains a refusal by Label Studio, because of a flag or missing rights. The
 * status of such a refusal is not documented, so 400 also counts if the flag is off or cannot be
 * read.
 */
export async function explained<T>(
  api: LabelStudioApi,
  managed: Managed,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isLabelStudioError(error, 'forbidden', 'invalid')) throw error
    const { isAllowed, bySaml } = await flagOf(api, managed)
    if (isAllowed === true || (isAllowed === undefined && error.kind === 'invalid')) throw error
    throw new UnavailableError(bySaml ? samlSentence : sentence(managed, isAllowed), {
      retryAfterSeconds: untilSomebodyActs,
      cause: error,
    })
  }
}

interface Flag {
  /** `undefined` if Label Studio does not say, as for project members. */
  readonly isAllowed: boolean | undefined
  /** The settings of SAML say so, whatever the flag says. */
  readonly bySaml?: boolean
}

async function flagOf({ settings }: LabelStudioApi, managed: Managed): Promise<Flag> {
  if (managed === 'role') {
    const saml = await settings.saml().catch(() => undefined)
    if (saml?.manualRoles === false) return { isAllowed: false, bySaml: true }
  }
  const told = (await settings.billing().catch(() => undefined))?.flags
  if (managed === 'role') return { isAllowed: told?.manualRoleManagement }
  return { isAllowed: managed === 'workspace' ? told?.manualWorkspaceManagement : undefined }
}

const samlSentence =
  'The SAML settings of Label Studio (manual_role_management) keep the API from changing ' +
  'organization roles. Switch manual role management on there.'

function sentence(managed: Managed, isAllowed: false | undefined): string {
  const { name, what } = flags[managed]
  return isAllowed === false
    ? `${name}=0 keeps the API from changing ${what}. Set ${name}=1 in Label Studio.`
    : `Label Studio does not let the account of the adapter change ${what}. ` +
        `It must be the owner’s, and ${name} must not be 0.`
}
