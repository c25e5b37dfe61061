import { memoryAdapters } from '../../adapters/memory/index.js'
import { compileRules, defaultPolicy, personState } from '../../lib/mapping/index.js'
import type { MappingRules } from '../../lib/mapping/types.js'
import type { GroupReference, Scope, User } from '../../lib/stores/index.js'
import { typeNamed } from '../../lib/testing/subject.js'
import {
  type AnyStore,
  type Defect,
  everything,
  type Full,
  inAccess,
  inAudit,
  inGroups,
  inUsers,
} from './broken.js'

/** Resolves access as many hosts do, with a mistake. */
function resolving(
  name: string,
  breaks: string[],
  make: (all: Full) => {
    readonly rulesOf?: (scope: Scope) => Promise<MappingRules>
    readonly groupsOf?: (scope: Scope, user: User) => Promise<readonly GroupReference[]>
    readonly hadRoleOf?: (scope: Scope, user: User) => Promise<boolean>
  },
): Defect {
  return inGroups(name, breaks, (groups, all) => {
    const {
      rulesOf = async (scope) => (await all.access.rules(scope)).rules,
      groupsOf = async (scope, { id }) => (await groups.groupsOf(scope, [id])).get(id) ?? [],
      hadRoleOf = async (scope, { id }) =>
        (await all.access.getRecord(scope, id))?.hadRole ?? false,
    } = make(all)
    const resolveAccess = async (scope: Scope, user: User) =>
      compileRules(await rulesOf(scope), defaultPolicy)(
        await groupsOf(scope, user),
        personState(user, await hadRoleOf(scope, user)),
      )
    return {
      resolveAccess,
      resolveAccessOf: (scope, users) =>
        Promise.all(users.map((user) => resolveAccess(scope, user))),
    }
  })
}

/** The first of what a function gives for a key, for ever. */
function first<T>(known: Map<string, T>, key: string, value: T): T {
  const before = known.get(key) ?? value
  known.set(key, before)
  return before
}

/** Stores that forget too much, too little or too late. */
export const endDefects: readonly Defect[] = [
  inUsers('delete the record of a deleted user', ['access.records.deleted'], (users, all) => ({
    async delete(scope, id, options) {
      const isDeleted = await users.delete(scope, id, options)
      if (isDeleted) await all.access.deleteRecord(scope, id)
      return isDeleted
    },
  })),
  inUsers('unlink the account of a deleted user', ['access.records.deleted'], (users, all) => ({
    async delete(scope, id, options) {
      const record = await all.access.getRecord(scope, id)
      if (record?.account) {
        const { account: _, ...rest } = record
        await all.access.saveRecord(scope, rest)
      }
      return users.delete(scope, id, options)
    },
  })),
  inUsers('delete values about a deleted user', ['access.records.deleted'], (users, all) => ({
    async delete(scope, id, options) {
      await all.access.setValue(scope, `note:${id}`, undefined)
      return users.delete(scope, id, options)
    },
  })),
  resolving('do not ask whether somebody had a role', ['access.resolve.role'], () => ({
    hadRoleOf: async () => false,
  })),
  resolving('take everybody for somebody who had a role', ['access.resolve.role'], () => ({
    hadRoleOf: async () => true,
  })),
  resolving('resolve by the names that groups had', ['access.resolve.renamed'], (all) => {
    const names = new Map<string, string>()
    return {
      async groupsOf(scope, { id }) {
        const found = (await all.groups.groupsOf(scope, [id])).get(id) ?? []
        return found.map((group) => ({
          ...group,
          displayName: first(names, group.id, group.displayName),
        }))
      },
    }
  }),
  resolving('resolve by the rules of before', ['access.resolve.rules'], (all) => {
    const known = new Map<string, MappingRules>()
    return {
      rulesOf: async (scope) => first(known, scope.tenant, (await all.access.rules(scope)).rules),
    }
  }),
  inGroups('tell the names that groups had', ['groupsOf.renamed'], (groups) => {
    const names = new Map<string, string>()
    return {
      async groupsOf(scope, ids) {
        const found = await groups.groupsOf(scope, ids)
        const named = (group: GroupReference) => ({
          ...group,
          displayName: first(names, group.id, group.displayName),
        })
        return new Map([...found].map(([id, list]) => [id, list.map(named)]))
      },
    }
  }),
  inGroups('know no groups of who is inactive', ['members.inactive'], (groups, { users }) => ({
    async groupsOf(scope, ids) {
      const found = await groups.groupsOf(scope, ids)
      const people = (await users.getMany?.(scope, ids, everything)) ?? []
      const inactive = new Set(people.filter(({ active }) => !active).map(({ id }) => id))
      return new Map([...found].filter(([id]) => !inactive.has(id)))
    },
  })),
  inUsers('take out of groups who becomes inactive', ['members.inactive'], (users, all) => ({
    async replace(scope, user, write) {
      const stored = await users.replace(scope, user, write)
      if (user.active) return stored
      const found = (await all.groups.groupsOf(scope, [user.id])).get(user.id) ?? []
      const change = { add: [], remove: [user.id] }
      const options = { now: user.meta.lastModified }
      for (const { id } of found) await all.groups.changeMembers?.(scope, id, change, options)
      return stored
    },
  })),
  inAccess('mark nobody who is inactive', ['pending.mark.inactive'], (access, all) => ({
    async listPending(scope, page) {
      const entries = await access.listPending(scope, page)
      const ids = entries.map(({ userId }) => userId)
      const people = (await all.users.getMany?.(scope, ids, everything)) ?? []
      const inactive = new Set(people.filter(({ active }) => !active).map(({ id }) => id))
      return entries.filter(({ userId }) => !inactive.has(userId))
    },
  })),
  inAccess('list the newest pending people first', ['pending.summary'], (access) => ({
    listPending: async (scope, page) => (await access.listPending(scope, page)).toReversed(),
  })),
  inAccess('forget nobody', ['access.forget'], () => ({ forget: async () => 0 })),
  inAccess('forget those who are there', ['access.forget'], (access) => {
    const saved = new Map<string, Scope>()
    return {
      saveRecord(scope, record) {
        saved.set(record.userId, scope)
        return access.saveRecord(scope, record)
      },
      async forget(options) {
        for (const [id, scope] of saved) await access.deleteRecord(scope, id)
        return access.forget?.(options) ?? 0
      },
    }
  }),
  inAccess('tell each time what was dropped', ['access.passedOver'], (access) => ({
    async countPassedOver(scope, seen) {
      await access.countPassedOver?.(scope, seen)
      return seen
    },
  })),
  inAudit('remove whatever is asked for', ['audit.purge'], (audit) => ({
    purge: ({ limit }) => audit.purge?.({ before: '9999', limit: limit + 2 }) ?? Promise.resolve(0),
  })),
  inAudit('read the log by time', ['audit.order'], (audit) => ({
    query: async (scope, query) =>
      (await audit.query(scope, query)).toSorted((a, b) => (a.at < b.at ? 1 : -1)),
  })),
  inAccess('log less with rules', ['audit.ways'], (access) => ({
    saveRules: (scope, rules, { audit = [], ...options }) =>
      access.saveRules(scope, rules, {
        ...options,
        audit: audit.map(({ detail: _, ...entry }) => entry),
      }),
  })),
  inAccess('have one version of all rules', ['access.rules'], (access) => ({
    async rules(scope) {
      const { rules, version } = await access.rules(scope)
      return { rules, version: version === '0' ? '0' : '1' }
    },
  })),
  inUsers('cannot deprovision who is deleted', ['target.deprovision'], (users) => ({
    async deprovision(scope, { id }) {
      if (!(await users.get(scope, id, everything))) throw new Error('unknown person')
    },
  })),
  inGroups('return at most 1000 members', ['members.many'], (groups) => ({
    async get(scope, id, read) {
      const group = await groups.get(scope, id, read)
      return group && ({ ...group, members: group.members?.slice(0, 1_000) } as typeof group)
    },
  })),
  inUsers('read at most 1000 ids', ['members.many'], (users) => ({
    getMany: async (scope, ids, read) =>
      (await users.getMany?.(scope, ids.slice(0, 1_000), read)) ?? [],
  })),
  inUsers('find by at most 100 keys', ['users.query.many'], (users) => ({
    find: async (scope, keys, read) => (await users.find?.(scope, keys.slice(0, 100), read)) ?? [],
  })),
]

/** Queues that tell another time than that of the next work. */
export const dueDefects: readonly Defect[] = [
  inAccess('count no fan-out as due', ['access.fanOut'], (access) => {
    const scopes = new Map<string, Scope>()
    const seen = (scope: Scope) => scopes.set(scope.tenant, scope)
    return {
      saveRules(scope, rules, options) {
        seen(scope)
        return access.saveRules(scope, rules, options)
      },
      mark(scope, ids) {
        seen(scope)
        return access.mark(scope, ids)
      },
      async nextDue() {
        const page = { offset: 0, limit: 100, failed: false }
        const all = [...scopes.values()].map((scope) => access.listPending(scope, page))
        const times = (await Promise.all(all)).flat().map(({ nextAt }) => Date.parse(nextAt))
        return times.length > 0 ? Math.min(...times) - Date.now() : undefined
      },
    }
  }),
  inAccess('tell that something is due when nothing is', ['pending.nextDue'], (access) => ({
    nextDue: async () => (await access.nextDue()) ?? 0,
  })),
]

/** Remembers the answers of each method. */
function remembering<T extends object>(store: T, methods: readonly (keyof T)[]): T {
  const known = new Map<string, unknown>()
  const changed = Object.fromEntries(
    methods.map((name) => [
      name,
      async (...given: unknown[]) => {
        const key = JSON.stringify([name, given])
        const method = store[name] as (...given: unknown[]) => Promise<unknown>
        if (!known.has(key)) known.set(key, await method(...given))
        return known.get(key)
      },
    ]),
  )
  return { ...store, ...changed }
}

/** Instances that keep in their memory what they read, or what they were told. */
export const instanceDefects: readonly Defect[] = [
  {
    name: 'remember in each instance what they read',
    breaks: [
      'users.instances',
      'groups.instances',
      'devices.instances',
      'groupsOf.instances',
      'access.rules.instances',
      'access.records.instances',
      'pending.instances',
      'audit.instances',
      'tokens.instances',
    ],
    make: () => memoryAdapters(),
    reopen(adapters) {
      const all = adapters as ReturnType<typeof memoryAdapters>
      const reads = ['get', 'query', 'getMany'] as const
      const devices = remembering(all.resourceStore?.(typeNamed('Device')) as AnyStore, reads)
      return {
        ...all,
        users: remembering(all.users, reads),
        groups: remembering(all.groups, [...reads, 'groupsOf']),
        resourceStore: () => devices,
        access: remembering(all.access, ['rules', 'getRecord', 'nextDue']),
        audit: remembering(all.audit, ['query']),
        tokens: remembering(all.tokens, ['find']),
      }
    },
  },
  {
    name: 'keep marks in the memory of an instance',
    breaks: ['pending.instances'],
    make: () => memoryAdapters(),
    reopen(adapters) {
      const { storage: _, ...access } = memoryAdapters().access
      return { ...adapters, access }
    },
  },
]
