import type { Resource } from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectIds } from '../assert.js'
import type { Check } from '../check.js'
import { changed, create, instant, make, subjects, writeOf } from '../subject.js'
import { define, firstPage, replace } from './store.js'

/** Lists of many resources, and their order. */
export const listingChecks: readonly Check[] = subjects.flatMap((subject) => [
  define(subject, {
    id: 'query.order',
    level: 'MUST',
    section: 'Query; RFC 7644 §3.4.2.4',
    title: 'keeps its order, by meta.created, when resources are changed and renamed',
    async run(context) {
      const { nameAttribute } = subject
      const named = (name: string, milliseconds: number) => {
        const at = instant(milliseconds)
        const meta = { ...make(subject).meta, created: at, lastModified: at }
        return create(context, subject, { [nameAttribute]: name, meta })
      }
      const [one, two, three] = [await named('b', 1), await named('c', 2), await named('a', 3)]
      await replace(context, subject, changed(two, { [nameAttribute]: 'z' }), two)
      await replace(context, subject, changed(one, { [nameAttribute]: 'y' }), one)
      const { resources } = await firstPage(context, subject)
      const ids = resources.map(({ id }) => id)
      expectEqual(ids, [one.id, two.id, three.id], 'ids in the order of meta.created')
    },
  }),
  define(subject, {
    id: 'query.many',
    level: 'MUST',
    section: 'ResourceStore.query, getMany, find',
    title: 'returns 120 resources at once: on a page of 125, by ids, and by keys',
    async run(context) {
      const { adapters, scope } = context
      const store = subject.store(adapters)
      const stored: Resource[] = []
      for (let count = 0; count < 130; count += 1) {
        const externalId = count < 120 ? 'shared' : String(count)
        stored.push(await create(context, subject, { externalId }))
      }
      const page = { kind: 'index', offset: 0, limit: 125 } as const
      const { resources } = await store.query(scope, { ...omitNothing, page })
      expectEqual(resources.length, 125, 'resources on a page of 125, of 130')
      const wanted = stored.slice(0, 120)
      const ids = wanted.map(({ id }) => id)
      const many = (await store.getMany?.(scope, ids, omitNothing)) ?? wanted
      expectIds(many, wanted, 'what getMany returned for 120 ids')
      const keys = [{ attribute: 'externalId', key: 'shared' }]
      const found = (await store.find?.(scope, keys, omitNothing)) ?? wanted
      expectIds(found, wanted, 'what find returned for a key that 120 share')
      const own = stored.flatMap((resource) => writeOf(resource).keys)
      const all = (await store.find?.(scope, own, omitNothing)) ?? stored
      expectIds(all, stored, 'what find returned for the keys of 130')
    },
  }),
])
