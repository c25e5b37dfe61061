import { randomUUID } from 'node:crypto'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters } from '../../examples/own-adapter/adapter.js'
import { VersionMismatchError } from '../../lib/stores/errors.js'
import type {
  Group,
  GroupReference,
  GroupStore,
  KeysetPosition,
  Outbox,
  RefusalCount,
  RefusalStore,
  Resource,
  Scope,
  TokenStore,
  TokenUse,
  UserStore,
  WorkspaceStore,
} from '../../lib/stores/index.js'
import {
  type AnyStore,
  type Defect,
  each,
  everything,
  inAccess,
  inAudit,
  inGroups,
  inStores,
  inTokens,
  inUsers,
  turn,
  unique,
} from './broken.js'
import { dueDefects, endDefects, instanceDefects } from './end-defects.js'
import { attributeDefects, fieldDefects } from './field-defects.js'
import { filterDefects } from './filter-defects.js'
import { groupsOfDefects } from './groups-of-defects.js'
import { idDefects, tenantDefects } from './id-defects.js'
import { keyDefects } from './key-defects.js'
import { listDefects } from './list-defects.js'
import { memberDefects } from './member-defects.js'
import { raceDefects, valueDefects } from './value-defects.js'

/** A minimal adapter that says that it takes filters, and does not. */
function minimalThatIs(name: string, breaks: string[]) {
  const make = () => {
    const adapters = minimalAdapters()
    return { ...adapters, users: { ...adapters.users, supports: { filter: true } } }
  }
  return { name: `are ${name}`, breaks, make }
}

const storeDefects: readonly Defect[] = [
  inStores('lose attributes', each('create.echo'), (store) => ({
    create: (scope, { externalId: _, size: __, ...rest }, write) =>
      store.create(scope, rest as Resource, write),
  })),
  inStores('fold names when they write', each('create.case'), (store) => {
    const folded = (resource: Resource) => {
      const { userName, displayName, serial } = resource as unknown as Record<string, string>
      const lower = (name: string, value?: string) => value && { [name]: value.toLowerCase() }
      return {
        ...resource,
        ...lower('userName', userName),
        ...lower('displayName', displayName),
        ...lower('serial', serial),
      } as Resource
    }
    return {
      create: (scope, resource, write) => store.create(scope, folded(resource), write),
      replace: (scope, resource, write) => store.replace(scope, folded(resource), write),
    }
  }),
  inStores('find only the first key', each('find'), (store) => ({
    find: async (scope, keys, read) => (await store.find?.(scope, keys.slice(0, 1), read)) ?? [],
  })),
  inStores('cannot look for every id', each('get.unknown'), (store) => ({
    async get(scope, id, read) {
      if (id.includes('\0')) throw new Error('invalid byte sequence for encoding "UTF8": 0x00')
      return store.get(scope, id, read)
    },
  })),
  inStores('find nothing when one of several ids is unknown', each('getMany'), (store) => ({
    async getMany(scope, ids, read) {
      const found = await store.getMany?.(scope, ids, read)
      return found?.length === ids.length ? found : []
    },
  })),
  inStores('hand out the object they change later', each('snapshot'), (store) => {
    const shared = new Map<string, Resource>()
    return {
      async get(scope, id, read) {
        const current = await store.get(scope, id, read)
        if (current === undefined) return undefined
        const object = Object.assign(shared.get(id) ?? {}, current)
        shared.set(id, object)
        return object
      },
      async replace(scope, resource, write) {
        const stored = await store.replace(scope, resource, write)
        Object.assign(shared.get(resource.id) ?? {}, stored)
        return stored
      },
    }
  }),
  inStores('merge instead of replacing', each('replace.whole'), (store) => ({
    async replace(scope, resource, write) {
      const before = await store.get(scope, resource.id, everything)
      return store.replace(scope, { ...before, ...resource }, write)
    },
  })),
  inStores('replace whatever version there is', each('replace.version'), (store) => ({
    async replace(scope, resource, write) {
      const before = await store.get(scope, resource.id, everything)
      const expectedVersion = before?.meta.version ?? ''
      return store.replace(scope, resource, { ...write, expectedVersion })
    },
  })),
  inStores('create what they should replace', each('replace.gone'), (store) => ({
    async replace(scope, resource, write) {
      const before = await store.get(scope, resource.id, everything)
      return before ? store.replace(scope, resource, write) : store.create(scope, resource, write)
    },
  })),
  inStores('check the version and write later', each('replace.race'), (store) => ({
    async replace(scope, resource, write) {
      const before = await store.get(scope, resource.id, everything)
      await turn()
      const isExpected = before?.meta.version === write.expectedVersion
      const current = await store.get(scope, resource.id, everything)
      const expectedVersion = isExpected ? (current?.meta.version ?? '') : ''
      return store.replace(scope, resource, { ...write, expectedVersion })
    },
  })),
  inStores('say that they deleted, and did not', each('delete'), () => ({
    delete: async () => true,
  })),
  inStores('delete whatever version there is', each('delete.version'), (store) => ({
    delete: (scope, id) => store.delete(scope, id, {}),
  })),
  inStores('allow the same unique key twice', unique('create.uniqueness'), (store) => ({
    create: (scope, resource, write) => store.create(scope, resource, { ...write, keys: [] }),
  })),
  inStores('cut long keys', unique('create.long'), (store) => ({
    create: (scope, resource, write) => {
      const keys = write.keys.map((key) => ({ ...key, key: key.key.slice(0, 255) }))
      return store.create(scope, resource, { ...write, keys })
    },
  })),
  inStores('look for a key and store later', unique('create.race'), (store) => {
    const taken = new Set<string>()
    return {
      async create(scope, resource, write) {
        const names = write.keys.filter((key) => key.unique).map(({ key }) => scope.tenant + key)
        const isTaken = names.some((name) => taken.has(name))
        await turn()
        for (const name of names) taken.add(name)
        const keys = isTaken ? write.keys : []
        return store.create(scope, resource, { ...write, keys })
      },
    }
  }),
  inStores('do not check keys when replacing', unique('replace.uniqueness'), (store) => ({
    replace: (scope, resource, write) => store.replace(scope, resource, { ...write, keys: [] }),
  })),
  inStores('keep keys of the deleted', unique('delete.key'), (store) => ({
    delete: async (scope, id, options) => {
      const resource = await store.get(scope, id, everything)
      const isDeleted = await store.delete(scope, id, options)
      const keys = ['userName', 'serial'].map((attribute) => ({
        attribute,
        key: String(resource?.[attribute]),
        unique: true,
      }))
      const ghost = { ...resource, id: randomUUID() } as Resource
      await store.create(scope, ghost, { keys, comparable: () => ({}) })
      return isDeleted
    },
  })),
  inStores('count only the page', each('query.pages'), (store) => ({
    async query(scope, query) {
      const page = await store.query(scope, query)
      return { ...page, totalResults: page.resources.length }
    },
  })),
  inStores('take a limit of 0 for none', each('query.bounds'), (store) => ({
    query: (scope, query) =>
      store.query(scope, { ...query, page: { ...query.page, limit: query.page.limit || 100 } }),
  })),
  inStores('page by cursor as by number', each('query.cursor'), (store) => {
    const offsets = new Map<string, number>()
    const place = (position: KeysetPosition | undefined) =>
      position === undefined ? 0 : (offsets.get(position.id) ?? 0)
    return {
      async query(scope, query) {
        if (query.page.kind === 'index') return store.query(scope, query)
        const { after, limit } = query.page
        const offset = place(after)
        const page = { kind: 'index', offset, limit } as const
        const found = await store.query(scope, { ...query, page })
        const last = found.resources.at(-1)
        if (!last || offset + limit >= found.totalResults) return found
        offsets.set(last.id, offset + limit)
        return { ...found, next: { created: last.meta.created, id: last.id } }
      },
    }
  }),
  inStores('ignore filters', each('query.filter'), (store) => ({
    query: (scope, { filter: _, ...query }) => store.query(scope, query),
  })),
  inUsers('take invisible text for no value', ['users.query.filter'], (users) => ({
    query(scope, { filter, ...query }) {
      if (filter?.kind !== 'present')
        return users.query(scope, { ...query, ...(filter && { filter }) })
      const isInvisible = { ...filter, kind: 'compare', operator: 'eq', value: '\u00ad' } as const
      const nodes = [filter, { kind: 'not', node: isInvisible } as const]
      return users.query(scope, { ...query, filter: { kind: 'and', nodes } })
    },
  })),
  inStores('ignore the order', each('query.sort'), (store) => ({
    query: (scope, { sort: _, ...query }) => store.query(scope, query),
  })),
  inStores(
    'ignore what they do not support',
    each('supports.filter', 'supports.sort', 'supports.cursor'),
    (store) => ({
      supports: {},
      query: (scope, { omit, page: { limit } }) =>
        store.query(scope, { omit, page: { kind: 'index', offset: 0, limit } }),
    }),
  ),
  inStores('know no tenants', each('tenants'), (store) => {
    const one = (scope: Scope) => ({ ...scope, tenant: 'one' })
    return {
      create: (scope, resource, write) => store.create(one(scope), resource, write),
      get: (scope, id, read) => store.get(one(scope), id, read),
    }
  }),
]

const groupDefects: readonly Defect[] = [
  inGroups('link the users of all tenants', ['groups.tenants.members'], (groups) => ({
    create: (scope, { members: _, ...group }, write) => groups.create(scope, group as Group, write),
  })),
  inGroups('say nothing of members but their id', ['members.create'], (groups) => ({
    async get(scope, id, read) {
      const group = await groups.get(scope, id, read)
      const members = group?.members?.map(({ value }) => ({ value }))
      return group && ({ ...group, ...(members && { members }) } as Group)
    },
  })),
  inGroups('list all members on each page', ['members.pages'], (groups) => ({
    listMembers: async (scope, id) =>
      (await groups.listMembers?.(scope, id, { offset: 0, limit: 1_000 })) ?? [],
  })),
  inGroups('always load members', ['members.omit'], (groups) => ({
    get: (scope, id) => groups.get(scope, id, everything),
  })),
  inGroups('load members of many groups although omitted', ['members.omit'], (groups) => ({
    getMany: async (scope, ids) => (await groups.getMany?.(scope, ids, everything)) ?? [],
  })),
  inGroups('lose a member of groups of three and more', ['members.many'], (groups) => ({
    create: (scope, group, write) => {
      const { members = [] } = group
      const kept = members.length > 2 ? members.slice(1) : members
      return groups.create(scope, { ...group, members: kept } as Group, write)
    },
  })),
  inGroups('return at most 500 members', ['members.many'], (groups) => ({
    async get(scope, id, read) {
      const group = await groups.get(scope, id, read)
      return group && ({ ...group, members: group.members?.slice(0, 500) } as Group)
    },
  })),
  inGroups('forget members of groups on a page', ['members.query'], (groups) => ({
    query: (scope, query) => groups.query(scope, { ...query, omit: new Set(['members']) }),
  })),
  inGroups('leave out unknown members', ['members.unknown'], (groups) => ({
    async create(scope, group, write) {
      try {
        return await groups.create(scope, group, write)
      } catch {
        const { members: _, ...rest } = group
        return groups.create(scope, rest as Group, write)
      }
    },
  })),
  {
    name: 'have member deltas they do not declare',
    breaks: ['members.replaceWhole'],
    make: () => {
      const adapters = minimalAdapters()
      return { ...adapters, groups: { ...adapters.groups, changeMembers: async () => undefined } }
    },
  },
  inGroups('report what was asked as what changed', ['members.change'], (groups) => ({
    async changeMembers(scope, id, change, options) {
      const result = await groups.changeMembers(scope, id, change, options)
      return result && { ...result, added: change.add, removed: change.remove }
    },
  })),
  inGroups('change the version every time', ['members.change.nothing'], (groups) => ({
    async changeMembers(scope, id, change, options) {
      const result = await groups.changeMembers(scope, id, change, options)
      if (!result || result.added.length + result.removed.length > 0) return result
      const { group } = result
      const next = { ...group, meta: { ...group.meta, version: randomUUID() } }
      const write = { keys: [], comparable: () => ({}), expectedVersion: group.meta.version }
      return { ...result, group: await groups.replace(scope, next, write) }
    },
  })),
  inGroups('add those members they know', ['members.change.unknown'], (groups) => ({
    changeMembers: (scope, id, change, options) => {
      const add = change.add.filter((each) => each !== 'nobody')
      return groups.changeMembers(scope, id, { ...change, add }, options)
    },
  })),
  inGroups('read members and write them back later', ['members.change.parallel'], (groups) => ({
    async changeMembers(scope, id, change, options) {
      const idsOf = async () =>
        ((await groups.get(scope, id, everything))?.members ?? []).map(({ value }) => value)
      const wanted = [...(await idsOf()), ...change.add]
      await turn()
      const remove = (await idsOf()).filter((each) => !wanted.includes(each))
      return groups.changeMembers(scope, id, { add: wanted, remove }, options)
    },
  })),
  inGroups('fail when writers meet', ['members.change.crossed'], (groups) => {
    let writers = 0
    return {
      async changeMembers(scope, id, change, options) {
        writers += 1
        await turn()
        const isMet = writers > 1
        writers -= 1
        if (isMet) throw new Error('deadlock detected')
        return groups.changeMembers(scope, id, change, options)
      },
    }
  }),
  inGroups('empty groups that are replaced', ['members.replace'], (groups) => ({
    async replace(scope, group, write) {
      const before = await groups.get(scope, group.id, everything)
      const remove = (before?.members ?? []).map(({ value }) => value)
      return groups.replace(scope, group, { members: { add: [], remove }, ...write })
    },
  })),
  inUsers('leave deleted users in their groups', ['members.delete'], () => ({
    delete: async () => true,
  })),
  inGroups(
    'give a group that leaves itself another version',
    ['members.delete.itself'],
    (groups) => ({
      async delete(scope, id, options) {
        const group = await groups.get(scope, id, everything)
        if (group?.members?.some(({ value }) => value === id)) throw new VersionMismatchError()
        return groups.delete(scope, id, options)
      },
    }),
  ),
  inGroups('know direct groups only', ['groupsOf'], (groups) => ({
    async groupsOf(scope, ids) {
      const found = await groups.groupsOf(scope, ids)
      return new Map([...found].map(([id, list]) => [id, list.filter(({ direct }) => direct)]))
    },
  })),
  inGroups('tell everything when nobody is found', ['groupsOf.none'], (groups) => ({
    async groupsOf(scope, ids) {
      const found = await groups.groupsOf(scope, ids)
      if ([...found.values()].some((list) => list.length > 0)) return found
      const page = { kind: 'index', offset: 0, limit: 10 } as const
      const { resources } = await groups.query(scope, { ...everything, page })
      const all = resources.map(({ id, displayName }) => ({ id, displayName, direct: true }))
      return new Map((ids.length > 0 ? ids : ['']).map((id) => [id, all]))
    },
  })),
  inGroups('forget whose groups they are', ['groupsOf.tenants'], (groups) => {
    const scopes = new Map<string, Scope>()
    return {
      create: (scope, group, write) => {
        scopes.set(scope.tenant, scope)
        return groups.create(scope, group, write)
      },
      async groupsOf(_scope, ids) {
        const all = [...scopes.values()].map((scope) => groups.groupsOf(scope, ids))
        return new Map(
          (await Promise.all(all)).flatMap((found) =>
            [...found].filter(([, list]) => list.length > 0),
          ),
        )
      },
    }
  }),
  inGroups('walk in circles', ['groupsOf.cycle'], (groups) => {
    const walk = async (scope: Scope, id: string, depth: number): Promise<GroupReference[]> => {
      if (depth > 100) throw new RangeError('Maximum call stack size exceeded')
      const direct = ((await groups.groupsOf(scope, [id])).get(id) ?? []).filter(
        (reference) => reference.direct,
      )
      const further = await Promise.all(direct.map((group) => walk(scope, group.id, depth + 1)))
      return [...direct, ...further.flat()]
    }
    return {
      async groupsOf(scope, ids) {
        const lists = await Promise.all(ids.map((id) => walk(scope, id, 0)))
        return new Map(ids.map((id, index) => [id, lists[index] ?? []]))
      },
    }
  }),
  inGroups('read a user without the groups around their groups', ['groupsOf.user'], (groups) => ({
    async userWithGroups(scope, id) {
      const found = await groups.userWithGroups?.(scope, id)
      return found && { ...found, groups: found.groups.filter(({ direct }) => direct) }
    },
  })),
  inUsers('find users without the groups around theirs', ['groupsOf.query'], (users, all) => ({
    async query(scope, query) {
      const page = await users.query(scope, query)
      if (!query.withGroups) return page
      const ids = page.resources.map(({ id }) => id)
      const found = await all.groups.groupsOf(scope, ids)
      const direct = [...found].map(
        ([id, list]) => [id, list.filter((group) => group.direct)] as const,
      )
      return { ...page, groups: new Map(direct) }
    },
  })),
  inUsers('find other users if their groups are wanted', ['groupsOf.query'], (users) => ({
    query: (scope, { filter, withGroups, ...query }) =>
      users.query(scope, withGroups || !filter ? query : { ...query, filter }),
  })),
  inGroups('mix up the access of several people', ['access.resolve'], (groups) => ({
    resolveAccessOf: async (scope, users) =>
      ((await groups.resolveAccessOf?.(scope, users)) ?? []).toReversed(),
  })),
  inGroups('find nobody by an account', ['access.personByAccount'], () => ({
    personByAccount: async () => undefined,
  })),
  inGroups('know no rules', ['access.resolve'], () => ({
    resolveAccess: async (_scope, user) => ({
      active: user.active === true,
      role: null,
      workspaces: [],
      projects: [],
      reasons: [],
    }),
  })),
]

/** All that a write can bring along is dropped, or handled by `handle` at its own time. */
function apart(
  store: AnyStore,
  handle: (scope: Scope, outbox: Outbox | undefined, when: 'before' | 'after') => Promise<void>,
): Partial<AnyStore> {
  const around = async <T>(scope: Scope, outbox: Outbox | undefined, write: () => Promise<T>) => {
    await handle(scope, outbox, 'before')
    const result = await write()
    await handle(scope, outbox, 'after')
    return result
  }
  return {
    create: (scope, resource, { outbox, ...write }) =>
      around(scope, outbox, () => store.create(scope, resource, write)),
    replace: (scope, resource, { outbox, ...write }) =>
      around(scope, outbox, () => store.replace(scope, resource, write)),
    delete: (scope, id, { outbox, ...options }) =>
      around(scope, outbox, () => store.delete(scope, id, options)),
  }
}

const outboxDefects: readonly Defect[] = [
  inUsers('forget what a write brings along', ['outbox.write'], (users) => ({
    ...(apart(users as AnyStore, async () => {}) as Partial<UserStore>),
  })),
  inUsers('mark before a write that may fail', ['outbox.failure'], (users, { access, audit }) => ({
    ...(apart(users as AnyStore, async (scope, outbox, when) => {
      if (when === 'after') return
      await access.mark(scope, outbox?.pending ?? [])
      await audit.append(scope, outbox?.audit ?? [])
    }) as Partial<UserStore>),
  })),
  inUsers('store a record during a lease', ['outbox.ledger'], (users, { access }) => ({
    async replace(scope, user, { outbox: { ledger, ...outbox } = {}, ...write }) {
      const stored = await users.replace(scope, user, { ...write, outbox })
      const entry = ledger?.next(await access.getRecord(scope, user.id))
      if (entry?.record) await access.saveRecord(scope, entry.record)
      if (entry) ledger?.done(entry)
      return stored
    },
  })),
  inUsers('mark for a deletion that finds nobody', ['outbox.nothing'], (users, { access }) => ({
    async delete(scope, id, { outbox, ...options }) {
      const isDeleted = await users.delete(scope, id, {
        ...options,
        ...(outbox && { outbox }),
      })
      if (!isDeleted) await access.mark(scope, outbox?.pending ?? [])
      return isDeleted
    },
  })),
  inGroups(
    'log all members that a change names',
    ['outbox.groups.actual'],
    (groups, { audit }) => ({
      async changeMembers(scope, id, change, { now, outbox }) {
        const { audit: entries = [], ...rest } = outbox ?? {}
        const changed = await groups.changeMembers?.(scope, id, change, { now, outbox: rest })
        if (changed && changed.added.length + changed.removed.length > 0) {
          await audit.append(scope, entries)
        }
        return changed
      },
    }),
  ),
  inGroups(
    'mark who is in a group after a write only',
    ['outbox.groups', 'outbox.groups.leave', 'outbox.groups.delete'],
    (groups, { access }) => ({
      ...(apart(groups as AnyStore, async (scope, outbox, when) => {
        if (when === 'after') await access.mark(scope, outbox?.pending ?? [])
      }) as Partial<GroupStore>),
    }),
  ),
]

const accessDefects: readonly Defect[] = [
  inAccess('overwrite rules somebody else saved', ['access.rules'], (access) => ({
    async saveRules(scope, rules, options) {
      const { version: expectedVersion } = await access.rules(scope)
      return access.saveRules(scope, rules, { ...options, expectedVersion })
    },
  })),
  inAccess('forget that there were rules', ['access.rules.none'], (access) => ({
    async rules(scope) {
      const { rules, version } = await access.rules(scope)
      return { rules, version: Object.values(rules).flat().length > 0 ? version : '0' }
    },
  })),
  inAccess('check the version of rules and save later', ['access.rules.race'], (access) => ({
    async saveRules(scope, rules, options) {
      const before = await access.rules(scope)
      await turn()
      const current = await access.rules(scope)
      const isExpected = before.version === options.expectedVersion
      const expectedVersion = isExpected ? current.version : options.expectedVersion
      return access.saveRules(scope, rules, { ...options, expectedVersion })
    },
  })),
  inAccess('forget who saved rules', ['access.rules.audit'], (access) => ({
    saveRules: (scope, rules, { audit: _, ...options }) => access.saveRules(scope, rules, options),
  })),
  inAccess('change rules for nobody', ['access.fanOut', 'access.fanOut.everybody'], (access) => ({
    saveRules: (scope, rules, options) =>
      access.saveRules(scope, rules, { ...options, affects: [] }),
  })),
  inAccess('page through records in any order', ['access.records'], (access) => ({
    listRecords: async (scope, page) => [...(await access.listRecords(scope, page))].reverse(),
  })),
  inAccess('link an account to several users', ['access.records.account'], (access) => ({
    async saveRecord(scope, record) {
      const other = record.account && (await access.recordByAccount(scope, record.account.id))
      if (other) await access.deleteRecord(scope, other.userId)
      return access.saveRecord(scope, record)
    },
  })),
  inAccess('forget that a rule gave a role', ['access.records.role'], (access) => ({
    async saveRecord(scope, record) {
      await access.deleteRecord(scope, record.userId)
      await access.saveRecord(scope, record)
    },
  })),
  inAccess('know people by one address only', ['access.records.email'], (access) => ({
    recordsByEmail: async (scope, email) =>
      (await access.recordsByEmail(scope, email)).filter((record) => record.email === email),
  })),
  inAccess('share values among tenants', ['access.values', 'access.values.several'], (access) => ({
    getValue: (scope, name) => access.getValue({ ...scope, tenant: 'one' }, name),
    setValue: (scope, name, value) => access.setValue({ ...scope, tenant: 'one' }, name, value),
    setValues: async (scope, values) => access.setValues?.({ ...scope, tenant: 'one' }, values),
  })),
  inAccess('store the first of several values', ['access.values.several'], (access) => ({
    setValues: async (scope, values) => {
      for (const [name, value] of [...values].slice(0, 1_000)) {
        await access.setValue(scope, name, value)
      }
    },
  })),
  inAccess('take a group for a user', ['pending.mark'], (access) => ({
    mark: (scope, ids) => access.mark(scope, [...ids.slice(1), 'somebody']),
  })),
  inAccess('count failed entries as pending', ['pending.summary'], (access) => ({
    async summary(scope) {
      const { failed, pending, ...rest } = await access.summary(scope)
      return { ...rest, pending: pending + failed, failed: 0 }
    },
  })),
  inAccess('lease more than was asked for', ['pending.claim'], (access) => ({
    claim: (options) => access.claim({ ...options, limit: 100 }),
  })),
  inAccess(
    'lease for no time',
    ['pending.claim.parallel', 'pending.claim.alike', 'pending.claim.lease'],
    (access) => ({ claim: (options) => access.claim({ ...options, leaseMs: -1 }) }),
  ),
  inAccess('claim nobody who is alike', ['pending.claim.alike'], (access) => ({
    claim: async ({ alike, ...options }) => (alike ? [] : access.claim(options)),
  })),
  inAccess('do not renew leases', ['pending.renew'], () => ({ renew: async () => true })),
  inAccess('claim only what is due', ['pending.claim.users'], (access) => ({
    async claim({ userIds, ...options }) {
      const due = await access.listPending(scopeOf(options.tenant), { offset: 0, limit: 100 })
      const wanted = due
        .filter((entry) => !entry.failed && Date.parse(entry.nextAt) <= Date.now())
        .map(({ userId }) => userId)
      const named = userIds === undefined ? wanted : wanted.filter((id) => userIds.includes(id))
      return access.claim({ ...options, userIds: named })
    },
  })),
  inAccess('clear marks they did not claim', ['pending.settle.done'], (access) => ({
    async settle(owner, entry, outcome) {
      const [current] = await access.pendingOf(scopeOf(entry.tenant), [entry.userId])
      return access.settle(owner, { ...entry, mark: current?.mark ?? 0 }, outcome)
    },
  })),
  inAccess('finish some people when others are refused', ['pending.finish'], (access) => ({
    async finish(scope, finished) {
      for (const { owner, entry, record } of finished) {
        if (record) await access.saveRecord(scope, record)
        await access.settle(owner, entry, { kind: 'done' })
      }
    },
  })),
  inAccess('try again at once', ['pending.settle.retry'], (access) => ({
    settle: (owner, entry, outcome) =>
      access.settle(owner, entry, outcome.kind === 'retry' ? { ...outcome, afterMs: 0 } : outcome),
  })),
  inAccess('leave those put off who are marked again', ['pending.settle.marked'], (access) => {
    const late = new Set<string>()
    return {
      settle(owner, entry, outcome) {
        if (outcome.kind === 'retry' && outcome.afterMs > 60_000) late.add(entry.userId)
        return access.settle(owner, entry, outcome)
      },
      mark: (scope, ids) =>
        access.mark(
          scope,
          ids.filter((id) => !late.has(id)),
        ),
    }
  }),
  inAccess('try failed entries again', ['pending.settle.failed'], (access) => ({
    settle: (owner, entry, outcome) => {
      const retry = { kind: 'retry', afterMs: 0, error: '' } as const
      return access.settle(owner, entry, outcome.kind === 'failed' ? retry : outcome)
    },
  })),
  inAccess('let anybody settle', ['pending.settle.owner'], (access) => {
    let last = ''
    return {
      claim(options) {
        last = options.owner
        return access.claim(options)
      },
      settle: (_owner, entry, outcome) => access.settle(last, entry, outcome),
    }
  }),
  inAccess('do not know what is due', ['pending.nextDue'], () => ({
    nextDue: async () => undefined,
  })),
]

function scopeOf(tenant = ''): Scope {
  return { tenant, actor: '', requestId: '', signal: new AbortController().signal }
}

const otherDefects: readonly Defect[] = [
  inUsers('never answer', ['users.getMany', 'target.deprovision'], () => ({
    getMany: () => new Promise(() => {}),
    deprovision: () => new Promise(() => {}),
  })),
  inUsers('find nobody by address', ['gate', 'signIn'], (users) => ({
    query: async (scope, query) =>
      query.filter ? { resources: [], totalResults: 0 } : users.query(scope, query),
  })),
  inGroups('find no group by name', ['settings.rules'], (groups) => ({
    query: async (scope, query) =>
      query.filter ? { resources: [], totalResults: 0 } : groups.query(scope, query),
  })),
  minimalThatIs('sent filters it did not say it takes', ['gate', 'signIn']),
  inAudit('read the log from its beginning', ['audit.order'], (audit) => ({
    query: async (scope, query) => [...(await audit.query(scope, query))].reverse(),
  })),
  inAudit('ignore what is looked for in the log', ['audit.filter'], (audit) => ({
    query: (scope, { limit }) => audit.query(scope, { limit }),
  })),
  inUsers('cannot deprovision twice', ['target.deprovision'], () => {
    const gone = new Set<string>()
    return {
      async deprovision(_scope, { id }) {
        if (gone.has(id)) throw new Error('Already gone.')
        gone.add(id)
      },
    }
  }),
  inUsers('add to what they applied', ['target.applyAccess'], () => {
    let count = 0
    return {
      async applyAccess() {
        count += 1
        const applied = Array.from({ length: count }, (_, index) => ({
          kind: 'workspace' as const,
          title: String(index),
        }))
        return { applied }
      },
    }
  }),
]

function inWorkspaces(
  name: string,
  breaks: string[],
  change: (store: WorkspaceStore) => Partial<WorkspaceStore>,
): Defect {
  const make = () => {
    const adapters = memoryAdapters()
    const { workspaceStore } = adapters
    return { ...adapters, workspaceStore: { ...workspaceStore, ...change(workspaceStore) } }
  }
  return { name, breaks, make }
}

function inRefusals(
  name: string,
  breaks: string[],
  change: (store: RefusalStore) => Partial<RefusalStore>,
): Defect {
  const make = () => {
    const adapters = memoryAdapters()
    const { refusals } = adapters
    return { ...adapters, refusals: { ...refusals, ...change(refusals) } }
  }
  return { name, breaks, make }
}

const workspaceDefects: readonly Defect[] = [
  inTokens('find tokens that were deleted', ['tokens.find'], (store) => {
    const found = new Map<string, Awaited<ReturnType<TokenStore['find']>>>()
    return {
      async find(digest) {
        const token = found.get(digest) ?? (await store.find(digest))
        found.set(digest, token)
        return token
      },
    }
  }),
  inTokens('forget the end of a token that is renamed', ['tokens.change'], (store) => ({
    async change(scope, change, audit) {
      const before = (await store.list(scope)).find(({ id }) => id === change.id)
      if (!before) return false
      await store.delete(scope, change.id)
      const { expiresAt: _, ...kept } = before
      await store.create(scope, { ...kept, ...change }, audit)
      return true
    },
  })),
  inTokens('log tokens that nobody has', ['tokens.audit'], (store) => ({
    async delete(scope, id, audit = []) {
      const isThere = await store.delete(scope, id)
      await store.create(scope, { ...unusedToken, id: 'log' }, audit)
      await store.delete(scope, 'log')
      return isThere
    },
  })),
  inTokens('keep each use', ['tokens.uses'], () => {
    const all: TokenUse[] = []
    return {
      async noteUse(_scope, use) {
        all.unshift(use)
      },
      listUses: async () => all,
    }
  }),
  inWorkspaces(
    'have two workspaces of one title',
    ['workspaces.titles', 'workspaces.race'],
    (store) => ({
      async create(scope, { id }) {
        const title = 'a'
        await store.create(scope, { id, title: id })
        const all = await store.list(scope)
        store.list = async () => all.map((each) => ({ ...each, title }))
      },
    }),
  ),
  inWorkspaces('rename and leave the rules as they are', ['workspaces.rules'], ({ rename }) => ({
    rename: (scope, change, audit) => rename(scope, change, audit),
  })),
  inWorkspaces('never take a project out of a workspace', ['workspaces.projects'], () => ({
    removeProjects: async () => {},
  })),
  inWorkspaces('do not know who made a project', ['workspaces.unplaced'], () => ({
    noteCreator: async () => {},
  })),
  inWorkspaces('keep their version', ['workspaces.version'], () => ({ version: async () => '0' })),
  inRefusals('do not count', ['refusals.counts'], (store) => ({
    add: (scope, seen) =>
      store.add(
        scope,
        seen.map((each) => ({ ...each, count: 1 })),
      ),
  })),
  inRefusals('forget nothing', ['refusals.bounds'], () => {
    const all: RefusalCount[] = []
    return {
      async add(_scope, seen) {
        all.unshift(...[...seen].reverse())
      },
      list: async () => all,
    }
  }),
]

const unusedToken = { name: 'none', digest: '0'.repeat(64), createdAt: '', createdBy: '' }

export const defects: readonly Defect[] = [
  ...storeDefects,
  ...valueDefects,
  ...raceDefects,
  ...idDefects,
  ...tenantDefects,
  ...keyDefects,
  ...listDefects,
  ...filterDefects,
  ...groupsOfDefects,
  ...memberDefects,
  ...groupDefects,
  ...outboxDefects,
  ...accessDefects,
  ...otherDefects,
  ...workspaceDefects,
  ...fieldDefects,
  ...attributeDefects,
  ...endDefects,
  ...dueDefects,
  ...instanceDefects,
]
