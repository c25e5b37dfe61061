import type {
  AccessAdapters,
  Finding,
  HostAccount,
  Scope,
  WorkspaceStore,
} from '../../lib/adapter/index.js'
import { precheck } from './accounts/precheck.js'
import { collect } from './api/collect.js'
import { connectionOf, isLabelStudioError, labelStudioAdmin, labelStudioApi } from './api/index.js'
import { examine } from './command/doctor.js'
import { type CredentialWatch, credentialWatch } from './credentials.js'
import { editionOf } from './editions/edition-of.js'
import { usable } from './editions/enterprise/workspace-grants.js'
import { inviteReset } from './editions/invite-reset.js'
import { translated } from './failures.js'
import { gatePolicyOf } from './gate/gate-policy.js'
import { foreignAccounts } from './import/foreign-accounts.js'
import { type Importer, importerOf } from './import/import.js'
import { installationSource } from './installation.js'
import { type LabelStudioAdaptersOptions, labelStudioSettings } from './options.js'
import { labelStudioTarget } from './target.js'
import type { TargetParts } from './target-parts.js'
import { labelStudioUsers } from './users.js'

const findingsFreshMs = 5_000

/** Adapters whose target is Label Studio. */
export interface LabelStudioAdapters extends AccessAdapters {
  /**
   * Checks whether the token, the flags and the edition allow what the options need. Results are
   * reused for five seconds, so that a status page can be loaded often.
   */
  examine(signal?: AbortSignal): Promise<readonly Finding[]>
  /**
   * Accounts that the identity provider does not know, or that share an address in different
   * spellings, for `settingsRouter`.
   */
  accounts(scope: Scope): Promise<readonly HostAccount[]>
  /** The organization's projects, for `settingsRouter`. */
  projects(scope: Pick<Scope, 'signal'>): Promise<readonly { id: number; title: string }[]>
  /**
   * Titles of the workspaces that can have members, for `settingsRouter`; in Community, of those in
   * `workspaceStore`.
   */
  workspaces(scope: Scope): Promise<readonly string[]>
  /** Imports people who exist in Label Studio into SCIM, and finds drift. */
  readonly importer: Importer
}

/**
 * Adapters that keep SCIM state in `storage` and take effect in Label Studio, Community or
 * Enterprise; the edition is detected.
 *
 * This function makes no request, so a host can start while Label Studio is down. Call `examine`
 * for findings to print, and `importer.start()` for the background import.
 *
 * @throws ConfigurationError when an option cannot work
 */
export function labelStudioAdapters(options: LabelStudioAdaptersOptions): LabelStudioAdapters {
  const settings = labelStudioSettings(options)
  const { owner, token } = options
  const connection = connectionOf(options)
  const watch = credentialWatch()
  const api = labelStudioApi({ ...connection, token }, (call) => watch.observe('token', call))
  const admin =
    owner && labelStudioAdmin({ ...connection, ...owner }, (call) => watch.observe('owner', call))
  const { tenant, storage } = settings
  const { access } = storage
  const installation = installationSource({ api, access, tenant, clock: options.clock })
  watch.onRefusal(installation.askAgain)
  const invite = inviteReset({ ...api, access, tenant })
  const parts = { api, admin, installation, invite, settings }
  const edition = editionOf(parts)
  const target = labelStudioTarget(parts, edition)
  const workspaceStore = communityWorkspaces(parts)
  const kept = { ...settings.storage, ...(workspaceStore && { workspaceStore }) }
  return {
    ...kept,
    users: labelStudioUsers(settings, target, precheck(parts, edition)),
    gate: gatePolicyOf(parts, options.token),
    examine: examiner(parts, watch),
    importer: importerOf(parts),
    accounts: (scope) => translated(foreignAccounts(parts, scope)),
    projects: ({ signal }) => translated(collect(api.projects.list(signal))),
    workspaces: (scope) => translated(titlesOf(parts, scope)),
  }
}

/** Findings, until when they are reused, and the state of the credentials at that time. */
interface KnownFindings {
  readonly until: number
  readonly findings: readonly Finding[]
  readonly state: string
}

/** Reuses findings, but never reports a credential as working after a call with it was refused. */
function examiner(parts: TargetParts, watch: CredentialWatch): LabelStudioAdapters['examine'] {
  let known: KnownFindings | undefined
  return async (signal) => {
    const isFresh = known && performance.now() < known.until && known.state === watch.state()
    if (known && isFresh) return known.findings
    const findings = await examine(parts, signal)
    known = { until: performance.now() + findingsFreshMs, findings, state: watch.state() }
    return findings
  }
}

/** The storage's workspaces, which are used in Community only. */
function communityWorkspaces({
  installation,
  settings: { storage },
}: TargetParts): WorkspaceStore | undefined {
  const { workspaceStore } = storage
  if (!workspaceStore) return undefined
  const isUsed = async (scope: Scope) =>
    (await installation.remembered(scope)).edition === 'community'
  return { ...workspaceStore, isUsed }
}

async function titlesOf(
  { api, settings: { storage } }: TargetParts,
  scope: Parameters<LabelStudioAdapters['workspaces']>[0],
): Promise<readonly string[]> {
  try {
    return usable(await api.workspaces.list(scope.signal)).map(({ title }) => title)
  } catch (error) {
    if (!isLabelStudioError(error, 'featureAbsent')) throw error
    return ((await storage.workspaceStore?.list(scope)) ?? []).map(({ title }) => title)
  }
}
