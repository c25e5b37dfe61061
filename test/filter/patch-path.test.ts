import { parsePatchPath } from '../../lib/filter/parse.js'
import { allDeviations, thrownBy, withoutPositions } from './support.js'

const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
const typeIsWork = { kind: 'compare', path: { text: 'type' }, operator: 'eq', value: 'work' }

describe('parsing the path of a PATCH operation', () => {
  it.each([
    ['members', { path: { text: 'members' } }],
    ['name.givenName', { path: { text: 'name.givenName' } }],
    ['members.$ref', { path: { text: 'members.$ref' } }],
    [`${core}:name.givenName`, { path: { text: `${core}:name.givenName` } }],
    [core, { path: { text: core } }],
    ['urn:example:1.5:x', { path: { text: 'urn:example:1.5:x' } }],
    ['emails[type eq "work"]', { path: { text: 'emails' }, filter: typeIsWork }],
    [
      'emails[type eq "work"].value',
      { path: { text: 'emails' }, filter: typeIsWork, sub: 'value' },
    ],
    [
      'emails[ type  eq "work" ].$ref',
      { path: { text: 'emails' }, filter: typeIsWork, sub: '$ref' },
    ],
    [
      `${core}:emails[type eq "work"].value`,
      { path: { text: `${core}:emails` }, filter: typeIsWork, sub: 'value' },
    ],
    [
      'emails[not (type eq "work") and value pr]',
      {
        path: { text: 'emails' },
        filter: {
          kind: 'and',
          nodes: [
            { kind: 'not', node: typeIsWork },
            { kind: 'present', path: { text: 'value' } },
          ],
        },
      },
    ],
    [
      'members[value eq "a]b.c[d:e"]',
      {
        path: { text: 'members' },
        filter: { kind: 'compare', path: { text: 'value' }, operator: 'eq', value: 'a]b.c[d:e' },
      },
    ],
  ])('reads %s (R-PATCH-03)', (text, expected) => {
    const { path, filter, sub } = parsePatchPath(text, { deviations: allDeviations })
    const plain = {
      path: { text: path.text },
      ...(filter && { filter: withoutPositions(filter) }),
      ...(sub && { sub }),
    }
    expect(plain).toEqual(expected)
  })

  it.each([
    '',
    ' ',
    ' members',
    'members ',
    'name.',
    'name..givenName',
    'name.given.name',
    '.name',
    '1abc',
    '__proto__',
    '__proto__.x',
    'members]',
    'members)',
    '(members)',
    '"members"',
    'members/0',
    'members,name',
    'urn:',
    'urn:example:x:',
    '[type eq "work"]',
    'emails [type eq "work"]',
    'emails[type eq "work"]value',
    'emails[type eq "work"].',
    'emails[type eq "work"]..value',
    'emails[type eq "work"].value.x',
    'emails[type eq "work"].1',
    'emails[type eq "work"] .value',
    'emails[type eq "work"][value pr]',
    'emails[type eq "work"].value[x pr]',
    'emails[type eq "work"].value eq "x"',
    'x'.repeat(8193),
  ])('answers 400 invalidPath for %j', (text) => {
    expect(thrownBy(() => parsePatchPath(text, { deviations: allDeviations }))).toMatchObject({
      status: 400,
      scimType: 'invalidPath',
    })
  })

  it.each([
    ['emails[]', 7],
    ['emails[type]', 11],
    ["emails[type eq 'work']", 15],
    ['emails[type eq "work"', 21],
    ['emails[type eq "work', 15],
    ['emails[type is "work"]', 12],
    ['emails[type[value pr]]', 11],
    ['emails[(type pr]', 15],
    ['emails[type eq "work"].value', undefined],
    [`emails[${'('.repeat(32)}type pr`, 39],
  ])('answers 400 invalidFilter with the position for %s', (text, position) => {
    const parse = () => parsePatchPath(text, { deviations: allDeviations })
    if (position === undefined) {
      expect(parse).not.toThrow()
      return
    }
    const error = thrownBy(parse)
    expect(error).toMatchObject({ status: 400, scimType: 'invalidFilter' })
    expect(String(error)).toContain(`at position ${position}.`)
  })
})
