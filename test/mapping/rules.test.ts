import {
  affectedGroups,
  groupsNamed,
  mappingPolicy,
  nearMisses,
  noRules,
  parseRules,
  RulesError,
} from '../../lib/mapping/index.js'

const policy = mappingPolicy()
const good = {
  roles_groups: [
    ['Administrator', 'LS-Admins'],
    ['Annotator', 'LS-Ann'],
    ['Annotator', 'LS-More'],
  ],
  workspaces_groups: [
    ['Engineering', 'LS-Eng'],
    ['Engineering', 'LS-Ann'],
  ],
  projects_groups: [
    { project_id: 42, group: 'LS-P42', role: 'Reviewer' },
    { project_id: 43, group: 'LS-P42', role: 'Inherit' },
  ],
}

const refused: { name: string; input: unknown; row: string; message: string }[] = [
  [
    'Owner',
    { roles_groups: [['Owner', 'g']] },
    'roles_groups[0]',
    'Owner cannot be given by a rule.',
  ],
  [
    'an unknown role',
    { roles_groups: [['Admin', 'g']] },
    'roles_groups[0]',
    '"Admin" is not a role. Use Administrator, Manager, Reviewer, Annotator.',
  ],
  [
    'a role in another case',
    { roles_groups: [['manager', 'g']] },
    'roles_groups[0]',
    '"manager" is not a role.',
  ],
  [
    'a state as a role',
    { roles_groups: [['Deactivated', 'g']] },
    'roles_groups[0]',
    'Deactivated is a state of an account',
  ],
  [
    'an empty group',
    { roles_groups: [['Manager', '  ']] },
    'roles_groups[0]',
    'Both names must be given',
  ],
  [
    'a group that is no text',
    { roles_groups: [['Manager', 7]] },
    'roles_groups[0]',
    'Both names must be given',
  ],
  ['a triple', { roles_groups: [['Manager', 'g', 'x']] }, 'roles_groups[0]', 'Must be a pair'],
  [
    'an object for a pair',
    { workspaces_groups: [{ title: 'x' }] },
    'workspaces_groups[0]',
    'Must be a pair',
  ],
  [
    'an empty title',
    { workspaces_groups: [['', 'g']] },
    'workspaces_groups[0]',
    'Both names must be given',
  ],
  ['a list that is none', { roles_groups: {} }, 'roles_groups', 'Must be a list.'],
  ['a body that is no object', [], 'body', 'The settings must be a JSON object.'],
  [
    'a project as text',
    { projects_groups: [{ project_id: '4', group: 'g', role: 'Inherit' }] },
    'projects_groups[0]',
    'project_id must be the number of a project.',
  ],
  [
    'project 0',
    { projects_groups: [{ project_id: 0, group: 'g', role: 'Inherit' }] },
    'projects_groups[0]',
    'project_id must be the number of a project.',
  ],
  [
    'half a project',
    { projects_groups: [{ project_id: 1.5, group: 'g', role: 'Inherit' }] },
    'projects_groups[0]',
    'project_id must be the number of a project.',
  ],
  [
    'a project role of the organization',
    { projects_groups: [{ project_id: 4, group: 'g', role: 'Manager' }] },
    'projects_groups[0]',
    '"Manager" is not a project role. Use Reviewer, Annotator, Inherit.',
  ],
  [
    'a project without a group',
    { projects_groups: [{ project_id: 4, role: 'Inherit' }] },
    'projects_groups[0]',
    'The name of the group is empty.',
  ],
  [
    'a pair twice',
    {
      workspaces_groups: [
        ['W', 'g'],
        ['W', 'g'],
      ],
    },
    'workspaces_groups[1]',
    'Repeats workspaces_groups[0]',
  ],
  [
    'a project and group twice',
    {
      projects_groups: [
        { project_id: 4, group: 'g', role: 'Inherit' },
        { project_id: 4, group: 'g', role: 'Reviewer' },
      ],
    },
    'projects_groups[1]',
    'Repeats projects_groups[0]',
  ],
  [
    'a second organization role',
    {
      roles_groups: [
        ['Manager', 'g'],
        ['Annotator', 'g'],
      ],
    },
    'roles_groups[1]',
    'The group "g" has the role Manager already and cannot have Annotator too.',
  ],
].map(([name, input, row, message]) => ({ name, input, row, message }) as (typeof refused)[number])

describe('parseRules', () => {
  it('reads the shape of Label Studio settings and gives it back unchanged', () => {
    expect(parseRules(good, policy)).toEqual(good)
  })

  it.each(refused)('refuses $name, naming the row', ({ input, row, message }) => {
    const attempt = () => parseRules(input, policy)
    expect(attempt).toThrow(RulesError)
    expect(attempt).toThrow(`${row}: ${message}`)
  })

  it('names every wrong row at once', () => {
    try {
      parseRules(
        {
          roles_groups: [
            ['Owner', 'a'],
            ['x', 'b'],
          ],
          projects_groups: [{}],
        },
        policy,
      )
      throw new Error('accepted')
    } catch (error) {
      expect((error as RulesError).problems.map(({ row }) => row)).toEqual([
        'roles_groups[0]',
        'roles_groups[1]',
        'projects_groups[0]',
      ])
    }
  })

  it('keeps the lists that a partial change leaves out', () => {
    const current = parseRules(good, policy)
    expect(parseRules({ roles_groups: [] }, policy, current)).toEqual({ ...good, roles_groups: [] })
  })

  it('allows states as roles only where the policy does', () => {
    const rules = {
      roles_groups: [
        ['Deactivated', 'leavers'],
        ['Not Activated', 'newcomers'],
      ],
    }
    expect(parseRules(rules, mappingPolicy({ allowSystemRoles: true })).roles_groups).toHaveLength(
      2,
    )
  })

  it('sees a second role of one group through differences of case when case is ignored', () => {
    const rules = {
      roles_groups: [
        ['Manager', 'Crew'],
        ['Annotator', 'crew '],
      ],
    }
    expect(() => parseRules(rules, mappingPolicy({ ignoreCase: true }))).toThrow(
      /cannot have Annotator too/,
    )
    expect(parseRules(rules, policy).roles_groups).toHaveLength(2)
  })
})

describe('affectedGroups', () => {
  const rules = parseRules(good, policy)

  it('names nothing when nothing changed, whatever the order of rows', () => {
    const turned = { ...rules, roles_groups: rules.roles_groups.toReversed() }
    expect(affectedGroups(rules, turned, policy)).toEqual([])
  })

  it('names exactly the groups whose rules changed', () => {
    const after = {
      ...rules,
      workspaces_groups: [
        ['Engineering', 'LS-Eng'],
        ['Art', 'LS-New'],
      ] as const,
    }
    expect(affectedGroups(rules, after, policy)).toEqual(['LS-Ann', 'LS-New'])
  })

  it.each([
    ['the first rules are saved', noRules, rules],
    ['the last rules are deleted', rules, noRules],
  ])('names every group when %s', (_, before, after) => {
    expect(affectedGroups(before, after, policy)).toEqual([
      'LS-Admins',
      'LS-Ann',
      'LS-Eng',
      'LS-More',
      'LS-P42',
    ])
  })
})

describe('groups that rules treat differently', () => {
  it.each([
    ['another role', { roles_groups: [['Manager', 'g']] }],
    ['a workspace of the name of the role', { workspaces_groups: [['Annotator', 'g']] }],
    ['one rule more', { roles_groups: [['Annotator', 'g']], workspaces_groups: [['V', 'g']] }],
    ['a project', { projects_groups: [{ project_id: 1, group: 'g', role: 'Reviewer' }] }],
  ])('are named: %s', (_, after) => {
    const before = { ...noRules, roles_groups: [['Annotator', 'g']] } as const
    expect(affectedGroups(before, { ...noRules, ...after } as never, policy)).toEqual(['g'])
  })

  it.each([
    ['project', { project_id: 2, group: 'g', role: 'Annotator' }],
    ['role in a project', { project_id: 1, group: 'g', role: 'Reviewer' }],
  ] as const)('are named where a rule gives another %s', (_, rule) => {
    const given = { project_id: 1, group: 'g', role: 'Annotator' } as const
    const [before, after] = [given, rule].map((each) => ({ ...noRules, projects_groups: [each] }))
    expect(affectedGroups(before!, after!, policy)).toEqual(['g'])
  })

  it('are named where only one of two rules changed', () => {
    const [a, b] = ['A', 'B'].map((title) => ({
      ...noRules,
      workspaces_groups: [
        ['Vision', 'g'],
        [title, 'g'],
      ],
    }))
    expect(affectedGroups(a as never, b as never, policy)).toEqual(['g'])
  })

  it('are all that rules name, each once and in order', () => {
    const named = groupsNamed(parseRules(good, policy))
    expect(named).toEqual(['LS-Admins', 'LS-Ann', 'LS-Eng', 'LS-More', 'LS-P42'])
    expect(
      groupsNamed({
        ...noRules,
        roles_groups: [
          ['Manager', 'b'],
          ['Manager', 'a'],
        ],
      }),
    ).toEqual(['a', 'b'])
  })
})

describe('a RulesError', () => {
  it('has a code, and names every row in its message', () => {
    const input = { roles_groups: [['Owner', 'g'], 'x'], projects_groups: 5 }
    const parse = () => parseRules(input, policy)
    expect(parse).toThrow(
      'roles_groups[0]: Owner cannot be given by a rule. roles_groups[1]: Must be a pair: ' +
        'a role and a group.',
    )
    expect(parse).toThrow(expect.objectContaining({ name: 'RulesError', code: 'ERR_SCIM_RULES' }))
  })

  it.each([
    [{ workspaces_groups: [['V']] }, 'Must be a pair: a workspace and a group.'],
    [{ projects_groups: [7] }, 'Must be an object with project_id, group and role.'],
    [
      { projects_groups: [{ project_id: '7', group: 'g', role: 'Inherit' }] },
      'project_id must be the number of a project.',
    ],
    [
      { projects_groups: [{ project_id: 7, group: 'g', role: ['Inherit'] }] },
      '"Inherit" is not a project role.',
    ],
  ])('says what must be: %j', (input, message) => {
    expect(() => parseRules(input, policy)).toThrow(message)
  })

  it('is not for the first project', () => {
    const projects_groups = [{ project_id: 1, group: 'g', role: 'Inherit' }]
    expect(parseRules({ projects_groups }, policy).projects_groups).toEqual(projects_groups)
  })
})

describe('nearMisses', () => {
  it('offers the closest first, then by name, and five at most', () => {
    const offered = nearMisses('Annotators', [
      'Anotator',
      'Annotator',
      'annotators',
      'Annotatorz',
      'Annotatorx',
      'Annotatory',
      'Annotatora',
    ])
    expect(offered).toEqual(['annotators', 'Annotator', 'Annotatora', 'Annotatorx', 'Annotatory'])
  })

  it('allows one error in four letters, two in five', () => {
    expect(nearMisses('Crew', ['Creww', 'Crewww', 'Cr'])).toEqual(['Creww'])
    expect(nearMisses('Crews', ['Cre', 'Cr'])).toEqual(['Cre'])
  })

  it.each([
    ['LS-Annotators', 'ls-annotators'],
    ['LS-Annotators', 'LS Annotators'],
    ['LS-Annotators', 'LS-Annotators\u200b'],
    ['LS-Annotators', 'LS-Anotators'],
    ['\u00c9quipe', 'Equipe'],
    ['QA', 'QB'],
  ])('offers for %j the group %j', (wanted, offered) => {
    expect(nearMisses(wanted, ['Finance', offered])).toEqual([offered])
  })

  it('offers neither the name itself nor what is far from it', () => {
    expect(nearMisses('QA', ['QA', 'Q', 'QAEU', 'Sales'])).toEqual(['Q'])
  })
})
