import { ConfigurationError } from '../errors.js'
import { nearMisses } from '../mapping/near-misses.js'
import { isObject } from '../schema/json.js'
import type { AccessStore } from './access-store.js'
import type { Adapters } from './adapters.js'
import type { AuditStore } from './audit-store.js'
import type { GroupStore } from './group-store.js'
import type { RefusalStore } from './refusal-store.js'
import type { ResourceStore, Supports } from './resource-store.js'
import type { TokenStore } from './token-store.js'
import type { UserStore } from './user-store.js'
import type { WorkspaceStore } from './workspace-store.js'

/** The names of the required members: the compiler refuses a table that lacks one. */
type Required<Store> = Readonly<
  Record<
    { [Name in keyof Store]-?: undefined extends Store[Name] ? never : Name }[keyof Store],
    true
  >
>

const ofResources: Required<ResourceStore> = {
  create: true,
  get: true,
  query: true,
  replace: true,
  delete: true,
}
const users: Required<UserStore> = { ...ofResources, deprovision: true, applyAccess: true }
const groups: Required<GroupStore> = { ...ofResources, groupsOf: true, resolveAccess: true }
const access: Required<AccessStore> = {
  rules: true,
  saveRules: true,
  getRecord: true,
  getRecords: true,
  listRecords: true,
  recordByAccount: true,
  recordsByEmail: true,
  saveRecord: true,
  deleteRecord: true,
  mark: true,
  claim: true,
  renew: true,
  settle: true,
  pendingOf: true,
  fanOut: true,
  summary: true,
  listPending: true,
  retry: true,
  nextDue: true,
  getValue: true,
  setValue: true,
}
const audit: Required<AuditStore> = { append: true, query: true }
const tokens: Required<TokenStore> = {
  find: true,
  list: true,
  create: true,
  change: true,
  delete: true,
  noteUse: true,
  listUses: true,
}
const refusals: Required<RefusalStore> = { add: true, list: true }
const workspaceStore: Required<WorkspaceStore> = {
  version: true,
  list: true,
  create: true,
  rename: true,
  delete: true,
  putProjects: true,
  removeProjects: true,
  noteCreator: true,
  listUnplaced: true,
}

/** What every store must have, by its name in {@link Adapters}. */
const requiredMembers = { users, groups, access, audit, tokens, refusals, workspaceStore }

const isOptional = (name: string) => name !== 'users' && name !== 'groups'

const supported: Readonly<Record<keyof Supports, true>> = {
  filter: true,
  sort: true,
  cursor: true,
  groups: true,
  memberDeltas: true,
  outbox: true,
}

/**
 * Refuses invalid adapters when a factory gets them rather than at the first request.
 *
 * @param factory name of the function that the host called, for the message
 * @throws ConfigurationError `ERR_SCIM_ADAPTERS` naming a forgotten `await`, the methods that a
 *   store lacks, or a name in `supports` that does not exist
 */
export function checkAdapters(factory: string, adapters: Adapters): void {
  if (hasMethod(adapters, 'then')) {
    throw wrong(
      factory,
      'the adapters are a promise',
      'Await what makes them, e.g. await sqlAdapters({ url })',
    )
  }
  for (const [name, members] of Object.entries(requiredMembers)) {
    const store: unknown = adapters?.[name as keyof typeof requiredMembers]
    if (store === undefined && isOptional(name)) continue
    refuseIncomplete(factory, name, store, Object.keys(members))
  }
  for (const name of ['users', 'groups'] as const) {
    refuseUnknownSupport(factory, name, adapters[name].supports)
  }
  refuseHalf(factory, adapters)
  refuseForeignAccess(factory, adapters)
}

function refuseIncomplete(
  factory: string,
  name: string,
  store: unknown,
  methods: readonly string[],
): void {
  const missing = methods.filter((method) => !hasMethod(store, method))
  if (missing.length === 0) return
  throw wrong(
    factory,
    `adapters.${name} has no ${missing.join(', ')}`,
    `Give a store with these methods, e.g. one of memoryAdapters()${
      isOptional(name) ? `, or leave ${name} out` : ''
    }`,
  )
}

/** A misspelt name would silently leave the work to the library. */
function refuseUnknownSupport(factory: string, name: 'users' | 'groups', supports: unknown): void {
  if (supports === undefined) return
  const path = `adapters.${name}.supports`
  const known = Object.keys(supported)
  const list = `Known are: ${known.join(', ')}`
  if (!isObject(supports)) throw wrong(factory, `${path} is not an object`, list)
  for (const [given, value] of Object.entries(supports)) {
    if (!known.includes(given)) {
      const [near] = nearMisses(given, known)
      const hint = near === undefined ? '' : `Did you mean "${near}"? `
      throw wrong(factory, `${path} has "${given}", which does not exist`, `${hint}${list}`)
    }
    if (value !== undefined && typeof value !== 'boolean') {
      throw wrong(factory, `${path}.${given} is neither true nor false`, 'Give one of them')
    }
  }
}

/** Refuses a promise or method that does nothing without another one. */
function refuseHalf(factory: string, { groups, access }: Adapters): void {
  if (groups.supports?.memberDeltas && !groups.changeMembers) {
    throw wrong(
      factory,
      'adapters.groups.supports has memberDeltas, but adapters.groups has no changeMembers',
      'Write changeMembers, or leave memberDeltas out',
    )
  }
  if (access?.countPassedOver && !access.listPassedOver) {
    throw wrong(
      factory,
      'adapters.access has countPassedOver, but no listPassedOver',
      'Write both, or neither',
    )
  }
}

/**
 * Refuses an access store whose storage differs from that of users and groups: it would find no
 * people in their groups, so rules would have no effect.
 */
function refuseForeignAccess(factory: string, { access, users, groups }: Adapters): void {
  if (access?.storage === undefined) return
  const foreign = Object.entries({ users, groups }).find(
    ([, store]) => store.storage !== access.storage,
  )
  if (foreign === undefined) return
  throw wrong(
    factory,
    'adapters.access keeps its pending work beside users and groups of its ' +
      `own, so rules would reach nobody in adapters.${foreign[0]}`,
    `Give an access store of your own; or, if adapters.${foreign[0]} wraps the store that ` +
      'came with it, pass its property "storage" on',
  )
}

function wrong(factory: string, problem: string, fix: string): ConfigurationError {
  return new ConfigurationError('ERR_SCIM_ADAPTERS', `${factory}: ${problem}. ${fix}.`)
}

function hasMethod(store: unknown, method: string): boolean {
  return typeof (store as Record<string, unknown> | undefined)?.[method] === 'function'
}
