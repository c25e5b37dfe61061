import fc from 'fast-check'
import {
  comparableOf,
  compareComparable,
  foldCase,
  isPresent,
  toComparable,
} from '../../lib/schema/comparable.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { lookupKeys, lookupName } from '../../lib/schema/lookups.js'
import { resolvePath } from '../../lib/schema/paths.js'
import type { ResourceType } from '../../lib/schema/types.js'

const { byName } = compileResourceTypes()
const user = byName.get('User') as ResourceType
const group = byName.get('Group') as ResourceType
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

describe('folding of text', () => {
  it.each([
    ['upper case', 'Admin@X.com', 'admin@x.com'],
    ['full-width letters', 'Ａｄｍｉｎ＠ｘ．com', 'admin@x.com'],
    ['the Kelvin sign', '\u212Aelvin', 'kelvin'],
    ['the Ångström sign', '\u212B', '\u00e5'],
    ['decomposed letters', 'Jose\u0301', 'josé'],
    ['half-width katakana with a voicing mark', '\uff76\uff9e', 'ガ'],
    ['the ideographic space', 'a\u3000b', 'a b'],
    ['the final sigma', 'ΟΔΟΣ', 'οδοσ'],
    ['letters outside the basic plane', '\u{10400}', '\u{10428}'],
  ])('makes %s equal (S-ATO-05, R-USER-03)', (_name, text, folded) => {
    expect(foldCase(text)).toBe(folded)
    expect(foldCase(folded)).toBe(folded)
  })

  it.each([
    ['dotless i and i', 'admın', 'admin'],
    ['capital I with a dot and i', 'adm\u0130n', 'admin'],
    ['é and e', 'josé', 'jose'],
    ['ß and ss', 'straße', 'strasse'],
    ['Cyrillic а and Latin a', '\u0430dmin', 'admin'],
  ])('keeps %s apart (S-ATO-05)', (_name, one, other) => {
    expect(foldCase(one)).not.toBe(foldCase(other))
  })

  it('changes nothing when done twice, and is the same for both cases of a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const folded = foldCase(text)
        expect(foldCase(folded)).toBe(folded)
        expect(foldCase(text.toLowerCase())).toBe(folded)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(foldCase(text.toUpperCase())).toBe(foldCase(text.toLowerCase()))
      }),
    )
  })

  it('folds a part of a word as it is folded within the word', () => {
    expect(foldCase('ΟΔΟΣΑ').startsWith(foldCase('ΟΔΟΣ'))).toBe(true)
  })
})

describe('comparable values', () => {
  const at = (text: string) => {
    const path = resolvePath(user, text)
    return (path?.sub ?? path?.attribute)!
  }

  it('keeps the case of case-exact attributes and of references (R-SCH-07, R-TYPE-06, R-TYPE-07)', () => {
    for (const name of [
      'externalId',
      'id',
      'profileUrl',
      'x509Certificates.value',
      'groups.value',
    ]) {
      expect(toComparable(at(name), 'AbC')).toBe('AbC')
    }
    expect(toComparable(at(`${enterprise}:manager.value`), 'AbC')).toBe('AbC')
  })

  it('folds text that is not case-exact', () => {
    expect(toComparable(at('userName'), 'AbC')).toBe('abc')
    expect(toComparable(at('emails.value'), 'A@B.com')).toBe('a@b.com')
  })

  it('gives a dateTime as milliseconds, whatever its offset', () => {
    const created = at('meta.created')
    expect(toComparable(created, '2026-01-31T10:00:00+01:00')).toBe(Date.UTC(2026, 0, 31, 9))
    expect(toComparable(created, '2026-01-31T09:00:00.000Z')).toBe(Date.UTC(2026, 0, 31, 9))
    expect(toComparable(created, 'yesterday')).toBeNull()
  })

  it('leaves booleans and numbers, and makes null of what does not fit', () => {
    expect(toComparable(at('active'), false)).toBe(false)
    expect(toComparable(at('active'), 'false')).toBeNull()
    expect(toComparable(at('userName'), 7)).toBeNull()
    expect(toComparable(at('name'), { givenName: 'x' })).toBeNull()
  })

  it('keeps the shape and the names of a whole resource', () => {
    const resource = {
      id: 'AbC',
      externalId: 'EXT',
      userName: 'Bob@X.com',
      active: true,
      emails: [{ value: 'Bob@X.com', type: 'Work', primary: true }],
      [enterprise]: { department: 'R&D', manager: { value: 'AbC' } },
      meta: { resourceType: 'User', created: '2026-01-01T00:00:00.000Z', version: 'Q' },
    }
    expect(comparableOf(user, resource)).toEqual({
      id: 'AbC',
      externalId: 'EXT',
      userName: 'bob@x.com',
      active: true,
      emails: [{ value: 'bob@x.com', type: 'work', primary: true }],
      [enterprise]: { department: 'r&d', manager: { value: 'AbC' } },
      meta: { resourceType: 'User', created: Date.UTC(2026, 0, 1), version: 'Q' },
    })
  })

  it('orders text by code point, not by UTF-16 unit', () => {
    expect(compareComparable('\u{1F600}', '\uFF5E')).toBeGreaterThan(0)
    expect(compareComparable('a', 'B')).toBeGreaterThan(0)
    expect(compareComparable('a', 'ab')).toBeLessThan(0)
    expect(compareComparable(2, 10)).toBeLessThan(0)
    expect(compareComparable(false, true)).toBeLessThan(0)
    expect(compareComparable('x', 'x')).toBe(0)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b))
        expect(Math.sign(compareComparable(a, b))).toBe(bytes)
      }),
    )
  })

  it('takes null, empty text, empty lists and empty objects for absent', () => {
    for (const empty of [undefined, null, '', [], {}, [{}], { value: '' }, [{ value: null }]]) {
      expect(isPresent(empty)).toBe(false)
    }
    for (const value of [false, 0, 'x', [{ value: 'x' }], { primary: false }]) {
      expect(isPresent(value)).toBe(true)
    }
  })
})

describe('lookup keys', () => {
  it('are made of userName, displayName, externalId, e-mail addresses and the manager', () => {
    const keys = lookupKeys(user, {
      userName: 'Bob@X.com',
      displayName: 'Bob',
      externalId: 'Ext-1',
      emails: [{ value: 'Bob@X.com' }, { value: 'BOB@x.com', type: 'home' }, { type: 'other' }],
      [enterprise]: { manager: { value: 'M-1' } },
    })
    expect(keys).toEqual([
      { attribute: 'externalId', key: 'Ext-1', unique: false },
      { attribute: 'userName', key: 'bob@x.com', unique: true },
      { attribute: 'displayName', key: 'bob', unique: false },
      { attribute: 'emails.value', key: 'bob@x.com', unique: false },
      { attribute: `${enterprise}:manager.value`, key: 'M-1', unique: false },
    ])
  })

  it('are named as the path of a filter is', () => {
    for (const text of ['userName', 'EMAILS.VALUE', `${enterprise}:manager.value`]) {
      expect(lookupName(resolvePath(user, text)!)).toBeDefined()
    }
    for (const text of ['id', 'title', 'password', 'emails', 'emails.type', enterprise]) {
      expect(lookupName(resolvePath(user, text)!)).toBeUndefined()
    }
  })

  it('are unique for group names and externalIds only where the host asks for it (R-GROUP-03, R-COMMON-08)', () => {
    const resource = { displayName: 'Staff', externalId: 'e' }
    const uniqueNames = (type: ResourceType) =>
      lookupKeys(type, resource).flatMap(({ attribute, unique }) => (unique ? [attribute] : []))
    expect(uniqueNames(group)).toEqual([])
    const strict = compileResourceTypes({ uniqueGroupNames: true, uniqueExternalIds: true })
    expect(uniqueNames(strict.byName.get('Group')!)).toEqual(['externalId', 'displayName'])
    expect(uniqueNames(strict.byName.get('User')!)).toEqual(['externalId'])
  })
})
