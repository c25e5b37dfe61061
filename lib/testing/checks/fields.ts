import type { Json } from '../../schema/types.js'
import type { Resource } from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectEqual } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import { everyAttribute } from '../samples.js'
import { changed, make, type Subject, subjects, writeOf } from '../subject.js'
import { define, firstPage, replace } from './store.js'
import { storedKinds } from './stored-kinds.js'

/** Every field of everything that is stored survives, by each way to write and to read it. */
export const fieldChecks: readonly Check[] = [
  ...subjects.flatMap(ofResources),
  ...storedKinds.map(
    ({ id, section, what, appliesTo, run }): Check => ({
      id,
      level: 'MUST',
      section,
      title: `keeps every field of ${what}, with text and order unchanged, for one tenant alone`,
      appliesTo,
      async run(context) {
        await run({ ...context, scope: context.otherScope, otherScope: context.scope })
        await run(context)
      },
    }),
  ),
]

function ofResources(subject: Subject): readonly Check[] {
  return [
    define(subject, {
      id: 'fields',
      level: 'MUST',
      section: 'Resource; RFC 7643 §2',
      title: 'keeps every attribute of its schemas, and has no others, by each way to read it',
      async run(context) {
        const full = everyAttribute(subject.type)
        const { store } = subject
        const resource = make(subject, { ...full, ...named(subject) })
        const stored = await store(context.adapters).create(
          context.scope,
          resource,
          writeOf(resource),
        )
        expectEqual({ ...stored, id: resource.id }, resource, 'what create returned')
        await expectRead(context, subject, stored, 'created')
        const nothing = Object.fromEntries(Object.keys(full).map((name) => [name, undefined]))
        const externalId = 'least'
        const least = changed(stored, { ...nothing, ...named(subject), externalId })
        await replace(context, subject, least, stored)
        await expectRead(context, subject, least, 'without what may be absent')
        const again = changed(least, { ...full, ...named(subject) })
        await replace(context, subject, again, least)
        await expectRead(context, subject, again, 'replaced')
      },
    }),
  ]
}

/** The attribute that every resource of the type has. */
function named({ nameAttribute }: Subject): Record<string, Json> {
  return { [nameAttribute]: 'Somebody\r\n "é" ' }
}

/** Expects a resource, the only one of its type, in every answer of its store. */
async function expectRead(
  context: CheckContext,
  subject: Subject,
  wanted: Resource,
  when: string,
): Promise<void> {
  const { adapters, scope } = context
  const store = subject.store(adapters)
  const { keys } = writeOf(wanted)
  const ways: Readonly<Record<string, readonly (Resource | undefined)[] | undefined>> = {
    get: [await store.get(scope, wanted.id, omitNothing)],
    query: (await firstPage(context, subject)).resources,
    getMany: await store.getMany?.(scope, [wanted.id], omitNothing),
    find: await store.find?.(scope, keys, omitNothing),
  }
  for (const [way, found] of Object.entries(ways)) {
    if (found) expectEqual(found, [wanted], `what ${way} returned of a resource ${when}`)
  }
}
