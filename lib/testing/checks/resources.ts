import type { Resource } from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectStoreError } from '../assert.js'
import type { Check } from '../check.js'
import { changed, create, instant, make, type Subject, subjects, writeOf } from '../subject.js'
import { idChecks } from './ids.js'
import { keyChecks } from './keys.js'
import { raceChecks } from './races.js'
import { define, firstPage, read, replace, sortedIds } from './store.js'
import { uniquenessChecks } from './uniqueness.js'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/**
 * Attributes with everything that a store could lose: Unicode, quotes, order, nesting, extensions,
 * text that looks like something else, lists of one value, values twice.
 */
const demanding: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  users: {
    externalId: `it's "100%" \\ _ é \u{1d4b3}`,
    displayName: 'Zoë\n\t{"a":1}',
    nickName: ' 007 ',
    userType: 'null',
    locale: '1e3',
    title: 'x'.repeat(5000),
    timezone: '2026-01-31T09:00:00+01:00',
    phoneNumbers: [{ value: '007' }],
    active: false,
    name: { givenName: 'Z', familyName: '' },
    emails: [
      { value: 'B@Example.com', type: 'work', primary: true },
      { value: 'a@example.com', type: 'home', primary: false },
      { value: 'a@example.com', type: 'other' },
      { value: 'c@example.com', type: 'work' },
    ],
    [enterprise]: { department: 'D', manager: { value: 'somebody' } },
  },
  groups: { externalId: `it's "100%" \\ _ é \u{1d4b3}` },
  devices: { size: 0.1 },
}

/** Creating, reading, replacing and deleting for every kind of resource. */
export const resourceChecks: readonly Check[] = subjects.flatMap((subject) => [
  ...creating(subject),
  ...idChecks(subject),
  ...keyChecks(subject),
  ...looking(subject),
  ...handing(subject),
  ...replacing(subject),
  ...deleting(subject),
  ...raceChecks(subject),
  ...(subject.isUnique ? uniquenessChecks(subject) : []),
])

function creating(subject: Subject): readonly Check[] {
  const { store, name } = subject
  return [
    define(subject, {
      id: 'create.echo',
      level: 'MUST',
      section: 'RFC 7643 §2.1; ResourceStore.create',
      title: 'returns a new resource as it was given, and the same when it is read',
      async run(context) {
        const { adapters, scope } = context
        const at = instant(123)
        const meta = { ...make(subject).meta, created: at, lastModified: at }
        const { active: _, ...least } = make(subject, { meta })
        for (const resource of [make(subject, { ...demanding[name], meta }), least as Resource]) {
          const stored = await store(adapters).create(scope, resource, writeOf(resource))
          expectEqual({ ...stored, id: resource.id }, resource, 'what create returned')
          expectEqual(await read(context, subject, stored.id), stored, 'what get returned')
        }
      },
    }),
    define(subject, {
      id: 'create.case',
      level: 'MUST',
      section: 'RFC 7643 §2.1; ResourceStore.create, ResourceStore.replace',
      title: 'keeps names in the case they were sent in',
      async run(context) {
        const { nameAttribute } = subject
        const at = (value: unknown) =>
          (value as Record<string, unknown> | undefined)?.[nameAttribute]
        const stored = await create(context, subject, { [nameAttribute]: 'MiXed@Example.COM É' })
        expectEqual(at(await read(context, subject, stored.id)), 'MiXed@Example.COM É', 'created')
        const next = changed(stored, { [nameAttribute]: 'OTHER@Example.COM' })
        await replace(context, subject, next, stored)
        expectEqual(at(await read(context, subject, stored.id)), 'OTHER@Example.COM', 'replaced')
      },
    }),
  ]
}

function looking(subject: Subject): readonly Check[] {
  const { store } = subject
  return [
    define(subject, {
      id: 'get.unknown',
      level: 'MUST',
      section: 'RFC 7644 §3.4.1; ResourceStore.get',
      title: 'answers an unknown id with undefined, whatever its characters',
      async run(context) {
        await create(context, subject)
        const ofObjects = ['constructor', '__proto__', 'toString']
        for (const id of [
          'unknown',
          '',
          '%',
          "'",
          '\0',
          '../x',
          '\ud800',
          'x'.repeat(5000),
          ...ofObjects,
        ]) {
          expectEqual(await read(context, subject, id), undefined, `get of ${JSON.stringify(id)}`)
        }
      },
    }),
    define(subject, {
      id: 'find',
      level: 'MUST',
      section: 'ResourceStore.find',
      title: 'finds by lookup keys exactly the resources that have one of them, each once',
      appliesTo: (adapters) => store(adapters).find !== undefined,
      async run(context) {
        const { adapters, scope } = context
        const two = [
          await create(context, subject, { externalId: 'one' }),
          await create(context, subject, { externalId: 'two' }),
        ]
        await create(context, subject, { externalId: 'three' })
        const keys = two.flatMap((resource) => writeOf(resource).keys)
        const found = (await store(adapters).find?.(scope, keys, omitNothing)) ?? []
        expectEqual(sortedIds(found), sortedIds(two), 'ids')
        const unknown = [{ attribute: 'externalId', key: 'nothing' }]
        const none = (await store(adapters).find?.(scope, unknown, omitNothing)) ?? []
        expectEqual(none, [], 'what no key leads to')
      },
    }),
    define(subject, {
      id: 'getMany',
      level: 'MUST',
      section: 'ResourceStore.getMany',
      title: 'returns the resources with several ids and leaves out unknown ones',
      appliesTo: (adapters) => store(adapters).getMany !== undefined,
      async run(context) {
        const [one, two] = [await create(context, subject), await create(context, subject)]
        await create(context, subject)
        const ids = [one.id, 'unknown', two.id]
        const { adapters, scope } = context
        const found = (await store(adapters).getMany?.(scope, ids, omitNothing)) ?? []
        expectEqual(sortedIds(found), [one.id, two.id].sort(), 'ids')
        expectEqual(byId(found, one.id), one, 'the first one')
      },
    }),
  ]
}

/** Objects that the library and the store hand each other. */
function handing(subject: Subject): readonly Check[] {
  const { store, name } = subject
  return [
    define(subject, {
      id: 'create.input',
      level: 'MUST',
      section: 'Resource',
      title: 'leaves the resources and keys it is given as they are',
      async run(context) {
        const { adapters, scope } = context
        const resource = make(subject, demanding[name])
        const write = writeOf(resource)
        const given = structuredClone({ resource, keys: write.keys })
        const stored = await store(adapters).create(scope, resource, write)
        expectEqual({ resource, keys: write.keys }, given, 'what create was given')
        const next = changed(stored, { externalId: 'next' })
        const before = structuredClone(next)
        await replace(context, subject, next, stored)
        expectEqual(next, before, 'what replace was given')
      },
    }),
    define(subject, {
      id: 'snapshot',
      level: 'MUST',
      section: 'Resource',
      title: 'leaves a resource it returned as it was when that resource is changed later',
      async run(context) {
        const stored = await create(context, subject, { externalId: 'before' })
        const before = await read(context, subject, stored.id)
        await replace(context, subject, changed(stored, { externalId: 'after' }), stored)
        expectEqual(before?.externalId, 'before', 'the resource read before the change')
      },
    }),
  ]
}

function replacing(subject: Subject): readonly Check[] {
  return [
    define(subject, {
      id: 'replace.whole',
      level: 'MUST',
      section: 'RFC 7644 §3.5.1; ResourceStore.replace',
      title: 'replaces the whole resource: what is not in the new state is gone',
      async run(context) {
        const stored = await create(context, subject, {
          externalId: 'x',
          ...demanding[subject.name],
        })
        const names = ['externalId', ...Object.keys(demanding[subject.name] ?? {})]
        const nothing = Object.fromEntries(names.map((name) => [name, undefined]))
        const next = changed(stored, { ...nothing, [subject.nameAttribute]: 'another' })
        const returned = await replace(context, subject, next, stored)
        expectEqual(returned, next, 'what replace returned')
        expectEqual(await read(context, subject, stored.id), next, 'what get returned')
      },
    }),
    define(subject, {
      id: 'replace.version',
      level: 'MUST',
      section: 'RFC 7644 §3.14; ResourceStore.replace',
      title: 'refuses to replace another version than the expected one, and changes nothing',
      async run(context) {
        const stored = await create(context, subject)
        const next = changed(stored, { externalId: 'lost' })
        await expectStoreError(
          'versionMismatch',
          () => replace(context, subject, next, { ...stored, meta: next.meta }),
          'replace with a wrong version',
        )
        expectEqual(await read(context, subject, stored.id), stored, 'the resource afterwards')
      },
    }),
    define(subject, {
      id: 'replace.gone',
      level: 'MUST',
      section: 'ResourceStore.replace',
      title: 'refuses to replace a resource that is not there, and does not create it',
      async run(context) {
        const never = make(subject)
        await expectStoreError(
          'versionMismatch',
          () => replace(context, subject, never, never),
          'replace of an unknown resource',
        )
        expectEqual(await read(context, subject, never.id), undefined, 'the resource afterwards')
        const gone = await create(context, subject)
        await subject.store(context.adapters).delete(context.scope, gone.id, {})
        await expectStoreError(
          'versionMismatch',
          () => replace(context, subject, changed(gone, { externalId: 'back' }), gone),
          'replace of a deleted resource',
        )
        expectEqual(await read(context, subject, gone.id), undefined, 'the deleted resource')
      },
    }),
  ]
}

function deleting(subject: Subject): readonly Check[] {
  const { store } = subject
  return [
    define(subject, {
      id: 'delete',
      level: 'MUST',
      section: 'RFC 7644 §3.6; ResourceStore.delete',
      title: 'deletes a resource once: true, then false, and it cannot be read any more',
      async run(context) {
        const { adapters, scope } = context
        const stored = await create(context, subject)
        const kept = await create(context, subject)
        expectEqual(await store(adapters).delete(scope, stored.id, {}), true, 'the first delete')
        expectEqual(await store(adapters).delete(scope, stored.id, {}), false, 'the second delete')
        expectEqual(await read(context, subject, stored.id), undefined, 'get afterwards')
        const ids = [stored.id, kept.id]
        const many = (await store(adapters).getMany?.(scope, ids, omitNothing)) ?? [kept]
        expectEqual(sortedIds(many), [kept.id], 'what getMany finds')
        const page = await firstPage(context, subject)
        expectEqual(sortedIds(page.resources), [kept.id], 'what query finds')
        expectEqual(page.totalResults, 1, 'totalResults')
      },
    }),
    define(subject, {
      id: 'delete.version',
      level: 'MUST',
      section: 'RFC 7644 §3.14; ResourceStore.delete',
      title: 'refuses to delete another version than the expected one',
      async run(context) {
        const { adapters, scope } = context
        const stored = await create(context, subject)
        const options = { expectedVersion: 'another' }
        await expectStoreError(
          'versionMismatch',
          () => store(adapters).delete(scope, stored.id, options),
          'delete with a wrong version',
        )
        expectEqual(await read(context, subject, stored.id), stored, 'the resource afterwards')
        const { version: expectedVersion } = stored.meta
        const isDeleted = await store(adapters).delete(scope, stored.id, { expectedVersion })
        expectEqual(isDeleted, true, 'delete with the right version')
      },
    }),
  ]
}

function byId<R extends { readonly id: string }>(resources: readonly R[], id: string) {
  return resources.find((resource) => resource.id === id)
}
