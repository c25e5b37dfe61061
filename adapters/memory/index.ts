import {
  type AccessStore,
  type Adapters,
  type AuditStore,
  type MappingPolicy,
  mappingPolicy,
  optionTable,
  type RefusalStore,
  type Resource,
  readOptions,
  record,
  recordOnlyTarget,
  type StoreTarget,
  storeTarget,
  type TokenStore,
  targetMethods,
  type WorkspaceStore,
} from '../../lib/adapter/index.js'
import { memoryAccessStore } from './access-store.js'
import { memoryAuditStore } from './audit-store.js'
import { memoryGroupStore } from './group-store.js'
import { memoryRefusalStore } from './refusals.js'
import { memoryResourceStore } from './resource-store.js'
import { createState } from './state.js'
import { memoryTokenStore } from './tokens.js'
import { memoryUserStore } from './user-store.js'
import { memoryWorkspaceStore } from './workspaces.js'

/** Options of {@link memoryAdapters}. */
export interface MemoryOptions {
  /** Gives and ends access in the host. Default: grants are only recorded. */
  readonly target?: StoreTarget
  /** How mapping rules are read. */
  readonly policy?: Partial<MappingPolicy>
}

/** The options of `memoryAdapters`. */
export const memoryTable = optionTable<MemoryOptions>()('memoryAdapters', 'ERR_SCIM_MEMORY', {
  target: { type: storeTarget, shown: 'grants are only recorded' },
  policy: { type: record<Partial<MappingPolicy>>(), shown: 'see `policy`' },
})

/** Adapters that keep everything in this process's memory. */
export interface MemoryAdapters extends Adapters {
  readonly access: AccessStore
  readonly audit: AuditStore
  readonly workspaceStore: WorkspaceStore
  readonly refusals: RefusalStore
  readonly tokens: TokenStore
}

/**
 * Adapters that keep data in maps: for tests, trials, and as the smallest example of an adapter.
 * Everything is lost when the process ends; the audit log keeps only the newest 10,000 entries per
 * tenant. Each call makes independent adapters.
 *
 * @throws ConfigurationError when the policy is wrong
 */
export function memoryAdapters(options: MemoryOptions = {}): MemoryAdapters {
  const { policy: given, target: givenTarget } = readOptions(memoryTable, options)
  const policy = mappingPolicy(given)
  const state = createState(() => Date.now())
  const storage = Symbol('memoryAdapters')
  const access = { ...memoryAccessStore(state, policy), storage }
  const target = targetMethods(givenTarget ?? recordOnlyTarget(access))
  return {
    users: { ...memoryUserStore(state, target), storage },
    groups: { ...memoryGroupStore(state, policy), storage },
    resourceStore: ({ name }) =>
      memoryResourceStore<Resource>(state, {
        name,
        view: (_tenant, resource) => resource,
        onDelete: () => {},
      }),
    access,
    audit: memoryAuditStore(state),
    workspaceStore: memoryWorkspaceStore(state, access),
    refusals: memoryRefusalStore(state),
    tokens: memoryTokenStore(state),
    policy,
  }
}
