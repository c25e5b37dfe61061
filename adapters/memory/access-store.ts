import {
  type AccessStore,
  emptyRecord,
  type Group,
  groupKey,
  hasRules,
  type Ledger,
  type MappingPolicy,
  type MappingRules,
  VersionMismatchError,
  withoutPerson,
} from '../../lib/adapter/index.js'
import { passedOverMethods } from './passed-over.js'
import { type State, saveRecord, type TenantState, usersIn } from './state.js'

/** Rules, ledger and pending work, in maps. */
export function memoryAccessStore(state: State, policy: MappingPolicy): AccessStore {
  const { pending } = state

  return {
    async rules(scope) {
      return state.of(scope).rules
    },
    async saveRules(scope, rules, { expectedVersion, affects, audit = [] }) {
      const tenant = state.of(scope)
      if (tenant.rules.version !== expectedVersion) throw new VersionMismatchError()
      return state.write(scope, { audit }, () => {
        const userIds = affectedUsers(tenant, affects, policy)
        pending.fanOuts.add(scope.tenant, userIds)
        tenant.rules = { rules, version: versionAfter(expectedVersion, rules) }
        return tenant.rules
      })
    },
    async fanOut(limit) {
      return pending.fanOuts.step(limit)
    },
    ...recordMethods(state),
    ...passedOverMethods(state),
    async forget({ before }) {
      let forgotten = 0
      for (const tenant of state.tenants()) forgotten += forgetPeople(tenant, before)
      return forgotten
    },
    async mark(scope, ids) {
      state.write(scope, { pending: ids }, () => undefined)
    },
    renew: async (...parameters) => pending.renew(...parameters),
    async claim(options) {
      return pending.claim(options)
    },
    async settle(owner, entry, outcome) {
      pending.settle(owner, entry, outcome)
    },
    async pendingOf({ tenant }, userIds) {
      return userIds
        .map((userId) => pending.get(tenant, userId))
        .filter((entry) => entry !== undefined)
    },
    async summary({ tenant }) {
      const entries = pending.list(tenant)
      const failed = entries.filter((entry) => entry.failed).length
      const lastError = pending.lastError(tenant)
      return {
        pending: entries.length - failed,
        failed,
        fanningOut: pending.fanOuts.count(tenant),
        ...(entries[0] && { oldest: entries[0].since }),
        ...(lastError && { lastError }),
      }
    },
    async listPending({ tenant }, { offset, limit, failed }) {
      const entries = pending.list(tenant)
      const wanted = entries.filter((entry) => failed === undefined || entry.failed === failed)
      return wanted.slice(offset, offset + limit)
    },
    async retry({ tenant }, userIds) {
      return pending.retry(tenant, userIds)
    },
    async nextDue() {
      return pending.fanOuts.areDone() ? pending.nextDue() : 0
    },
  }
}

/** It stays 0 until there is a rule. */
function versionAfter(version: string, rules: MappingRules): string {
  return version === '0' && !hasRules(rules) ? '0' : String(Number(version) + 1)
}

function recordMethods(
  state: State,
): Ledger & Pick<AccessStore, 'getValue' | 'setValue' | 'setValues'> {
  return {
    async getRecord(scope, userId) {
      return state.of(scope).records.get(userId)
    },
    async getRecords(scope, userIds) {
      const { records } = state.of(scope)
      return userIds.map((id) => records.get(id)).filter((record) => record !== undefined)
    },
    async listRecords(scope, { afterUserId = '', limit }) {
      const records = [...state.of(scope).records.values()]
      const later = records.filter(({ userId }) => userId > afterUserId)
      return later.sort((a, b) => (a.userId < b.userId ? -1 : 1)).slice(0, limit)
    },
    async recordByAccount(scope, accountId) {
      const { accounts, records } = state.of(scope)
      return records.get(accounts.get(accountId) ?? '')
    },
    async recordsByEmail(scope, email) {
      const records = [...state.of(scope).records.values()]
      return records.filter((each) => each.email === email || each.account?.email === email)
    },
    async saveRecord(scope, record) {
      saveRecord(state.of(scope), record)
    },
    async noteRole(scope, userIds) {
      const { records } = state.of(scope)
      for (const userId of userIds) {
        const record = records.get(userId) ?? emptyRecord(userId, new Date(state.now()))
        records.set(userId, { ...record, hadRole: true })
      }
    },
    async deleteRecord(scope, userId) {
      const { accounts, records } = state.of(scope)
      const account = records.get(userId)?.account
      if (account) accounts.delete(account.id)
      records.delete(userId)
    },
    async getValue(scope, name) {
      return state.of(scope).values.get(name)
    },
    async setValue(scope, name, value) {
      const { values } = state.of(scope)
      if (value === undefined) values.delete(name)
      else values.set(name, value)
    },
    async setValues(scope, given) {
      const { values } = state.of(scope)
      for (const [name, value] of given) values.set(name, value)
    },
  }
}

function forgetPeople(tenant: TenantState, before: string): number {
  const { records, values } = tenant
  const due = [...records.values()].filter(
    (record) =>
      record.at < before &&
      tenant.table('User').get(record.userId) === undefined &&
      (record.email !== undefined || record.account?.email !== undefined || !record.account),
  )
  for (const record of due) {
    const left = withoutPerson(record)
    if (left) records.set(record.userId, left)
    else records.delete(record.userId)
    const abouts = [record.userId, record.email, record.account?.email]
    const ends = abouts.flatMap((about) => (about === undefined ? [] : `:${about}`))
    for (const [name, value] of values) {
      const isAbout = value === record.userId || ends.some((each) => name.endsWith(each))
      if (isAbout) values.delete(name)
    }
  }
  return due.length
}

function affectedUsers(
  tenant: TenantState,
  affects: readonly string[] | 'everybody',
  policy: MappingPolicy,
): Iterable<string> {
  if (affects === 'everybody') return everybody(tenant)
  return usersIn(tenant, groupsNamed(tenant, affects, policy))
}

/** Runs in the same tick in which the rules are saved. */
function groupsNamed(
  tenant: TenantState,
  names: readonly string[],
  policy: MappingPolicy,
): readonly string[] {
  const wanted = new Set(names)
  const groups = tenant.table('Group').slice(0) as unknown as readonly Group[]
  return groups
    .filter(({ displayName }) => wanted.has(groupKey(displayName, policy)))
    .map(({ id }) => id)
}

function everybody(tenant: TenantState): readonly string[] {
  return tenant
    .table('User')
    .slice(0)
    .map(({ id }) => id)
}
