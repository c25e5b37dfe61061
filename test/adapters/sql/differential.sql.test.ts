import fc from 'fast-check'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { type SqlAdapters, sqlAdapters } from '../../../adapters/sql/index.js'
import type { ComparableValue, CompareOperator, ResolvedFilter } from '../../../lib/filter/ast.js'
import { evaluate } from '../../../lib/filter/evaluate.js'
import { printFilter } from '../../../lib/filter/print.js'
import { toComparable } from '../../../lib/schema/comparable.js'
import { compileResourceTypes } from '../../../lib/schema/compile.js'
import { printPath, resolvePath } from '../../../lib/schema/paths.js'
import type {
  AttributeDefinition,
  AttributePath,
  Json,
  JsonObject,
  ResourceType,
} from '../../../lib/schema/types.js'
import { compareResources, positionOf } from '../../../lib/sort/index.js'
import type { Adapters, Resource, ResourceStore, Sort } from '../../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../../support/test-database.js'
import { aScope, everything, writeOf } from '../support.js'

const urn = 'urn:example:params:scim:schemas:Everything'
const types = compileResourceTypes({
  schemas: [
    {
      id: urn,
      name: 'Everything',
      attributes: [
        { name: 'exact', caseExact: true },
        { name: 'count', type: 'integer' },
        { name: 'ratio', type: 'decimal' },
        { name: 'flag', type: 'boolean' },
        { name: 'at', type: 'dateTime' },
        { name: 'link', type: 'reference', referenceTypes: ['external'] },
        { name: 'tags', multiValued: true },
        { name: 'numbers', type: 'integer', multiValued: true },
        { name: 'switches', type: 'boolean', multiValued: true },
        {
          name: 'parts',
          type: 'complex',
          multiValued: true,
          subAttributes: [
            { name: 'value', caseExact: true },
            { name: 'size', type: 'decimal' },
            { name: 'labels', multiValued: true },
            { name: 'on', type: 'boolean' },
            { name: 'primary', type: 'boolean' },
          ],
        },
      ],
    },
  ],
  userExtensions: [{ schema: urn }],
  groupExtensions: [{ schema: urn }],
})
const userType = types.byName.get('User') as ResourceType
const groupType = types.byName.get('Group') as ResourceType

// Text that databases, JSON paths, patterns and foldings could misunderstand.
const texts = [
  '',
  'a',
  'A',
  'ab',
  'a%b',
  'a_b',
  'a\\b',
  '%',
  '_',
  '\\',
  "'",
  '"',
  "'; drop table scim_resources; --",
  '/* x */',
  '$.a',
  '{"a":1}',
  '[1]',
  'null',
  '*',
  '?',
  'é',
  'e\u0301',
  'É',
  'ß',
  'ς',
  'ａ',
  'İ',
  'ﷺ',
  '\u{1d4b3}',
  '\uffff',
  '\ufffd',
  'z',
  '\n',
  ' ',
  '\u00ad',
  '\ufeff',
]
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...texts) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...texts), { maxLength: 3 }).map((parts) => parts.join('')),
  },
)
const numbers = fc.constantFrom(0, 1, -1, 2, 10, 0.1, 0.30000000000000004, 1e21, -2.5)
const instants = fc.constantFrom(
  '2026-01-31T09:00:00Z',
  '2026-01-31T10:00:00+01:00',
  '2026-01-31T09:00:00.001Z',
  '1969-12-31T23:59:59Z',
)

function anyValueOf(definition: AttributeDefinition): fc.Arbitrary<Json> {
  const single = singleOf(definition)
  return definition.multiValued ? fc.array(single, { minLength: 1, maxLength: 3 }) : single
}

function singleOf(definition: AttributeDefinition): fc.Arbitrary<Json> {
  switch (definition.type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.constantFrom(0, 1, -1, 2, 10)
    case 'decimal':
      return numbers
    case 'dateTime':
      return instants
    case 'complex':
      return someOf(definition.subAttributes ?? [])
    default:
      return text
  }
}

function someOf(definitions: readonly AttributeDefinition[]): fc.Arbitrary<JsonObject> {
  const record = Object.fromEntries(definitions.map((each) => [each.name, anyValueOf(each)]))
  return fc.record(record, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>
}

function attributesOf(type: ResourceType, names: readonly string[]) {
  return names.map((name) => type.attributes.get(name.toLowerCase()) as AttributeDefinition)
}

const userAttributes = attributesOf(userType, [
  'externalId',
  'name',
  'displayName',
  'emails',
  'roles',
  'title',
])
const extension = types.schemas.find(({ id }) => id === urn)?.attributes ?? []

const created = fc.integer({ min: 0, max: 3 }).map((ms) => new Date(Date.UTC(2026, 0) + ms))
const lastModified = fc.integer({ min: 3, max: 6 }).map((ms) => new Date(Date.UTC(2026, 0) + ms))

function resources(
  type: ResourceType,
  base: readonly AttributeDefinition[],
): fc.Arbitrary<Resource[]> {
  const one = fc.record({
    base: someOf(base),
    extension: fc.option(someOf(extension), { nil: undefined }),
    active: fc.boolean(),
    name: text,
    created,
    lastModified,
  })
  return fc.array(one, { minLength: 1, maxLength: 10 }).map((list) =>
    list.map((each, index) => {
      const id = `${'dbacefhgji'[index]}-${index}`
      return {
        ...each.base,
        ...(each.extension && { [urn]: each.extension }),
        ...(type === userType
          ? { userName: `${each.name}${index}`, active: each.active }
          : { displayName: each.name || 'group' }),
        id,
        meta: {
          resourceType: type.name,
          created: each.created.toISOString(),
          lastModified: each.lastModified.toISOString(),
          version: `v${index % 3}`,
        },
      } as Resource
    }),
  )
}

const textOperators: readonly CompareOperator[] = [
  'eq',
  'ne',
  'co',
  'sw',
  'ew',
  'gt',
  'ge',
  'lt',
  'le',
]
const operatorsOf: Partial<Record<string, readonly CompareOperator[]>> = {
  boolean: ['eq', 'ne'],
  integer: ['eq', 'ne', 'gt', 'ge', 'lt', 'le'],
  decimal: ['eq', 'ne', 'gt', 'ge', 'lt', 'le'],
  dateTime: ['eq', 'ne', 'gt', 'ge', 'lt', 'le'],
}

function compareOn(path: AttributePath): fc.Arbitrary<ResolvedFilter> {
  const definition = (path.sub ?? path.attribute) as AttributeDefinition
  const operators = operatorsOf[definition.type] ?? textOperators
  const single = idPaths.has(definition) ? fc.constantFrom('d-0', 'b-1', 'D-0', 'x') : undefined
  return fc
    .record({
      operator: fc.constantFrom(...operators),
      raw: single ?? singleOf({ ...definition, multiValued: false }),
    })
    .map(({ operator, raw }) => ({
      kind: 'compare',
      path,
      operator,
      value: toComparable(definition, raw) as ComparableValue,
    }))
}

const idPaths = new Set<AttributeDefinition>()

function pathsOf(type: ResourceType, names: readonly string[]): readonly AttributePath[] {
  return names.map((name) => {
    const path = resolvePath(type, name)
    if (path === undefined) throw new Error(`No attribute ${name}.`)
    if (/^(id|members\.value|meta\.\w+)$/.test(name)) {
      const leaf = (path.sub ?? path.attribute) as AttributeDefinition
      if (leaf.type === 'string') idPaths.add(leaf)
    }
    return path
  })
}

const everythingNames = [
  ...['exact', 'count', 'ratio', 'flag', 'at', 'link', 'tags', 'numbers', 'switches'],
  ...['parts.value', 'parts.size', 'parts.labels', 'parts.on'],
].map((name) => `${urn}:${name}`)
const metaNames = ['id', 'meta.created', 'meta.lastModified', 'meta.version', 'meta.resourceType']

interface Grammar {
  readonly compared: readonly AttributePath[]
  readonly present: readonly AttributePath[]
  readonly lists: readonly AttributePath[]
}

const userCompared = pathsOf(userType, [
  ...metaNames,
  ...['userName', 'externalId', 'active', 'title', 'displayName', 'name.givenName'],
  ...['emails.value', 'emails.type', 'roles.value'],
  ...everythingNames,
])
const userGrammar: Grammar = {
  compared: userCompared,
  present: [...userCompared, ...pathsOf(userType, ['name', 'emails', urn, 'meta', `${urn}:parts`])],
  lists: pathsOf(userType, ['emails', 'roles', `${urn}:parts`]),
}
const groupCompared = pathsOf(groupType, [
  ...metaNames,
  ...['displayName', 'externalId', 'members.value', 'members.type', 'members.display'],
  ...everythingNames,
])
const groupGrammar: Grammar = {
  compared: groupCompared,
  present: [...groupCompared, ...pathsOf(groupType, ['members', urn, `${urn}:parts`])],
  lists: pathsOf(groupType, ['members', `${urn}:parts`]),
}

function filters(grammar: Grammar): fc.Arbitrary<ResolvedFilter> {
  const leaf = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...grammar.compared).chain(compareOn) },
    { weight: 2, arbitrary: presentOn(grammar.present) },
    { weight: 3, arbitrary: fc.constantFrom(...grammar.lists).chain(valuePathOn) },
  )
  return combined(leaf)
}

function presentOn(paths: readonly AttributePath[]): fc.Arbitrary<ResolvedFilter> {
  return fc.constantFrom(...paths).map((path) => ({ kind: 'present', path }))
}

function valuePathOn(path: AttributePath): fc.Arbitrary<ResolvedFilter> {
  const subs = (path.attribute?.subAttributes ?? [])
    .filter(({ name }) => name !== '$ref')
    .map((attribute) => ({ attribute }))
  const inner = combined(fc.oneof(fc.constantFrom(...subs).chain(compareOn), presentOn(subs)))
  return inner.map((filter) => ({ kind: 'valuePath', path, filter }))
}

function combined(leaf: fc.Arbitrary<ResolvedFilter>): fc.Arbitrary<ResolvedFilter> {
  const { node } = fc.letrec<{ node: ResolvedFilter }>((tie) => {
    const nodes = fc.array(tie('node'), { minLength: 2, maxLength: 3 })
    return {
      node: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'filter' },
        leaf,
        nodes.map((list): ResolvedFilter => ({ kind: 'and', nodes: list })),
        nodes.map((list): ResolvedFilter => ({ kind: 'or', nodes: list })),
        tie('node').map((one): ResolvedFilter => ({ kind: 'not', node: one })),
      ),
    }
  })
  return node
}

function sorts(paths: readonly AttributePath[]): fc.Arbitrary<Sort | undefined> {
  const sortable = paths.filter(
    ({ attribute, sub }) => attribute?.name !== 'members' && !sub?.multiValued,
  )
  const sort = fc.record({ path: fc.constantFrom(...sortable), descending: fc.boolean() })
  return fc.option(sort, { nil: undefined })
}

let database: TestDatabase
let sql: SqlAdapters

beforeAll(async () => {
  database = await testDatabase()
  sql = await sqlAdapters({ url: database.url })
})
afterAll(async () => {
  await sql?.close()
  await database?.drop()
})

/** Everything a store answers: pages by number, then all pages by cursor. */
async function check(
  store: ResourceStore,
  scope: ReturnType<typeof aScope>,
  query: { filter?: ResolvedFilter; sort?: Sort },
  wanted: readonly object[],
) {
  const found = await answers(store, scope, query)
  if (JSON.stringify(found) === JSON.stringify(wanted)) return
  const { filter, sort } = query
  const order = sort ? ` sorted by ${printPath(sort.path)} ${sort.descending}` : ''
  throw new Error(
    `${filter && printFilter(filter)}${order}\nfound ${JSON.stringify(found)}\nnot ` +
      `${JSON.stringify(wanted)}`,
  )
}

async function answers(
  store: ResourceStore,
  scope: ReturnType<typeof aScope>,
  query: { filter?: ResolvedFilter; sort?: Sort },
) {
  const pages = []
  for (const offset of [0, 3, 40]) {
    const page = { kind: 'index', offset, limit: 4 } as const
    const { resources, totalResults } = await store.query(scope, { ...everything, ...query, page })
    pages.push({ ids: resources.map(({ id }) => id), totalResults })
  }
  let after: ReturnType<typeof positionOf> | undefined
  do {
    const page = { kind: 'cursor', limit: 4, ...(after && { after }) } as const
    const result = await store.query(scope, { ...everything, ...query, page })
    const { resources, totalResults, next } = result
    pages.push({ ids: resources.map(({ id }) => id), totalResults, next })
    after = next
  } while (after)
  return pages
}

function expected(
  resources: readonly Resource[],
  { filter, sort }: { filter?: ResolvedFilter; sort?: Sort },
) {
  const matches = resources.filter((each) => filter === undefined || evaluate(filter, each))
  const sorted = matches.sort(compareResources(sort))
  const totalResults = sorted.length
  const idsOf = (start: number) => sorted.slice(start, start + 4).map(({ id }) => id)
  const pages: object[] = [0, 3, 40].map((offset) => ({ ids: idsOf(offset), totalResults }))
  for (let start = 0; start === 0 || start < totalResults; start += 4) {
    const last = sorted[start + 3]
    const next = start + 4 < totalResults && last ? positionOf(last, sort) : undefined
    pages.push({ ids: idsOf(start), totalResults, next })
  }
  return pages
}

const numRuns = Number(process.env['TEST_RUNS'] ?? 60)

function queries(grammar: Grammar) {
  const query = fc.record({ filter: filters(grammar), sort: sorts(grammar.compared) })
  return fc.array(query, { minLength: 4, maxLength: 8 })
}

const clean = ({ filter, sort }: { filter: ResolvedFilter; sort: Sort | undefined }) => ({
  filter,
  ...(sort && { sort }),
})

it('answers every filter and sort over users as evaluation in memory does (R-FILTER-43) (S-INP-06)', async () => {
  await fc.assert(
    fc.asyncProperty(
      resources(userType, userAttributes),
      queries(userGrammar),
      async (users, asked) => {
        const scope = aScope()
        const memory = memoryAdapters()
        for (const adapters of [sql, memory] as Adapters[]) {
          for (const user of users) {
            const write = writeOf(user, userType)
            await adapters.users.create(scope, user as never, write)
          }
        }
        for (const query of asked.map(clean)) {
          const wanted = expected(users, query)
          await check(memory.users, scope, query, wanted)
          await check(sql.users, scope, query, wanted)
        }
      },
    ),
    { numRuns },
  )
}, 120_000)

it('answers every filter and sort over groups as evaluation in memory does (R-FILTER-43) (R-FILTER-40)', async () => {
  const pairs = fc.array(fc.tuple(fc.nat(5), fc.nat(9)), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      resources(userType, userAttributes),
      resources(groupType, attributesOf(groupType, ['externalId'])),
      pairs,
      queries(groupGrammar),
      async (users, plain, memberships, asked) => {
        const scope = aScope()
        const memory = memoryAdapters()
        const groups = plain.map((group) => ({ ...group, id: `g${group.id}` }) as Resource)
        for (const adapters of [sql, memory] as Adapters[]) {
          for (const user of users) {
            await adapters.users.create(scope, user as never, writeOf(user, userType))
          }
          for (const group of groups) {
            await adapters.groups.create(scope, group as never, writeOf(group, groupType))
          }
          for (const [groupIndex, memberIndex] of memberships) {
            const group = groups[groupIndex % groups.length] as Resource
            const all = [...users, ...groups]
            const member = all[memberIndex % all.length] as Resource
            const change = { add: [member.id], remove: [] }
            // Keeps the version: only who is in the group is of interest here.
            await adapters.groups.replace(scope, group as never, {
              ...writeOf(group, groupType),
              expectedVersion: group.meta.version,
              members: change,
            })
          }
        }
        const whole = await Promise.all(
          groups.map(({ id }) => memory.groups.get(scope, id, everything)),
        )
        const stored = await Promise.all(
          groups.map(({ id }) => sql.groups.get(scope, id, everything)),
        )
        expect(stored.map(inOrder)).toEqual(whole.map(inOrder))
        for (const query of asked.map(clean)) {
          const wanted = expected(whole as Resource[], query)
          await check(memory.groups, scope, query, wanted)
          await check(sql.groups, scope, query, wanted)
        }
      },
    ),
    { numRuns: Math.ceil(numRuns / 2) },
  )
}, 120_000)

function inOrder(group: Resource | undefined) {
  const members = (group?.['members'] ?? []) as { value: string }[]
  return { ...group, members: [...members].sort((a, b) => (a.value < b.value ? -1 : 1)) }
}
