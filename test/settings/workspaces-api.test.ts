import type { Adapters } from '../../lib/stores/index.js'
import { aSettingsApp } from './support.js'

const path = '/api/scim/workspaces'
const rulesPath = '/api/scim/settings'

/** A host that has no workspaces of its own, and the projects 1 to 9. */
function aHost() {
  const projects = async () =>
    Array.from({ length: 9 }, (_, index) => ({ id: index + 1, title: `Project ${index + 1}` }))
  return aSettingsApp({ options: { projects } })
}

async function made(host: ReturnType<typeof aHost>, title: string, projects: number[] = []) {
  const { body } = await host.post(path, { title, projects }).expect(201)
  return body as { id: string; title: string; projectIds: number[] }
}

describe('workspaces that are kept here', () => {
  it('are made, filled, renamed and removed', async () => {
    const host = aHost()
    const vision = await made(host, 'Vision', [7, 1])
    const text = await made(host, 'Text')
    expect(vision.projectIds).toEqual([1, 7])
    const change = { id: text.id, title: 'Texts', addProjects: [7, 2], removeProjects: [1] }
    const changed = await host.post(`${path}/change`, change).expect(200)
    expect(changed.body).toEqual({ id: text.id, title: 'Texts', projectIds: [2, 7] })
    const all = await host.get(path).expect(200)
    expect(all.body).toEqual({
      workspaces: [changed.body, { ...vision, projectIds: [1] }],
      unplaced: [],
    })
    await host.post(`${path}/delete`, { id: vision.id }).expect(200)
    expect((await host.get(path)).body.workspaces).toEqual([changed.body])
    const { body } = await host.get('/api/scim/audit')
    const told = body.entries.map(({ event, target, detail }: never) => [
      event,
      (target as { name: string }).name,
      detail,
    ])
    expect(told).toEqual([
      ['workspace.deleted', 'Vision', undefined],
      ['workspace.changed', 'Text', '+ project 7; + project 2'],
      ['workspace.changed', 'Texts', 'was "Text"'],
      ['workspace.created', 'Text', undefined],
      ['workspace.changed', 'Vision', '+ project 7; + project 1'],
      ['workspace.created', 'Vision', undefined],
    ])
  })

  it.each([
    [{ title: '' }, 400],
    [{ title: ' Vision' }, 400],
    [{ title: 'Vis\nion' }, 400],
    [{ title: 'x'.repeat(256) }, 400],
    [{ title: 'Vision' }, 409],
    [{ title: 'New', projects: [99] }, 400],
    [{ title: 'New', projects: ['7'] }, 400],
    [{ title: 'New', color: 'red' }, 400],
    [[], 400],
  ])('refuse %j with %i', async (body, status) => {
    const host = aHost()
    await made(host, 'Vision')
    await host.post(path, body).expect(status)
  })

  it('are not found where there are none', async () => {
    const host = aHost()
    await host.post(`${path}/change`, { id: 'none', title: 'New' }).expect(404)
    await host.post(`${path}/delete`, { id: 'none' }).expect(404)
  })

  it('are made by a rule that names them (F7)', async () => {
    const host = aHost()
    await host.post(rulesPath, { workspaces_groups: [['Vision', 'LS-Annotators']] }).expect(200)
    const { body } = await host.get(path)
    expect(body.workspaces).toEqual([{ id: expect.any(String), title: 'Vision', projectIds: [] }])
    const refused = await host.post(rulesPath, { workspaces_groups: [[' Vision', 'Crew']] })
    expect(refused.status).toBe(400)
    expect(refused.body.validation_errors).toEqual({
      'workspaces_groups[0]': ['The title of the workspace begins or ends with a space.'],
    })
  })

  it('take their rules along to a new title, and are not removed while rules name them', async () => {
    const host = aHost()
    await host.post(rulesPath, { workspaces_groups: [['Vision', 'Crew']] }).expect(200)
    const [vision] = (await host.get(path)).body.workspaces
    await host.post(`${path}/change`, { id: vision.id, title: 'Sight' }).expect(200)
    expect((await host.get(rulesPath)).body.workspaces_groups).toEqual([['Sight', 'Crew']])
    const refused = await host.post(`${path}/delete`, { id: vision.id }).expect(409)
    expect(refused.body.detail).toBe('A rule names this workspace: nobody would be in it any more.')
  })

  it('take their rules along in one step, whatever else is saved meanwhile', async () => {
    const host = aHost()
    await host.post(rulesPath, { workspaces_groups: [['Vision', 'Crew']] }).expect(200)
    const [vision] = (await host.get(path)).body.workspaces
    const answers = await Promise.all([
      host.post(`${path}/change`, { id: vision.id, title: 'Sight' }),
      host.post(rulesPath, { roles_groups: [['Annotator', 'Crew']] }),
    ])
    expect(answers.map(({ status }) => status)).toContain(200)
    const rules = (await host.get(rulesPath)).body.workspaces_groups
    const titles = (await host.get(path)).body.workspaces.map(({ title }: never) => title)
    expect(rules).toEqual([[titles[0], 'Crew']])
    const { body } = await host.get('/api/scim/audit')
    const [last, before] = body.entries.map(({ event }: { event: string }) => event)
    expect([last, before]).toContain('rules.saved')
  })

  it('do not exist where the host lists its own', async () => {
    const listing = aSettingsApp({ options: { workspaces: async () => ['Vision'] } })
    await listing.get(path).expect(404)
    await listing.post(rulesPath, { workspaces_groups: [['Other', 'Crew']] }).expect(400)
    const change = (adapters: Adapters) => ({
      ...adapters,
      workspaceStore: { ...adapters.workspaceStore!, isUsed: async () => false },
    })
    const other = aSettingsApp({ change })
    await other.post(path, { title: 'Vision' }).expect(404)
  })

  it('belong to their tenant', async () => {
    const host = aHost()
    await made(host, 'Vision')
    const { body } = await host.get(path, 'admin-token-of-another-tenant')
    expect(body.workspaces).toEqual([])
  })
})
