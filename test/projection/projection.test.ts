import fc from 'fast-check'
import { resolveDeviations } from '../../lib/deviations.js'
import { ScimError } from '../../lib/errors.js'
import {
  omittedAttributes,
  type ProjectionParameters,
  parseProjection,
  project,
  projector,
} from '../../lib/projection/index.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import type { JsonObject, ResourceType } from '../../lib/schema/types.js'
import { cpuMs } from '../support/cpu-time.js'

const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const badge = 'urn:example:schemas:2.0:Badge'

const { byName } = compileResourceTypes({
  schemas: [
    {
      id: badge,
      name: 'Badge',
      attributes: [
        { name: 'number', returned: 'always' },
        { name: 'colour' },
        { name: 'history', returned: 'request' },
        { name: 'pin', mutability: 'writeOnly', returned: 'never' },
        {
          name: 'door',
          type: 'complex',
          subAttributes: [
            { name: 'floor' },
            { name: 'key', returned: 'always' },
            { name: 'log', returned: 'request' },
          ],
        },
      ],
    },
  ],
  userExtensions: [{ schema: badge }],
})
const user = byName.get('User') as ResourceType
const group = byName.get('Group') as ResourceType
const deviations = resolveDeviations()

const bob: JsonObject = {
  id: 'u-1',
  externalId: 'e-1',
  userName: 'bob',
  name: { givenName: 'Bob', familyName: 'B' },
  active: true,
  emails: [
    { value: 'bob@x.com', type: 'work', primary: true },
    { value: 'b@y.com', type: 'home' },
    { type: 'other' },
  ],
  groups: [{ value: 'g-1', display: 'Staff' }],
  [enterprise]: { department: 'R&D', manager: { value: 'u-2', displayName: 'Alice' } },
  [badge]: {
    number: '7',
    colour: 'red',
    history: 'long',
    pin: '1234',
    door: { floor: '2', key: 'k', log: 'l' },
  },
  meta: { resourceType: 'User', version: 'W/"1"', location: 'https://x/Users/u-1' },
}

const shape = (parameters: ProjectionParameters, sent?: ReadonlySet<string>) =>
  project(user, bob, parseProjection(user, parameters, deviations), sent ? { sent } : {})
const only = (attributes: string) => shape({ attributes })
const without = (excludedAttributes: string) => shape({ excludedAttributes })

/** What every representation of Bob has, for `number` of his badge is always returned. */
const always = { schemas: [core, badge], id: 'u-1', [badge]: { number: '7' } }
const defaults = {
  ...bob,
  schemas: [core, enterprise, badge],
  [badge]: { number: '7', colour: 'red', door: { floor: '2', key: 'k' } },
}

describe('a representation', () => {
  it('has what is returned by default, and lists the schemas it has attributes of (R-COMMON-03)', () => {
    expect(shape({})).toEqual(defaults)
    expect(Object.keys(shape({}))[0]).toBe('schemas')
    const plain = { id: 'u-1', userName: 'bob', [enterprise]: {} }
    expect(project(user, plain, parseProjection(user, {}, deviations))).toEqual({
      schemas: [core],
      id: 'u-1',
      userName: 'bob',
    })
  })

  it('never has what is never returned, even when it is named (R-PROJ-05, R-USER-11, R-SCH-08)', () => {
    const secret = { ...bob, password: 's3cret' }
    for (const parameters of [
      {},
      { attributes: 'password' },
      { attributes: `${badge}:pin,${badge}` },
      { excludedAttributes: 'title' },
    ]) {
      const projection = parseProjection(user, parameters, deviations)
      const sent = new Set(['password', `${badge}:pin`])
      const text = JSON.stringify(project(user, secret, projection, { sent }))
      expect(text).not.toMatch(/s3cret|1234/)
    }
  })

  it('never has what no schema has, and nothing that is unassigned', () => {
    const stored = { ...bob, rowNumber: 7, title: null, photos: [], nickName: undefined }
    expect(project(user, stored, parseProjection(user, {}, deviations))).toEqual(defaults)
  })

  it('does not change the resource', () => {
    const before = structuredClone(bob)
    only('name.givenName')
    without('name.givenName,emails.type')
    expect(bob).toEqual(before)
  })
})

describe('attributes', () => {
  it('selects what is named, beside what is always returned (R-PROJ-03, R-PROJ-11, R-PROJ-15)', () => {
    expect(only('userName')).toEqual({ ...always, userName: 'bob' })
    expect(only('userName,active')).toEqual({ ...always, userName: 'bob', active: true })
    expect(only('meta')).toEqual({ ...always, meta: bob['meta'] })
  })

  it('takes names in any case, with URN, and of sub-attributes (R-PROJ-07)', () => {
    for (const text of ['USERNAME', `${core}:userName`, ` userName `, 'userName,username,']) {
      expect(only(text)).toEqual({ ...always, userName: 'bob' })
    }
    expect(only('name.GIVENNAME')).toEqual({ ...always, name: { givenName: 'Bob' } })
    expect(only('emails.value')).toEqual({
      ...always,
      emails: [{ value: 'bob@x.com' }, { value: 'b@y.com' }],
    })
    expect(only(`${enterprise}:manager.displayName`)).toEqual({
      ...always,
      schemas: [core, enterprise, badge],
      [enterprise]: { manager: { displayName: 'Alice' } },
    })
  })

  it('returns all of a complex attribute that is named (R-PROJ-08)', () => {
    for (const text of ['name', 'name,name.givenName', 'name.givenName,name']) {
      expect(only(text)).toEqual({ ...always, name: bob['name'] })
    }
  })

  it('returns all of an extension that is named (R-PROJ-09)', () => {
    expect(only(enterprise)).toEqual({
      ...always,
      schemas: [core, enterprise, badge],
      [enterprise]: bob[enterprise],
    })
    expect(only(badge)).toEqual({ ...always, [badge]: defaults[badge] })
  })

  it('passes over names nobody knows (R-PROJ-10, S-INP-01)', () => {
    const unknown = '__proto__,constructor,toString.x,nope,department,urn:a:b,emails.nope'
    expect(only(unknown)).toEqual(always)
    expect(only(`${unknown},userName`)).toEqual({ ...always, userName: 'bob' })
    expect(shape({ excludedAttributes: unknown })).toEqual(defaults)
  })

  it('may be an array, of names or of lists (R-PROJ-12)', () => {
    expect(shape({ attributes: ['userName', 'name.givenName'] })).toEqual({
      ...always,
      userName: 'bob',
      name: { givenName: 'Bob' },
    })
    expect(shape({ attributes: [] })).toEqual(defaults)
  })

  it('means nothing when empty', () => {
    for (const attributes of ['', ' ', ',', ', ,']) expect(only(attributes)).toEqual(defaults)
    expect(shape({ attributes: '', excludedAttributes: 'active' })).not.toHaveProperty('active')
  })
})

describe('excludedAttributes', () => {
  it('leaves out what is named, but nothing that is always returned (R-PROJ-04, R-PROJ-11)', () => {
    const { active, meta, ...rest } = defaults as JsonObject
    expect(without(`ACTIVE,meta,id,schemas,${badge}:number,password`)).toEqual(rest)
  })

  it('keeps the other sub-attributes, and no empty object (R-PROJ-13)', () => {
    expect(without('name.givenName')).toEqual({ ...defaults, name: { familyName: 'B' } })
    expect(without('name.givenName,name.familyName')).not.toHaveProperty('name')
    expect(without('emails.type')).toHaveProperty('emails', [
      { value: 'bob@x.com', primary: true },
      { value: 'b@y.com' },
    ])
    expect(without('name.givenName,name')).not.toHaveProperty('name')
  })

  it('leaves out an extension and its URN in schemas (R-PROJ-09, R-COMMON-03)', () => {
    const { [enterprise]: _, ...rest } = defaults as JsonObject
    expect(without(enterprise)).toEqual({ ...rest, schemas: [core, badge] })
    expect(without(badge)).toHaveProperty([badge], { number: '7', door: { key: 'k' } })
    expect(without(`${enterprise}:department,${enterprise}:manager`)).toEqual({
      ...rest,
      schemas: [core, badge],
    })
  })

  it('keeps a sub-attribute that is always returned', () => {
    expect(without(`${badge}:door.key,${badge}:door.floor`)).toHaveProperty([badge, 'door'], {
      key: 'k',
    })
    for (const text of [`${badge}:door`, `${badge}:door,${badge}:door.floor`, badge]) {
      expect(without(text)).toHaveProperty([badge, 'door'], { key: 'k' })
    }
    const withoutKey = { id: 'u-1', [badge]: { door: { floor: '2' } } }
    const projection = parseProjection(user, { excludedAttributes: `${badge}:door` }, deviations)
    expect(project(user, withoutKey, projection)).not.toHaveProperty([badge])
  })

  it('leaves a complex attribute that is always returned as it is, also when another is named', () => {
    const owner = {
      name: 'owner',
      type: 'complex',
      returned: 'always',
      subAttributes: [{ name: 'by' }],
    } as const
    const types = compileResourceTypes({
      schemas: [{ id: badge, name: 'Badge', attributes: [owner] }],
      groupExtensions: [{ schema: badge }],
    })
    const type = types.byName.get('Group') as ResourceType
    const staff = { id: 'g', displayName: 'Staff', [badge]: { owner: { by: 'Bob' } } }
    for (const parameters of [
      { attributes: 'id' },
      { excludedAttributes: `displayName,${badge}:owner` },
      { excludedAttributes: `displayName,${badge}` },
    ]) {
      const projected = project(type, staff, parseProjection(type, parameters, deviations))
      expect(projected).toMatchObject({ id: 'g', [badge]: staff[badge] })
      expect(projected).not.toHaveProperty('displayName')
    }
  })

  it('cannot be combined with attributes (R-PROJ-02)', () => {
    const both = () => shape({ attributes: 'userName', excludedAttributes: 'active' })
    expect(both).toThrow(ScimError)
    expect(both).toThrow(expect.objectContaining({ status: 400, scimType: 'invalidValue' }))
  })
})

describe('attributes returned on request', () => {
  it('are there when named (R-PROJ-06)', () => {
    expect(only(`${badge}:history`)).toHaveProperty([badge], { number: '7', history: 'long' })
    expect(only(`${badge}:door.log`)).toHaveProperty([badge, 'door'], { key: 'k', log: 'l' })
    expect(only(`${badge}:door`)).toHaveProperty([badge, 'door'], { floor: '2', key: 'k' })
    expect(without('active')).not.toHaveProperty([badge, 'history'])
  })

  const door = { floor: '2', key: 'k' }

  it.each([
    [[badge], { colour: 'red', door }],
    [[badge, `${badge}:history`], { colour: 'red', door, history: 'long' }],
    [[badge, `${badge}:door.log`], { colour: 'red', door: { ...door, log: 'l' } }],
    [[badge, `${badge}:door`], { colour: 'red', door }],
    [[`${badge}:door`, `${badge}:door.log`], { door: { ...door, log: 'l' } }],
    [[`${badge}:door`, `${badge}:door.floor`], { door }],
    [[`${badge}:door.floor`, `${badge}:door.log`], { door: { ...door, log: 'l' } }],
    [[badge, `${badge}:door`, `${badge}:door.log`, `${badge}:history`], bob[badge] as JsonObject],
  ])('are there when named beside the whole: %j', (names, expected) => {
    for (const attributes of [names, names.toReversed()]) {
      const { pin: _, ...rest } = expected as JsonObject
      expect(shape({ attributes })).toHaveProperty([badge], { number: '7', ...rest })
    }
  })

  it('show of a complex attribute only the parts that are named beside the whole', () => {
    const vault = {
      name: 'vault',
      type: 'complex',
      returned: 'request',
      subAttributes: [{ name: 'code' }, { name: 'place' }],
    } as const
    const types = compileResourceTypes({
      schemas: [{ id: badge, name: 'Badge', attributes: [vault, { name: 'colour' }] }],
      groupExtensions: [{ schema: badge }],
    })
    const type = types.byName.get('Group') as ResourceType
    const staff = { id: 'g', [badge]: { colour: 'red', vault: { code: '1', place: 'x' } } }
    const shown = (attributes: string) =>
      project(type, staff, parseProjection(type, { attributes }, deviations))[badge]
    expect(shown(badge)).toEqual({ colour: 'red' })
    expect(shown(`${badge},${badge}:vault.place`)).toEqual({ colour: 'red', vault: { place: 'x' } })
    expect(shown(`${badge},${badge}:vault`)).toEqual(staff[badge])
  })

  it('are there when the client has set them (R-CREATE-11, R-PROJ-06)', () => {
    const sent = new Set(['userName', `${badge}:history`, `${badge}:door`])
    expect(shape({}, sent)).toHaveProperty([badge], {
      number: '7',
      colour: 'red',
      history: 'long',
      door: { floor: '2', key: 'k', log: 'l' },
    })
    expect(shape({}, new Set(['userName']))).toEqual(defaults)
    expect(shape({ excludedAttributes: `${badge}:history` }, sent)).not.toHaveProperty([
      badge,
      'history',
    ])
    expect(shape({ attributes: 'userName' }, sent)).toEqual({ ...always, userName: 'bob' })
  })
})

describe('what a store need not load', () => {
  const omitted = (type: ResourceType, parameters: ProjectionParameters) => [
    ...omittedAttributes(type, parseProjection(type, parameters, deviations)),
  ]

  it.each([
    [{}, []],
    [{ excludedAttributes: 'members' }, ['members']],
    [{ excludedAttributes: 'MEMBERS,meta' }, ['members']],
    [{ excludedAttributes: 'members.display' }, []],
    [{ attributes: 'displayName' }, ['members']],
    [{ attributes: 'members.value' }, []],
    [{ attributes: 'nope' }, ['members']],
  ] as [ProjectionParameters, string[]][])(
    'of a group with %j is %j (S-DOS-09)',
    (parameters, names) => {
      expect(omitted(group, parameters)).toEqual(names)
    },
  )

  it('of a user are the groups', () => {
    expect(omitted(user, {})).toEqual([])
    expect(omitted(user, { excludedAttributes: 'groups' })).toEqual(['groups'])
    expect(omitted(user, { attributes: 'userName,groups' })).toEqual([])
  })
})

describe('any projection', () => {
  it('returns what is always returned and a part of what is returned by default', () => {
    const texts = [
      'id',
      'userName',
      'name',
      'name.givenName',
      'emails.type',
      'meta',
      enterprise,
      'x',
    ]
    const list = fc.array(fc.oneof(fc.constantFrom(...texts), fc.string())).map(String)
    fc.assert(
      fc.property(list, fc.boolean(), (text, isExclusion) => {
        const projected = isExclusion ? without(text) : only(text)
        expect(defaults).toMatchObject({
          ...projected,
          schemas: expect.anything(),
          emails: expect.anything(),
        })
        expect(projected).toMatchObject({ id: 'u-1', [badge]: { number: '7' } })
      }),
    )
  })

  it('takes time in proportion to its text (S-DOS-04)', () => {
    for (const piece of [',', '[', ']', '"', '\\', 'a[', 'a],', '[",', 'name.givenName,']) {
      expect(cpuMs(() => only(piece.repeat(50_000 / piece.length)))).toBeLessThan(300)
    }
  })
})

it('shows what is computed in the place of what is stored', () => {
  const show = projector(byName.get('User') as ResourceType, { kind: 'default' })
  const stored = { userName: 'ines', [enterprise]: { department: 'A' }, [badge]: { number: '7' } }
  const computed = { [enterprise]: { department: 'B' }, groups: null, meta: { version: '1' } }
  expect(show({ ...stored, groups: [{ value: 'g' }], id: 'u-1' }, computed)).toEqual({
    schemas: [core, enterprise, badge],
    id: 'u-1',
    userName: 'ines',
    [enterprise]: { department: 'B' },
    [badge]: { number: '7' },
    meta: { version: '1' },
  })
})
