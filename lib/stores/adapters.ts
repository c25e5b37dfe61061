import type { MappingPolicy } from '../mapping/types.js'
import type { ResourceType } from '../schema/types.js'
import type { AccessStore } from './access-store.js'
import type { AuditStore } from './audit-store.js'
import type { Finding } from './finding.js'
import type { GatePolicy } from './gate-policy.js'
import type { GroupStore } from './group-store.js'
import type { RefusalStore } from './refusal-store.js'
import type { ResourceStore } from './resource-store.js'
import type { TokenStore } from './token-store.js'
import type { UserStore } from './user-store.js'
import type { WorkspaceStore } from './workspace-store.js'

/** The adapters of `scimRouter`: an object of stores. */
export interface Adapters {
  readonly users: UserStore
  readonly groups: GroupStore
  /**
   * Returns the store for a host's own resource type; called once per type when the router is
   * built.
   */
  resourceStore?(resourceType: ResourceType): ResourceStore
  /**
   * Mapping rules, ledger, pending work. Without it there is no group mapping and no reconciler.
   */
  readonly access?: AccessStore
  readonly audit?: AuditStore
  /** The mapping policy of `groups.resolveAccess`, also used by the settings API and page. */
  readonly policy?: MappingPolicy
  /**
   * The gate's policy for the application behind it: sign-up, secrets, requests reserved for the
   * owner.
   */
  readonly gate?: GatePolicy
  /**
   * Workspaces for a host that has projects but no workspaces. Without it, rules give the host's
   * own workspaces.
   */
  readonly workspaceStore?: WorkspaceStore
  /**
   * The requests that a policy in report mode would have refused. Without it, they are not kept.
   */
  readonly refusals?: RefusalStore
  /**
   * Bearer tokens that administrators make on the settings page. Pass it to `bearerTokens` and
   * `settingsRouter`. Without it, tokens are only given in code.
   */
  readonly tokens?: TokenStore
  /**
   * Checks whether the target is set up correctly; returns findings for the status page. Never
   * throws.
   */
  examine?(signal?: AbortSignal): Promise<readonly Finding[]>
  /** Releases connections. */
  close?(): Promise<void>
}
