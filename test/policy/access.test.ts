import fc from 'fast-check'
import {
  isColleague,
  openProjects,
  personAccess,
  rankIn,
  ranks,
} from '../../adapters/label-studio/policy/access.js'
import { hideControls } from '../../adapters/label-studio/policy/answers.js'

const rankOf = {
  Administrator: ranks.AD,
  Manager: ranks.MA,
  Reviewer: ranks.RE,
  Annotator: ranks.AN,
  'Not Activated': ranks.none,
  Deactivated: ranks.none,
} as const
const projectRole = fc.constantFrom('Reviewer', 'Annotator', 'Inherit')
const everyProject = [1, 2, 3, 4, 5]
const projectIds = fc.uniqueArray(fc.constantFrom(...everyProject))

/** What the rules give somebody, with the projects of their workspaces. */
const rules = fc.record({
  active: fc.boolean(),
  role: fc.constantFrom(...(Object.keys(rankOf) as (keyof typeof rankOf)[]), null),
  roles: fc.dictionary(fc.constantFrom('1', '2', '3', '4', '5'), projectRole),
  inWorkspaces: projectIds,
})
type Rules = typeof rules extends fc.Arbitrary<infer R> ? R : never

function personWith({ active, role, roles, inWorkspaces }: Rules) {
  const projects = Object.entries(roles).map(([id, each]) => ({ projectId: +id, role: each }))
  const access = { active, role, projects } as Parameters<typeof personAccess>[1]
  return personAccess({ account: 7, email: 'ann@example.com' }, access, new Set(inWorkspaces))
}

/** The rank that the rules give in a project, as the documentation tells it. */
function expectedIn({ active, role, roles, inWorkspaces }: Rules, project: number): number {
  const own = active ? rankOf[role ?? 'Deactivated'] : ranks.none
  if (own === ranks.AD || own === ranks.none) return own
  const given = roles[project]
  if (given === 'Reviewer' || given === 'Annotator') return rankOf[given]
  return given === 'Inherit' || inWorkspaces.includes(project) ? own : ranks.none
}

it('a role in a project goes before that in the organization, which the others have', () => {
  fc.assert(
    fc.property(rules, (given) => {
      const person = personWith(given)
      const expected = everyProject.map((project) => expectedIn(given, project))
      expect(everyProject.map((project) => rankIn(person, project))).toEqual(expected)
      if (person.rank === ranks.AD) return
      const open = openProjects(person).split(',').filter(Boolean).map(Number)
      expect(open.sort()).toEqual(everyProject.filter((_, index) => expected[index]))
      const ofRules = everyProject.filter((project) => given.roles[project])
      const inRules = ofRules.map((project) => expectedIn(given, project))
      expect(person.highest).toBe(Math.max(person.rank, ...inRules))
    }),
  )
})

it('colleagues share a project', () => {
  fc.assert(
    fc.property(rules, rules, (one, other) => {
      const [person, another] = [personWith(one), personWith(other)]
      // Nobody asks who an administrator sees.
      fc.pre(person.rank !== ranks.AD)
      const shared = everyProject.some(
        (project) => expectedIn(one, project) > 0 && expectedIn(other, project) > 0,
      )
      expect(isColleague(person, another)).toBe(shared)
    }),
  )
})

describe('controls that would be refused are hidden', () => {
  const organization = 'a[href$="/organization"]'
  const create = '[aria-label="Create new project"]'
  const settings = 'a[href*="/projects/"][href$="/settings"]'
  const dataManager = '[data-testid="dm-import-button"]'
  const all = [organization, create, settings, dataManager]

  it.each([
    { role: 'Annotator', of: {}, hidden: all },
    { role: 'Reviewer', of: {}, hidden: all },
    { role: 'Manager', of: {}, hidden: [organization] },
    { role: 'Manager', of: { 1: 'Reviewer' }, hidden: [organization, dataManager] },
    { role: 'Manager', of: { 2: 'Reviewer' }, hidden: [organization] },
  ] as const)('from a $role with $of on the page of project 1', ({ role, of, hidden }) => {
    const person = personWith({ active: true, role, roles: { ...of }, inWorkspaces: [1, 2] })
    const html = hideControls(person, 1, 'none')('<head></head>')
    const [, selectors = ''] = /<style>(.*)\{display:none!important\}<\/style><\/head>/.exec(html)!
    const found = selectors.split(',')
    expect(all.filter((each) => found.includes(each))).toEqual(hidden)
    const linked = found.filter((each) => /\/projects\/\d/.test(each))
    const lower = role === 'Manager' ? Object.keys(of) : []
    expect(linked).toEqual(lower.map((id) => `a[href$="/projects/${id}/settings"]`))
  })
})
