import { randomUUID } from 'node:crypto'
import type { AccessAdapters } from '../../lib/access/index.js'
import type { MappingRules } from '../../lib/mapping/index.js'
import { comparableOf } from '../../lib/schema/comparable.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { lookupKeys } from '../../lib/schema/lookups.js'
import type { Adapters, Group, Scope, User } from '../../lib/stores/index.js'

const { byName } = compileResourceTypes()

/** Someone who acts in tests. */
export function aScope(over: Partial<Scope> = {}): Scope {
  return {
    tenant: 'acme',
    actor: 'tester',
    requestId: 'request-1',
    signal: new AbortController().signal,
    ...over,
  }
}

/** Rules with what is given, and nothing else. */
export function someRules(rules: Partial<MappingRules> = {}): MappingRules {
  return { roles_groups: [], workspaces_groups: [], projects_groups: [], ...rules }
}

/**
 * Users, groups and rules put straight into stores, each marked pending as a SCIM request would.
 */
export function createWorld(adapters: Adapters, scope: Scope = aScope()) {
  const { users, groups, access } = adapters as AccessAdapters
  const write = (typeName: string, resource: object) => ({
    keys: lookupKeys(byName.get(typeName)!, resource),
    comparable: () => comparableOf(byName.get(typeName)!, resource),
  })
  let created = 0
  const meta = (resourceType: string) => {
    // Never the same twice: lists are in the order of creation.
    const at = new Date(Date.UTC(2026, 0, 1) + created++).toISOString()
    return { resourceType, created: at, lastModified: at, version: randomUUID() }
  }

  return {
    adapters: adapters as AccessAdapters,
    scope,
    async addUser(userName: string, over: Partial<User> = {}): Promise<User> {
      const user = { id: randomUUID(), userName, active: true, meta: meta('User'), ...over } as User
      const outbox = { pending: [user.id] }
      return users.create(scope, user, { ...write('User', user), outbox })
    },
    async changeUser(user: User, change: Partial<User>): Promise<User> {
      const current = (await users.get(scope, user.id, { omit: new Set() }))!
      const next = { ...current, ...change, meta: { ...current.meta, version: randomUUID() } }
      return users.replace(scope, next as User, {
        ...write('User', next),
        outbox: { pending: [user.id] },
        expectedVersion: current.meta.version,
      })
    },
    async deleteUser(user: User): Promise<void> {
      await users.delete(scope, user.id, { outbox: { pending: [user.id] } })
    },
    async addGroup(displayName: string, members: readonly { id: string }[] = []): Promise<Group> {
      const group = {
        id: randomUUID(),
        displayName,
        meta: meta('Group'),
        ...(members.length > 0 && { members: members.map(({ id }) => ({ value: id })) }),
      } as unknown as Group
      return groups.create(scope, group, {
        ...write('Group', group),
        outbox: { pending: [group.id] },
      })
    },
    async renameGroup(group: Group, displayName: string): Promise<Group> {
      const current = (await groups.get(scope, group.id, { omit: new Set(['members']) }))!
      const next = { ...current, displayName, meta: { ...current.meta, version: randomUUID() } }
      return groups.replace(scope, next as Group, {
        ...write('Group', next),
        outbox: { pending: [group.id] },
        expectedVersion: current.meta.version,
      })
    },
    async deleteGroup(group: Group): Promise<void> {
      await groups.delete(scope, group.id, { outbox: { pending: [group.id] } })
    },
    async changeMembers(
      group: Group,
      change: { add?: readonly { id: string }[]; remove?: readonly { id: string }[] },
    ): Promise<void> {
      const ids = (list: readonly { id: string }[] = []) => list.map(({ id }) => id)
      await groups.changeMembers!(
        scope,
        group.id,
        { add: ids(change.add), remove: ids(change.remove) },
        {
          now: new Date().toISOString(),
          outbox: { pending: [...ids(change.add), ...ids(change.remove)] },
        },
      )
    },
    async saveRules(rules: Partial<MappingRules>): Promise<void> {
      const { version } = await access.rules(scope)
      await access.saveRules(scope, someRules(rules), {
        expectedVersion: version,
        affects: 'everybody',
      })
    },
  }
}

export type World = ReturnType<typeof createWorld>
