import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectStoreError, expectThat } from '../assert.js'
import { always, type Check } from '../check.js'
import {
  changed,
  create,
  createGroup,
  createUnique,
  createUsers,
  type Subject,
  subjectNamed,
} from '../subject.js'
import { define, firstPage, read, replace } from './store.js'

/** Ids are opaque text, compared exactly (RFC 7643 §3.1). */
export function idChecks(subject: Subject): readonly Check[] {
  const { store } = subject
  return [
    define(subject, {
      id: 'create.id',
      level: 'MUST',
      section: 'RFC 7643 §3.1; ResourceStore.create',
      title: 'gives new resources ids that are text, fit into a URL, and do not contain "bulkId"',
      async run(context) {
        const { id } = await create(context, subject)
        const isText = typeof id === 'string' && /^[\w.~!$&'()*+,;=:@-]+$/.test(id)
        const isUsable = isText && !/^\.+$|bulkId/i.test(id)
        expectThat(isUsable, `The id ${JSON.stringify(id)}, a ${typeof id}, cannot be used`)
      },
    }),
    define(subject, {
      id: 'get.exact',
      level: 'MUST',
      section: 'RFC 7643 §3.1; ResourceStore.get, replace, delete',
      title: 'compares ids exactly: with other capitals, or spaces around it, an id is unknown',
      async run(context) {
        const { adapters, scope } = context
        const stored = await create(context, subject)
        for (const id of idsLike(stored.id)) {
          const named = JSON.stringify(id)
          expectEqual(await read(context, subject, id), undefined, `get of ${named}`)
          const many = await store(adapters).getMany?.(scope, [id], omitNothing)
          expectEqual(many ?? [], [], `getMany of ${named}`)
          expectEqual(await store(adapters).delete(scope, id, {}), false, `delete of ${named}`)
          await expectStoreError(
            'versionMismatch',
            () => replace(context, subject, { ...changed(stored, {}), id }, stored),
            `replace of ${named}`,
          )
        }
        expectEqual(await read(context, subject, stored.id), stored, 'the resource afterwards')
      },
    }),
    define(subject, {
      id: 'types',
      level: 'MUST',
      section: 'ResourceStore; LookupKey.unique',
      title: 'knows nothing of another type, not by id, nor by key, nor as taken',
      async run(context) {
        const { adapters, scope } = context
        const stranger = await create(context, otherThan(subject), { externalId: 'same' })
        const { id } = stranger
        expectEqual(await read(context, subject, id), undefined, 'get of another type')
        const many = await store(adapters).getMany?.(scope, [id], omitNothing)
        expectEqual(many ?? [], [], 'getMany of another type')
        expectEqual(await store(adapters).delete(scope, id, {}), false, 'delete of another type')
        const keys = [{ attribute: 'externalId', key: 'same' }]
        const found = await store(adapters).find?.(scope, keys, omitNothing)
        expectEqual(found ?? [], [], 'find of another type')
        const ours = await createUnique(context, subject, { externalId: 'same' })
        expectEqual((await firstPage(context, subject)).resources, [ours], 'what query finds')
        const kept = await read(context, otherThan(subject), id)
        expectEqual(kept, stranger, 'the resource of another type')
      },
    }),
  ]
}

/** A subject of another type. */
function otherThan({ name }: Subject): Subject {
  return subjectNamed(name === 'users' ? 'groups' : 'users')
}

/** Ids that a careless comparison takes for this one. */
export function idsLike(id: string): readonly string[] {
  const others = [id.toUpperCase(), id.toLowerCase(), `${id} `, ` ${id}`, `${id}x`, `0${id}`]
  return others.filter((other) => other !== id)
}

/** Ids of users and groups, which are members side by side. */
export const sharedIdChecks: readonly Check[] = [
  {
    id: 'ids.apart',
    level: 'MUST',
    section: 'RFC 7643 §3.1; Member.value',
    title: 'gives no group the id of a user, since both can be members',
    appliesTo: always,
    async run(context) {
      const users = await createUsers(context, 3)
      const groups = [await createGroup(context), await createGroup(context)]
      const ids = [...users, ...groups].map((resource) => resource.id)
      const repeated = ids.filter((id, index) => ids.indexOf(id) !== index)
      expectEqual(repeated, [], 'ids that were given twice')
    },
  },
]
