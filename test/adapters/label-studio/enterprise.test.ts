import { type LabelStudioApi, labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import {
  type FakeLabelStudio,
  type FakeOptions,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'

let fake: FakeLabelStudio
let api: LabelStudioApi
const started: FakeLabelStudio[] = []
const startFake = async (options: FakeOptions = {}) => {
  fake = await startFakeLabelStudio({ mode: 'lse', ...options })
  started.push(fake)
  api = labelStudioApi({ url: fake.url, token: fake.token, sleep: async () => {} })
}
beforeEach(() => startFake())
afterEach(() => Promise.all(started.splice(0).map((each) => each.stop())))

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const each of items) found.push(each)
  return found
}
const aUser = async (email = 'ann@example.com') => (await api.users.create({ email })).id

it('is told from Community, and its owner by role', async () => {
  expect(await api.version()).toEqual({ edition: 'enterprise', release: '2.37.0' })
  const account = await api.whoami()
  expect(account.role).toBe('OW')
  expect(await api.isOwner(account)).toBe(true)
  expect(fake.requests.some(({ path }) => path.startsWith('/api/organizations/'))).toBe(false)
})

describe('organization members', () => {
  it('have a role, its source and a seat type', async () => {
    const id = await aUser()
    expect(await api.members(1).setRole(id, 'AN')).toMatchObject({
      userId: id,
      role: 'AN',
      roleSource: 'api',
      userType: 'standard',
    })
    const found = await collect(api.members(1).list({ roles: ['AN'] }))
    expect(found.map(({ userId }) => userId)).toEqual([id])
  })

  it('are found by e-mail, removed ones only when asked for', async () => {
    const id = await aUser()
    await aUser('bob@example.com')
    const search = () => collect(api.members(1).list({ search: 'ann@example.com' }))
    expect((await search()).map(({ userId }) => userId)).toEqual([id])
    await api.members(1).remove(id)
    expect(await search()).toEqual([])
    const removed = await collect(api.members(1).list({ isDeleted: true }))
    expect(removed).toMatchObject([{ userId: id, user: { masked: true } }])
  })

  it('are read through all pages', async () => {
    for (let each = 0; each < 120; each += 1) await aUser(`p${each}@example.com`)
    expect(await collect(api.members(1).list())).toHaveLength(121)
  })

  it('are never made owner, and the owner is never changed (S-AUTHZ-07)', async () => {
    const id = await aUser()
    await expect(api.members(1).setRole(id, 'OW' as 'AD')).rejects.toThrow(TypeError)
    await expect(api.members(1).setRole(1, 'DI')).rejects.toMatchObject({ kind: 'forbidden' })
  })

  it('have no seat beyond the limit, which is told beforehand', async () => {
    await startFake({ seatLimit: 2 })
    const [ann, bob] = [await aUser(), await aUser('bob@example.com')]
    expect((await api.settings.billing())?.seats).toEqual({ count: 1, limit: 2, reached: false })
    await api.members(1).setRole(ann, 'AN')
    expect((await api.settings.billing())?.seats).toEqual({ count: 2, limit: 2, reached: true })
    await expect(api.members(1).setRole(bob, 'AN')).rejects.toMatchObject({ kind: 'seatLimit' })
    await api.members(1).setRole(ann, 'DI')
    expect((await api.members(1).setRole(bob, 'RE')).role).toBe('RE')
  })

  it('have no limit of seats where none is set', async () => {
    expect(await api.settings.billing()).toMatchObject({
      seats: { count: 1, limit: undefined, reached: false },
    })
  })

  it.each([
    [403, 'forbidden'],
    [400, 'invalid'],
  ] as const)('keep their role where a flag forbids it (%d)', async (status, kind) => {
    await startFake({ manual: { role: false, status } })
    const id = await aUser()
    await expect(api.members(1).setRole(id, 'AN')).rejects.toMatchObject({ kind })
    expect((await api.settings.billing())?.flags.manualRoleManagement).toBe(false)
    expect((await api.organization(1)).manualRoleManagement).toBe(false)
  })

  it('start with the default role', async () => {
    await startFake({ defaultRole: 'AN' })
    await aUser()
    expect((await api.organization(1)).defaultRole).toBe('AN')
    expect(await collect(api.members(1).list({ roles: ['AN'] }))).toHaveLength(1)
  })
})

describe('workspaces', () => {
  it('are created, listed and deleted', async () => {
    const created = await api.workspaces.create('Engineering')
    expect(await api.workspaces.list()).toEqual([created])
    expect(created).toMatchObject({ title: 'Engineering', isPersonal: false, isArchived: false })
    expect(await api.workspaces.delete(created.id)).toBe(true)
    expect(await api.workspaces.delete(created.id)).toBe(false)
  })

  it('are not created twice when the connection drops', async () => {
    fake.faults.add({ fault: { kind: 'dropped' }, method: 'POST', times: 1 })
    const create = api.workspaces.create('Engineering')
    await expect(create).rejects.toMatchObject({ maybeDone: true })
    expect(await api.workspaces.list()).toHaveLength(1)
  })

  it('take members in and let them go', async () => {
    const [id, { id: workspace }] = [await aUser(), await api.workspaces.create('W')]
    await api.workspaces.addMember(workspace, id)
    await api.workspaces.addMember(workspace, id)
    expect(await api.workspaces.hasMember(workspace, id)).toBe(true)
    await api.workspaces.removeMember(workspace, id)
    await api.workspaces.removeMember(workspace, id)
    expect(await api.workspaces.hasMember(workspace, id)).toBe(false)
  })

  it('let go although an older version reports an error', async () => {
    await startFake({ workspaceRemovalFails: true })
    const [id, { id: workspace }] = [await aUser(), await api.workspaces.create('W')]
    await api.workspaces.addMember(workspace, id)
    await api.workspaces.removeMember(workspace, id)
    expect(await api.workspaces.hasMember(workspace, id)).toBe(false)
  })

  it('report the error when the member is still there', async () => {
    await startFake({ manual: { workspace: false } })
    const id = await aUser()
    const members = new Set([id])
    fake.state.workspaces.set(9, {
      id: 9,
      title: 'W',
      isPersonal: false,
      isArchived: false,
      members,
    })
    await expect(api.workspaces.removeMember(9, id)).rejects.toMatchObject({ kind: 'forbidden' })
  })
})

describe('project members', () => {
  const aProject = async () => {
    const body = { title: 'Project' }
    const answer = await api.http.request({
      method: 'POST',
      path: { path: '/api/projects/', template: '/api/projects/' },
      body,
    })
    return (answer as { id: number }).id
  }
  const aMember = async (email?: string) => {
    const id = await aUser(email)
    await api.members(1).setRole(id, 'AN')
    return id
  }
  const memberIds = async (project: number) => {
    const everybody = [...fake.state.users.keys()]
    const members = await Promise.all(everybody.map((id) => api.projects.member(project, id)))
    return members.flatMap((each) => (each && !each.implicit ? [each.userId] : []))
  }

  it('are direct ones only: owners and administrators are members of everything', async () => {
    const [project, id] = [await aProject(), await aMember()]
    expect(await api.projects.addMember(project, { userId: id })).toBe(true)
    expect(await memberIds(project)).toEqual([id])
  })

  it('act with their organization role unless they have one of their own (Inherit)', async () => {
    const [project, id] = [await aProject(), await aMember()]
    await api.projects.addMember(project, { userId: id })
    expect(await api.projects.roles(project)).toEqual([])
    await api.projects.addMember(project, { userId: id, role: 'RE' })
    const [role] = await api.projects.roles(project)
    expect(role).toMatchObject({ userId: id, role: 'RE', roleSource: 'api' })
    expect(await api.projects.removeRole(role?.id ?? 0)).toBe(true)
    expect(await api.projects.removeRole(role?.id ?? 0)).toBe(false)
    expect(await memberIds(project)).toEqual([id])
  })

  it('are skipped while they are Not Activated, and the caller is told', async () => {
    const [project, id, other] = [await aProject(), await aUser(), await aMember('bob@example.com')]
    fake.requests.length = 0
    const added = [id, other].map((userId) => api.projects.addMember(project, { userId }))
    expect(await Promise.all(added)).toEqual([false, true])
    expect(fake.requests).toHaveLength(1)
    expect(await memberIds(project)).toEqual([other])
  })

  it('are taken out, and it is no error when they were not in', async () => {
    const [project, id] = [await aProject(), await aMember()]
    await api.projects.addMember(project, { userId: id })
    await api.projects.removeMember(project, id)
    await api.projects.removeMember(project, id)
    expect(await memberIds(project)).toEqual([])
  })

  it('stay where a flag forbids it', async () => {
    await startFake({ manual: { project: false } })
    const [project, id] = [await aProject(), await aMember()]
    const add = api.projects.addMember(project, { userId: id })
    await expect(add).rejects.toMatchObject({ kind: 'forbidden' })
  })
})

describe('a version before mid-2026', () => {
  it('lets members go that are named in the body, because it does not read the query', async () => {
    await startFake({ before2026: true })
    const [id, workspace] = [await aUser(), await api.workspaces.create('W')]
    const project = { id: 7, title: 'P', createdBy: 1, members: new Set([id]) }
    fake.state.projects.set(7, project)
    await api.workspaces.addMember(workspace.id, id)
    await api.workspaces.removeMember(workspace.id, id)
    await api.projects.removeMember(7, id)
    expect(await api.workspaces.hasMember(workspace.id, id)).toBe(false)
    expect([...project.members]).toEqual([])
  })

  it('does not tell whom it skipped, so the members are read', async () => {
    await startFake({ before2026: true })
    const [skipped, added] = [await aUser(), await aUser('bob@example.com')]
    await api.members(1).setRole(added, 'AN')
    fake.state.projects.set(7, { id: 7, title: 'P', createdBy: 1, members: new Set() })
    const answers = [skipped, added].map((userId) => api.projects.addMember(7, { userId }))
    expect(await Promise.all(answers)).toEqual([false, true])
  })
})

it("shows the mappings of Label Studio's own SCIM and SAML", async () => {
  fake.state.scimSettings['roles_groups'] = [['Administrator', 'LS-Admins']]
  expect(await api.settings.scimMapping()).toEqual({
    roles_groups: [['Administrator', 'LS-Admins']],
    workspaces_groups: [],
    projects_groups: [],
    user_type_groups: [],
  })
  expect((await api.settings.saml())?.mapping).toMatchObject({ roles_groups: [] })
})
