import type { Resource } from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectStoreError, expectThat, rejection } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { changed, create, createUnique, make, type Subject, writeOf } from '../subject.js'
import { define, replace, sortedIds } from './store.js'

/** Different keys that a database could take for one another, or for names of its own. */
const keysApart = [
  ...['key', 'KEY', 'k\u00e9y', 'ke\u0301y', 'k\u00adey', '\uff4bey', 'key1', 'ke', 'k_y', 'k%'],
  ...['key ', ' key', '1', '01', '1.0', '1e0', 'true', 'null', 'undefined'],
  ...['stra\u00dfe', 'strasse', 'i', '\u0131', 'constructor', '__proto__'],
  ...['1', '2'].map((end) => `${'long'.repeat(500)}${end}`),
]

/** Lookup keys: the library has folded what is to be folded, so stores compare them exactly. */
export function keyChecks(subject: Subject): readonly Check[] {
  return [...uniqueKeys(subject), ...findChecks(subject)]
}

function uniqueKeys(subject: Subject): readonly Check[] {
  const { nameAttribute } = subject
  return [
    define(subject, {
      id: 'create.keys',
      level: 'MUST',
      section: 'LookupKey; ResourceStore.create',
      title: 'compares unique keys exactly: by case, accents, spaces, and whose attribute they are',
      async run(context) {
        for (const externalId of keysApart) {
          await mustBeFree(context, subject, { externalId })
          await expectStoreError(
            'uniqueness',
            () => createUnique(context, subject, { externalId }),
            `create with the unique externalId ${escaped(externalId)} a second time`,
          )
        }
        for (const name of subject.isUnique ? namesApart(subject) : []) {
          await mustBeFree(context, subject, { [nameAttribute]: name })
        }
        await mustBeFree(context, subject, { [nameAttribute]: 'one', externalId: 'two' })
        await mustBeFree(context, subject, { [nameAttribute]: 'two', externalId: 'one' })
      },
    }),
    define(subject, {
      id: 'create.shared',
      level: 'MUST',
      section: 'LookupKey.unique',
      title: 'lets resources share keys that are not unique',
      async run(context) {
        await create(context, subject, { externalId: 'shared' })
        const error = await rejection(() => create(context, subject, { externalId: 'shared' }))
        expectThat(
          error === undefined,
          `"unique" is false, but create was refused (${error?.message})`,
        )
      },
    }),
  ]
}

function findChecks(subject: Subject): readonly Check[] {
  const { store, nameAttribute } = subject
  const appliesTo: Check['appliesTo'] = (adapters) => store(adapters).find !== undefined
  return [
    define(subject, {
      id: 'find.exact',
      level: 'MUST',
      section: 'LookupKey; ResourceStore.find',
      title: 'finds by exactly this key of this attribute, not by one that is like it',
      appliesTo,
      async run(context) {
        for (const externalId of keysApart) await create(context, subject, { externalId })
        for (const key of keysApart) {
          const found = await find(context, subject, 'externalId', key)
          const keys = found.map(({ externalId }) => externalId)
          expectEqual(keys, [key], `externalIds found by the key ${escaped(key)}`)
        }
        await create(context, subject, { [nameAttribute]: 'name', externalId: 'id' })
        const found = await find(context, subject, 'externalId', 'name')
        expectEqual(found, [], `what a ${nameAttribute} finds as an externalId`)
      },
    }),
    define(subject, {
      id: 'find.current',
      level: 'MUST',
      section: 'ResourceStore.find, replace, delete; Scope',
      title: 'finds by the keys of the last write, nothing deleted, and nothing of another tenant',
      appliesTo,
      async run(context) {
        const stored = await create(context, subject, { externalId: 'old' })
        await replace(context, subject, changed(stored, { externalId: 'new' }), stored)
        const idsBy = async (key: string, asked = context) =>
          sortedIds(await find(asked, subject, 'externalId', key))
        expectEqual(await idsBy('old'), [], 'ids by the key before the last write')
        expectEqual(await idsBy('new'), [stored.id], 'ids by the key of the last write')
        const other = { ...context, scope: context.otherScope }
        expectEqual(await idsBy('new', other), [], 'ids by the key, for another tenant')
        await store(context.adapters).delete(context.scope, stored.id, {})
        expectEqual(await idsBy('new'), [], 'ids by the key of a deleted resource')
      },
    }),
  ]
}

/** Those of the keys that stay apart as names, which are compared regardless of case. */
function namesApart(subject: Subject): readonly string[] {
  const { nameAttribute } = subject
  const keyOf = (name: string) =>
    writeOf(make(subject, { [nameAttribute]: name })).keys.find(
      ({ attribute }) => attribute === nameAttribute,
    )?.key
  return [...new Map(keysApart.map((name) => [keyOf(name), name])).values()]
}

async function mustBeFree(
  context: CheckContext,
  subject: Subject,
  attributes: Record<string, unknown>,
): Promise<void> {
  const error = await rejection(() => createUnique(context, subject, attributes))
  const given = escaped(attributes).slice(0, 100)
  expectThat(
    error === undefined,
    `No resource has exactly the keys of ${given}, but create was refused (${error?.message})`,
  )
}

async function find(
  { adapters, scope }: CheckContext,
  { store }: Subject,
  attribute: string,
  key: string,
): Promise<readonly Resource[]> {
  return (await store(adapters).find?.(scope, [{ attribute, key }], omitNothing)) ?? []
}

/** JSON in ASCII, so that texts that look alike can be told apart. */
function escaped(value: unknown): string {
  const code = (character: string) => character.charCodeAt(0).toString(16).padStart(4, '0')
  return JSON.stringify(value).replace(/[^ -~]/g, (character) => `\\u${code(character)}`)
}
