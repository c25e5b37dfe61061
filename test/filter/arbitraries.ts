import fc from 'fast-check'
import type { CompareOperator, ParsedFilter } from '../../lib/filter/ast.js'
import { join } from '../../lib/filter/build.js'
import { printFilter } from '../../lib/filter/print.js'
import { requireUsable } from '../../lib/filter/usable.js'
import { printPath, resolvePath } from '../../lib/schema/paths.js'
import type { AttributeDefinition, JsonObject, ResourceType } from '../../lib/schema/types.js'

/** Values that are alike but not equal, so that generated filters and resources meet. */
const texts = fc.constantFrom(
  ...[
    'a',
    'A',
    'ab',
    'Ba',
    'e',
    'é',
    'É',
    'e\u0301',
    'ß',
    'İ',
    'σ',
    'ς',
    'ａ',
    '😀',
    '\ue000',
    '\uffff',
  ],
  ...[
    '',
    ' ',
    '%',
    '_',
    'a%',
    '\\',
    "'",
    "a' or 'a",
    '"',
    '`',
    '--',
    '$',
    '{}',
    'null',
    'true',
    '0',
  ],
)
const literals: Readonly<
  Record<AttributeDefinition['type'], fc.Arbitrary<string | number | boolean>>
> = {
  string: texts,
  reference: texts,
  binary: fc.constantFrom('QQ==', 'qq==', 'Qg=='),
  boolean: fc.boolean(),
  integer: fc.constantFrom(-1, 0, 1, 2, 10, 100),
  decimal: fc.constantFrom(-1.5, 0, 0.1, 1.5, 1e21, 1e-7),
  dateTime: fc.constantFrom(
    '2026-01-31T09:00:00Z',
    '2026-01-31T10:00:00+01:00',
    '2026-01-31T09:00:00.001Z',
    '2025-12-31T23:59:59-05:00',
  ),
  complex: fc.constant(''),
}

const equality: readonly CompareOperator[] = ['eq', 'ne']
const order: readonly CompareOperator[] = [...equality, 'gt', 'ge', 'lt', 'le']
const all: readonly CompareOperator[] = [...order, 'co', 'sw', 'ew']
const operators: Readonly<Record<AttributeDefinition['type'], readonly CompareOperator[]>> = {
  string: all,
  reference: all,
  integer: order,
  decimal: order,
  dateTime: order,
  boolean: equality,
  binary: equality,
  complex: [],
}

interface Leaf {
  readonly text: string
  readonly definition: AttributeDefinition
}

/**
 * Texts of filters that resolve on a resource type, over all its attributes that filters may name.
 */
export function filterTexts(type: ResourceType): fc.Arbitrary<string> {
  return filters(leavesOf(type), valuePathsOf(type)).map(printFilter)
}

/**
 * Resources of a type as stores keep them, with every attribute that {@link filterTexts} names now
 * and then.
 */
export function resources(type: ResourceType): fc.Arbitrary<JsonObject> {
  const own = attributesOf(type.schema.attributes)
  const extensions = Object.fromEntries(
    type.extensions.map(({ schema }) => [schema.id, attributesOf(schema.attributes)]),
  )
  const dates = fc.integer({ min: 0, max: 5 }).map((day) => `2026-01-0${day + 1}T00:00:00.000Z`)
  const meta = fc.record({
    resourceType: fc.constant(type.name),
    created: dates,
    lastModified: dates,
    version: fc.constantFrom('1', '2'),
  })
  const common = fc.record({ id: fc.uuid(), meta })
  const optional = fc.record({ externalId: texts, ...extensions }, { requiredKeys: [] })
  return fc
    .tuple(common, optional, own)
    .map((parts) => withoutEmpty(Object.assign({}, ...parts)) as JsonObject)
}

/** Parsed filters of any names, as {@link filterTexts} but not bound to schemas. */
export const parsedFilters: fc.Arbitrary<ParsedFilter> = filters(
  ['a', 'b-c', 'name.$ref', 'urn:example:1.5:x:y.z'].flatMap((text) =>
    (['string', 'decimal', 'boolean'] as const).map((type) => ({
      text,
      definition: { type } as AttributeDefinition,
    })),
  ),
  [
    {
      text: 'emails',
      leaves: [{ text: 'value', definition: { type: 'string' } as AttributeDefinition }],
    },
  ],
)

function filters(
  leaves: readonly Leaf[],
  valuePaths: readonly { text: string; leaves: readonly Leaf[] }[],
): fc.Arbitrary<ParsedFilter> {
  const plain = fc.constantFrom(...leaves).chain(assertion)
  const bracketed = fc
    .constantFrom(...valuePaths)
    .chain(({ text, leaves: inner }) =>
      nested(fc.constantFrom(...inner).chain(assertion)).map(
        (filter): ParsedFilter => ({ kind: 'valuePath', path: { text, position: 0 }, filter }),
      ),
    )
  return nested(fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: bracketed }))
}

function nested(terms: fc.Arbitrary<ParsedFilter>): fc.Arbitrary<ParsedFilter> {
  return fc.letrec<{ node: ParsedFilter }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      terms,
      fc
        .tuple(fc.constantFrom('and', 'or'), fc.array(tie('node'), { minLength: 2, maxLength: 3 }))
        .map(([kind, nodes]) => join(kind, nodes)),
      tie('node').map((node): ParsedFilter => ({ kind: 'not', node })),
    ),
  })).node
}

function assertion({ text, definition }: Leaf): fc.Arbitrary<ParsedFilter> {
  const path = { text, position: 0 }
  const present = fc.constant<ParsedFilter>({ kind: 'present', path })
  const isNull = fc
    .constantFrom(...equality)
    .map((operator): ParsedFilter => ({ kind: 'compare', path, operator, value: null }))
  const choices = operators[definition.type]
  if (choices.length === 0) return fc.oneof(present, isNull)
  const compare = fc
    .tuple(fc.constantFrom(...choices), literals[definition.type])
    .map(([operator, value]): ParsedFilter => ({ kind: 'compare', path, operator, value }))
  return fc.oneof({ weight: 4, arbitrary: compare }, present, isNull)
}

function leavesOf(type: ResourceType): Leaf[] {
  const extensions = type.extensions.flatMap(({ schema }) => [
    { text: schema.id, definition: { type: 'complex' } as AttributeDefinition },
    ...schema.attributes.flatMap((attribute) => leavesUnder(`${schema.id}:`, attribute)),
  ])
  const own = [...type.attributes.values()].flatMap((attribute) => leavesUnder('', attribute))
  return [...own, ...extensions].filter(({ text }) => isUsable(type, text) && !isVersion(text))
}

/** Its literals are entity tags and its operators fewer; it has tests of its own. */
function isVersion(text: string): boolean {
  return text === 'meta.version'
}

function leavesUnder(prefix: string, attribute: AttributeDefinition): Leaf[] {
  const subs = (attribute.subAttributes ?? []).map((definition) => ({
    text: `${prefix}${attribute.name}.${definition.name}`,
    definition,
  }))
  return [{ text: `${prefix}${attribute.name}`, definition: attribute }, ...subs]
}

function valuePathsOf(type: ResourceType): { text: string; leaves: readonly Leaf[] }[] {
  return [...type.attributes.values()]
    .filter((attribute) => attribute.type === 'complex' && attribute.name !== 'meta')
    .filter(({ name }) => isUsable(type, name))
    .map((attribute) => ({
      text: attribute.name,
      leaves: (attribute.subAttributes ?? [])
        .filter(({ name }) => isUsable(type, `${attribute.name}.${name}`))
        .map((definition) => ({ text: definition.name, definition })),
    }))
}

function isUsable(type: ResourceType, text: string): boolean {
  const path = resolvePath(type, text)
  if (path === undefined) return false
  try {
    requireUsable(type, path)
    return printPath(path) !== ''
  } catch {
    return false
  }
}

function attributesOf(definitions: readonly AttributeDefinition[]): fc.Arbitrary<JsonObject> {
  const usual = definitions.filter(
    ({ name, returned }) => returned !== 'never' && name !== 'groups',
  )
  const model = Object.fromEntries(usual.map((each) => [each.name, valuesOf(each)]))
  return fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>
}

function valuesOf(definition: AttributeDefinition): fc.Arbitrary<unknown> {
  const single =
    definition.type === 'complex'
      ? attributesOf((definition.subAttributes ?? []).filter(({ name }) => name !== 'displayName'))
      : literals[definition.type]
  return definition.multiValued ? fc.array<unknown>(single, { maxLength: 3 }) : single
}

/** Stores hold no empty arrays and objects. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty).filter((each) => !isEmpty(each))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, each]) => [name, withoutEmpty(each)] as const)
  return Object.fromEntries(entries.filter(([, each]) => !isEmpty(each)))
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
