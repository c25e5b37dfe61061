import { ScimError } from '../../lib/errors.js'
import { readPatch } from '../../lib/patch/read-patch.js'
import type { Json } from '../../lib/schema/types.js'
import { optionsOf, patchOp, refusal } from './fixtures.js'

const title = { op: 'replace', path: 'title', value: 'T' }
const strict = optionsOf({ strict: true })

describe('readPatch', () => {
  it('reads operations in order, without members that mean nothing (R-PATCH-12, R-PATCH-49)', () => {
    const body = {
      schemas: [patchOp],
      Operations: [
        { op: 'add', path: 'title', value: 'T', name: 'addTitle', id: 7 },
        { op: 'remove', path: 'title' },
        { op: 'replace', value: { active: false } },
      ],
    }
    expect(readPatch(body, strict)).toEqual([
      { op: 'add', path: 'title', value: 'T' },
      { op: 'remove', path: 'title' },
      { op: 'replace', value: { active: false } },
    ])
  })

  it('finds members of the message in any case (R-PATCH-04)', () => {
    const body = { SCHEMAS: [patchOp], operations: [{ OP: 'add', Path: 'title', VALUE: 'T' }] }
    expect(readPatch(body, strict)).toEqual([{ op: 'add', path: 'title', value: 'T' }])
  })

  it('takes one text for a list of one in schemas, as every message does', () => {
    expect(readPatch({ schemas: patchOp, Operations: [title] }, strict)).toEqual([title])
  })

  it('finds the message URN in any case and beside others (R-PATCH-01)', () => {
    const body = { schemas: ['urn:example:x', patchOp.toUpperCase()], Operations: [title] }
    expect(readPatch(body, strict)).toEqual([title])
  })

  it('takes a path of null for none (R-PATCH-05)', () => {
    const body = { schemas: [patchOp], Operations: [{ op: 'add', path: null, value: { a: 1 } }] }
    expect(readPatch(body, strict)).toEqual([{ op: 'add', value: { a: 1 } }])
  })

  it('keeps values of null, false, zero and the empty string (R-PATCH-11)', () => {
    const operations = [null, false, 0, '', []].map((value) => ({ op: 'add', path: 'x', value }))
    expect(readPatch({ schemas: [patchOp], Operations: operations }, strict)).toEqual(operations)
  })
})

const wrongBodies: readonly [string, Json][] = [
  ['no object', 'x'],
  ['null', null],
  ['an array', [title]],
  ['without Operations (R-PATCH-02)', { schemas: [patchOp], active: false }],
  ['with Operations that are no array (R-PATCH-02)', { schemas: [patchOp], Operations: title }],
  ['with Operations of null (R-PATCH-02)', { schemas: [patchOp], Operations: null }],
  ['with an operation that is no object', { schemas: [patchOp], Operations: ['x'] }],
  ['with an operation that is an array', { schemas: [patchOp], Operations: [[title]] }],
  ['of another message (R-PATCH-01)', { schemas: ['urn:example:x'], Operations: [title] }],
  ['with schemas of another text', { schemas: 'urn:example:x', Operations: [title] }],
  ['with schemas of numbers', { schemas: [1], Operations: [title] }],
  ['with Operations twice (S-INP-04)', { schemas: [patchOp], Operations: [], operations: [title] }],
]

describe('readPatch refuses a body', () => {
  it.each(wrongBodies)('that is %s', (_, body) => {
    expect(refusal(() => readPatch(body, optionsOf()))).toEqual({
      status: 400,
      scimType: 'invalidSyntax',
    })
  })
})

const wrongOperations: readonly [string, Json, string][] = [
  ['without op (R-PATCH-03)', { path: 'title', value: 'T' }, 'invalidSyntax'],
  [
    'with an unknown op (R-PATCH-03, G7)',
    { op: 'frob', path: 'title', value: 'T' },
    'invalidSyntax',
  ],
  ['with an op of null (R-PATCH-03)', { op: null, path: 'title', value: 'T' }, 'invalidSyntax'],
  ['with two ops (R-PATCH-03)', { op: 'add', OP: 'remove', path: 'title' }, 'invalidSyntax'],
  ['with an op every object inherits', { op: 'toString', path: 'title' }, 'invalidSyntax'],
  ['with a path that is no text', { op: 'add', path: ['title'], value: 'T' }, 'invalidSyntax'],
  ['that adds no value (R-PATCH-11, B5)', { op: 'add', path: 'title' }, 'invalidValue'],
  ['that replaces by no value (R-PATCH-11, S18)', { op: 'replace', path: 'title' }, 'invalidValue'],
  ['that removes without a path (R-PATCH-06, G7)', { op: 'remove' }, 'noTarget'],
  ['that removes a value without a path (R-PATCH-06)', { op: 'remove', value: {} }, 'noTarget'],
]

describe('readPatch refuses an operation', () => {
  it.each(wrongOperations)('%s', (_, operation, scimType) => {
    const body = { schemas: [patchOp], Operations: [title, operation] }
    expect(refusal(() => readPatch(body, optionsOf()))).toEqual({ status: 400, scimType })
  })
})

describe('readPatch bounds a request', () => {
  const many = (count: number, operation: Json): Json => ({
    schemas: [patchOp],
    Operations: Array.from({ length: count }, () => operation),
  })

  it('takes 1000 operations and not one more (R-PATCH-50, S-DOS-05)', () => {
    expect(readPatch(many(1000, title), optionsOf())).toHaveLength(1000)
    expect(refusal(() => readPatch(many(1001, title), optionsOf())).scimType).toBe('tooMany')
  })

  it('counts the values of all operations, nested ones too (R-PATCH-50, S-DOS-05)', () => {
    const members = Array.from({ length: 5 }, (_, index) => ({ value: String(index) }))
    const inside = { op: 'add', value: { members } }
    const byPath = { op: 'add', path: 'members', value: members }
    const options = optionsOf({ limits: { values: 10 } })
    for (const operation of [inside, byPath]) {
      expect(readPatch(many(2, operation), options)).toHaveLength(2)
      expect(refusal(() => readPatch(many(3, operation), options)).scimType).toBe('tooMany')
    }
  })
})

const limited = { ...optionsOf(), limits: { operations: 2, values: 3 } }
const strictOf = (operation: Json) => ({ schemas: [patchOp], Operations: [operation] })

/** What an administrator reads about a body that is refused. */
const details: readonly [string, Json, string][] = [
  ['is no object', 'x', 'The body must be an object.'],
  [
    'has no Operations',
    { schemas: [patchOp], active: false },
    "The body is no PATCH: must have required property 'Operations'.",
  ],
  [
    'has an operation that is no object',
    { schemas: [patchOp], Operations: [title, 'x'] },
    'The body is no PATCH: Operations/1 must be object.',
  ],
  [
    'has Operations twice',
    { schemas: [patchOp], Operations: [], operations: [title] },
    'The body has "Operations" more than once.',
  ],
  ['has no op', strictOf({ path: 'x' }), "Operations[0]: must have required property 'op'."],
  ['has an op of null', strictOf({ op: null }), 'Operations[0]: op must be string.'],
  [
    'has an unknown op',
    strictOf({ op: 'frob', path: 'x', value: 1 }),
    'Operations[0]: "op" must be add, remove or replace.',
  ],
  [
    'removes nothing',
    strictOf({ op: 'remove' }),
    'Operations[0]: a remove operation needs a "path".',
  ],
  ['adds nothing', strictOf({ op: 'add', path: 'x' }), 'Operations[0]: "add" needs a "value".'],
  ['has op twice', strictOf({ op: 'add', OP: 'remove' }), 'Operations[0] has "op" more than once.'],
  [
    'has too many operations',
    { schemas: [patchOp], Operations: [title, title, title] },
    'A PATCH has at most 2 operations.',
  ],
  [
    'has too many values',
    strictOf({ op: 'add', path: 'x', value: { a: [1, 2], b: [3, 4] } }),
    'A PATCH has at most 3 values in its operations.',
  ],
]

it.each(details)('says what is wrong with a body that %s', (_, body, detail) => {
  expect(() => readPatch(body, limited)).toThrow(new ScimError(400, detail))
})

it('says that Operations is empty, if that is refused', () => {
  expect(() => readPatch({ schemas: [patchOp], Operations: [] }, strict)).toThrow(
    '"Operations" is empty.',
  )
})

it('accepts as many operations and values as the limits say', () => {
  const operation = { op: 'add', path: 'x', value: [1, 2, 3] }
  expect(readPatch({ schemas: [patchOp], Operations: [operation, title] }, limited)).toEqual([
    operation,
    title,
  ])
})
