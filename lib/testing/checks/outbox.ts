import type { AuditEntry } from '../../events/catalogue.js'
import { emptyRecord } from '../../stores/empty-record.js'
import type { Adapters, Outbox, Resource, ResourceStore } from '../../stores/index.js'
import { expectEqual, expectThat, rejection } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { fullEntry } from '../samples.js'
import {
  changed,
  createGroup,
  createUser,
  instant,
  make,
  subjectNamed,
  writeOf,
} from '../subject.js'
import { fanOutAll, pendingIds } from './work.js'

const users = subjectNamed('users')
const enforced = 'deprovisioned'

const appliesTo = (adapters: Adapters) =>
  adapters.access !== undefined &&
  adapters.audit !== undefined &&
  adapters.users.supports?.outbox === true &&
  adapters.groups.supports?.outbox === true

/** Marks and audit entries that become durable in the same step as a write, or not at all. */
export const outboxChecks: readonly Check[] = [
  {
    id: 'outbox.write',
    title: 'stores marks and audit entries with each kind of write',
    async run(context: CheckContext) {
      const { scope } = context
      const { store } = users
      const resource = make(users)
      const about = (id: string) => ({ pending: [id], audit: [entryOf(scope.tenant, id)] })
      const stored = await store(context.adapters).create(
        scope,
        resource,
        writeOf(resource, about(resource.id)),
      )
      const id = stored.id
      await expectMarks(context, id, 1)
      const next = changed(stored, { displayName: 'x' })
      const { version: expectedVersion } = stored.meta
      await store(context.adapters).replace(scope, next, {
        ...writeOf(next, about(id)),
        expectedVersion,
      })
      await expectMarks(context, id, 2)
      await store(context.adapters).delete(scope, id, { outbox: about(id) })
      await expectMarks(context, id, 3)
    },
  },
  {
    id: 'outbox.ledger',
    title: 'stores a record with a write only while nobody holds the person’s lease',
    async run(context: CheckContext) {
      const { adapters, scope } = context
      const stored = await createUser(context)
      const { id: userId } = stored
      const record = { ...emptyRecord(userId, new Date()), hadRole: true, enforced } as const
      let isDone = false
      const done = () => {
        isDone = true
      }
      const ledger = { userId, next: () => ({ record, audit: [] }), done }
      const write = (resource: Resource) =>
        users.store(adapters).replace(scope, changed(resource, { title: resource.meta.version }), {
          ...writeOf(resource, { pending: [userId], ledger }),
          expectedVersion: resource.meta.version,
        })
      const next = await write(stored)
      // A store may ignore it, and then sets the mark.
      const isKept = isDone
      expectEqual(await pendingIds(context), isKept ? [] : [userId], 'pending users')
      const known = await adapters.access?.getRecord(scope, userId)
      expectEqual(known, isKept ? record : undefined, 'record')
      await adapters.access?.mark(scope, [userId])
      const { tenant } = scope
      const userIds = [userId]
      await adapters.access?.claim({ owner: 'other', limit: 1, leaseMs: 60_000, tenant, userIds })
      isDone = false
      await write(next)
      expectEqual(isDone, false, 'whether the record was stored during a lease')
    },
  },
  {
    id: 'outbox.failure',
    title: 'stores neither marks nor audit entries with a write that is refused',
    async run(context: CheckContext) {
      const { adapters, scope } = context
      const stored = await createUser(context, { userName: 'taken' })
      const group = await createGroup(context)
      const outbox = { pending: [stored.id], audit: [entryOf(scope.tenant, stored.id)] }
      const other = make(users, { userName: 'TAKEN' })
      const next = changed(stored, { displayName: 'x' })
      const store = users.store(adapters)
      const writes = [
        () => store.create(scope, other, writeOf(other, outbox)),
        () => replaceWrongly(store, context, next, outbox),
        () => store.delete(scope, stored.id, { expectedVersion: 'another', outbox }),
        () => changeWrongly(context, group.id, outbox),
      ]
      for (const [index, write] of writes.entries()) {
        expectEqual((await rejection(write)) === undefined, false, `write ${index} succeeds`)
      }
      expectEqual(await pendingIds(context), [], 'pending users afterwards')
      expectEqual(await adapters.audit?.query(scope, { limit: 10 }), [], 'audit log afterwards')
    },
  },
  {
    id: 'outbox.groups',
    title:
      'marks everybody in a group, also through other groups, as it is before and after a write',
    async run(context: CheckContext) {
      const { adapters, scope } = context
      const [one, two, three] = [
        await createUser(context),
        await createUser(context),
        await createUser(context),
      ]
      const inner = await createGroup(context, [one.id])
      const outer = await createGroup(context, [inner.id, two.id])
      const next = changed(outer, { displayName: 'renamed', members: undefined })
      const deltas = adapters.groups.supports?.memberDeltas === true
      const whole = { ...next, members: [{ value: inner.id }, { value: three.id }] }
      await adapters.groups.replace(scope, (deltas ? next : whole) as never, {
        ...writeOf(next, { pending: [outer.id] }),
        expectedVersion: outer.meta.version,
        ...(deltas && { members: { add: [three.id], remove: [two.id] } }),
      })
      await fanOutAll(context)
      const everybody = [one.id, two.id, three.id].sort()
      expectEqual(await pendingIds(context), everybody, 'pending users after the change')
    },
  },
  {
    id: 'outbox.groups.leave',
    title: 'marks everybody in a group that leaves a marked group',
    async run(context: CheckContext) {
      const { adapters, scope } = context
      const user = await createUser(context)
      const inner = await createGroup(context, [user.id])
      const outer = await createGroup(context, [inner.id])
      const next = changed(outer, { displayName: 'renamed', members: undefined })
      await adapters.groups.replace(scope, next as never, {
        ...writeOf(next, { pending: [outer.id] }),
        expectedVersion: outer.meta.version,
        ...(adapters.groups.supports?.memberDeltas && {
          members: { add: [], remove: [inner.id] },
        }),
      })
      await fanOutAll(context)
      expectEqual(await pendingIds(context), [user.id], 'pending users after the change')
    },
  },
  {
    id: 'outbox.nothing',
    title: 'stores neither marks nor audit entries with a write to what is not there',
    async run(context: CheckContext) {
      const { adapters, scope } = context
      const user = await createUser(context)
      const outbox = { pending: [user.id], audit: [entryOf(scope.tenant, user.id)] }
      await users.store(adapters).delete(scope, 'unknown', { outbox })
      await adapters.groups.delete(scope, 'unknown', { outbox })
      const change = { add: [], remove: [user.id] }
      const options = { now: instant(), outbox }
      await adapters.groups.changeMembers?.(scope, 'unknown', change, options)
      expectEqual(await pendingIds(context), [], 'pending users afterwards')
      expectEqual(await adapters.audit?.query(scope, { limit: 10 }), [], 'audit log afterwards')
    },
  },
  {
    id: 'outbox.groups.actual',
    title: 'logs members who really join, without those who are in the group already',
    async run(context: CheckContext) {
      const { adapters, scope } = context
      const { groups, audit } = adapters
      if (!groups.changeMembers) return
      const [one, two] = [await createUser(context), await createUser(context)]
      const group = await createGroup(context, [one.id])
      const add = [one.id, two.id]
      const entry = { ...entryOf(scope.tenant, group.id), members: add, count: 2 }
      const outbox: Outbox = { audit: [{ ...entry, event: 'member.added' }] }
      const change = { add, remove: [] }
      await groups.changeMembers(scope, group.id, change, { now: instant(), outbox })
      const [logged] = (await audit?.query(scope, { target: group.id, limit: 1 })) ?? []
      expectEqual(logged?.members, [two.id], 'members in the audit log')
      await groups.changeMembers(scope, group.id, change, { now: instant(), outbox })
      const entries = await audit?.query(scope, { target: group.id, limit: 2 })
      expectEqual(entries?.length, 1, 'audit entries after the same change')
    },
  },
  {
    id: 'outbox.groups.delete',
    title: 'marks everybody who was in a group that is deleted',
    async run(context: CheckContext) {
      const { adapters, scope } = context
      const [one, two] = [await createUser(context), await createUser(context)]
      const inner = await createGroup(context, [one.id])
      const outer = await createGroup(context, [inner.id, two.id])
      await adapters.groups.delete(scope, outer.id, { outbox: { pending: [outer.id] } })
      await fanOutAll(context)
      const pending = await pendingIds(context)
      const marksItself = pending.includes(outer.id)
      expectThat(!marksItself, 'The id of the deleted group itself was marked as if it were a user')
      expectEqual(pending, [one.id, two.id].sort(), 'pending users')
    },
  },
].map((check) => ({ ...check, level: 'MUST', section: 'Write.outbox; S-INT-05', appliesTo }))

function entryOf(tenant: string, id: string): AuditEntry {
  return { ...fullEntry(tenant, 'user.replaced'), target: { resourceType: 'User', id } }
}

/** Expects this number of marks and audit entries for the user's writes. */
async function expectMarks(
  { adapters, scope }: CheckContext,
  id: string,
  writes: number,
): Promise<void> {
  const [entry] = (await adapters.access?.pendingOf(scope, [id])) ?? []
  expectEqual(entry?.mark, writes, `mark after write ${writes}`)
  const logged = (await adapters.audit?.query(scope, { target: id, limit: 10 })) ?? []
  expectEqual(logged.length, writes, `audit entries after write ${writes}`)
  for (const { sequence: _, ...entry } of logged) {
    expectEqual(entry, entryOf(scope.tenant, id), `an audit entry after write ${writes}`)
  }
}

function replaceWrongly(
  store: ResourceStore,
  { scope }: CheckContext,
  next: ReturnType<typeof changed>,
  outbox: Outbox,
) {
  return store.replace(scope, next, { ...writeOf(next, outbox), expectedVersion: 'another' })
}

async function changeWrongly(
  { adapters, scope }: CheckContext,
  groupId: string,
  outbox: Outbox,
): Promise<void> {
  const { groups } = adapters
  if (!groups.changeMembers) throw new Error('There are no member deltas.')
  const change = { add: ['nobody'], remove: [] }
  await groups.changeMembers(scope, groupId, change, { now: instant(), outbox })
}
