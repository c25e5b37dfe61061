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

/** What a host gives to `scimRouter`: an object of stores. */
export interface Adapters {
  readonly users: UserStore
  readonly groups: GroupStore
  /** A store for a host's own resource type; asked once for each when the router is built. */
  resourceStore?(resourceType: ResourceType): ResourceStore
  /**
   * Mapping rules, ledger, pending work. Without it there is no group mapping and no reconciler.
   */
  readonly access?: AccessStore
  readonly audit?: AuditStore
  /**
   * How `groups.resolveAccess` reads the rules; the settings API and page read them the same way.
   */
  readonly policy?: MappingPolicy
  /**
   * What the application behind `accessGate` needs of it: sign-up, secrets, what is the owner's
   * alone.
   */
  readonly gate?: GatePolicy
  /**
   * Workspaces of a host that has projects and no workspaces of its own. Without it, rules give
   * workspaces of the host.
   */
  readonly workspaceStore?: WorkspaceStore
  /** What a policy in report mode would have refused. Without it, that is not kept. */
  readonly refusals?: RefusalStore
  /**
   * Bearer tokens that administrators make at the settings page. Give it to `bearerTokens` and
   * `settingsRouter`. Without it, tokens are given in code alone.
   */
  readonly tokens?: TokenStore
  /**
   * Whether the host behind the stores allows what is wanted, in sentences for the status page.
   * Never throws.
   */
  examine?(signal?: AbortSignal): Promise<readonly Finding[]>
  /** Releases connections. */
  close?(): Promise<void>
}
