import { mentionsGroups } from '../../lib/filter/groups.js'
import { resolve } from './support.js'

const refusal =
  'People are found by their groups with "groups.value eq" and "groups.display eq" only.'
const find =
  (filter: string, type = 'User') =>
  () =>
    resolve(filter, type, { groups: true })

describe('people by their groups', () => {
  it.each([
    'groups.value eq "1"',
    'groups.display eq "Crew"',
    'groups[value eq "1"]',
    'not (groups.value eq "1")',
    'userName sw "a" and (title pr or groups.value eq "1")',
    'userName co "groups"',
    'displayName pr',
  ])('are found with %s', (filter) => {
    expect(find(filter)).not.toThrow()
  })

  it.each([
    'groups.value ne "1"',
    'groups.value sw "1"',
    'groups.display co "Crew"',
    'groups.value pr',
    'groups pr',
    'groups.type eq "direct"',
    'not (groups.display ew "w")',
    'userName pr or groups.value gt "1"',
    'groups.value eq "1" and groups.value ne "2"',
  ])('are not found with %s', (filter) => {
    expect(find(filter)).toThrow(refusal)
  })

  it('have nothing to do with members of groups', () => {
    expect(find('members.value ne "1" or members pr', 'Group')).not.toThrow()
  })
})

it.each([
  ['groups.value eq "1"', true],
  ['not (groups.display eq "Crew")', true],
  ['userName pr and (title pr or groups.value eq "1")', true],
  ['groups.value eq "1" or title pr', true],
  ['userName eq "groups"', false],
  ['not (title pr)', false],
  ['title pr or emails[type eq "work"]', false],
  ['shoeSize eq "groups"', false],
])('says whether groups are mentioned: %s', (filter, expected) => {
  expect(mentionsGroups(resolve(filter, 'User', { groups: true, unknown: 'noValue' }))).toBe(
    expected,
  )
})
