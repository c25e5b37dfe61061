import {
  type AccessRecord,
  type AccessStore,
  type AuditStore,
  maxPassedOver,
  type User,
} from '../../stores/index.js'
import { expectEqual, expectThat } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { fullEntry, fullRecord } from '../samples.js'
import { createUser } from '../subject.js'
import { accessOf } from './work.js'

/** Long ago, so that nothing but the records of these checks is forgotten. */
const [longAgo, later] = ['1990-01-01T09:00:00.000Z', '1990-01-02T09:00:00.000Z'] as const

/** What outlives a person, and what ends with age. */
export const endChecks: readonly Check[] = [
  {
    id: 'access.records.deleted',
    level: 'MUST',
    section: 'AccessStore.getRecord; ResourceStore.delete',
    title: 'keeps the record of a person who is deleted, with the account, until it is forgotten',
    appliesTo: ({ access }) => access !== undefined,
    async run(context) {
      const { adapters, scope } = context
      const access = accessOf(context)
      for (const outbox of [undefined, { pending: [] }]) {
        const user = await createUser(context)
        const record = recordOf(user, user.id)
        await access.saveRecord(scope, record)
        await access.setValue(scope, `note:${user.id}`, 'kept')
        await adapters.users.delete(scope, user.id, { outbox })
        await expectRecord(context, record)
        expectEqual(await access.getValue(scope, `note:${user.id}`), 'kept', 'a value about them')

        const person = await adapters.groups.personByAccount?.(scope, user.id)
        if (adapters.groups.personByAccount)
          expectEqual(person, { record }, 'the person by account')
        await access.deleteRecord(scope, user.id)
      }
    },
  },
  {
    id: 'access.forget',
    level: 'MUST',
    section: 'AccessStore.forget',
    title: 'makes old records of deleted people anonymous, and leaves all others as they are',
    appliesTo: ({ access }) => access?.forget !== undefined,
    run: expectForgotten,
  },
  {
    id: 'access.passedOver',
    level: 'MUST',
    section: 'AccessStore.countPassedOver, listPassedOver',
    title: 'keeps at least the 500 names that were dropped last, and tells of each once a day',
    appliesTo: ({ access }) => access?.countPassedOver !== undefined,
    async run(context) {
      const { scope } = context
      const access = accessOf(context)
      const at = (index: number) => new Date(Date.UTC(2026, 0, 31) + index).toISOString()
      const seen = Array.from({ length: maxPassedOver }, (_, index) => {
        const name = `name ${index}`
        return { kind: 'attribute', name, count: 1, at: at(index) } as const
      })
      const first = await access.countPassedOver?.(scope, seen)
      expectEqual(first?.length, seen.length, 'names told at first')
      expectEqual(await access.countPassedOver?.(scope, seen), [], 'names told on the same day')
      const tomorrow = seen.slice(0, 1).map((each) => ({ ...each, at: at(86_400_000) }))
      const told = (await access.countPassedOver?.(scope, tomorrow)) ?? []
      expectEqual(
        told.map(({ name }) => name),
        ['name 0'],
        'names told on the next day',
      )
      const listed = (await access.listPassedOver?.(scope)) ?? []
      expectThat(listed.length >= maxPassedOver, `All names must be kept, not ${listed.length}`)
      expectEqual([listed[0]?.name, listed[0]?.count], ['name 0', 3], 'the last one, and its count')
    },
  },
  {
    id: 'audit.purge',
    level: 'MUST',
    section: 'AuditStore.purge',
    title: 'removes no entry that is not too old, no more than asked for, and tells how many',
    appliesTo: ({ audit }) => audit?.purge !== undefined,
    async run({ adapters, scope }) {
      const audit = adapters.audit as AuditStore
      const old = (actor: string) => ({ ...fullEntry(scope.tenant), at: longAgo, actor })
      const kept = { ...fullEntry(scope.tenant), at: later, actor: 'kept' }
      await audit.append(scope, [old('a'), old('b'), old('c'), kept])
      // Newer entries, e.g. of other tenants, may stand before these: then none is removed.
      const removed = (await audit.purge?.({ before: later, limit: 2 })) ?? 0
      expectThat(removed <= 2, `No more than 2 must be removed, not ${removed}`)
      const left = (await audit.query(scope, { limit: 9 })).map(({ actor }) => actor)
      const wanted = ['kept', 'c', 'b', 'a'].slice(0, 4 - removed)
      expectEqual(left, wanted, `entries after ${removed} were removed`)
    },
  },
]

async function expectForgotten(context: CheckContext): Promise<void> {
  const { adapters, scope } = context
  const access = accessOf(context)
  const people = {
    old: await createUser(context),
    unlinked: await createUser(context),
    recent: await createUser(context),
    present: await createUser(context),
  }
  const records = {
    old: recordOf(people.old, 'old'),
    unlinked: recordOf(people.unlinked),
    recent: { ...recordOf(people.recent, 'recent'), at: later },
    present: recordOf(people.present, 'present'),
  }
  for (const record of Object.values(records)) {
    await access.saveRecord(scope, record)
    await access.setValue(scope, `note:${record.userId}`, 'note')
    if (record !== records.present) await adapters.users.delete(scope, record.userId, {})
  }
  expectEqual(await access.forget?.({ before: later }), 2, 'how many people were forgotten')
  await expectRecord(context, records.recent)
  await expectRecord(context, records.present)
  expectEqual(await access.getRecord(scope, people.unlinked.id), undefined, 'one without account')
  const left = await access.getRecord(scope, people.old.id)
  const { applied, deferred, notes, email, account } = left ?? {}
  const nothing = { applied: [], deferred: [], notes: [], email: undefined }
  expectEqual({ applied, deferred, notes, email }, nothing, 'what is left of an old record')
  expectEqual([account?.id, account?.email], ['old', undefined], 'the account of an old record')
  expectEqual(await access.recordByAccount(scope, 'old'), left, 'the record by its account')
  expectEqual(await access.recordsByEmail(scope, mailOf(people.old)), [], 'records by its address')
  const note = (user: User) => access.getValue(scope, `note:${user.id}`)
  const found = await Promise.all(Object.values(people).map(note))
  expectEqual(found, [undefined, undefined, 'note', 'note'], 'values about them')
}

function mailOf({ id }: User): string {
  return `${id}@example.com`
}

/** An old record; without an account unless its id is given. */
function recordOf(user: User, accountId?: string): AccessRecord {
  const { account, ...record } = fullRecord(user.id)
  const linked = { ...account, id: accountId ?? '', email: mailOf(user) }
  return {
    ...record,
    email: mailOf(user),
    at: longAgo,
    ...(accountId !== undefined && { account: linked }),
  }
}

/** Expects a record in every answer of the store. */
async function expectRecord(context: CheckContext, record: AccessRecord): Promise<void> {
  const { scope } = context
  const access: AccessStore = accessOf(context)
  const { userId, email = '', account } = record
  const listed = await access.listRecords(scope, { limit: 10 })
  const ways: Readonly<Record<string, readonly (AccessRecord | undefined)[]>> = {
    getRecord: [await access.getRecord(scope, userId)],
    getRecords: await access.getRecords(scope, [userId]),
    listRecords: listed.filter((each) => each.userId === userId),
    recordByAccount: account ? [await access.recordByAccount(scope, account.id)] : [record],
    recordsByEmail: await access.recordsByEmail(scope, email),
  }
  for (const [way, found] of Object.entries(ways)) {
    expectEqual(found, [record], `what ${way} returned`)
  }
}
