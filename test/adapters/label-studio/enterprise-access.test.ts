import { onSignIn } from '../../../lib/index.js'
import type { Grant } from '../../../lib/mapping/index.js'
import type { FakeOptions } from '../../support/fake-label-studio/index.js'
import { ann, type EnterpriseWorld, enterpriseWorlds } from './enterprise-world.js'
import type { ProductOptions } from './product.js'

const startWorld = enterpriseWorlds()
let world: EnterpriseWorld
const start = async (options: FakeOptions = {}, more: ProductOptions = {}) => {
  world = await startWorld(options, more)
  return world
}
const ledger = async (id: string) => (await world.product.record(id))?.applied as readonly Grant[]

describe('organization roles', () => {
  it('leave a new person with the default role where no rule gives one', async () => {
    const { fake, push, roleOf } = await start({ defaultRole: 'RE' })
    await push()
    expect(roleOf()).toBe('RE')
    expect(fake.requests.filter(({ method }) => method === 'PATCH')).toEqual([])
  })

  it('follow the groups, and come back as they were after a deactivation', async () => {
    const { product, push, pushGroup, saveRules, leave, roleOf } = await start()
    await saveRules({
      roles_groups: [
        ['Reviewer', 'reviewers'],
        ['Annotator', 'crew'],
      ],
    })
    const id = await push()
    await pushGroup('crew', [id])
    const reviewers = await pushGroup('reviewers', [id])
    expect(roleOf()).toBe('RE')
    await leave(reviewers, id)
    expect(roleOf()).toBe('AN')
    expect((await product.setActive(id, false)).status).toBe(200)
    expect(roleOf()).toBe('DI')
    await product.setActive(id, true)
    await product.drained()
    expect(roleOf()).toBe('AN')
  })

  it('come back after a deactivation also where they were given by hand', async () => {
    const { product, push, setMember, roleOf } = await start({ defaultRole: 'AN' })
    const id = await push()
    setMember({ role: 'MA', roleSource: 'manual' })
    await product.setActive(id, false)
    expect(roleOf()).toBe('DI')
    await product.setActive(id, true)
    await product.drained()
    expect(roleOf()).toBe('MA')
  })

  it('deactivate on DELETE, never delete, and come back without what only a rule gave (R7)', async () => {
    const { product, push, pushGroup, saveRules, aWorkspace, accountId, roleOf } = await start()
    const workspace = aWorkspace('Vision')
    await saveRules({
      roles_groups: [['Annotator', 'crew']],
      workspaces_groups: [['Vision', 'crew']],
    })
    const id = await push()
    await pushGroup('crew', [id])
    const account = accountId()
    expect(workspace.members.has(account)).toBe(true)
    expect((await product.scim('DELETE', `/Users/${id}`)).status).toBe(204)
    expect([roleOf(), accountId()]).toEqual(['DI', account])
    const again = await push()
    expect(again).not.toBe(id)
    expect((await product.record(again))?.account).toMatchObject({ id: String(account) })
    expect(roleOf()).toBe('NO')
    expect(workspace.members.has(account)).toBe(false)
  })

  it('that a rule gave are never restored as if a hand had given them (R7)', async () => {
    const { product, push, pushGroup, saveRules, leave, roleOf } = await start()
    await saveRules({ roles_groups: [['Administrator', 'admins']] })
    const id = await push()
    const admins = await pushGroup('admins', [id])
    expect(roleOf()).toBe('AD')
    await product.setActive(id, false)
    await leave(admins, id)
    await product.scim('DELETE', `/Users/${id}`)
    await push()
    expect(roleOf()).toBe('NO')
  })

  it('that were given by hand come back once, not again years later (R12)', async () => {
    const { product, push, setMember, roleOf } = await start({ defaultRole: 'AN' })
    const id = await push()
    setMember({ role: 'AD', roleSource: 'manual' })
    await product.setActive(id, false)
    await product.setActive(id, true)
    await product.drained()
    expect(roleOf()).toBe('AD')
    setMember({ role: 'AN', roleSource: 'manual' })
    setMember({ role: 'DI', roleSource: 'manual' })
    await product.adapters.importer.run()
    await product.drained()
    expect(roleOf()).toBe('AN')
  })

  it('end for somebody who leaves before the reconciler gave them anything (R8)', async () => {
    const { product, roleOf } = await start({ defaultRole: 'AN' }, { isWorking: false })
    await product.saveRules({ roles_groups: [['Annotator', 'crew']] })
    const { json: user } = await product.pushUser({ userName: ann })
    await product.drained()
    const { json: group } = await product.pushGroup('crew', [user.id])
    const path = `members[value eq "${user.id}"]`
    await product.patch(`/Groups/${group.id}`, [{ op: 'remove', path }])
    await product.drained()
    expect(roleOf()).toBe('DI')
  })

  it('are known to be a rule’s although something failed after they were given (R8)', async () => {
    const world = await start({}, { isWorking: false })
    const project = world.aProject()
    await world.saveRules({
      roles_groups: [['Administrator', 'crew']],
      projects_groups: [{ project_id: project.id, group: 'crew', role: 'Reviewer' }],
    })
    const id = await world.push()
    const path = /\/members\/bulk/
    world.fake.faults.add({ fault: { kind: 'status', status: 500 }, method: 'POST', path })
    const { json } = await world.product.pushGroup('crew', [id])
    await world.product.drained()
    expect(world.roleOf()).toBe('AD')
    world.fake.faults.clear()
    await world.leave(json.id, id)
    expect(world.roleOf()).toBe('DI')
  })

  it('are put right when they were changed without a trace, and left when they were changed by hand', async () => {
    const { product, push, pushGroup, saveRules, setMember, roleOf } = await start()
    await saveRules({
      roles_groups: [
        ['Annotator', 'crew'],
        ['Reviewer', 'reviewers'],
      ],
    })
    const id = await push()
    await pushGroup('crew', [id])
    setMember({ role: 'RE', roleSource: 'api' })
    expect(await product.adapters.importer.run()).toMatchObject({ drifted: 1 })
    await product.drained()
    expect(roleOf()).toBe('AN')
    setMember({ role: 'MA', roleSource: 'manual' })
    expect(await product.adapters.importer.run()).toMatchObject({ drifted: 0 })
    await product.patch(`/Users/${id}`, [{ op: 'replace', path: 'displayName', value: 'X' }])
    await product.drained()
    expect(roleOf()).toBe('MA')
    expect((await product.record(id))?.notes).toEqual([
      'The organization role Manager was set by hand in Label Studio, and stays until the ' +
        'rules give another one.',
    ])
    await pushGroup('reviewers', [id])
    expect(roleOf()).toBe('RE')
  })

  it('of somebody deactivated by hand are given back: the IdP says who is active', async () => {
    const { product, push, pushGroup, saveRules, setMember, roleOf } = await start()
    await saveRules({ roles_groups: [['Annotator', 'crew']] })
    const id = await push()
    await pushGroup('crew', [id])
    setMember({ role: 'DI', roleSource: 'manual' })
    expect(await product.adapters.importer.run()).toMatchObject({ drifted: 1 })
    await product.drained()
    expect(roleOf()).toBe('AN')
  })

  it('of somebody activated by hand after SCIM deactivated them are taken again', async () => {
    const { product, push, setMember, roleOf } = await start({ defaultRole: 'AN' })
    const id = await push()
    await product.setActive(id, false)
    setMember({ role: 'AN', roleSource: 'manual' })
    expect(await product.adapters.importer.run()).toMatchObject({ drifted: 1 })
    await product.drained()
    expect(roleOf()).toBe('DI')
  })
})

describe('the owner', () => {
  it('is never touched by a request, a group or a rule (S-AUTHZ-07)', async () => {
    const { fake, product, pushGroup, saveRules } = await start()
    await saveRules({ roles_groups: [['Annotator', 'crew']] })
    await product.adapters.importer.run()
    const [owner] = (await product.lookUp(fake.ownerEmail)).json.Resources
    const group = await pushGroup('crew', [])
    const add = [{ op: 'add', path: 'members', value: [{ value: owner.id }] }]
    for (const answer of [
      await product.setActive(owner.id, false),
      await product.scim('DELETE', `/Users/${owner.id}`),
      await product.patch(`/Groups/${group}`, add),
      await product.pushUser({ userName: 'other', emails: [{ value: fake.ownerEmail }] }),
    ]) {
      expect(answer.status).toBe(403)
    }
    expect(fake.state.members.get(1)?.role).toBe('OW')
    expect(fake.requests.filter(({ method }) => method === 'PATCH')).toEqual([])
  })

  it('is known by the role also when the token is an administrator’s, whose own account is safe too', async () => {
    const { fake, byHand, startAgain } = await start()
    const admin = byHand('admin@example.com', 'AD')
    const token = fake.state.users.get(admin)?.legacyToken ?? ''
    const product = await startAgain({ adapters: { token } })
    await product.adapters.importer.run()
    const own = await product.pushUser({ userName: 'x', emails: [{ value: 'admin@example.com' }] })
    expect([own.status, own.json.detail]).toEqual([
      403,
      'This is the owner of the organization in Label Studio, or the account of the adapter.',
    ])
    const boss = byHand('second@example.com', 'OW')
    const pushed = await product.pushUser({ userName: 'second@example.com' })
    await product.drained()
    expect((await product.setActive(pushed.json.id, false)).status).toBe(403)
    expect(fake.state.members.get(boss)?.role).toBe('OW')
  })
})

describe('workspaces', () => {
  const rules = { workspaces_groups: [['Vision', 'crew']] } as const

  it('are not created where the rule does not say so, and the note says what is missing', async () => {
    const { fake, product, push, pushGroup, saveRules } = await start({ defaultRole: 'AN' })
    await saveRules(rules)
    const id = await push()
    await pushGroup('crew', [id])
    expect(fake.state.workspaces.size).toBe(0)
    expect((await product.record(id))?.notes).toEqual([
      'There is no workspace "Vision" in Label Studio. Not given: workspace "Vision".',
    ])
  })

  it('are left by their number, whatever their title is by now (R10)', async () => {
    const { push, pushGroup, saveRules, leave, aWorkspace, accountId } = await start()
    const vision = aWorkspace('Vision')
    await saveRules({
      workspaces_groups: [['Vision', 'crew']],
      roles_groups: [['Annotator', 'all']],
    })
    const id = await push()
    await pushGroup('all', [id])
    const crew = await pushGroup('crew', [id])
    expect(vision.members.size).toBe(1)
    vision.title = 'Vision 2025'
    const newer = aWorkspace('Vision')
    newer.members.add(accountId())
    await leave(crew, id)
    expect([vision.members.size, newer.members.size]).toEqual([0, 1])
  })

  it('that were put away or deleted let go of people too (R10)', async () => {
    const { fake, push, pushGroup, saveRules, leave, aWorkspace, product } = await start()
    const [old, gone] = [aWorkspace('Old'), aWorkspace('Gone')]
    await saveRules({
      roles_groups: [['Annotator', 'all']],
      workspaces_groups: [
        ['Old', 'crew'],
        ['Gone', 'crew'],
      ],
    })
    const id = await push()
    await pushGroup('all', [id])
    const crew = await pushGroup('crew', [id])
    old.isArchived = true
    fake.state.workspaces.delete(gone.id)
    await leave(crew, id)
    const kinds = (await product.record(id))?.applied.map(({ kind }) => kind)
    expect([old.members.size, kinds]).toEqual([0, ['role']])
  })

  it('are created once, whatever the number of people', async () => {
    const { fake, push, pushGroup, saveRules } = await start(
      { defaultRole: 'AN' },
      { adapters: { createWorkspaces: true } },
    )
    await saveRules(rules)
    const ids = await Promise.all(
      ['a', 'b', 'c'].map((name) => push({ userName: `${name}@example.com` })),
    )
    await pushGroup('crew', ids)
    const [workspace, ...others] = [...fake.state.workspaces.values()]
    expect([workspace?.title, workspace?.members.size, others]).toEqual(['Vision', 3, []])
  })

  it('are one in the end when two hosts create the same title at once', async () => {
    const { fake, push, pushGroup, saveRules } = await start(
      { defaultRole: 'AN' },
      { adapters: { createWorkspaces: true } },
    )
    const id = await push()
    const create = fake.state.workspaces.set.bind(fake.state.workspaces)
    let isFirst = true
    // The other host’s comes into being while ours is created, and has the lower number.
    fake.state.workspaces.set = (key, value) => {
      if (isFirst) {
        isFirst = false
        create(2, { ...value, id: 2, members: new Set() })
      }
      return create(key, value)
    }
    await saveRules(rules)
    await pushGroup('crew', [id])
    const [workspace, ...others] = [...fake.state.workspaces.values()]
    expect([workspace?.id, workspace?.members.size, others]).toEqual([2, 1, []])
  })

  it('that are somebody’s own or put away are none (S-AUTHZ-08)', async () => {
    const { product, push, pushGroup, saveRules, aWorkspace } = await start({ defaultRole: 'AN' })
    const [personal, archived] = [
      aWorkspace('Vision', { isPersonal: true }),
      aWorkspace('Vision', { isArchived: true }),
    ]
    await saveRules(rules)
    const id = await push()
    await pushGroup('crew', [id])
    expect([personal.members.size, archived.members.size]).toEqual([0, 0])
    expect((await product.record(id))?.notes[0]).toMatch(/no workspace "Vision"/)
  })

  it('keep somebody who was in by hand, whose membership is not claimed', async () => {
    const { push, pushGroup, saveRules, leave, byHand, aWorkspace } = await start({
      defaultRole: 'AN',
    })
    const workspace = aWorkspace('Vision')
    workspace.members.add(byHand(ann, 'AN'))
    await saveRules(rules)
    const id = await push()
    const group = await pushGroup('crew', [id])
    expect(await ledger(id)).toEqual([])
    await leave(group, id)
    expect(workspace.members.size).toBe(1)
  })

  it('let go of somebody who was put in by a rule, also before 2.37 reports an error for it', async () => {
    const { push, pushGroup, saveRules, leave, aWorkspace } = await start({
      defaultRole: 'AN',
      workspaceRemovalFails: true,
    })
    const workspace = aWorkspace('Vision')
    await saveRules(rules)
    const id = await push()
    const group = await pushGroup('crew', [id])
    expect([workspace.members.size, await ledger(id)]).toEqual([
      1,
      [{ kind: 'workspace', title: 'Vision', workspaceId: expect.any(Number) }],
    ])
    await leave(group, id)
    expect([workspace.members.size, await ledger(id)]).toEqual([0, []])
  })
})

describe('projects', () => {
  const roles = { roles_groups: [['Annotator', 'crew']] } as const

  it('give a role, change it from Reviewer to Annotator to Inherit, and take the person out', async () => {
    const { push, pushGroup, saveRules, aProject, accountId } = await start()
    const project = aProject()
    const rule = (role: 'Reviewer' | 'Annotator' | 'Inherit') => ({
      ...roles,
      projects_groups: [{ project_id: project.id, group: 'crew', role }],
    })
    await saveRules(rule('Reviewer'))
    const id = await push()
    await pushGroup('crew', [id])
    const account = accountId()
    expect([project.has(account), project.roleOf(account)]).toEqual([true, 'RE'])
    await saveRules(rule('Annotator'))
    expect([project.has(account), project.roleOf(account)]).toEqual([true, 'AN'])
    await saveRules(rule('Inherit'))
    expect([project.has(account), project.roleOf(account)]).toEqual([true, undefined])
    expect(await ledger(id)).toContainEqual({
      kind: 'project',
      projectId: project.id,
      role: 'Inherit',
    })
    await saveRules(roles)
    expect([project.has(account), project.roleOf(account)]).toEqual([false, undefined])
  })

  it.each([
    ['a member', undefined, 'RE'],
    ['a member with a role', 'AN', 'AN'],
  ])('keep %s who was in by hand', async (_name, before, during) => {
    const { fake, push, pushGroup, saveRules, byHand, aProject } = await start()
    const project = aProject()
    const account = byHand(ann, 'AN')
    fake.state.projects.get(project.id)?.members.add(account)
    if (before) {
      const role = {
        id: 900,
        project: project.id,
        user: account,
        role: before,
        roleSource: 'manual',
      }
      fake.state.projectRoles.set(900, role)
    }
    await saveRules({
      ...roles,
      projects_groups: [{ project_id: project.id, group: 'crew', role: 'Reviewer' }],
    })
    const id = await push()
    await pushGroup('crew', [id])
    expect(project.roleOf(account)).toBe(during)
    await saveRules(roles)
    expect([project.has(account), project.roleOf(account)]).toEqual([true, before])
  })

  it('keep a role that was changed by hand after a rule gave another', async () => {
    const { fake, push, pushGroup, saveRules, aProject, accountId } = await start()
    const project = aProject()
    await saveRules({
      ...roles,
      projects_groups: [{ project_id: project.id, group: 'crew', role: 'Annotator' }],
    })
    const id = await push()
    await pushGroup('crew', [id])
    const account = accountId()
    const [role] = [...fake.state.projectRoles.values()]
    Object.assign(role ?? {}, { role: 'RE', roleSource: 'manual' })
    await saveRules(roles)
    expect([project.has(account), project.roleOf(account)]).toEqual([true, 'RE'])
  })

  it('leave members by organization role or workspace alone', async () => {
    const { fake, product, push, pushGroup, saveRules, leave, aProject, accountId } = await start()
    const project = aProject()
    await saveRules({
      roles_groups: [['Administrator', 'crew']],
      projects_groups: [{ project_id: project.id, group: 'crew', role: 'Inherit' }],
    })
    const id = await push()
    const group = await pushGroup('crew', [id])
    expect(await ledger(id)).toContainEqual(expect.objectContaining({ kind: 'project' }))
    const account = accountId()
    fake.state.projects.get(project.id)?.members.delete(account)
    await leave(group, id)
    expect((await product.record(id))?.enforced).toBe('deprovisioned')
    expect(await product.failedBecause(id)).toBeUndefined()
  })

  it('are given at the first sign-in to somebody who was Not Activated, once they are activated', async () => {
    const { product, push, pushGroup, saveRules, aProject, aWorkspace, accountId, setMember } =
      await start({ defaultRole: 'NO' })
    const [project, workspace] = [aProject(), aWorkspace('Vision')]
    await saveRules({
      workspaces_groups: [['Vision', 'crew']],
      projects_groups: [{ project_id: project.id, group: 'crew', role: 'Reviewer' }],
    })
    const id = await push()
    await pushGroup('crew', [id])
    const account = accountId()
    const waiting = { kind: 'project', projectId: project.id, role: 'Reviewer' }
    expect((await product.record(id))?.deferred).toEqual([
      { kind: 'workspace', title: 'Vision' },
      waiting,
    ])
    expect(workspace.members.size).toBe(0)

    await onSignIn(product.adapters, { tenant: 'default' }, ann)
    // Label Studio skips who is not activated, and says so in skipped_user_ids.
    expect(workspace.members.has(account)).toBe(true)
    expect([project.has(account), (await product.record(id))?.deferred]).toEqual([false, [waiting]])

    setMember({ role: 'AN', roleSource: 'manual' })
    expect(await product.adapters.importer.run()).toMatchObject({ drifted: 1 })
    await product.drained()
    expect([project.roleOf(account), (await product.record(id))?.deferred]).toEqual(['RE', []])
  })

  it('that do not exist are said to be missing', async () => {
    const { product, push, pushGroup, saveRules } = await start({ defaultRole: 'AN' })
    await saveRules({ projects_groups: [{ project_id: 999, group: 'crew', role: 'Inherit' }] })
    const id = await push()
    await pushGroup('crew', [id])
    expect((await product.record(id))?.notes).toEqual([
      'There is no project 999 in Label Studio. Not given: Inherit in project 999.',
    ])
  })
})
