import fc from 'fast-check'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { printPath, resolvePath, subAttribute } from '../../lib/schema/paths.js'
import type { ResourceType } from '../../lib/schema/types.js'
import { cpuMs } from '../support/cpu-time.js'

const { byName } = compileResourceTypes({
  schemas: [
    { id: 'urn:example:2.0:User', name: 'Short', attributes: [{ name: 'badge' }] },
    { id: 'urn:example:2.0:User:more', name: 'Long', attributes: [{ name: 'badge' }] },
  ],
  userExtensions: [{ schema: 'urn:example:2.0:User' }, { schema: 'urn:example:2.0:User:more' }],
})
const user = byName.get('User') as ResourceType
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const core = 'urn:ietf:params:scim:schemas:core:2.0:User'

const print = (text: string) => {
  const path = resolvePath(user, text)
  return path && printPath(path)
}

describe('attribute paths', () => {
  it.each([
    ['userName', 'userName'],
    ['USERNAME', 'userName'],
    ['id', 'id'],
    ['externalid', 'externalId'],
    ['meta.lastmodified', 'meta.lastModified'],
    ['name.GivenName', 'name.givenName'],
    ['emails.value', 'emails.value'],
    ['groups.$REF', 'groups.$ref'],
    [`${core}:name.familyName`, 'name.familyName'],
    [`${core.toUpperCase()}:username`, 'userName'],
    [enterprise, enterprise],
    [enterprise.toUpperCase(), enterprise],
    [`${enterprise}:department`, `${enterprise}:department`],
    [`${enterprise.toUpperCase()}:MANAGER.VALUE`, `${enterprise}:manager.value`],
    ['urn:example:2.0:User:badge', 'urn:example:2.0:User:badge'],
    ['urn:example:2.0:User:more:badge', 'urn:example:2.0:User:more:badge'],
    ['urn:example:2.0:User:more', 'urn:example:2.0:User:more'],
  ])('reads %s as %s (R-TYPE-21)', (text, canonical) => {
    expect(print(text)).toBe(canonical)
  })

  it.each([
    '',
    '.',
    ':',
    'userName.',
    '.userName',
    'name..givenName',
    'name.givenName.x',
    'name.unknown',
    'userName.value',
    'unknown',
    'department',
    'urn:',
    'urn:unknown:x',
    core,
    `${enterprise}:`,
    `${enterprise}x:department`,
    `${enterprise}:unknown`,
    `${enterprise}:userName`,
    'urn:example:2.0:User:moreover',
    '__proto__',
    'constructor',
    'constructor.prototype',
    '__proto__.polluted',
    'toString.x',
    'hasOwnProperty',
    'valueOf',
    'name.constructor',
    'name.__proto__',
    `${enterprise}:constructor`,
    '\u005f_proto__',
  ])('finds nothing at "%s" (S-INP-01, R-COMMON-15)', (text) => {
    expect(resolvePath(user, text)).toBeUndefined()
  })

  it('never reaches a member that objects inherit, whatever the text (S-INP-02)', () => {
    const inherited = Reflect.ownKeys(Object.prototype).map(String)
    const name = fc.oneof(fc.string(), fc.constantFrom(...inherited, 'name', 'prototype'))
    const text = fc
      .tuple(fc.constantFrom('', `${core}:`, `${enterprise}:`), fc.array(name, { maxLength: 3 }))
      .map(([urn, names]) => urn + names.join('.'))
    fc.assert(
      fc.property(text, (input) => {
        const path = resolvePath(user, input)
        for (const definition of path ? [path.attribute, path.sub] : []) {
          if (definition !== undefined) expect(Object.hasOwn(definition, 'mutability')).toBe(true)
        }
        if (path)
          expect(printPath(path).toLowerCase()).toContain(input.split(':').at(-1)?.toLowerCase())
      }),
    )
  })

  it('prints every attribute so that it is read back as the same attribute', () => {
    for (const type of byName.values()) {
      const paths = [...type.attributes.values()].flatMap((attribute) => [
        { attribute },
        ...(attribute.subAttributes ?? []).map((sub) => ({ attribute, sub })),
      ])
      for (const path of paths) {
        const text = printPath(path)
        for (const spelling of [text, text.toUpperCase()]) {
          expect(resolvePath(type, spelling)).toEqual(path)
        }
      }
    }
  })

  it('finds sub-attributes in any case and only the declared ones', () => {
    const name = user.attributes.get('name')!
    expect(subAttribute(name, 'GIVENNAME')?.name).toBe('givenName')
    expect(subAttribute(name, 'constructor')).toBeUndefined()
    expect(subAttribute(user.attributes.get('username')!, 'value')).toBeUndefined()
  })

  it('takes time in proportion to the text (S-DOS-04)', () => {
    const hostile = ['.'.repeat(50_000), `${enterprise}:`.repeat(900), 'a.'.repeat(25_000)]
    for (const text of hostile) {
      expect(cpuMs(() => expect(resolvePath(user, text)).toBeUndefined())).toBeLessThan(100)
    }
  })
})
