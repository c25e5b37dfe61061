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

  it('refuses a policy that cannot be, naming the option and the values to choose from', () => {
    expect(() => mappingPolicy({ onNoRole: 'never' as never })).toThrow(
      'policy: option "onNoRole" is "never". Give one of "deactivate", "keep", "default", ' +
        '"notActivated".',
    )
  })
})
