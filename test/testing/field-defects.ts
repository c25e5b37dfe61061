import { memoryAdapters } from '../../adapters/memory/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import type { Grant } from '../../lib/mapping/types.js'
import type { AccessRecord, Resource, StoredToken } from '../../lib/stores/index.js'
import {
  everyAttribute,
  fullEntry,
  fullRecord,
  fullRules,
  fullToken,
} from '../../lib/testing/samples.js'
import { typeNamed } from '../../lib/testing/subject.js'
import { type Defect, each, inAccess, inAudit, inStores, inTokens } from './broken.js'

/** Each field of a sample, lost when it is stored. */
function losingEach<T extends object>(
  what: string,
  sample: T,
  kept: readonly string[],
  make: (name: string, lose: (value: T) => T) => Defect,
): readonly Defect[] {
  const names = Object.keys(sample).filter((name) => !kept.includes(name))
  return names.map((name) => make(`lose ${name} of ${what}`, (value) => without(value, name)))
}

function without<T extends object>(value: T, name: string): T {
  return Object.fromEntries(Object.entries(value).filter(([each]) => each !== name)) as T
}

const ofRecords = (name: string, lose: (record: AccessRecord) => AccessRecord) =>
  inAccess(name, ['access.records.fields'], (access) => ({
    saveRecord: (scope, record) => access.saveRecord(scope, lose(record)),
  }))

const ofGrants = (name: string, lose: (grant: Grant) => Grant) =>
  ofRecords(name, (record) => ({ ...record, applied: record.applied.map(lose) }))

const record = fullRecord('person')

/** Stores that lose a field, or change text. */
export const fieldDefects: readonly Defect[] = [
  ...losingEach('records', record as AccessRecord, ['userId', 'account'], ofRecords),
  ...losingEach('accounts', record.account as object, ['id'], (name, lose) =>
    ofRecords(name, ({ account, ...rest }) => ({
      ...rest,
      ...(account && { account: lose(account) as typeof account }),
    })),
  ),
  ...record.applied.flatMap((grant) =>
    losingEach(`grants of a ${grant.kind}`, grant as Grant, ['kind'], (name, lose) =>
      ofGrants(name, (each) => (each.kind === grant.kind ? lose(each) : each)),
    ),
  ),
  ofRecords('say that every account was created', ({ account, ...rest }) => ({
    ...rest,
    ...(account && { account: { ...account, origin: 'created' as const } }),
  })),
  ofRecords('keep roles only', (all) => ({
    ...all,
    applied: all.applied.filter(({ kind }) => kind === 'role'),
  })),
  inAccess('list the records of all tenants', ['access.records.fields'], (access) => {
    const tenants = new Map<string, Parameters<typeof access.saveRecord>[0]>()
    return {
      saveRecord(scope, saved) {
        tenants.set(scope.tenant, scope)
        return access.saveRecord(scope, saved)
      },
      async listRecords(_scope, page) {
        const all = [...tenants.values()].map((scope) => access.listRecords(scope, page))
        return (await Promise.all(all)).flat()
      },
    }
  }),
  ...losingEach('log entries', fullEntry('tenant') as AuditEntry, [], (name, lose) =>
    inAudit(name, ['audit.fields'], (audit) => ({
      append: (scope, all) => audit.append(scope, all.map(lose)),
    })),
  ),
  inAudit('cut details', ['audit.fields'], (audit) => ({
    append: (scope, all) =>
      audit.append(
        scope,
        all.map((one) => ({ ...one, detail: one.detail?.slice(0, 255) }) as AuditEntry),
      ),
  })),
  ...losingEach('tokens', fullToken('1') as StoredToken, ['id', 'digest'], (name, lose) =>
    inTokens(name, ['tokens.fields'], (tokens) => ({
      list: async (scope) => (await tokens.list(scope)).map(lose),
    })),
  ),
  inTokens('hide tokens that have expired', ['tokens.fields'], (tokens) => ({
    list: async (scope) =>
      (await tokens.list(scope)).filter(({ expiresAt = '9' }) => expiresAt > '2026-02'),
  })),
  ...losingEach('rules', fullRules(), [], (name, lose) =>
    inAccess(name, ['access.rules.fields'], (access) => ({
      async rules(scope) {
        const { rules, version } = await access.rules(scope)
        return { version, rules: lose(rules) }
      },
    })),
  ),
  inAccess('store each rule once', ['access.rules.fields'], (access) => ({
    async saveRules(scope, rules, options) {
      const once = new Map(rules.roles_groups.map((row) => [row.join(), row]))
      return access.saveRules(scope, { ...rules, roles_groups: [...once.values()] }, options)
    },
  })),
  inAccess('trim values', ['access.values.fields'], (access) => ({
    setValue: (scope, name, value) => access.setValue(scope, name, value?.trim()),
  })),
  inAccess('cut errors', ['pending.fields'], (access) => ({
    settle: (owner, entry, outcome) =>
      access.settle(
        owner,
        entry,
        outcome.kind === 'done' ? outcome : { ...outcome, error: outcome.error.slice(0, 255) },
      ),
  })),
  inAccess('list dropped names as they came', ['access.passedOver.fields'], (access) => ({
    listPassedOver: async (scope) => ((await access.listPassedOver?.(scope)) ?? []).toReversed(),
  })),
  ...['reason', 'path'].map(losingOfRefusals),
  losingOfWorkspaces(),
]

function losingOfRefusals(name: string): Defect {
  const make = () => {
    const adapters = memoryAdapters()
    const { refusals } = adapters
    const list: typeof refusals.list = async (scope, options) =>
      (await refusals.list(scope, options)).map((refusal) => without(refusal, name))
    return { ...adapters, refusals: { ...refusals, list } }
  }
  return { name: `lose ${name} of refusals`, breaks: ['refusals.fields'], make }
}

function losingOfWorkspaces(): Defect {
  const make = () => {
    const adapters = memoryAdapters()
    const { workspaceStore } = adapters
    const list: typeof workspaceStore.list = async (scope) =>
      (await workspaceStore.list(scope)).map((all) => ({ ...all, title: all.title.trim() }))
    return { ...adapters, workspaceStore: { ...workspaceStore, list } }
  }
  return { name: 'trim titles of workspaces', breaks: ['workspaces.fields'], make }
}

/** Every attribute of a user, and what databases do to values. */
export const attributeDefects: readonly Defect[] = [
  ...Object.keys(everyAttribute(typeNamed('User')))
    .filter((name) => name !== 'userName' && name !== 'externalId')
    .map((name) =>
      storing(`lose the attribute ${name}`, ['users.fields'], (all) => without(all, name)),
    ),
  storing('lose externalId', each('fields'), (all) => without(all, 'externalId')),
  storing('store ends of lines of another system', each('fields'), (all) =>
    mapped(all, (value) => (typeof value === 'string' ? value.replaceAll('\r\n', '\n') : value)),
  ),
  storing('sort lists', ['users.fields', 'devices.fields'], (all) =>
    mapped(all, (value) => (Array.isArray(value) ? inOrder(value) : value)),
  ),
  storing('store each value of a list once', ['users.fields', 'devices.fields'], (all) =>
    mapped(all, (value) => (Array.isArray(value) ? once(value) : value)),
  ),
  storing('store whole numbers of 32 bits', ['devices.fields'], (all) =>
    mapped(all, (value) => (typeof value === 'number' ? value | 0 : value)),
  ),
  inStores('find null for no value', each('fields'), (store) => ({
    find: async (scope, keys, read) =>
      ((await store.find?.(scope, keys, read)) ?? []).map(
        (all) => ({ externalId: null, title: null, ...all }) as unknown as Resource,
      ),
  })),
]

function storing(name: string, breaks: string[], change: (all: Resource) => Resource): Defect {
  return inStores(name, breaks, (store) => ({
    create: (scope, resource, write) => store.create(scope, change(resource), write),
    replace: (scope, resource, write) => store.replace(scope, change(resource), write),
  }))
}

/** A copy, with every value inside changed from inside to outside. */
function mapped<T>(value: T, change: (value: unknown) => unknown): T {
  if (Array.isArray(value)) return change(value.map((each) => mapped(each, change))) as T
  if (typeof value !== 'object' || value === null) return change(value) as T
  const members = Object.entries(value).map(([name, each]) => [name, mapped(each, change)])
  return Object.fromEntries(members) as T
}

function inOrder(list: readonly unknown[]): readonly unknown[] {
  return list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function once(list: readonly unknown[]): readonly unknown[] {
  return [...new Map(list.map((each) => [JSON.stringify(each), each])).values()]
}
