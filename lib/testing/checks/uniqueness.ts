import { randomUUID } from 'node:crypto'
import { expectEqual, expectStoreError, rejection } from '../assert.js'
import type { Check } from '../check.js'
import { changed, create, type Subject } from '../subject.js'
import { define, expectKinds, firstPage, read, replace } from './store.js'

/** Unique keys of resource types that have one. */
export function uniquenessChecks(subject: Subject): readonly Check[] {
  return [...creating(subject), ...keeping(subject)]
}

function creating(subject: Subject): readonly Check[] {
  const { nameAttribute: attribute } = subject
  return [
    define(subject, {
      id: 'create.uniqueness',
      level: 'MUST',
      section: 'RFC 7643 §2.2, §7; ResourceStore.create',
      title: 'refuses a taken unique key in any case, naming the attribute, and stores nothing',
      async run(context) {
        await create(context, subject, { [attribute]: 'Straße É' })
        const error = await expectStoreError(
          'uniqueness',
          () => create(context, subject, { [attribute]: 'straße É'.normalize('NFD') }),
          'create with a taken key',
        )
        expectEqual((error as { attribute?: string }).attribute, attribute, 'error.attribute')
        expectEqual((await firstPage(context, subject)).totalResults, 1, 'resources afterwards')
      },
    }),
    define(subject, {
      id: 'create.long',
      level: 'MUST',
      section: 'ResourceStore.create',
      title: 'keeps unique keys of several thousand characters apart',
      async run(context) {
        const long = 'x'.repeat(6000)
        await create(context, subject, { [attribute]: `${long}1` })
        await create(context, subject, { [attribute]: `${long}2` })
        await expectStoreError(
          'uniqueness',
          () => create(context, subject, { [attribute]: `${long}2` }),
          'create with a taken long key',
        )
      },
    }),
    define(subject, {
      id: 'create.race',
      level: 'MUST',
      section: 'RFC 7644 §3.3; R-CREATE-05, S-INT-01',
      title: 'lets exactly one of 100 parallel creates with the same unique key win',
      async run(context) {
        const creates = Array.from({ length: 100 }, () =>
          rejection(() => create(context, subject, { [attribute]: 'same' })),
        )
        const errors = await Promise.all(creates)
        expectEqual(
          errors.filter((error) => error === undefined).length,
          1,
          'creates that succeeded',
        )
        expectKinds(errors, 'uniqueness')
        expectEqual((await firstPage(context, subject)).totalResults, 1, 'resources afterwards')
      },
    }),
  ]
}

function keeping(subject: Subject): readonly Check[] {
  const { store, nameAttribute: attribute } = subject
  return [
    define(subject, {
      id: 'replace.uniqueness',
      level: 'MUST',
      section: 'RFC 7644 §3.5.1; ResourceStore.replace',
      title: 'refuses a key another resource has, and lets a resource keep and give up its own',
      async run(context) {
        const one = await create(context, subject, { [attribute]: 'one' })
        await create(context, subject, { [attribute]: 'two' })
        const taken = changed(one, { [attribute]: 'TWO' })
        await expectStoreError(
          'uniqueness',
          () => replace(context, subject, taken, one),
          'replace with a taken key',
        )
        expectEqual(await read(context, subject, one.id), one, 'the resource afterwards')
        const kept = changed(one, { externalId: 'new' })
        await replace(context, subject, kept, one)
        await replace(context, subject, changed(kept, { [attribute]: 'three' }), kept)
        await create(context, subject, { [attribute]: 'one' })
      },
    }),
    define(subject, {
      id: 'replace.uniqueness.race',
      level: 'MUST',
      section: 'RFC 7644 §3.5.1; S-INT-01',
      title: 'lets exactly one of 20 resources win that take the same unique key at the same time',
      async run(context) {
        const all = await Promise.all(Array.from({ length: 20 }, () => create(context, subject)))
        const errors = await Promise.all(
          all.map((one) =>
            rejection(() => replace(context, subject, changed(one, { [attribute]: 'same' }), one)),
          ),
        )
        const winners = errors.filter((error) => error === undefined)
        expectEqual(winners.length, 1, 'writers that succeeded')
        expectKinds(errors, 'uniqueness')
        const { resources } = await firstPage(context, subject)
        const named = resources.filter((resource) => resource[attribute] === 'same')
        expectEqual(named.length, 1, 'resources with the key')
      },
    }),
    define(subject, {
      id: 'delete.key',
      level: 'MUST',
      section: 'RFC 7644 §3.6; ResourceStore.delete',
      title: 'frees the unique keys of a deleted resource',
      async run(context) {
        const { adapters, scope } = context
        const stored = await create(context, subject, { [attribute]: randomUUID() })
        await store(adapters).delete(scope, stored.id, {})
        await create(context, subject, { [attribute]: stored[attribute] })
      },
    }),
  ]
}
