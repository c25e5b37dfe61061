import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters } from '../../examples/own-adapter/adapter.js'
import type {
  AccessStore,
  Adapters,
  AuditStore,
  GroupStore,
  Resource,
  ResourceStore,
  TokenStore,
  UserStore,
} from '../../lib/stores/index.js'
import { typeNamed } from '../../lib/testing/subject.js'

/** Adapters with one mistake, and the checks that must find it. */
export interface Defect {
  readonly name: string
  readonly breaks: readonly string[]
  readonly make: () => Adapters
  /** A second instance on the storage of the first. */
  readonly reopen?: (adapters: Adapters) => Adapters
}

export type Full = Adapters & { access: AccessStore; audit: AuditStore }
export type AnyStore = ResourceStore<Resource>

export const everything = { omit: new Set<string>() }
export const turn = () => new Promise((resolve) => setImmediate(resolve))
export const each = (...ids: string[]) =>
  ids.flatMap((id) => ['users', 'groups', 'devices'].map((subject) => `${subject}.${id}`))
export const unique = (...ids: string[]) =>
  ids.flatMap((id) => ['users', 'devices'].map((subject) => `${subject}.${id}`))

/** The same mistake in every store of resources. */
export function inStores(
  name: string,
  breaks: string[],
  change: (store: AnyStore, all: Full) => Partial<AnyStore>,
) {
  const make = () => {
    const adapters = memoryAdapters()
    const broken = (store: AnyStore) => ({ ...store, ...change(store, adapters) })
    const devices = broken(adapters.resourceStore?.(typeNamed('Device')) as AnyStore)
    return {
      ...adapters,
      users: broken(adapters.users as AnyStore) as UserStore,
      groups: broken(adapters.groups as AnyStore) as GroupStore,
      resourceStore: () => devices,
    }
  }
  return { name, breaks, make }
}

export function inUsers(
  name: string,
  breaks: string[],
  change: (users: UserStore, all: Full) => Partial<UserStore>,
) {
  const make = () => {
    const adapters = memoryAdapters()
    return { ...adapters, users: { ...adapters.users, ...change(adapters.users, adapters) } }
  }
  return { name, breaks, make }
}

export type Groups = GroupStore & { changeMembers: NonNullable<GroupStore['changeMembers']> }

export function inGroups(
  name: string,
  breaks: string[],
  change: (groups: Groups, all: Full) => Partial<GroupStore>,
) {
  const make = () => {
    const adapters = memoryAdapters()
    const groups = adapters.groups as Groups
    return { ...adapters, groups: { ...groups, ...change(groups, adapters) } }
  }
  return { name, breaks, make }
}

export function inAccess(
  name: string,
  breaks: string[],
  change: (access: AccessStore, all: Full) => Partial<AccessStore>,
) {
  const make = () => {
    const adapters = memoryAdapters()
    return { ...adapters, access: { ...adapters.access, ...change(adapters.access, adapters) } }
  }
  return { name, breaks, make }
}

export function inAudit(
  name: string,
  breaks: string[],
  change: (audit: AuditStore) => Partial<AuditStore>,
) {
  const make = () => {
    const adapters = memoryAdapters()
    return { ...adapters, audit: { ...adapters.audit, ...change(adapters.audit) } }
  }
  return { name, breaks, make }
}

export function inTokens(
  name: string,
  breaks: string[],
  change: (store: TokenStore) => Partial<TokenStore>,
): Defect {
  const make = () => {
    const adapters = memoryAdapters()
    const { tokens } = adapters
    return { ...adapters, tokens: { ...tokens, ...change(tokens) } }
  }
  return { name, breaks, make }
}

/** A minimal adapter, which takes whole groups, with a mistake in its groups. */
export function minimalGroups(
  name: string,
  breaks: string[],
  change: (groups: GroupStore) => Partial<GroupStore>,
): Defect {
  const make = (): Adapters => {
    const adapters = minimalAdapters()
    return { ...adapters, groups: { ...adapters.groups, ...change(adapters.groups) } }
  }
  return { name, breaks, make }
}
