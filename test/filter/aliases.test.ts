import { resolveAlias, resolveExtensionAttribute, resolveName } from '../../lib/filter/aliases.js'
import { printPath } from '../../lib/schema/paths.js'
import type { AttributePath } from '../../lib/schema/types.js'
import { enterpriseUrn, userUrn } from '../protocol/server.js'
import { allDeviations, noDeviations, resourceType } from './support.js'

const user = resourceType('User')
const device = resourceType('Device')
const location = 'urn:example:location:1.5:Location'
const printed = (path: AttributePath | undefined) => path && printPath(path)

describe('an attribute of an extension', () => {
  it.each([
    ['its name alone', 'department', `${enterpriseUrn}:department`],
    ['its name in another case', 'DEPARTMENT', `${enterpriseUrn}:department`],
    ['its sub-attribute', 'manager.value', `${enterpriseUrn}:manager.value`],
    ['a dot after the URN', `${enterpriseUrn}.department`, `${enterpriseUrn}:department`],
    [
      'a dot, in another case',
      `${enterpriseUrn.toUpperCase()}.Department`,
      `${enterpriseUrn}:department`,
    ],
    ['a dot after the URN of the core schema', `${userUrn}.title`, 'title'],
  ])('is found by %s', (_, text, expected) => {
    expect(printed(resolveExtensionAttribute(user, text, allDeviations))).toBe(expected)
    expect(resolveExtensionAttribute(user, text, noDeviations)).toBeUndefined()
  })

  it.each([
    ['a name that nothing has', 'shoeSize'],
    ['a name of nothing behind the URN', `${enterpriseUrn}.shoeSize`],
    ['the URN and a dot', `${enterpriseUrn}.`],
    ['a URN that is no schema of the type', `${location}.floor`],
    ['a longer URN', `x${enterpriseUrn}.department`],
    ['a URN that goes on', `${enterpriseUrn}2.department`],
    ['the sub-attribute of nothing', 'department.value'],
  ])('is not found by %s', (_, text) => {
    expect(resolveExtensionAttribute(user, text, allDeviations)).toBeUndefined()
  })

  it('is not found by a name that two extensions have', () => {
    expect(printed(resolveExtensionAttribute(device, 'floor', allDeviations))).toBe(
      `${location}:floor`,
    )
    expect(resolveExtensionAttribute(device, 'building', allDeviations)).toBeUndefined()
  })

  it('is not looked for where the schema itself has the name', () => {
    expect(printed(resolveName(user, 'title', allDeviations))).toBe('title')
    expect(printed(resolveName(user, 'department', allDeviations))).toBe(
      `${enterpriseUrn}:department`,
    )
    expect(resolveName(user, 'department', noDeviations)).toBeUndefined()
  })
})

describe('the alias "email"', () => {
  it.each([
    ['email', 'emails.value'],
    ['EMAIL', 'emails.value'],
    ['email.value', 'emails.value'],
    ['email.type', undefined],
    ['mail', undefined],
  ])('%s stands for %s', (text, expected) => {
    expect(printed(resolveAlias(user, text, allDeviations))).toBe(expected)
    expect(resolveAlias(user, text, noDeviations)).toBeUndefined()
    expect(resolveAlias(resourceType('Group'), text, allDeviations)).toBeUndefined()
  })
})
