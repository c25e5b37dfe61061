import {
  compileRules,
  type MappingPolicy,
  type MappingRules,
  mappingPolicy,
  resolveAccess,
} from '../../lib/mapping/index.js'
import rows from '../cases/mapping/resolve.json' with { type: 'json' }

interface Row {
  readonly name: string
  readonly groups: readonly string[]
  readonly policy: Partial<MappingPolicy>
  readonly person: { readonly active?: boolean; readonly hadRole?: boolean }
  readonly expected: unknown
}

const asGroups = (names: readonly string[]) =>
  names.map((displayName, index) => ({ id: `id-${index}`, displayName }))

const noRules: MappingRules = { roles_groups: [], workspaces_groups: [], projects_groups: [] }
const someone = { active: true, hadRole: false }

describe('resolveAccess', () => {
  it.each(rows as unknown as (Row & MappingRules)[])('$name', (row) => {
    const { name, groups, policy, person, expected, ...rules } = row
    const access = resolveAccess(rules, asGroups(groups), mappingPolicy(policy), {
      active: person.active ?? true,
      hadRole: person.hadRole ?? false,
    })
    const { reasons, ...without } = access
    expect(without).toEqual(expected)
  })

  it('tells which group gives what through which rule, and which rule was outranked', () => {
    const rules: MappingRules = {
      roles_groups: [
        ['Annotator', 'Crew'],
        ['Manager', 'Leads'],
      ],
      workspaces_groups: [['Vision', 'Crew']],
      projects_groups: [
        { project_id: 4, group: 'Crew', role: 'Inherit' },
        { project_id: 4, group: 'Leads', role: 'Reviewer' },
      ],
    }
    const { reasons } = compileRules(rules, mappingPolicy())(asGroups(['Leads', 'Crew']), {
      active: true,
      hadRole: false,
    })
    expect(reasons.map(({ rule, group, outranked }) => [rule, group, outranked])).toEqual([
      ['roles_groups[0]', 'Crew', true],
      ['roles_groups[1]', 'Leads', false],
      ['workspaces_groups[0]', 'Crew', false],
      ['projects_groups[0]', 'Crew', true],
      ['projects_groups[1]', 'Leads', false],
    ])
  })

  it('tells of two groups with one name in the order of their ids', () => {
    const rules: MappingRules = { ...noRules, roles_groups: [['Annotator', 'Crew']] }
    const namesakes = ['b', 'a', 'c'].map((id) => ({ id, displayName: 'Crew' }))
    const { reasons } = resolveAccess(rules, namesakes, mappingPolicy(), someone)
    expect(reasons.map(({ groupId }) => groupId)).toEqual(['a', 'b', 'c'])
  })

  it('refuses a policy that cannot be, naming the option and the values to choose from', () => {
    expect(() => mappingPolicy({ onNoRole: 'never' as never })).toThrow(
      'policy: option "onNoRole" is "never". Give one of "deactivate", "keep", "default", ' +
        '"notActivated".',
    )
  })
})

describe('a resolver for many people', () => {
  const rules: MappingRules = { ...noRules, roles_groups: [['Annotator', 'Crew']] }
  const policy = mappingPolicy({
    defaultRole: 'Reviewer',
    roles_users: [
      ['Manager', 'lead'],
      ['Administrator', 'chief'],
    ],
  })
  const crew = [{ id: '1', displayName: 'Crew' }]

  it('gives the same object again for the same groups and person', () => {
    const resolve = compileRules(rules, policy)
    expect(resolve([...crew], { ...someone })).toBe(resolve(crew, someone))
  })

  it.each([
    ['inactive', crew, { ...someone, active: false }],
    ['without a role now', [], { ...someone, hadRole: true }],
    ['without a role ever', [], someone],
    ['with another value', crew, { ...someone, values: ['lead'] }],
    ['with two values', crew, { ...someone, values: ['lead', 'chief'] }],
    ['with a value that reads as two', crew, { ...someone, values: ['lead,chief'] }],
    ['in a group of another name', [{ id: '1', displayName: 'Guests' }], someone],
    ['in another group of this name', [{ id: '2', displayName: 'Crew' }], someone],
    [
      'in a group whose id and name read alike together',
      [{ id: '1C', displayName: 'rew' }],
      someone,
    ],
    ['in more groups', [...crew, { id: '2', displayName: 'Crew' }], someone],
  ])('does not take the access of somebody %s for that of another', (_, groups, person) => {
    const resolve = compileRules(rules, policy)
    resolve(crew, someone)
    expect(resolve(groups, person)).toEqual(resolveAccess(rules, groups, policy, person))
    expect(resolve(crew, someone)).toEqual(resolveAccess(rules, crew, policy, someone))
  })

  it('remembers a bounded number of people, and the latest of them', () => {
    const resolve = compileRules(rules, policy)
    const people = Array.from({ length: 60_000 }, (_, id) => [{ id: `${id}`, displayName: 'Crew' }])
    const first = resolve(people[0] ?? [], someone)
    for (const groups of people) resolve(groups, someone)
    const again = resolve(people[0] ?? [], someone)
    expect(again).toEqual(first)
    expect(again).not.toBe(first)
    expect(resolve(people[0] ?? [], someone)).toBe(again)
  })
})
