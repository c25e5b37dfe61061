import type { Adapters, AuditStore, TokenStore } from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectStoreError } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { fullEntry, fullRecord, fullRules, fullToken } from '../samples.js'
import { changed, create, createGroup, createUser, type Subject, subjects } from '../subject.js'
import { removeMember } from './members.js'
import { firstPage, read, replace } from './store.js'
import { accessOf, fanOutAll } from './work.js'

interface Parts {
  readonly id: string
  readonly title: string
  readonly appliesTo: (adapters: Adapters) => boolean
  /** Writes through one instance, and reads through the other, which has read before. */
  run(one: CheckContext, other: CheckContext): Promise<void>
}

const access: Pick<Parts, 'appliesTo'> = { appliesTo: (adapters) => adapters.access !== undefined }

const parts: readonly Parts[] = [
  ...subjects.map(
    (subject): Parts => ({
      id: `${subject.name}.instances`,
      title: 'sees at once what another instance wrote: resources, versions, unique keys',
      appliesTo: subject.has,
      run: (one, other) => expectResources(subject, one, other),
    }),
  ),
  {
    id: 'groupsOf.instances',
    title: 'sees at once whom another instance put into a group, and took out',
    appliesTo: () => true,
    async run(one, other) {
      const user = await createUser(one)
      const idsOf = async () => {
        const found = await other.adapters.groups.groupsOf(other.scope, [user.id])
        return (found.get(user.id) ?? []).map(({ id }) => id)
      }
      expectEqual(await idsOf(), [], 'groups at first')
      const group = await createGroup(one, [user.id])
      expectEqual(await idsOf(), [group.id], 'groups after joining')
      await removeMember(one, group, user.id)
      expectEqual(await idsOf(), [], 'groups after leaving')
    },
  },
  {
    id: 'access.rules.instances',
    title: 'sees at once the rules and values that another instance saved',
    ...access,
    async run(one, other) {
      const [mine, theirs] = [accessOf(one), accessOf(other)]
      const { version: expectedVersion } = await theirs.rules(other.scope)
      const rules = fullRules()
      const saved = await mine.saveRules(one.scope, rules, { expectedVersion, affects: [] })
      expectEqual(await theirs.rules(other.scope), saved, 'rules')
      expectEqual(await theirs.getValue(other.scope, 'name'), undefined, 'a value at first')
      await mine.setValue(one.scope, 'name', 'value')
      expectEqual(await theirs.getValue(other.scope, 'name'), 'value', 'a value')
    },
  },
  {
    id: 'access.records.instances',
    title: 'sees at once the records that another instance saved and deleted',
    ...access,
    async run(one, other) {
      const [mine, theirs] = [accessOf(one), accessOf(other)]
      const record = fullRecord('person')
      const find = async () => [
        await theirs.getRecord(other.scope, record.userId),
        await theirs.recordByAccount(other.scope, record.account.id),
      ]
      expectEqual(await find(), [undefined, undefined], 'the record at first')
      await mine.saveRecord(one.scope, record)
      expectEqual(await find(), [record, record], 'the record')
      await mine.deleteRecord(one.scope, record.userId)
      expectEqual(await find(), [undefined, undefined], 'the deleted record')
    },
  },
  {
    id: 'pending.instances',
    title: 'shares marks, claims and fan-outs with another instance',
    ...access,
    run: expectSharedWork,
  },
  {
    id: 'audit.instances',
    title: 'sees at once what another instance logged',
    appliesTo: ({ audit }) => audit !== undefined,
    async run(one, other) {
      const [mine, theirs] = [one, other].map(({ adapters }) => adapters.audit as AuditStore)
      expectEqual(await theirs?.query(other.scope, { limit: 9 }), [], 'the log at first')
      await mine?.append(one.scope, [fullEntry(one.scope.tenant)])
      expectEqual((await theirs?.query(other.scope, { limit: 9 }))?.length, 1, 'entries')
    },
  },
  {
    id: 'tokens.instances',
    title: 'finds at once a token that another instance made, and none that it deleted',
    appliesTo: ({ tokens }) => tokens !== undefined,
    async run(one, other) {
      const [mine, theirs] = [one, other].map(({ adapters }) => adapters.tokens as TokenStore)
      const token = fullToken('7')
      expectEqual(await theirs?.find(token.digest), undefined, 'the token at first')
      await mine?.create(one.scope, token)
      const wanted = { ...token, tenant: one.scope.tenant }
      expectEqual(await theirs?.find(token.digest), wanted, 'the token')
      await mine?.delete(one.scope, token.id)
      expectEqual(await theirs?.find(token.digest), undefined, 'the deleted token')
    },
  },
]

/** Two instances on one storage, as two processes have them. */
export const instanceChecks: readonly Check[] = parts.map(({ run, ...check }) => ({
  ...check,
  level: 'MUST',
  section: 'RunOptions.reopen',
  needsInstance: true,
  async run(context) {
    const { instance } = context
    if (instance) await run(context, { ...context, adapters: instance })
  },
}))

async function expectResources(
  subject: Subject,
  one: CheckContext,
  other: CheckContext,
): Promise<void> {
  const expectSeen = async (id: string, wanted: unknown, when: string) => {
    expectEqual(await read(other, subject, id), wanted, `get ${when}`)
    const { resources } = await firstPage(other, subject)
    expectEqual(resources, wanted === undefined ? [] : [wanted], `query ${when}`)
    const many = await subject.store(other.adapters).getMany?.(other.scope, [id], omitNothing)
    if (many) expectEqual(many, wanted === undefined ? [] : [wanted], `getMany ${when}`)
  }
  await expectSeen('unknown', undefined, 'at first')
  const name = { [subject.nameAttribute]: 'same' }
  const stored = await create(one, subject, name)
  await expectSeen(stored.id, stored, 'of a new resource')
  if (subject.isUnique) {
    await expectStoreError('uniqueness', () => create(other, subject, name), 'the same name')
  }
  const next = changed(stored, { externalId: 'next' })
  await replace(one, subject, next, stored)
  await expectSeen(stored.id, next, 'of a replaced resource')
  await expectStoreError(
    'versionMismatch',
    () => replace(other, subject, changed(stored, {}), stored),
    'replace of the version before',
  )
  await subject.store(one.adapters).delete(one.scope, stored.id, {})
  await expectSeen(stored.id, undefined, 'of a deleted resource')
}

async function expectSharedWork(one: CheckContext, other: CheckContext): Promise<void> {
  const [mine, theirs] = [accessOf(one), accessOf(other)]
  const { tenant } = one.scope
  const claim = { owner: 'other', limit: 9, leaseMs: 60_000, tenant }
  expectEqual(await theirs.claim(claim), [], 'entries at first')
  expectEqual(await theirs.nextDue(), undefined, 'nextDue at first')
  const { id } = await createUser(one)
  await mine.mark(one.scope, [id])
  expectEqual((await theirs.nextDue()) !== undefined, true, 'whether something is due')
  const [entry] = await theirs.claim(claim)
  expectEqual(entry?.userId, id, 'who is claimed')
  expectEqual(await mine.claim({ ...claim, owner: 'another' }), [], 'entries that are claimed')
  if (entry) await theirs.settle('other', entry, { kind: 'done' })
  expectEqual(await mine.pendingOf(one.scope, [id]), [], 'entries that are done')
  const { version: expectedVersion } = await mine.rules(one.scope)
  const affects = 'everybody'
  await mine.saveRules(one.scope, fullRules(), { expectedVersion, affects })
  await fanOutAll(other)
  expectEqual((await mine.pendingOf(one.scope, [id])).length, 1, 'entries after a change of rules')
}
