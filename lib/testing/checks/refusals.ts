import {
  type Adapters,
  maxRefusals,
  type RefusalCount,
  type RefusalStore,
} from '../../stores/index.js'
import { expectEqual } from '../assert.js'
import type { Check, CheckContext } from '../check.js'

const day = 86_400_000

type Run = (context: CheckContext & { readonly store: RefusalStore }) => Promise<void>

const parts: readonly { readonly id: string; readonly title: string; readonly run: Run }[] = [
  {
    id: 'refusals.counts',
    title: 'counts refusals by person, method and path, last seen first',
    async run({ store, scope, otherScope }) {
      await store.add(scope, [refusal(0), refusal(1, { path: '/b' }), refusal(2, { count: 3 })])
      await store.add(otherScope, [refusal(5)])
      await store.add(scope, [refusal(3, { person: 'bob', reason: 'other' })])
      const all = await store.list(scope, { since: at(0) })
      const wanted = [
        refusal(3, { person: 'bob', reason: 'other' }),
        refusal(2, { count: 4 }),
        refusal(1, { path: '/b' }),
      ]
      expectEqual(all, wanted, 'refusals')
      expectEqual((await store.list(scope, { since: at(2) })).length, 2, 'those since')
    },
  },
  {
    id: 'refusals.bounds',
    title: 'forgets what was last seen a week ago, and all but the newest thousand',
    async run({ store, scope }) {
      await store.add(scope, [refusal(0), refusal(day, { path: '/kept' })])
      await store.add(scope, [refusal(7 * day + 1, { path: '/new' })])
      const paths = (await store.list(scope, { since: at(0) })).map(({ path }) => path)
      expectEqual(paths, ['/new', '/kept'], 'paths after a week')
      const many = Array.from({ length: maxRefusals + 5 }, (_, index) =>
        refusal(7 * day + 2 + index, { path: `/many/${index}` }),
      )
      await store.add(scope, many)
      const kept = await store.list(scope, { since: at(0) })
      expectEqual(kept.length, maxRefusals, 'how many are kept')
      expectEqual(kept[0]?.path, many.at(-1)?.path, 'the newest')
    },
  },
]

/** Requests that a policy in report mode would have refused. */
export const refusalChecks: readonly Check[] = parts.map(({ id, title, run }) => ({
  id,
  title,
  level: 'MUST',
  section: 'RefusalStore',
  appliesTo: ({ refusals }: Adapters) => refusals !== undefined,
  run: (context) => run({ ...context, store: context.adapters.refusals as RefusalStore }),
}))

function at(milliseconds: number): string {
  return new Date(Date.UTC(2026, 0, 31) + milliseconds).toISOString()
}

function refusal(milliseconds: number, more: Partial<RefusalCount> = {}): RefusalCount {
  const about = { person: 'anna', method: 'GET', path: '/a', reason: 'because' }
  return { ...about, count: 1, at: at(milliseconds), ...more }
}
