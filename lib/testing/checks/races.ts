import { expectEqual, rejection } from '../assert.js'
import type { Check } from '../check.js'
import { changed, create, type Subject } from '../subject.js'
import { define, expectKinds, read, replace } from './store.js'

/** Writers that expect the same version. */
export function raceChecks(subject: Subject): readonly Check[] {
  const { store } = subject
  return [
    define(subject, {
      id: 'replace.race',
      level: 'MUST',
      section: 'RFC 7644 §3.14; S-INT-03',
      title: 'lets exactly one of 20 writers with the same expected version win',
      async run(context) {
        const stored = await create(context, subject)
        const writers = Array.from({ length: 20 }, (_, index) =>
          changed(stored, { externalId: String(index) }),
        )
        const errors = await Promise.all(
          writers.map((next) => rejection(() => replace(context, subject, next, stored))),
        )
        const winners = writers.filter((_, index) => errors[index] === undefined)
        expectEqual(winners.length, 1, 'writers that succeeded')
        expectKinds(errors, 'versionMismatch')
        expectEqual(await read(context, subject, stored.id), winners[0], 'the resource afterwards')
      },
    }),
    define(subject, {
      id: 'delete.race',
      level: 'MUST',
      section: 'RFC 7644 §3.14; S-INT-03',
      title: 'lets one of a delete and a replace win that expect the same version',
      async run(context) {
        const { adapters, scope } = context
        for (let round = 0; round < 10; round += 1) {
          const stored = await create(context, subject)
          const next = changed(stored, { externalId: String(round) })
          const { version: expectedVersion } = stored.meta
          const [deletion, replacement] = await Promise.all([
            rejection(() => store(adapters).delete(scope, stored.id, { expectedVersion })),
            rejection(() => replace(context, subject, next, stored)),
          ])
          const winners = [deletion, replacement].filter((error) => error === undefined)
          expectEqual(winners.length, 1, 'writers that succeeded')
          expectKinds([deletion, replacement], 'versionMismatch')
          const wanted = deletion === undefined ? undefined : next
          expectEqual(await read(context, subject, stored.id), wanted, 'the resource afterwards')
        }
      },
    }),
  ]
}
