import type { Finding } from '../../../lib/adapter/index.js'
import {
  isLabelStudioError,
  type LabelStudioAdmin,
  type LabelStudioApi,
  type LabelStudioVersion,
  type NativeMapping,
  type Whoami,
} from '../api/index.js'
import type { CommunityDeprovisioning, LabelStudioSettings } from '../options.js'

/** The input of an examination. */
export interface DiagnosticInput {
  readonly api: LabelStudioApi
  readonly admin: LabelStudioAdmin | undefined
  readonly settings: Pick<LabelStudioSettings, 'deprovisioning' | 'firstSignIn'>
}

const ok = (code: string, message: string): Finding => ({ level: 'ok', code, message })
const warning = (code: string, message: string): Finding => ({ level: 'warning', code, message })
const error = (code: string, message: string): Finding => ({ level: 'error', code, message })

/** The effect of each way to end access in Community, and the data it loses. */
export const deprovisioningEffects: Readonly<Record<CommunityDeprovisioning, string>> = {
  admin:
    'Deprovisioned people are deactivated in Label Studio itself (sessions, tokens, ' +
    'sign-in) and refused by the gate. Reversible; nothing is lost.',
  gate:
    'Deprovisioned people are refused by the gate only: ' +
    'whoever reaches Label Studio without the proxy still gets in. Reversible; ' +
    'nothing is lost.',
  'soft-delete':
    'Deprovisioned people lose their organization membership and are refused by the gate. ' +
    'Label Studio shows them as deleted, and its API cannot bring them back.',
  'hard-delete':
    'Deactivated people are refused by the gate; ' +
    'a deleted person’s account is deleted for good, with uploads, drafts and tabs, and ' +
    'annotations lose their author.',
}

/** The release of Community with which everything was tested. */
const testedRelease = '1.23.2'

/** Warns about a release that was not tested, where endpoints may be others. */
function untested({ edition, release }: LabelStudioVersion): Finding[] {
  if (edition !== 'community' || release === testedRelease) return []
  return [
    warning(
      'release-not-tested',
      `This version was tested with Label Studio Community ${testedRelease}, not with ` +
        `${release || 'a release that does not tell its number'}. The section "Other releases of ` +
        'Community" of docs/label-studio.md says what is known of older ones.',
    ),
  ]
}

/**
 * Examines one Label Studio: whether the token, the flags and the edition allow what the options
 * need. Never throws.
 */
export async function examine(patient: DiagnosticInput, signal?: AbortSignal): Promise<Finding[]> {
  const version = await attempt(() => patient.api.version(signal))
  if ('failed' in version) return [tokenRefused(version.failed)]
  const found = [
    ok('reached', `Label Studio ${editionName(version.value)} ${version.value.release} answers.`),
    ...untested(version.value),
  ]
  const me = await attempt(() => patient.api.whoami(signal))
  if ('failed' in me) return [...found, tokenRefused(me.failed)]
  found.push(await ownership(patient, me.value, signal))
  const rest =
    version.value.edition === 'community'
      ? await examineCommunity(patient, me.value, signal)
      : await examineEnterprise(patient, signal)
  return [...found, ...rest]
}

async function ownership(
  { api }: DiagnosticInput,
  me: Whoami,
  signal?: AbortSignal,
): Promise<Finding> {
  const owner = await attempt(() => api.isOwner(me, signal))
  if ('failed' in owner) {
    return warning('owner-unknown', 'It could not be determined whether the token is the owner’s.')
  }
  return owner.value
    ? ok('token-of-owner', 'The token works and is the owner’s.')
    : error(
        'token-not-owner',
        'The token works but is not the owner’s. Sign in as the owner, create a token ' +
          'under "Account & Settings", and use that.',
      )
}

/** Warns about legacy tokens, which never expire. */
async function legacyTokens({ settings }: LabelStudioApi, signal?: AbortSignal) {
  const tokens = await attempt(() => settings.tokenSettings(signal))
  if (!('value' in tokens) || !tokens.value?.legacyTokens) return []
  return [
    warning(
      'legacy-tokens',
      'Legacy tokens are on: they never expire. Use a personal access token for this ' +
        'adapter, then switch legacy tokens off under "Organization".',
    ),
  ]
}

/**
 * Warns about open sign-up: the gate refuses sign-up without a personal link, but Label Studio
 * itself does so only if configured.
 */
async function signUp(api: LabelStudioApi, signal?: AbortSignal): Promise<Finding[]> {
  const isOpen = await attempt(() => api.isSignUpOpen(signal))
  if (!('value' in isOpen) || isOpen.value === undefined) return []
  return isOpen.value
    ? [
        warning(
          'sign-up-open',
          'Anybody who can reach Label Studio without the proxy can sign up without a link, ' +
            'and becomes a member of the organization. ' +
            'Set LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK=true in Label Studio.',
        ),
      ]
    : [ok('sign-up-closed', 'Nobody signs up in Label Studio without its invite link.')]
}

async function examineCommunity(
  { api, admin, settings }: DiagnosticInput,
  me: Whoami,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const effect = deprovisioningEffects[settings.deprovisioning]
  const found = [
    settings.deprovisioning === 'admin'
      ? ok('deprovisioning', effect)
      : warning('deprovisioning', effect),
    warning(
      'roles-not-enforceable',
      'Community has no roles, workspaces or project members: ' +
        'rules that give them are recorded, and in force only behind a gate with a policy. ' +
        '"serve" has one; your own app sets "enforce" of accessGate.',
    ),
    ok('first-sign-in', firstSignInText[settings.firstSignIn]),
    ...(await legacyTokens(api, signal)),
    ...(await signUp(api, signal)),
  ]
  if (!admin) {
    const without =
      'Without the owner’s e-mail address and password, people cannot be deactivated or ' +
      'renamed in Community, nor get passwords.'
    return [...found, warning('no-owner-sign-in', without)]
  }
  const seen = await attempt(() => admin.get(me.id, signal))
  return [...found, adminFinding(seen)]
}

const firstSignInText = {
  password:
    'New people get an account at once, with the password that the identity provider sends. If ' +
    'it sends none, they cannot sign in: then set firstSignIn to "invite" ' +
    '(LABEL_STUDIO_FIRST_SIGN_IN).',
  invite:
    'New people sign up with a link of their own, which their page in the settings shows; ' +
    'the gate lets nobody else sign up.',
}

function adminFinding(seen: Attempt<{ isSuperuser: boolean } | undefined>): Finding {
  if ('failed' in seen) {
    return error(
      'owner-sign-in-failed',
      `The owner’s sign-in does not work: ${sentence(seen.failed)} Check the owner’s ` +
        'e-mail address and password.',
    )
  }
  return seen.value?.isSuperuser
    ? ok('owner-sign-in', 'The owner’s sign-in works in the admin.')
    : error('owner-not-superuser', 'The sign-in given for the owner is not a superuser’s.')
}

async function examineEnterprise(
  { api }: DiagnosticInput,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const billing = await attempt(() => api.settings.billing(signal))
  const flags = 'value' in billing ? billing.value?.flags : undefined
  const seats = 'value' in billing ? billing.value?.seats : undefined
  // If these cannot be read, there is nothing to warn of.
  const scim = await api.settings.scimMapping(signal).catch(() => undefined)
  const saml = await api.settings.saml(signal).catch(() => undefined)
  return [
    flagFinding('MANUAL_ROLE_MANAGEMENT', flags?.manualRoleManagement, 'organization roles'),
    flagFinding('MANUAL_WORKSPACE_MANAGEMENT', flags?.manualWorkspaceManagement, 'workspaces'),
    ...('failed' in billing
      ? [warning('billing-unknown', 'Seats and MANUAL_* flags could not be read.')]
      : []),
    ...(seats?.reached
      ? [warning('no-seat', `All seats are taken (${seats.count}): nobody can be activated.`)]
      : []),
    ...(saml?.manualRoles === false ? [rolesLeftToSaml] : []),
    ...nativeFinding('SCIM', scim),
    ...nativeFinding('SAML', saml?.mapping),
  ]
}

const rolesLeftToSaml = error(
  'saml-manual-roles',
  'The SAML settings of Label Studio (manual_role_management) keep the API from changing ' +
    'organization roles, whatever MANUAL_ROLE_MANAGEMENT is. Switch it on there.',
)

function flagFinding(flag: string, value: boolean | undefined, what: string): Finding {
  const code = flag.toLowerCase().replaceAll('_', '-')
  return value === false
    ? error(
        code,
        `${flag}=0 keeps the API from changing ${what}, so nothing of it can be ` +
          `provisioned. Set ${flag}=1 in Label Studio.`,
      )
    : ok(code, `${flag} lets the API change ${what}.`)
}

function nativeFinding(name: 'SCIM' | 'SAML', mapping: NativeMapping | undefined): Finding[] {
  const lists = Object.values(mapping ?? {})
  const rules = lists.reduce((sum, list) => sum + list.length, 0)
  if (rules === 0) return []
  const advice =
    name === 'SCIM'
      ? 'Copy them with "npx label-studio-scim import-settings" and empty them there.'
      : 'Empty them there, or leave roles to SAML.'
  return [
    warning(
      `native-${name.toLowerCase()}`,
      `Label Studio’s own ${name} has ${rules} mapping rules: ` +
        `two systems change the same people. ${advice}`,
    ),
  ]
}

type Attempt<T> = { readonly value: T } | { readonly failed: unknown }

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() }
  } catch (failed) {
    return { failed }
  }
}

function unreachable(failed: unknown): Finding {
  return error(
    'unreachable',
    `Label Studio does not answer: ${sentence(failed)} Check LABEL_STUDIO_URL and that it ` +
      'is running.',
  )
}

function tokenRefused(failed: unknown): Finding {
  if (!isLabelStudioError(failed, 'unauthorized')) return unreachable(failed)
  return error(
    'token-refused',
    'Label Studio does not accept the token. Create one as the owner under "Account & ' +
      'Settings"; if it is a legacy token, enable those for the organization.',
  )
}

function sentence(failed: unknown): string {
  return isLabelStudioError(failed) ? failed.message : 'an unexpected failure.'
}

function editionName({ edition }: LabelStudioVersion): string {
  return edition === 'community' ? 'Community' : 'Enterprise'
}
