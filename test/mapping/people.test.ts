import {
  givesRoleByRule,
  mappingPolicy,
  personState,
  resolveAccess,
  userValues,
} from '../../lib/mapping/index.js'

const noRules = { roles_groups: [], workspaces_groups: [], projects_groups: [] }
const policyOf = (...pairs: readonly (readonly [string, string])[]) =>
  mappingPolicy({ roles_users: pairs as never })

describe('the values of a user', () => {
  it('are those of roles and entitlements, each once, and nothing that is no text', () => {
    const user = {
      roles: [{ value: 'A' }, { value: 'B' }, { display: 'C' }, 'D', null, { value: 5 }],
      entitlements: [{ value: 'B' }, { value: 'E' }],
    }
    expect(userValues(user)).toEqual(['A', 'B', 'E'])
    expect(userValues({})).toEqual([])
    expect(userValues({ roles: 'A', entitlements: { value: 'B' } })).toEqual([])
  })

  it.each([
    [true, true],
    [false, false],
    [undefined, false],
    ['true', false],
  ])('stand beside active, which %s makes %s', (given, active) => {
    const state = personState({ active: given, roles: [{ value: 'A' }] }, true)
    expect(state).toEqual({ active, hadRole: true, values: ['A'] })
  })
})

describe('roles_users', () => {
  const person = (...values: string[]) => ({ active: true, hadRole: false, values })

  it('gives the most elevated role of a user’s values, and says by which pair', () => {
    const policy = policyOf(['Annotator', 'x'], ['Manager', 'y'], ['Reviewer', 'x'])
    const access = resolveAccess(noRules, [], policy, person('x', 'y', 'z'))
    expect(access.role).toBe('Manager')
    expect(access.reasons.map(({ rule, groupId }) => [rule, groupId])).toEqual([
      ['roles_users[0]', ''],
      ['roles_users[1]', ''],
      ['roles_users[2]', ''],
    ])
    expect(resolveAccess(noRules, [], policy, person('x')).role).toBe('Reviewer')
    expect(givesRoleByRule(access)).toBe(true)
  })

  it('gives nothing to somebody without such a value', () => {
    const policy = policyOf(['Manager', 'y'])
    for (const none of [person('Y'), person(), { active: true, hadRole: false }]) {
      const access = resolveAccess(noRules, [], policy, none)
      expect(access.reasons).toEqual([])
      expect(givesRoleByRule(access)).toBe(false)
    }
  })

  it('tells reasons of groups first', () => {
    const rules = { ...noRules, roles_groups: [['Annotator', 'crew']] as const }
    const groups = [{ id: 'g', displayName: 'crew' }]
    const access = resolveAccess(rules as never, groups, policyOf(['Manager', 'y']), person('y'))
    expect(access.reasons.map(({ rule }) => rule)).toEqual(['roles_groups[0]', 'roles_users[0]'])
  })

  it.each([
    ['no list', 'Manager'],
    ['a pair too short', [['Manager']]],
    ['a pair too long', [['Manager', 'x', 'y']]],
    ['one wrong pair of two', [['Manager', 'x'], 'y']],
    ['a role that is none', [['Boss', 'x']]],
    ['a role that may not be given', [['Owner', 'x']]],
    ['a role that is a state', [['Deactivated', 'x']]],
    ['a pair without a role', [[undefined, 'x']]],
    ['a value that is no text', [['Manager', 5]]],
    ['an empty value', [['Manager', ' ']]],
  ])('refuses %s', (_, roles_users) => {
    const given = { roles_users } as never
    expect(() => mappingPolicy(given)).toThrow(
      /roles_users.*list of pairs of a role that may be given and a value/,
    )
  })
})

describe('a role by rule', () => {
  it('is none when the rule shuts out, or only a default gives it', () => {
    const reasonFor = (kind: string) => ({ grant: { kind } }) as never
    const access = { active: true, workspaces: [], projects: [] }
    const gives = (role: string, ...kinds: string[]) =>
      givesRoleByRule({ ...access, role, reasons: kinds.map(reasonFor) } as never)
    expect(gives('Manager', 'workspace', 'role')).toBe(true)
    expect(gives('Manager', 'workspace')).toBe(false)
    expect(gives('Deactivated', 'role')).toBe(false)
  })
})
