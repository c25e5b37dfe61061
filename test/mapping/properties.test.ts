import fc from 'fast-check'
import {
  affectedGroups,
  applyPlan,
  compileRules,
  type Grant,
  isEmptyPlan,
  type MappingRules,
  mappingPolicy,
  membershipsOf,
  organizationRoles,
  placeOf,
  plan,
  projectRoles,
  resolveAccess,
} from '../../lib/mapping/index.js'

const names = ['red', 'green', 'blue', 'gold', '__proto__', ' red']
const name = fc.constantFrom(...names)
const role = fc.constantFrom(...organizationRoles)
const projectRole = fc.constantFrom(...projectRoles)
const project = fc.integer({ min: 1, max: 5 })
const title = fc.constantFrom('Vision', 'Audio', 'Text')

const rules: fc.Arbitrary<MappingRules> = fc.record({
  roles_groups: fc.uniqueArray(fc.tuple(role, name), { selector: ([, group]) => group }),
  workspaces_groups: fc.array(fc.tuple(title, name)),
  projects_groups: fc.array(fc.record({ project_id: project, group: name, role: projectRole })),
})
const groups = fc
  .uniqueArray(name)
  .map((all) => all.map((displayName) => ({ id: displayName, displayName })))
const person = fc.record({ active: fc.boolean(), hadRole: fc.boolean() })
const policy = fc
  .record({
    onNoRole: fc.constantFrom('deactivate', 'keep', 'default', 'notActivated'),
    defaultRole: fc.option(role),
  })
  .map((given) => mappingPolicy({ ...given, allowSystemRoles: true }))
const grant: fc.Arbitrary<Grant> = fc.oneof(
  role.map((each) => ({ kind: 'role', role: each }) as const),
  title.map((each) => ({ kind: 'workspace', title: each }) as const),
  fc
    .tuple(project, projectRole)
    .map(([id, each]) => ({ kind: 'project', projectId: id, role: each }) as const),
)
const ledger = fc.uniqueArray(grant, { selector: placeOf })
const situation = fc.record({ rules, groups, policy, person, ledger })
const accessOf = (s: typeof situation extends fc.Arbitrary<infer S> ? S : never) =>
  resolveAccess(s.rules, s.groups, s.policy, s.person)
const sorted = (grants: readonly Grant[]) =>
  [...grants].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))

describe('group mapping', () => {
  it('does not depend on the order of groups and rules', () => {
    fc.assert(
      fc.property(situation, (s) => {
        const { reasons: _, ...access } = accessOf(s)
        const { reasons: __, ...turned } = resolveAccess(
          {
            roles_groups: s.rules.roles_groups.toReversed(),
            workspaces_groups: s.rules.workspaces_groups.toReversed(),
            projects_groups: s.rules.projects_groups.toReversed(),
          },
          s.groups.toReversed(),
          s.policy,
          s.person,
        )
        expect(turned).toEqual(access)
      }),
    )
  })

  it('gives each person what is theirs, whoever was asked about before', () => {
    const values = fc.subarray(['a', 'b'])
    const people = fc.array(
      fc.record({
        of: fc.subarray(['red', 'blue']),
        person: fc.record({ active: fc.boolean(), hadRole: fc.boolean(), values }),
      }),
      { minLength: 2, maxLength: 20 },
    )
    fc.assert(
      fc.property(situation, people, (s, all) => {
        const attributes = { roles_users: [['Manager', 'a'] as const, ['Reviewer', 'b'] as const] }
        const given = { ...s.policy, ...attributes }
        const resolve = compileRules(s.rules, given)
        for (const { of, person: each } of all) {
          const theirs = of.map((displayName) => ({ id: displayName, displayName }))
          expect(resolve(theirs, each)).toEqual(resolveAccess(s.rules, theirs, given, each))
        }
      }),
    )
  })

  it('gives nothing that no rule gives', () => {
    fc.assert(
      fc.property(situation, (s) => {
        const access = accessOf(s)
        const mine = new Set(s.groups.map(({ displayName }) => displayName))
        for (const workspace of access.workspaces) {
          expect(s.rules.workspaces_groups.some(([t, g]) => t === workspace && mine.has(g))).toBe(
            true,
          )
        }
        for (const given of access.projects) {
          expect(
            s.rules.projects_groups.some(
              (rule) =>
                rule.project_id === given.projectId &&
                rule.role === given.role &&
                mine.has(rule.group),
            ),
          ).toBe(true)
        }
        const byRule = s.rules.roles_groups.some(([r, g]) => r === access.role && mine.has(g))
        const byPolicy = [null, s.policy.defaultRole, 'Deactivated', 'Not Activated']
        expect(byRule || byPolicy.includes(access.role)).toBe(true)
      }),
    )
  })

  it('plans nothing for what is there already', () => {
    fc.assert(
      fc.property(situation, (s) => {
        const access = accessOf(s)
        const reached = applyPlan(s.ledger, plan(s.ledger, access))
        expect(plan(reached, access)).toMatchObject({ grants: [], revocations: [] })
      }),
    )
  })

  it('reaches the desired state by applying a plan', () => {
    fc.assert(
      fc.property(situation, (s) => {
        const access = accessOf(s)
        fc.pre(access.active)
        const reached = applyPlan(s.ledger, plan(s.ledger, access))
        const keptRole = s.ledger.filter((each) => each.kind === 'role' && access.role === null)
        const wanted: Grant[] =
          access.role === null ? keptRole : [{ kind: 'role', role: access.role }]
        if (access.role !== 'Not Activated') wanted.push(...membershipsOf(access))
        expect(sorted(reached)).toEqual(sorted(wanted))
      }),
    )
  })

  it('does something exactly if the ledger changes', () => {
    fc.assert(
      fc.property(situation, (s) => {
        const planned = plan(s.ledger, accessOf(s))
        const after = applyPlan(s.ledger, planned)
        const isSame = JSON.stringify(sorted(after)) === JSON.stringify(sorted(s.ledger))
        expect(isEmptyPlan(planned)).toBe(isSame)
      }),
    )
  })

  it('revokes only what the ledger granted, and nothing of an inactive person', () => {
    fc.assert(
      fc.property(situation, (s) => {
        const access = accessOf(s)
        const planned = plan(s.ledger, access)
        for (const revoked of planned.revocations) expect(s.ledger).toContainEqual(revoked)
        if (!access.active) expect(planned).toEqual({ grants: [], revocations: [], deferred: [] })
      }),
    )
  })

  it('re-evaluates exactly the groups to which a change of rules gives or takes something', () => {
    fc.assert(
      fc.property(rules, rules, policy, (before, after, byPolicy) => {
        const given = (of: MappingRules, displayName: string) => {
          const person = { active: true, hadRole: false }
          const { reasons } = resolveAccess(of, [{ id: '1', displayName }], byPolicy, person)
          return [...new Set(reasons.map((reason) => JSON.stringify(reason.grant)))].sort()
        }
        const touched = names.filter(
          (each) => given(before, each).join() !== given(after, each).join(),
        )
        expect(affectedGroups(before, after, byPolicy)).toEqual(touched.sort())
      }),
    )
  })

  it('re-evaluates everybody whom a change of rules touches', () => {
    fc.assert(
      fc.property(situation, rules, (s, after) => {
        const before = compileRules(s.rules, s.policy)(s.groups, s.person)
        const now = compileRules(after, s.policy)(s.groups, s.person)
        const { reasons: _, ...a } = before
        const { reasons: __, ...b } = now
        const touched = affectedGroups(s.rules, after, s.policy)
        const isTouched = s.groups.some(({ displayName }) => touched.includes(displayName))
        if (!isTouched) expect(b).toEqual(a)
      }),
    )
  })
})
