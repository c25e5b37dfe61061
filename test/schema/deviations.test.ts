import { type DeviationId, resolveDeviations } from '../../lib/deviations.js'
import { ScimError } from '../../lib/errors.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { type ReadOptions, readResource } from '../../lib/schema/read-resource.js'
import type { JsonObject, ResourceType } from '../../lib/schema/types.js'

const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
const coreGroup = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const oneLogin = 'urn:scim:schemas:extension:enterprise:2.0'
const foreign = 'urn:ietf:params:scim:schemas:extension:acme:2.0:User'

const { byName } = compileResourceTypes()

interface Case {
  readonly deviation: DeviationId
  readonly what: string
  readonly type?: 'Group'
  readonly input: JsonObject
  /** What is read while the deviation is on, beside `userName` or `displayName`. */
  readonly read: JsonObject
  /** What answers while it is off: a scimType, or what is read. */
  readonly off: 'invalidValue' | 'invalidSyntax' | JsonObject
}

const cases: Case[] = [
  {
    deviation: 'stringBooleans',
    what: '"False" for active (R-TYPE-02)',
    input: { active: 'False' },
    read: { active: false },
    off: 'invalidValue',
  },
  {
    deviation: 'stringBooleans',
    what: '"TRUE" for primary',
    input: { emails: [{ value: 'x', primary: 'TRUE' }] },
    read: { emails: [{ value: 'x', primary: true }] },
    off: 'invalidValue',
  },
  {
    deviation: 'emptyStringClears',
    what: 'an empty title',
    input: { title: '', addresses: [{ region: '', country: 'FR' }], name: { givenName: '' } },
    read: { addresses: [{ country: 'FR' }] },
    off: { title: '', addresses: [{ region: '', country: 'FR' }], name: { givenName: '' } },
  },
  {
    deviation: 'emptyStringClears',
    what: 'an empty list as text',
    input: { emails: '', active: '' },
    read: {},
    off: 'invalidValue',
  },
  {
    deviation: 'singleValueForMultiValued',
    what: 'an e-mail address outside an array (R-TYPE-13)',
    input: { emails: { value: 'bob@x.com' } },
    read: { emails: [{ value: 'bob@x.com' }] },
    off: 'invalidValue',
  },
  {
    deviation: 'managerAsString',
    what: 'a manager given by id (R-ENT-05, R-ENT-04)',
    input: { schemas: [core, enterprise], [enterprise]: { manager: 'm-1' } },
    read: { [enterprise]: { manager: { value: 'm-1' } } },
    off: 'invalidValue',
  },
  {
    deviation: 'arrayOfOne',
    what: 'a manager in an array',
    input: { schemas: [core, enterprise], [enterprise]: { manager: [{ value: 'm-1' }] } },
    read: { [enterprise]: { manager: { value: 'm-1' } } },
    off: 'invalidValue',
  },
  {
    deviation: 'arrayOfOne',
    what: 'a truth value in an array (E9)',
    input: { active: [false] },
    read: { active: false },
    off: 'invalidValue',
  },
  {
    deviation: 'jsonText',
    what: 'the JSON text of a list (E2)',
    input: { emails: '[{"type":"work","value":"a@x.example"}]' },
    read: { emails: [{ type: 'work', value: 'a@x.example' }] },
    off: 'invalidValue',
  },
  {
    deviation: 'jsonText',
    what: 'the JSON text of an extension',
    input: { schemas: [core, enterprise], [enterprise]: '{"division":"D"}' },
    read: { [enterprise]: { division: 'D' } },
    off: 'invalidValue',
  },
  {
    deviation: 'arrayOfOne',
    what: 'an extension in an array',
    input: { schemas: [core, enterprise], [enterprise]: [{ division: 'D' }] },
    read: { [enterprise]: { division: 'D' } },
    off: 'invalidValue',
  },
  {
    deviation: 'coreUrnAsKey',
    what: 'attributes under the URN of the base schema (E1)',
    input: { schemas: [core], [core]: { active: false } },
    read: { active: false },
    off: {},
  },
  {
    deviation: 'unqualifiedExtensionAttributes',
    what: 'an attribute that only an extension has (A16)',
    input: { schemas: [core, enterprise], department: 'Ops' },
    read: { [enterprise]: { department: 'Ops' } },
    off: {},
  },
  {
    deviation: 'dottedExtensionAttributes',
    what: 'a dot after the URN of an extension (E3)',
    input: { schemas: [core, enterprise], [`${enterprise}.department`]: 'Ops' },
    read: { [enterprise]: { department: 'Ops' } },
    off: {},
  },
  {
    deviation: 'membersAsStrings',
    what: 'members given by id',
    type: 'Group',
    input: { members: ['u-1', { value: 'u-2' }] },
    read: { members: [{ value: 'u-1' }, { value: 'u-2' }] },
    off: 'invalidValue',
  },
  {
    deviation: 'missingSchemas',
    what: 'an empty schemas',
    input: { schemas: [], title: 'x' },
    read: { title: 'x' },
    off: 'invalidSyntax',
  },
  {
    deviation: 'missingSchemas',
    what: 'a null schemas',
    input: { schemas: null, title: 'x' },
    read: { title: 'x' },
    off: 'invalidSyntax',
  },
  ...['urn:scim:schemas:core:1.0', 'urn:scim:schemas:core:2.0'].map(
    (legacy): Case => ({
      deviation: 'legacyUrns',
      what: `${legacy} for the base schema`,
      input: { schemas: [legacy], title: 'x' },
      read: { title: 'x' },
      off: 'invalidSyntax',
    }),
  ),
  {
    deviation: 'legacyUrns',
    what: 'a legacy URN beside the present one',
    input: { schemas: ['urn:scim:schemas:core:1.0', core], title: 'x' },
    read: { title: 'x' },
    off: 'invalidSyntax',
  },
  {
    deviation: 'legacyUrns',
    what: "OneLogin's key of the enterprise extension",
    input: { schemas: [core, oneLogin], [oneLogin]: { department: 'R&D' } },
    read: { [enterprise]: { department: 'R&D' } },
    off: 'invalidSyntax',
  },
  {
    deviation: 'legacyUrns',
    what: 'an extension of another product',
    input: { schemas: [core, foreign], [foreign]: { shoeSize: 44 } },
    read: {},
    off: 'invalidSyntax',
  },
  {
    deviation: 'legacyUrns',
    what: 'a URI that means nothing here and has no attributes',
    input: { schemas: [core, 'http://schemas.example.com/2006/11/Group'], title: 'x' },
    read: { title: 'x' },
    off: 'invalidSyntax',
  },
  {
    deviation: 'unlistedExtensions',
    what: 'an extension that schemas does not list',
    input: { [enterprise]: { department: 'R&D' } },
    read: { [enterprise]: { department: 'R&D' } },
    off: 'invalidSyntax',
  },
  {
    deviation: 'countryNames',
    what: 'the name of a country (R-USER-19)',
    input: { addresses: [{ country: 'United States' }] },
    read: { addresses: [{ country: 'United States' }] },
    off: 'invalidValue',
  },
]

const readCase = ({ type, input }: Case, deviations: ReadOptions['deviations']) => {
  const schemas = [type === 'Group' ? coreGroup : core]
  const base = type === 'Group' ? { schemas, displayName: 'n' } : { schemas, userName: 'n' }
  const resourceType = byName.get(type ?? 'User') as ResourceType
  const options: ReadOptions = { deviations, unknownAttributes: 'ignore' }
  const { userName, displayName, ...rest } = readResource(
    resourceType,
    { ...base, ...input },
    options,
  ).attributes
  expect(userName ?? displayName).toBe('n')
  return rest
}

describe('deviations in resources', () => {
  it.each(cases)('$deviation: $what is taken while it is on', (row) => {
    const only = resolveDeviations({ strict: true, deviations: { [row.deviation]: true } })
    expect(readCase(row, resolveDeviations())).toEqual(row.read)
    expect(readCase(row, only)).toEqual(row.read)
  })

  it.each(cases)('$deviation: $what is treated as the RFC has it while it is off', (row) => {
    const without = resolveDeviations({ deviations: { [row.deviation]: false } })
    if (typeof row.off !== 'string') {
      expect(readCase(row, without)).toEqual(row.off)
      return
    }
    try {
      readCase(row, without)
    } catch (error) {
      expect(error).toBeInstanceOf(ScimError)
      expect(error).toMatchObject({ status: 400, scimType: row.off })
      return
    }
    throw new Error('was accepted')
  })

  it('passes over a URN of an unknown extension whatever happens to unknown attributes (A20)', () => {
    const input = { schemas: [core, foreign], userName: 'n' }
    const user = byName.get('User') as ResourceType
    const read = (unknownAttributes: ReadOptions['unknownAttributes']) => () =>
      readResource(user, input, { deviations: resolveDeviations(), unknownAttributes })
    expect(read('ignore')).not.toThrow()
    expect(read('known')).not.toThrow()
    expect(read('reject')).not.toThrow()
  })
})
