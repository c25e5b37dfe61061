import {
  type Access,
  applyPlan,
  describeGrant,
  type Grant,
  grantsOf,
  isEmptyPlan,
  placeOf,
  plan,
} from '../../lib/mapping/index.js'

const role = (name: 'Manager' | 'Annotator'): Grant => ({ kind: 'role', role: name })
const workspace: Grant = { kind: 'workspace', title: 'Vision' }
const project = (name: 'Reviewer' | 'Annotator'): Grant => ({
  kind: 'project',
  projectId: 7,
  role: name,
})
const access: Access = {
  active: true,
  role: 'Manager',
  workspaces: ['Vision'],
  projects: [{ projectId: 7, role: 'Reviewer' }],
  reasons: [],
}
const everything = [role('Manager'), workspace, project('Reviewer')]

describe('plan', () => {
  it('gives everything to somebody who has nothing', () => {
    expect(plan([], access)).toEqual({ grants: everything, revocations: [], deferred: [] })
  })

  it('does nothing where everything is in force', () => {
    const planned = plan(everything, access)
    expect(planned).toEqual({ grants: [], revocations: [], deferred: [] })
    expect(isEmptyPlan(planned)).toBe(true)
  })

  it.each<[string, readonly Grant[], readonly Grant[]]>([
    ['another role', [role('Annotator'), workspace, project('Reviewer')], [role('Manager')]],
    [
      'another role in a project',
      [role('Manager'), workspace, project('Annotator')],
      [project('Reviewer')],
    ],
    ['no workspace', [role('Manager'), project('Reviewer')], [workspace]],
  ])('gives what differs to somebody with %s', (_, ledger, grants) => {
    expect(plan(ledger, access).grants).toEqual(grants)
  })

  it.each(everything)('gives again what may not have arrived: $kind', (grant) => {
    const ledger = everything.map((each) =>
      each === grant ? ({ ...each, unconfirmed: true } as Grant) : each,
    )
    expect(plan(ledger, access).grants).toEqual([grant])
  })

  it('leaves the organization role where there is none to give', () => {
    const planned = plan([role('Annotator')], { ...access, role: null })
    expect(planned.grants).toEqual([workspace, project('Reviewer')])
    expect(planned.revocations).toEqual([])
  })

  it('takes what was given and is no longer, and the ledger says so', () => {
    const without = { ...access, workspaces: [], projects: [] }
    const planned = plan(everything, without)
    expect(planned.revocations).toEqual([workspace, project('Reviewer')])
    expect(isEmptyPlan(planned)).toBe(false)
    expect(isEmptyPlan({ ...planned, revocations: [] })).toBe(true)
    expect(applyPlan(everything, planned)).toEqual([role('Manager')])
  })

  it('keeps workspaces and projects for the first sign-in of somebody Not Activated', () => {
    const waiting = { ...access, role: 'Not Activated' } as const
    const given = { kind: 'role', role: 'Not Activated' }
    const memberships = [workspace, project('Reviewer')]
    expect(plan([], waiting)).toMatchObject({ grants: [given], deferred: memberships })
    expect(plan([], waiting, { hasSignedIn: true })).toMatchObject({
      grants: [given, ...memberships],
      deferred: [],
    })
  })

  it('does nothing for somebody who is not active, whatever they had', () => {
    expect(plan(everything, { ...access, active: false })).toEqual({
      grants: [],
      revocations: [],
      deferred: [],
    })
  })
})

describe('grants', () => {
  it('are those of an access, without a role where it has none', () => {
    expect(grantsOf(access)).toEqual(everything)
    expect(grantsOf({ ...access, role: null })).toEqual(everything.slice(1))
  })

  it('are told in words, and each has its place', () => {
    expect(everything.map(describeGrant)).toEqual([
      'organization role Manager',
      'workspace "Vision"',
      'Reviewer in project 7',
    ])
    expect(everything.map(placeOf)).toEqual(['role', 'workspace Vision', 'project 7'])
  })
})
