import { evaluate } from '../../filter/evaluate.js'
import { parseFilter } from '../../filter/parse.js'
import { resolveFilter } from '../../filter/resolve.js'
import { compareResources, resolveSort } from '../../sort/index.js'
import type {
  KeysetPosition,
  PageRequest,
  Query,
  Resource,
  ResourceStore,
  Supports,
} from '../../stores/index.js'
import { omitNothing } from '../../stores/reads.js'
import { expectEqual, expectThat, rejection } from '../assert.js'
import type { Check, CheckContext } from '../check.js'
import {
  create,
  createGroup,
  instant,
  make,
  type Subject,
  subjectNamed,
  subjects,
} from '../subject.js'
import { sortedIds } from './store.js'

/** Filters, sorting and paging. A store must refuse what it does not support, never ignore it. */
export const queryChecks: readonly Check[] = subjects.flatMap((subject) => [
  ...paging(subject),
  ...filtering(subject),
  ...sorting(subject),
  ...refusals(subject),
])

function check(
  subject: Subject,
  parts: Omit<Check, 'appliesTo' | 'level'> & { readonly needs?: keyof Supports },
): Check {
  const { needs, ...rest } = parts
  return {
    ...rest,
    level: 'MUST',
    id: `${subject.name}.${parts.id}`,
    appliesTo: (adapters) =>
      subject.has(adapters) &&
      (needs === undefined || subject.store(adapters).supports?.[needs] === true),
  }
}

function paging(subject: Subject): readonly Check[] {
  return [
    check(subject, {
      id: 'query.pages',
      section: 'RFC 7644 §3.4.2.4; R-PAGE-07',
      title: 'pages by number: each resource once, in order of (meta.created, id), totals right',
      async run(context) {
        const stored = await createSeveral(context, subject)
        const wanted = [...stored].sort(compareResources()).map(({ id }) => id)
        const found: string[] = []
        for (const offset of [0, 3, 6, 9]) {
          const page = await ask(context, subject, { page: indexPage(offset, 3) })
          expectEqual(page.totalResults, stored.length, `totalResults at offset ${offset}`)
          found.push(...page.resources.map(({ id }) => id))
        }
        expectEqual(found, wanted, 'ids on all pages')
      },
    }),
    check(subject, {
      id: 'query.bounds',
      section: 'RFC 7644 §3.4.2.4; R-PAGE-02, R-PAGE-05',
      title:
        'answers a limit of 0 and an offset beyond the end with no resources and the right total',
      async run(context) {
        expectEqual(
          await ask(context, subject, { page: indexPage(0, 10) }),
          { resources: [], totalResults: 0 },
          'of an empty store',
        )
        await createSeveral(context, subject)
        for (const page of [indexPage(0, 0), indexPage(100, 10), indexPage(8, 5)]) {
          const found = await ask(context, subject, { page })
          expectEqual(found, { resources: [], totalResults: 8 }, JSON.stringify(page))
        }
      },
    }),
    check(subject, {
      id: 'query.cursor',
      needs: 'cursor',
      section: 'RFC 9865 §2; R-CUR-02, R-CUR-19',
      title: 'pages by position: neither repeats nor skips resources when others come and go',
      async run(context) {
        const stored = await createSeveral(context, subject)
        const [first, second, , , fifth] = [...stored].sort(compareResources())
        const page = await ask(context, subject, { page: { kind: 'cursor', limit: 3 } })
        for (const gone of [first, second, fifth]) {
          await subject.store(context.adapters).delete(context.scope, gone?.id ?? '', {})
        }
        await create(context, subject, { meta: metaOf(subject, -1000) })
        const later = await create(context, subject, { meta: metaOf(subject, 1000) })
        const rest = await remaining(context, subject, page.next)
        const found = [...page.resources.map(({ id }) => id), ...rest]
        const kept = stored.filter(({ id }) => id !== fifth?.id).sort(compareResources())
        expectEqual(found, [...kept.map(({ id }) => id), later.id], 'ids on all pages')
      },
    }),
  ]
}

/** SCIM filters. Evaluation in memory gives the expected results. */
const filters: Readonly<Record<Subject['name'], readonly string[]>> = {
  users: [
    'userName eq "ALPHA"',
    'userName ne "alpha"',
    'userName eq "nobody"',
    'userName co "_" or userName co "%"',
    'userName sw "b" and not (userName ew "o")',
    'not (userName eq "alpha" or userName eq "bravo")',
    'userName gt "bravo" and userName le "é"',
    'userName lt "bravo"',
    'userName ge "bravo"',
    'userName eq "é" or userName sw "ra" or userName eq "zulu"',
    'userName sw "b" and userName co "av" and userName ew "_avo"',
    'userName ew "av"',
    'not (userName co "a" and externalId pr)',
    'externalId eq "X-1"',
    'externalId eq "x-1"',
    'externalId ne "X-1"',
    'externalId co "x"',
    'externalId sw "X"',
    'externalId pr',
    'not (externalId pr)',
    'not (externalId eq "X-1")',
    'active eq false',
    'active pr',
    'emails pr',
    'emails.value eq "A@example.COM"',
    'emails.value ne "b@example.com"',
    'emails[type eq "work" and value co "example"]',
    'emails[type eq "work" and value co "x.org"]',
    'emails[type eq "home" or value ew "x.org"]',
    'emails[not (type eq "work")]',
    'not (emails[type eq "work"])',
    'emails.type ne "work"',
    'name pr',
    'displayName pr',
    'meta.created gt "2026-01-31T09:00:00.003Z"',
    'meta.created ge "2026-01-31T10:00:00.003+01:00"',
    'meta.created lt "2026-01-31T09:00:00.003Z"',
    'meta.resourceType eq "User"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "boss"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq null',
    'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
    'displayName eq "quote\\" \' \\\\ back"',
  ],
  groups: [
    'displayName eq "ALPHA"',
    'displayName co "\\\\"',
    'displayName ge "group 1" and displayName lt "group 2"',
    'externalId pr',
    'externalId ne "e"',
    'not (externalId eq "e")',
    'members pr',
    'members.value eq "nobody"',
    'not (members[type eq "User"])',
    'members.type eq "user"',
  ],
  devices: [
    'serial eq "ALPHA"',
    'size ge 0.1',
    'size lt 0.1',
    'size ne 0.1',
    'not (size pr)',
    'not (size eq 0.1)',
    'size eq 1',
  ],
}

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const populations: Readonly<Record<Subject['name'], readonly Record<string, unknown>[]>> = {
  users: [
    { userName: 'alpha', externalId: 'X-1', emails: [{ value: 'a@example.com', type: 'home' }] },
    { userName: 'bravo', active: false, name: { givenName: 'B' } },
    { userName: 'b_avo', emails: [{ value: 'b@EXAMPLE.com', type: 'work' }, { value: 'c@x.org' }] },
    { userName: 'É', displayName: `quote" ' \\ back`, [enterprise]: { department: 'D' } },
    { userName: '100%', [enterprise]: { manager: { value: 'boss' } } },
    { userName: '\u{1d4b3}', name: { givenName: '' } },
    { userName: '\uffee', emails: [{ type: 'work' }] },
    { userName: 'zulu', externalId: 'x-2', displayName: '\u00ad' },
  ],
  groups: [
    { displayName: 'Alpha' },
    { displayName: 'a\\b', externalId: 'e' },
    ...Array.from({ length: 6 }, (_, index) => ({ displayName: `group ${index % 3}` })),
  ],
  devices: [
    { serial: 'alpha', size: 0.1 },
    { serial: 'bravo', size: 1 },
    { serial: 'c' },
    { serial: 'd', size: -2 },
    ...Array.from({ length: 4 }, (_, index) => ({ serial: `s${index}`, size: index / 3 })),
  ],
}

function filtering(subject: Subject): readonly Check[] {
  const { name, type } = subject
  return [
    check(subject, {
      id: 'query.filter',
      needs: 'filter',
      section: 'RFC 7644 §3.4.2.2; R-FILTER-43',
      title: 'finds by every kind of filter exactly what evaluation in memory finds',
      async run(context) {
        await createSeveral(context, subject)
        if (name === 'groups') await populateGroups(context)
        const { resources } = await ask(context, subject, { page: indexPage(0, 100) })
        for (const text of filters[name]) {
          const filter = resolveFilter(parseFilter(text), type, { deviations: new Set() })
          const wanted = resources.filter((resource) => evaluate(filter, resource))
          const page = await ask(context, subject, { filter, page: indexPage(0, 100) })
          expectEqual(sortedIds(page.resources), sortedIds(wanted), `ids found by ${text}`)
          expectEqual(page.totalResults, wanted.length, `totalResults of ${text}`)
          const none = await ask(context, subject, { filter, page: indexPage(0, 0) })
          expectEqual(none.totalResults, wanted.length, `totalResults of ${text}, limit 0`)
        }
      },
    }),
  ]
}

async function populateGroups(context: CheckContext): Promise<void> {
  const user = await create(context, subjectNamed('users'), { displayName: 'Somebody' })
  const inner = await createGroup(context, [user.id], { displayName: 'inner' })
  await createGroup(context, [inner.id, user.id], { displayName: 'outer' })
  await createGroup(context, [inner.id], { displayName: 'only groups' })
}

const sortedBy: Readonly<Record<Subject['name'], readonly string[]>> = {
  users: ['userName', 'externalId', 'emails', 'emails.type', 'active', 'meta.created', 'id'],
  groups: ['displayName', 'externalId', 'meta.lastModified'],
  devices: ['serial', 'size'],
}

function sorting(subject: Subject): readonly Check[] {
  return [
    check(subject, {
      id: 'query.sort',
      needs: 'sort',
      section: 'RFC 7644 §3.4.2.3; R-SORT-02 to R-SORT-06',
      title: 'sorts by type, unassigned values last, ties by (meta.created, id), and reversed',
      async run(context) {
        const stored = await createSeveral(context, subject)
        for (const name of sortedBy[subject.name]) {
          for (const order of ['ascending', 'descending']) {
            const sort = resolveSort(subject.type, name, order)
            const wanted = [...stored].sort(compareResources(sort)).map(({ id }) => id)
            const page = await ask(context, subject, { sort, page: indexPage(0, 100) })
            const found = page.resources.map(({ id }) => id)
            expectEqual(found, wanted, `ids sorted by ${name} ${order}`)
            if (!subject.store(context.adapters).supports?.cursor) continue
            const first = await ask(context, subject, { sort, page: { kind: 'cursor', limit: 3 } })
            const rest = await remaining(context, subject, first.next, sort)
            const walked = [...first.resources.map(({ id }) => id), ...rest]
            expectEqual(walked, wanted, `ids sorted by ${name} ${order}, page by page`)
          }
        }
      },
    }),
  ]
}

function refusals(subject: Subject): readonly Check[] {
  const { type, nameAttribute } = subject
  const filter = resolveFilter(parseFilter(`${nameAttribute} eq "nobody"`), type, {
    deviations: new Set(),
  })
  const queries: readonly [keyof Supports, Partial<Query>][] = [
    ['filter', { filter }],
    ['sort', { sort: resolveSort(type, nameAttribute) }],
    ['cursor', { page: { kind: 'cursor', limit: 1 } }],
  ]
  return queries.map(([flag, query]) => ({
    ...check(subject, {
      id: `supports.${flag}`,
      section: 'ResourceStore.supports',
      title: `refuses a query with "${flag}", which it does not declare, instead of ignoring it`,
      async run(context) {
        await create(context, subject)
        const page = indexPage(0, 10)
        const error = await rejection(() => ask(context, subject, { page, ...query }))
        expectThat(error !== undefined, `The query must reject: "supports.${flag}" is not declared`)
      },
    }),
    appliesTo: (adapters) => subject.has(adapters) && !subject.store(adapters).supports?.[flag],
  }))
}

/** Creates eight resources whose creation times differ, coincide and are out of order. */
async function createSeveral(context: CheckContext, subject: Subject): Promise<Resource[]> {
  const stored: Resource[] = []
  for (const [index, attributes] of populations[subject.name].entries()) {
    const meta = metaOf(subject, [5, 1, 3, 3, 7, 3, 1, 9][index] ?? 0)
    stored.push(await create(context, subject, { ...attributes, meta }))
  }
  return stored
}

function metaOf(subject: Subject, milliseconds: number) {
  const { meta } = make(subject)
  const created = instant(milliseconds)
  return { ...meta, created, lastModified: created }
}

function indexPage(offset: number, limit: number): PageRequest {
  return { kind: 'index', offset, limit }
}

function ask(
  { adapters, scope }: CheckContext,
  { store }: Subject,
  query: Omit<Query, 'omit'>,
): ReturnType<ResourceStore['query']> {
  return store(adapters).query(scope, { ...omitNothing, ...query })
}

/** Ids on the pages after a position. */
async function remaining(
  context: CheckContext,
  subject: Subject,
  start: KeysetPosition | undefined,
  sort?: NonNullable<Query['sort']>,
): Promise<string[]> {
  const found: string[] = []
  for (let after = start; after !== undefined; ) {
    const page = { kind: 'cursor', after, limit: 3 } as const
    const { resources, next } = await ask(context, subject, { page, ...(sort && { sort }) })
    found.push(...resources.map(({ id }) => id))
    expectThat(next === undefined || resources.length === 3, 'Only the last page may be short')
    after = next
  }
  return found
}
