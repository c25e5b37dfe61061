import { randomUUID } from 'node:crypto'
import {
  type AccessResolver,
  compileRules,
  extended,
  type Group,
  type GroupReference,
  type GroupStore,
  inSteps,
  type MappingPolicy,
  type MappingRules,
  type Member,
  type MemberChange,
  personState,
  type Resource,
  type User,
  withActualMembers,
} from '../../lib/adapter/index.js'
import { manyMembers, withPlan } from './member-plan.js'
import { memoryResourceStore, requireVersion } from './resource-store.js'
import type { State, TenantState } from './state.js'

/**
 * Groups in maps. Memberships are kept separately, so that one member costs the same in a group of
 * any size.
 */
export function memoryGroupStore(state: State, policy: MappingPolicy): GroupStore {
  const store = memoryResourceStore<Group>(state, {
    name: 'Group',
    view,
    onDelete: dropFromGroups(state),
  })
  const find = (tenant: TenantState, id: string) =>
    tenant.table('Group').get(id) as Group | undefined

  const resolvers = new WeakMap<MappingRules, AccessResolver>()
  const resolverOf = (rules: MappingRules) => {
    const resolver = resolvers.get(rules) ?? compileRules(rules, policy)
    resolvers.set(rules, resolver)
    return resolver
  }
  const accessOf = (tenant: TenantState, user: User) => {
    const hadRole = tenant.records.get(user.id)?.hadRole ?? false
    return resolverOf(tenant.rules.rules)(referencesOf(tenant, user.id), personState(user, hadRole))
  }

  return {
    ...store,
    supports: { ...store.supports, memberDeltas: true },
    get: async (scope, id, { omit }) => readGroup(state.of(scope), id, omit),
    async create(scope, { members = [], ...group }, { keys, outbox }) {
      const tenant = state.of(scope)
      const change = { add: members.map(({ value }) => value), remove: [] }
      return withPlan({ scope, tenant, groupId: group.id }, change, ({ apply }) =>
        state.write(scope, outbox, () => {
          tenant.table('Group').put(group as Group, keys)
          apply()
          return view(tenant, group as Group, nothingOmitted)
        }),
      )
    },
    async replace(scope, { members: _, ...group }, write) {
      const tenant = state.of(scope)
      const { members = nobody, keys, expectedVersion, outbox } = write
      requireVersion(find(tenant, group.id), expectedVersion)
      return withPlan({ scope, tenant, groupId: group.id }, members, ({ apply }) => {
        requireVersion(find(tenant, group.id), expectedVersion)
        return state.write(scope, outbox, () => {
          tenant.table('Group').put(group as Group, keys)
          apply()
          return group as Group
        })
      })
    },
    async changeMembers(scope, id, change, { now, outbox }) {
      const tenant = state.of(scope)
      if (find(tenant, id) === undefined) return undefined
      return withPlan({ scope, tenant, groupId: id }, change, ({ added, removed, apply }) => {
        const group = find(tenant, id)
        if (group === undefined) return undefined
        const audit = withActualMembers(outbox?.audit ?? [], { added, removed })
        return state.write(scope, { ...outbox, audit }, () => {
          if (added.length === 0 && removed.length === 0) return { added, removed, group }
          apply()
          return { added, removed, group: touch(tenant, group, now) as Group }
        })
      })
    },
    ...memberPages(state),
    async groupsOf(scope, ids) {
      const tenant = state.of(scope)
      return new Map(ids.map((id) => [id, referencesOf(tenant, id)]))
    },
    resolveAccess: async (scope, user) => accessOf(state.of(scope), user),
    async resolveAccessOf(scope, users) {
      const tenant = state.of(scope)
      return users.map((user) => accessOf(tenant, user))
    },
  }
}

/** The pages of members for administrators. */
function memberPages(state: State): Required<Pick<GroupStore, 'countMembers' | 'listMembers'>> {
  return {
    async countMembers(scope, ids) {
      const tenant = state.of(scope)
      const known = ids.filter((id) => tenant.table('Group').get(id))
      return new Map(known.map((id) => [id, tenant.memberships.members(id).size]))
    },
    async listMembers(scope, id, { offset, limit }) {
      const tenant = state.of(scope)
      const ids = [...tenant.memberships.members(id)].sort((a, b) => (a < b ? -1 : 1))
      return ids.slice(offset, offset + limit).map((each) => memberOf(tenant, each))
    },
  }
}

/** Removes a user or group from its groups, which changes them. */
export function dropFromGroups(state: State): (tenant: TenantState, id: string) => void {
  return (tenant, id) => {
    const now = new Date(state.now()).toISOString()
    tenant.deletions += 1
    for (const groupId of tenant.memberships.drop(id)) {
      const group = tenant.table('Group').get(groupId)
      if (group) touch(tenant, group, now)
    }
  }
}

const nobody: MemberChange = { add: [], remove: [] }

const nothingOmitted: ReadonlySet<string> = new Set()

function view(tenant: TenantState, group: Group, omit: ReadonlySet<string>): Group {
  const ids = tenant.memberships.members(group.id)
  if (ids.size === 0 || omit.has('members')) return group
  return extended(group, { members: [...ids].map((id) => memberOf(tenant, id)) })
}

function readGroup(
  tenant: TenantState,
  id: string,
  omit: ReadonlySet<string>,
): Promise<Group | undefined> | Group | undefined {
  const group = tenant.table('Group').get(id) as Group | undefined
  const isLarge = tenant.memberships.members(id).size > manyMembers
  if (group && isLarge && !omit.has('members')) return readInSteps(tenant, group)
  return group && view(tenant, group, omit)
}

const maxReadings = 3

/**
 * A large group, its members read in steps between which other requests have their turn; again when
 * it changes meanwhile, since they must be those of one version.
 *
 * @returns `undefined` when it was deleted meanwhile
 */
async function readInSteps(tenant: TenantState, found: Group): Promise<Group | undefined> {
  let group = found
  for (let readings = 0; readings < maxReadings; readings += 1) {
    const members: Member[] = []
    const ids = [...tenant.memberships.members(group.id)]
    await inSteps(ids, (id) => members.push(memberOf(tenant, id)))
    const now = tenant.table('Group').get(group.id) as Group | undefined
    if (now === undefined) return undefined
    if (now.meta.version === group.meta.version) return extended(group, { members })
    group = now
  }
  return view(tenant, group, nothingOmitted)
}

function memberOf(tenant: TenantState, id: string): Member {
  const user = tenant.table('User').get(id)
  const resource = user ?? tenant.table('Group').get(id)
  const display = resource?.['displayName']
  return {
    value: id,
    type: user ? 'User' : 'Group',
    ...(typeof display === 'string' && display !== '' && { display }),
  }
}

/** `lastModified` never goes back, even if the clock does (A18). */
function touch(tenant: TenantState, group: Resource, now: string): Resource {
  const lastModified = now > group.meta.lastModified ? now : group.meta.lastModified
  const touched = { ...group, meta: { ...group.meta, lastModified, version: randomUUID() } }
  tenant.table('Group').touch(touched)
  return touched
}

/** The groups of a user or group, directly or through other groups. */
export function referencesOf(tenant: TenantState, id: string): GroupReference[] {
  const direct = tenant.memberships.groups(id)
  if (direct.size === 0) return []
  const groups = tenant.table('Group')
  const references: GroupReference[] = []
  for (const groupId of tenant.memberships.groupsAround(id)) {
    const group = groups.get(groupId) as Group | undefined
    if (group) references.push(referenceTo(group, direct.has(groupId)))
  }
  return references
}

function referenceTo({ id, displayName, externalId }: Group, direct: boolean): GroupReference {
  const reference = { id, displayName, direct }
  return externalId === undefined ? reference : { externalId, ...reference }
}
