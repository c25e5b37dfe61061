import {
  type AccessStore,
  type Adapters,
  emptyRecord,
  type FinishedClaim,
  type PendingUser,
  storeErrorKind,
} from '../../stores/index.js'
import { expectEqual, expectThat } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { createGroup, createUser } from '../subject.js'
import { owner, rivals } from '../tidy.js'
import {
  accessOf,
  claim,
  claimAll,
  claimLater,
  fanOutAll,
  markNew,
  markOneByOne,
  pendingIds,
} from './work.js'

interface AccessCheck {
  readonly id: string
  readonly title: string
  /** The optional method that it is about. */
  readonly needs?: keyof AccessStore
  readonly run: (context: CheckContext & { readonly access: AccessStore }) => Promise<void>
}

const marking: readonly AccessCheck[] = [
  {
    id: 'pending.mark',
    title: 'marks users, and for a group everybody in it; marking again only raises the mark',
    async run(context) {
      const { access, scope } = context
      const [one, two] = [await createUser(context), await createUser(context)]
      const inner = await createGroup(context, [one.id])
      const outer = await createGroup(context, [inner.id])
      await access.mark(scope, [outer.id, two.id])
      await fanOutAll(context)
      expectEqual(await pendingIds(context), [one.id, two.id].sort(), 'pending users')
      const [before] = await access.pendingOf(scope, [two.id])
      await access.mark(scope, [two.id, two.id])
      const [after] = await access.pendingOf(scope, [two.id, 'unknown'])
      expectEqual(after?.since, before?.since, 'since')
      expectThat((after?.mark ?? 0) > (before?.mark ?? 0), 'The mark must grow')
    },
  },
  {
    id: 'pending.mark.inactive',
    title: 'marks everybody in a group, also who is inactive',
    async run(context) {
      const { access, scope } = context
      const user = await createUser(context, { active: false })
      const group = await createGroup(context, [user.id])
      await access.mark(scope, [group.id])
      await fanOutAll(context)
      expectEqual(await pendingIds(context), [user.id], 'pending users')
    },
  },
  {
    id: 'pending.summary',
    title: 'counts and lists pending and failed entries of one tenant, oldest first',
    async run(context) {
      const { access, scope, otherScope } = context
      const ids = await markOneByOne(context, 3)
      await access.mark(otherScope, ['somebody'])
      const [failed] = await claimAll(context, [ids[1] ?? ''])
      await access.settle(owner, failed as PendingUser, { kind: 'failed', error: 'broken' })
      const summary = await access.summary(scope)
      const { pending, failed: given, fanningOut, lastError } = summary
      expectEqual(
        { pending, given, fanningOut },
        { pending: 2, given: 1, fanningOut: 0 },
        'numbers',
      )
      expectEqual(lastError, { userId: ids[1], message: 'broken' }, 'lastError')
      expectThat(summary.oldest !== undefined, 'The oldest must be told')
      const all = await access.listPending(scope, { offset: 0, limit: 10 })
      expectEqual(
        all.map(({ userId }) => userId),
        ids,
        'all entries, oldest first',
      )
      const some = await access.listPending(scope, { offset: 1, limit: 1 })
      expectEqual(some, all.slice(1, 2), 'the second entry')
      const stuck = await access.listPending(scope, { offset: 0, limit: 10, failed: true })
      expectEqual(
        stuck.map(({ userId }) => userId),
        [ids[1]],
        'failed entries',
      )
      expectEqual(stuck[0]?.failed, true, 'failed')
    },
  },
]

const claiming: readonly AccessCheck[] = [
  {
    id: 'pending.claim',
    title: 'leases due entries of a tenant, oldest first, no more than asked for',
    async run(context) {
      const { access, scope, otherScope } = context
      const ids = await markOneByOne(context, 5)
      await access.mark(otherScope, ['somebody'])
      const first = await claim(context, { limit: 2 })
      expectEqual(
        first.map(({ userId }) => userId),
        ids.slice(0, 2),
        'first claim',
      )
      expectEqual(first[0]?.tenant, scope.tenant, 'tenant')
      const second = await claim(context, { limit: 10 })
      expectEqual(
        second.map(({ userId }) => userId),
        ids.slice(2),
        'second claim',
      )
      expectEqual(await claim(context, { limit: 10 }), [], 'third claim')
    },
  },
  {
    id: 'pending.claim.parallel',
    title: 'gives each entry to one of several claimants',
    async run(context) {
      const ids = await markNew(context, 60)
      const claims = rivals.map((rival) => claim(context, { limit: 10, owner: rival }))
      const claimed = (await Promise.all(claims)).flat().map(({ userId }) => userId)
      expectEqual(new Set(claimed).size, claimed.length, 'entries claimed once')
      const rest = await claim(context, { limit: 100 })
      const all = [...claimed, ...rest.map(({ userId }) => userId)]
      expectEqual(all.sort(), [...ids].sort(), 'entries claimed')
    },
  },
  {
    id: 'pending.claim.alike',
    title: 'leases each due entry once, whether people who are alike come together or not',
    async run(context) {
      const ids = await markNew(context, 6)
      const claimed: string[] = []
      for (let claims = 0; claims < ids.length / 2; claims += 1) {
        const entries = await claim(context, { limit: 2, alike: true })
        claimed.push(...entries.map(({ userId }) => userId))
      }
      expectEqual(claimed.sort(), [...ids].sort(), 'entries claimed')
    },
  },
  {
    id: 'pending.claim.lease',
    title: 'lets an expired lease be claimed again, and not before',
    async run(context) {
      const [id] = await markNew(context, 1)
      await claim(context, { limit: 1, leaseMs: 500 })
      const early = await claim(context, { limit: 1, userIds: [id ?? ''] })
      expectEqual(early, [], 'claim before the end of the lease')
      const late = await claimLater(context, { owner: 'another' })
      expectEqual(
        late.map(({ userId }) => userId),
        [id],
        'claim after the end of the lease',
      )
    },
  },
  {
    id: 'pending.renew',
    title: 'makes a lease last longer, and only for the one who holds it',
    async run(context) {
      const { access } = context
      const [id] = await markNew(context, 1)
      const [entry] = await claim(context, { leaseMs: 300 })
      const isRenewed = await access.renew(owner, entry as PendingUser, 60_000)
      expectEqual(isRenewed, true, 'renewal')
      expectEqual(await access.renew('another', entry as PendingUser, 1), false, 'by another')
      await new Promise((resolve) => setTimeout(resolve, 400))
      expectEqual(await claim(context, { userIds: [id ?? ''] }), [], 'claim after the first lease')
    },
  },
  {
    id: 'pending.claim.users',
    title: 'claims named users although they are not due or are failed, and nobody else',
    async run(context) {
      const { access } = context
      const [late, failed, other] = (await markNew(context, 3)) as [string, string, string]
      for (const entry of await claimAll(context, [late])) {
        await access.settle(owner, entry, { kind: 'retry', afterMs: 3_600_000, error: 'x' })
      }
      for (const entry of await claimAll(context, [failed])) {
        await access.settle(owner, entry, { kind: 'failed', error: 'x' })
      }
      const found = await claim(context, { limit: 10, userIds: [late, failed] })
      expectEqual(found.map(({ userId }) => userId).sort(), [late, failed].sort(), 'by name')
      const due = await claim(context, { limit: 10 })
      expectEqual(
        due.map(({ userId }) => userId),
        [other],
        'due entries',
      )
    },
  },
]

const settling: readonly AccessCheck[] = [
  {
    id: 'pending.settle.done',
    title: 'clears an entry that is done, unless it was marked again since it was claimed',
    async run(context) {
      const { access, scope } = context
      const [one, two] = (await markNew(context, 2)) as [string, string]
      const entries = await claimAll(context, [one, two])
      await access.mark(scope, [two])
      expectEqual(await claim(context, { limit: 10 }), [], 'claim of a leased entry')
      for (const entry of entries) await access.settle(owner, entry, { kind: 'done' })
      expectEqual(await pendingIds(context), [two], 'pending users')
      const again = await claim(context, { limit: 10 })
      expectEqual(
        again.map(({ userId }) => userId),
        [two],
        'what is due',
      )
    },
  },
  {
    id: 'pending.finish',
    title: 'keeps records and ends claims of several people at once, or does nothing at all',
    needs: 'finish',
    async run(context) {
      const { access, scope } = context
      const entries = await claimAll(context, await markNew(context, 3))
      const [one, two, three] = entries.map(({ userId }) => userId) as [string, string, string]
      const finish = (accountOf: (userId: string) => string) =>
        access.finish?.(
          scope,
          entries.map((entry) => finished(entry, accountOf(entry.userId))),
        )
      const refusal = await finish(() => one)?.catch(storeErrorKind)
      expectEqual(refusal, 'uniqueness', 'the answer to one account for all')
      expectEqual(await access.getRecords(scope, [one, two, three]), [], 'records after a refusal')
      await access.mark(scope, [two])
      await finish((userId) => userId)
      expectEqual(await pendingIds(context), [two], 'pending users')
      expectEqual((await access.getRecord(scope, three))?.account?.id, three, 'account')
      expectEqual((await claim(context, {}))[0]?.userId, two, 'what is due')
    },
  },
  {
    id: 'pending.settle.retry',
    title: 'puts an entry off until the given instant, counting attempts and keeping the error',
    async run(context) {
      const { access, scope } = context
      const [id] = (await markNew(context, 1)) as [string]
      const [entry] = await claimAll(context, [id])
      const afterMs = 600
      await access.settle(owner, entry as PendingUser, { kind: 'retry', afterMs, error: 'down' })
      const [stored] = await access.pendingOf(scope, [id])
      const { attempts, lastError, failed } = stored ?? {}
      expectEqual(
        { attempts, lastError, failed },
        { attempts: 1, lastError: 'down', failed: false },
        'the entry',
      )
      expectEqual(await claim(context, { limit: 1 }), [], 'claim before')
      const due = await claimLater(context)
      expectEqual(
        due.map(({ userId }) => userId),
        [id],
        'claim after',
      )
    },
  },
  {
    id: 'pending.settle.marked',
    title: 'makes somebody who was put off due at once when they are marked again',
    async run(context) {
      const { access, scope } = context
      const [id] = (await markNew(context, 1)) as [string]
      const [entry] = await claimAll(context, [id])
      const off = { kind: 'retry', afterMs: 3_600_000, error: 'down' } as const
      await access.settle(owner, entry as PendingUser, off)
      await access.mark(scope, [id])
      const due = await claim(context, { limit: 1 })
      expectEqual(
        due.map(({ userId, attempts }) => ({ userId, attempts })),
        [{ userId: id, attempts: 0 }],
        'claim after the mark',
      )
    },
  },
  {
    id: 'pending.settle.failed',
    title: 'gives up a failed entry until it is retried or marked again',
    async run(context) {
      const { access, scope } = context
      const [one, two] = (await markNew(context, 2)) as [string, string]
      for (const entry of await claimAll(context, [one, two])) {
        await access.settle(owner, entry, { kind: 'failed', error: 'broken' })
      }
      expectEqual(await claim(context, { limit: 10 }), [], 'claim')
      await access.mark(scope, [one])
      expectEqual(await access.retry(scope, [one]), 0, 'retried of those not failed')
      expectEqual(await access.retry(scope), 1, 'retried of all')
      const due = await claim(context, { limit: 10 })
      expectEqual(due.map(({ userId }) => userId).sort(), [one, two].sort(), 'claim afterwards')
    },
  },
  {
    id: 'pending.settle.owner',
    title: 'ignores a claimant whose lease went to another one',
    async run(context) {
      const { access } = context
      const [id] = (await markNew(context, 1)) as [string]
      const [entry] = await claim(context, { limit: 1, leaseMs: 300 })
      await claimLater(context, { owner: 'another', leaseMs: 600_000 })
      expectEqual(await access.renew(owner, entry as PendingUser, 1), false, 'renewal')
      await access.settle(owner, entry as PendingUser, { kind: 'done' })
      expectEqual(await pendingIds(context), [id], 'pending users')
      expectEqual(await claim(context, { limit: 1 }), [], 'claim')
    },
  },
  {
    id: 'pending.nextDue',
    title: 'tells when the next entry of any tenant that is not failed is due, if there is one',
    async run(context) {
      const { access } = context
      const before = await access.nextDue()
      expectThat(before === undefined, `Nothing is due at first, nextDue told ${before}. ${empty}`)
      const [id] = (await markNew(context, 1)) as [string]
      const due = await access.nextDue()
      expectThat(due !== undefined && due <= 0, 'Something must be due now')
      const [entry] = await claimAll(context, [id])
      const afterMs = 60_000
      await access.settle(owner, entry as PendingUser, { kind: 'retry', afterMs, error: 'x' })
      const next = await access.nextDue()
      expectThat(next !== undefined && next <= afterMs, 'The time until the first must be told')
      const [late] = await claimAll(context, [id])
      await access.settle(owner, late as PendingUser, { kind: 'failed', error: 'x' })
      expectEqual(await access.nextDue(), undefined, 'nextDue with nothing but what has failed')
    },
  },
]

/** The queue of people whose access must be applied, and the leases on it. */
export const pendingChecks: readonly Check[] = [...marking, ...claiming, ...settling].map(
  ({ run, needs = 'claim', ...parts }) => ({
    ...parts,
    level: 'MUST',
    section: `AccessStore.${parts.id.split('.')[1]}`,
    appliesTo: ({ access }: Adapters) => access?.[needs] !== undefined,
    run: (context) => run({ ...context, access: accessOf(context) }),
  }),
)

function finished(entry: PendingUser, id: string): FinishedClaim {
  const account = { id, email: `${id}@example.com`, origin: 'created' } as const
  return { owner, entry, record: { ...emptyRecord(entry.userId, new Date()), account }, audit: [] }
}

const empty = 'Give the kit a store without pending people'
