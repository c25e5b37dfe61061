import fc from 'fast-check'
import { resolveDeviations } from '../../lib/deviations.js'
import { ScimError } from '../../lib/errors.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { type ReadOptions, readResource } from '../../lib/schema/read-resource.js'
import { readElement, readValue } from '../../lib/schema/read-value.js'
import type { AttributeInput, Json, JsonObject, ResourceType } from '../../lib/schema/types.js'
import { cpuMs } from '../support/cpu-time.js'

const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
const coreGroup = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const badge = 'urn:example:schemas:2.0:Badge'

const everyType: AttributeInput[] = [
  { name: 'text' },
  { name: 'flag', type: 'boolean' },
  { name: 'ratio', type: 'decimal' },
  { name: 'whole', type: 'integer' },
  { name: 'since', type: 'dateTime' },
  { name: 'blob', type: 'binary' },
  { name: 'link', type: 'reference', referenceTypes: ['external'] },
  { name: 'tags', multiValued: true },
  { name: 'pin', mutability: 'writeOnly', returned: 'never' },
  {
    name: 'part',
    type: 'complex',
    subAttributes: [{ name: 'must', required: true }, { name: 'may' }],
  },
]
const { byName } = compileResourceTypes({
  schemas: [{ id: badge, name: 'Badge', attributes: everyType }],
  userExtensions: [{ schema: badge }],
})
const user = byName.get('User') as ResourceType
const group = byName.get('Group') as ResourceType
const usual: ReadOptions = { deviations: resolveDeviations(), unknownAttributes: 'ignore' }
const strict: ReadOptions = { ...usual, deviations: resolveDeviations({ strict: true }) }

const read = (attributes: JsonObject, options = usual) =>
  readResource(user, { schemas: [core], userName: 'bob', ...attributes }, options).attributes
const readGroup = (attributes: JsonObject, options = usual) =>
  readResource(group, { schemas: [coreGroup], displayName: 'Staff', ...attributes }, options)
    .attributes

/** The error that an action ends in, as `{ status, scimType, detail }`. */
function refusal(action: () => unknown) {
  try {
    action()
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    return { status: error.status, scimType: error.scimType, detail: error.message }
  }
  return undefined
}
const invalid = (attribute: string) => ({
  status: 400,
  scimType: 'invalidValue',
  detail: expect.stringContaining(`"${attribute}"`),
})
const syntax = { status: 400, scimType: 'invalidSyntax' }

describe('reading a resource', () => {
  it('gives names the spelling of the schema and keeps values as sent', () => {
    expect(
      read({
        DISPLAYNAME: 'Bob B.',
        Name: { GIVENNAME: 'Bob' },
        eMails: [{ VALUE: 'Bob@X.com', Type: 'Work', PRIMARY: true }],
        [enterprise.toUpperCase()]: { DEPARTMENT: 'R&D' },
      }),
    ).toEqual({
      userName: 'bob',
      displayName: 'Bob B.',
      name: { givenName: 'Bob' },
      emails: [{ value: 'Bob@X.com', type: 'Work', primary: true }],
      [enterprise]: { department: 'R&D' },
    })
  })

  it('ignores readOnly attributes and what clients send as id and meta (R-CREATE-02, R-COMMON-06, R-COMMON-10, R-USER-21)', () => {
    const attributes = read({
      id: 'theirs',
      meta: { resourceType: 'Group', version: 7 },
      groups: 'anything',
      [enterprise]: { manager: { value: 'm', displayName: 'ignored' } },
    })
    expect(attributes).toEqual({ userName: 'bob', [enterprise]: { manager: { value: 'm' } } })
    expect(readGroup({ members: [{ value: 'u', display: 'ignored', type: 'User' }] })).toEqual({
      displayName: 'Staff',
      members: [{ value: 'u', type: 'User' }],
    })
  })

  it('takes null and empty arrays for unassigned (R-PUT-10)', () => {
    expect(
      read({
        title: null,
        emails: [],
        name: { givenName: null },
        addresses: [{ country: null }],
        phoneNumbers: [null],
        [enterprise]: null,
        [badge]: { text: null },
      }),
    ).toEqual({ userName: 'bob' })
  })

  it('keeps null where the caller merges', () => {
    const attributes = readResource(
      user,
      {
        title: null,
        emails: [],
        name: { givenName: null, familyName: 'B' },
        phoneNumbers: [{ value: '1', display: null }],
        [enterprise]: { department: null },
        [badge]: null,
      },
      { ...usual, partial: true },
    ).attributes
    expect(attributes).toEqual({
      title: null,
      emails: null,
      name: { givenName: null, familyName: 'B' },
      phoneNumbers: [{ value: '1' }],
      [enterprise]: { department: null },
      [badge]: null,
    })
  })

  it('hands out the password apart and never among the attributes (R-USER-11, R-USER-12)', () => {
    const { attributes, secrets } = readResource(
      user,
      { schemas: [core], userName: 'bob', PASSWORD: 's3cret', [badge]: { pin: '1234', text: 'x' } },
      usual,
    )
    expect(attributes).toEqual({ userName: 'bob', [badge]: { pin: '1234', text: 'x' } })
    expect(secrets).toEqual({ password: 's3cret' })
  })

  it('is the same after a second reading', () => {
    const once = read({
      emails: [{ value: 'a' }, { value: 'A' }, 'b'],
      active: 'False',
      [enterprise]: { manager: 'm' },
    })
    expect(read(once)).toEqual(once)
  })

  it('changes nothing in what it reads', () => {
    const input = { schemas: [core], userName: 'bob', active: 'True', emails: [{ VALUE: 'x' }] }
    const before = structuredClone(input)
    readResource(user, input, usual)
    expect(input).toEqual(before)
  })
})

describe('what a resource must have', () => {
  it.each([[null], [[]], ['text'], [7], [true]] as Json[][])(
    'refuses %j as a resource',
    (input) => {
      expect(refusal(() => readResource(user, input ?? null, usual))).toMatchObject(syntax)
    },
  )

  it.each([undefined, null, '', ' ', '\t', []] as (Json | undefined)[])(
    'refuses %j as userName (R-USER-02, R-CREATE-03)',
    (userName) => {
      const input = { schemas: [core], ...(userName !== undefined && { userName }) }
      for (const options of [usual, strict]) {
        expect(refusal(() => readResource(user, input, options))).toMatchObject(invalid('userName'))
      }
    },
  )

  it('refuses a group without displayName (R-GROUP-02) and takes one without members (R-GROUP-09)', () => {
    expect(refusal(() => readGroup({ displayName: null }))).toMatchObject(invalid('displayName'))
    expect(readGroup({ members: [] })).toEqual({ displayName: 'Staff' })
  })

  it('does not look for required attributes in a part of a resource', () => {
    expect(readResource(user, { active: false }, { ...usual, partial: true }).attributes).toEqual({
      active: false,
    })
  })

  it('refuses a complex value without its required sub-attribute', () => {
    expect(refusal(() => read({ [badge]: { part: { may: 'x' } } }))).toMatchObject(
      invalid(`${badge}:part.must`),
    )
  })

  it('refuses a resource without a required extension (R-COMMON-17)', () => {
    const types = compileResourceTypes({
      schemas: [{ id: badge, name: 'Badge', attributes: [{ name: 'text', required: true }] }],
      userExtensions: [{ schema: badge, required: true }],
    })
    const type = types.byName.get('User') as ResourceType
    const base = { schemas: [core, badge], userName: 'bob' }
    const without = () => readResource(type, base, usual)
    expect(refusal(without)).toMatchObject(invalid(badge))
    const empty = () => readResource(type, { ...base, [badge]: { text: '' } }, usual)
    expect(refusal(empty)).toMatchObject({ scimType: 'invalidValue' })
    const whole = readResource(type, { ...base, [badge]: { text: 'x' } }, usual)
    expect(whole.attributes[badge]).toEqual({ text: 'x' })
  })
})

describe('schemas', () => {
  const withSchemas = (schemas: Json, options = usual, more: JsonObject = {}) =>
    readResource(user, { schemas, userName: 'bob', ...more }, options)

  it.each([
    ['only an extension', [enterprise]],
    ['another type', [coreGroup]],
    ['another type beside its own', [core, coreGroup]],
    ['a text that is no URI', [core, 'unknown']],
    ['an unknown URN of SCIM itself', [core, 'urn:ietf:params:scim:schemas:core:2.0:Device']],
    ['a message', [core, 'urn:ietf:params:scim:api:messages:2.0:PatchOp']],
    ['one schema twice', [core, core.toLowerCase()]],
    ['something else than text', [core, 7]],
    ['null', [core, null]],
    ['an object', { [core]: true }],
  ] as [string, Json][])(
    'refuses %s (R-COMMON-01, R-COMMON-02, R-CREATE-06, R-CREATE-10)',
    (_name, schemas) => {
      expect(refusal(() => withSchemas(schemas))).toMatchObject(syntax)
      expect(refusal(() => withSchemas(schemas, strict))).toMatchObject(syntax)
    },
  )

  it('refuses a group sent to the endpoint of users (R-CREATE-10)', () => {
    const body = { schemas: [coreGroup], displayName: 'Staff' }
    expect(refusal(() => readResource(user, body, usual))).toMatchObject(syntax)
  })

  it('takes URNs in any case and extensions without attributes', () => {
    expect(withSchemas([core.toUpperCase(), enterprise], strict).attributes).toEqual({
      userName: 'bob',
    })
  })

  it('counts attributes of an extension only under its URN, but for a deviation (R-COMMON-15, A16)', () => {
    const without = { ...usual, deviations: new Set([...usual.deviations].filter(isQualified)) }
    expect(withSchemas([core, enterprise], without, { department: 'x' }).attributes).toEqual({
      userName: 'bob',
    })
    expect(withSchemas([core, enterprise], usual, { department: 'x' }).attributes).toEqual({
      userName: 'bob',
      [enterprise]: { department: 'x' },
    })
  })

  const isQualified = (id: string) => id !== 'unqualifiedExtensionAttributes'
})

describe('types of values', () => {
  const cases: [string, Json[], Json[]][] = [
    [
      'text',
      ['x', 'line\nline', '\u{1F600}', ' '],
      [1, true, {}, ['x'], 'a\0b', '\ud800', 'x\udc00'],
    ],
    ['flag', [true, false], ['yes', 1, 0, {}, [true]]],
    ['ratio', [1, 1.5, -2e10], ['1', true, {}, Number.POSITIVE_INFINITY]],
    ['whole', [0, -7, 2 ** 53 - 1], [1.5, '1', 2 ** 53, true]],
    [
      'since',
      [
        '2026-01-31T09:00:00Z',
        '2024-02-29T23:59:59.123456+14:00',
        '2026-01-31T09:00:00',
        '2026-01-31T24:00:00Z',
      ],
      [
        '2026-01-31',
        '2026-02-29T00:00:00Z',
        '2026-13-01T00:00:00Z',
        '2026-01-31T25:00:00Z',
        '2026-01-31T24:00:01Z',
        '2026-01-31T09:60:00Z',
        '2026-01-31T09:00:60Z',
        '2026-01-31T09:00:00+15:00',
        '2026-01-31 09:00:00Z',
        '09:00:00',
        'x2026-01-31T09:00:00Z',
        '2026-01-31T09:00:00Z\n',
        1769850000,
      ],
    ],
    [
      'blob',
      ['', 'AAAA', 'AAA=', 'AA==', 'AA', '_-_-', '+/+/'],
      ['A', 'AAAAA', 'A=A=', '+_', 'A A A', '====', 7],
    ],
    [
      'link',
      [
        'https://example.com/a?b=c#d',
        '/relative',
        'www.example.com',
        'http://[::1]/',
        'urn:a:b',
        'https://exämple.com/ü',
        'mailto:bob@x.com',
      ],
      ['a b', '<x>', 'http://x/%zz', 'x\ny', '"', 7],
    ],
  ]
  const rows = cases.flatMap(([name, good, bad]) => [
    ...good.map((value) => ({ name, value, text: JSON.stringify(value), ok: true })),
    ...bad.map((value) => ({ name, value, text: JSON.stringify(value), ok: false })),
  ])

  it.each(rows)(
    '$name: $text is accepted: $ok (R-TYPE-01, R-TYPE-02, R-TYPE-03, R-TYPE-04, R-TYPE-05, R-TYPE-06, R-TYPE-07, R-TYPE-11)',
    ({ name, value, ok }) => {
      const action = () =>
        read(
          { [badge]: { [name]: value } },
          { ...strict, deviations: new Set(['unlistedExtensions']) },
        )
      if (ok) expect(action()).toEqual({ userName: 'bob', [badge]: { [name]: value } })
      else expect(refusal(action)).toMatchObject(invalid(`${badge}:${name}`))
    },
  )

  it.each([
    ['userName', 7],
    ['userName', { $ne: null }],
    ['userName', ['a', 'b']],
    ['externalId', 1],
    ['externalId', { $gt: '' }],
    ['displayName', true],
    ['name', 'Bob'],
    ['name', ['Bob', 'B']],
    ['active', 'maybe'],
    ['emails', [7]],
    ['emails', [['x']]],
    ['addresses', ['Main Street']],
  ] as [string, Json][])(
    'refuses a wrong %s: %j (S-INP-05, S-ATO-06, R-TYPE-10)',
    (name, value) => {
      expect(refusal(() => read({ [name]: value }))).toMatchObject(invalid(name))
    },
  )

  it.each(['1', '01', '1e0', '0x1', '__proto__', 'constructor', '{"$gt":""}'])(
    'keeps the externalId %s as the text it is (S-ATO-06, R-COMMON-07)',
    (externalId) => {
      expect(read({ externalId })).toEqual({ userName: 'bob', externalId })
    },
  )

  it.each(['bob\0', 'bob\r\nx', '\u200b', 'bob\u2028', '\u0085bob'])(
    'refuses a userName with control characters, or with nothing to see: %j (S-INP-09)',
    (userName) => {
      expect(refusal(() => read({ userName }))).toMatchObject(invalid('userName'))
    },
  )

  it.each(['bob', 'bob@x.com', 'bob b', 'Łukasz', '李雷', 'a/b\\c', 'b+c@x.com'])(
    'takes the userName %s',
    (userName) => {
      expect(read({ userName })).toEqual({ userName })
    },
  )

  it('bounds the length of text, more tightly where it is indexed (S-INP-09)', () => {
    const at = (name: string, length: number) => () => read({ [name]: 'x'.repeat(length) })
    expect(refusal(at('title', 32_768))).toBeUndefined()
    expect(refusal(at('title', 32_769))).toMatchObject(invalid('title'))
    for (const name of ['userName', 'externalId', 'displayName']) {
      expect(refusal(at(name, 512))).toBeUndefined()
      expect(refusal(at(name, 513))).toMatchObject(invalid(name))
    }
    const email = (length: number) => () => read({ emails: [{ value: 'x'.repeat(length) }] })
    expect(refusal(email(513))).toMatchObject(invalid('emails.value'))
    const certificate = (length: number) => () =>
      read({ x509Certificates: [{ value: 'A'.repeat(length) }] })
    expect(refusal(certificate(262_144))).toBeUndefined()
    expect(refusal(certificate(262_148))).toMatchObject(invalid('x509Certificates.value'))
  })

  it.each([
    ['javascript:alert(1)', false, false],
    ['JaVaScRiPt:alert(1)', false, false],
    ['java\tscript:alert(1)', false, false],
    [' javascript:alert(1)', false, false],
    ['vbscript:x', false, false],
    ['data:text/html,x', false, false],
    ['data:image/svg+xml;base64,AAAA', false, false],
    ['data:image/png;base64,AAAA', false, true],
    ['https://example.com/bob.png', true, true],
  ])(
    'links: %s in profileUrl %s, in photos %s (S-INP-08, R-USER-06, R-USER-18)',
    (url, inLink, inPhoto) => {
      expect(refusal(() => read({ profileUrl: url })) === undefined).toBe(inLink)
      expect(refusal(() => read({ photos: [{ value: url }] })) === undefined).toBe(inPhoto)
    },
  )

  it('takes cosmetic values as they come (R-USER-05, R-USER-08, R-USER-17, R-USER-20, R-USER-23, R-TYPE-19)', () => {
    const attributes = {
      preferredLanguage: 'en_US',
      locale: 'Klingon',
      timezone: 'CET+1 or so',
      nickName: 'B.',
      userType: 'Friend',
      title: 'Dr.',
      emails: [{ value: 'no address', type: 'custom' }],
      phoneNumbers: [{ value: '+1 (555) 0100 ext. 7', type: 'main' }],
      ims: [{ value: 'bob', type: 'matrix' }],
      addresses: [
        { formatted: 'a\nb', country: 'US', type: 'work', primary: true },
        { streetAddress: 'x', locality: 'y', region: 'z', postalCode: '1', type: 'holiday' },
      ],
      entitlements: [{ value: 'seat', display: 'Seat', type: 't', primary: true }],
      roles: [{ value: 'admin' }],
    }
    expect(read(attributes, strict)).toEqual({ userName: 'bob', ...attributes })
  })
})

describe('multi-valued attributes', () => {
  it('have at most one primary value (R-TYPE-14)', () => {
    const emails = (...primary: boolean[]) =>
      primary.map((each, index) => ({ value: `${index}@x.com`, primary: each }))
    expect(refusal(() => read({ emails: emails(true, true) }))).toMatchObject(invalid('emails'))
    expect(read({ emails: emails(false, true, false) })).toHaveProperty('emails')
  })

  it('keep a value once, and one value with two types twice (R-TYPE-16, R-TYPE-17)', () => {
    const attributes = read({
      emails: [
        { value: 'a@x.com', type: 'work' },
        { value: 'A@x.com', type: 'Work', primary: true },
        { value: 'a@x.com', type: 'home' },
      ],
      [badge]: { tags: ['x', 'X', 'y'] },
    })
    expect(attributes['emails']).toEqual([
      { value: 'A@x.com', type: 'Work', primary: true },
      { value: 'a@x.com', type: 'home' },
    ])
    expect(attributes[badge]).toEqual({ tags: ['x', 'y'] })
  })

  it('keep a member once, whatever else is said about it (R-GROUP-08)', () => {
    const members = [{ value: 'a' }, { value: 'b' }, { value: 'a', type: 'User' }, { value: 'A' }]
    expect(readGroup({ members })).toEqual({
      displayName: 'Staff',
      members: [{ value: 'a', type: 'User' }, { value: 'b' }, { value: 'A' }],
    })
  })

  it.each([null, {}, { value: null }, { value: '' }, { display: 'Bob' }, { type: 'User' }, ''])(
    'refuse a member without an id instead of dropping it: %j (R-GROUP-05)',
    (member) => {
      const action = () => readGroup({ members: [{ value: 'a' }, member] })
      expect(refusal(action)).toMatchObject(invalid('members.value'))
    },
  )

  it('keep values without a value once, too, as PATCH does', () => {
    const addresses = [{ locality: 'x' }, { locality: 'y' }, { locality: 'X' }]
    expect(read({ addresses })).toHaveProperty('addresses', [{ locality: 'X' }, { locality: 'y' }])
  })
})

describe('names', () => {
  it.each([
    { active: true, Active: false },
    { userName: 'bob', USERNAME: null },
    { id: 'a', ID: 'b' },
    { schemas: [core], Schemas: [core] },
    { name: { givenName: 'a', GivenName: 'b' } },
    { emails: [{ value: 'a', Value: 'b' }] },
    { [enterprise]: {}, [enterprise.toUpperCase()]: {} },
    { [enterprise]: { department: 'a', Department: 'b' } },
    { [enterprise]: {}, 'urn:scim:schemas:extension:enterprise:2.0': {} },
  ] as JsonObject[])('are refused when they differ in case only: %j (S-INP-04)', (attributes) => {
    expect(refusal(() => read(attributes))).toMatchObject(syntax)
  })

  it.each([
    '__proto__',
    'constructor',
    'constructor.prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
  ])('that objects inherit are refused: %s (S-INP-01)', (name) => {
    const own = JSON.stringify({ [name]: 0 }).replace(':0', ':{"polluted":true}')
    const inputs = [
      `{"schemas":["${core}"],"userName":"bob",${own.slice(1)}`,
      `{"schemas":["${core}"],"userName":"bob","name":${own}}`,
      `{"schemas":["${core}"],"userName":"bob","emails":[${own}]}`,
      `{"schemas":["${core}"],"userName":"bob","${enterprise}":${own}}`,
    ]
    for (const unknownAttributes of ['ignore', 'known', 'reject'] as const) {
      for (const input of inputs) {
        const action = () => readResource(user, JSON.parse(input), { ...usual, unknownAttributes })
        expect(refusal(action)).toMatchObject(syntax)
      }
    }
    expect(({} as { polluted?: true }).polluted).toBeUndefined()
  })

  it('of other attributes never reach what is stored (S-INP-03, R-COMMON-16)', () => {
    const attributes = read({
      isAdmin: true,
      role: 'Owner',
      password_hash: 'x',
      is_superuser: true,
      organization_id: 1,
      created_by: 'x',
      username__startswith: 'a',
      'name.givenName': 'x',
      'urn:example:unknown': { a: 1 },
      name: { givenName: 'Bob', isAdmin: true },
    })
    expect(attributes).toEqual({ userName: 'bob', name: { givenName: 'Bob' } })
  })

  it('never lead to anything but declared attributes (S-INP-02)', () => {
    const declared = new Set([...user.attributes.values()].map(({ name }) => name))
    const inherited = Reflect.ownKeys(Object.prototype).map(String)
    const name = fc.oneof(fc.string(), fc.constantFrom(...inherited, ...declared))
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue()), (input) => {
        const error = refusal(() => {
          const { attributes } = readResource(user, input as Json, { ...usual, partial: true })
          expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype)
          for (const key of Object.keys(attributes)) expect(declared).toContain(key)
        })
        if (error) expect(error.status).toBe(400)
      }),
      { numRuns: 500 },
    )
  })
})

describe('attributes that no schema has', () => {
  const withPolicy = (unknownAttributes: ReadOptions['unknownAttributes'], more: JsonObject) =>
    refusal(() => read(more, { ...usual, unknownAttributes }))

  it.each([
    { favourite: 1 },
    { name: { favourite: 1 } },
    { emails: [{ value: 'x', favourite: 1 }] },
    { [enterprise]: { favourite: 1 } },
    { 'urn:example:unknown': {} },
  ] as JsonObject[])('are dropped, or refused where the host says so: %j (R-COMMON-16)', (more) => {
    expect(withPolicy('ignore', more)).toBeUndefined()
    expect(withPolicy('reject', more)).toMatchObject(syntax)
    expect(withPolicy('known', more)).toMatchObject(syntax)
  })

  it('are dropped by the policy "known" where a schema of the RFC has the name (R-COMMON-16)', () => {
    for (const more of [{ members: [] }, { addresses: [{ display: 'x' }] }]) {
      expect(withPolicy('known', more as JsonObject)).toBeUndefined()
      expect(withPolicy('reject', more as JsonObject)).toMatchObject(syntax)
    }
  })
})

describe('reading one value', () => {
  it('gives an array for a multi-valued attribute and one element where asked', () => {
    const emails = user.attributes.get('emails')!
    expect(readValue(emails, { value: 'x' }, usual)).toEqual([{ value: 'x' }])
    expect(readElement(emails, { value: 'x' }, usual)).toEqual({ value: 'x' })
    expect(readValue(emails, [{}], usual)).toBeUndefined()
    const refused = refusal(() => readElement(emails, { value: 1 }, usual, 'emails[…]'))
    expect(refused).toMatchObject(invalid('emails[…].value'))
  })
})

describe('hostile input', () => {
  const long = (text: string) => text.repeat(Math.ceil(50_000 / text.length))
  const pieces = [
    '=',
    'A',
    'A=',
    '%',
    '%2',
    ' ',
    '\u200b',
    '.',
    '0',
    '2026-',
    'T',
    ':',
    '\t',
    '-',
    'data:',
    'ﬀ',
    '＠',
    'Σ',
  ]

  it.each(pieces)('of 50 KB made of %j is read or refused quickly (S-DOS-04)', (piece) => {
    const readAll = () => {
      for (const tail of ['', 'x', '!', '\n']) {
        const text = long(piece) + tail
        for (const name of ['text', 'flag', 'since', 'blob', 'link']) {
          refusal(() => read({ [badge]: { [name]: text } }))
        }
        refusal(() => read({ userName: text, country: text, photos: [{ value: text }] }))
        refusal(() => read({ [text]: 1 }))
        refusal(() => read({ schemas: [core, `urn:${text}`] }))
      }
    }
    expect(cpuMs(readAll)).toBeLessThan(500)
  })
})
