import { path, signedInPage } from './visitor.js'

const page = `${path}/workspaces`
const projects = async () => [
  { id: 7, title: 'Cats' },
  { id: 8, title: 'Dogs <b>' },
]

async function anOffice(options: object = { projects }) {
  const visitor = await signedInPage({ options })
  const make = (title: string) => visitor.send(page, { do: 'create', title })
  const all = async () => (await visitor.get('/api/scim/workspaces')).body.workspaces
  return { ...visitor, make, all }
}

describe('the page of workspaces', () => {
  it('makes, renames and removes workspaces, and says what it cannot do', async () => {
    const { make, all, send } = await anOffice()
    expect((await make(' Vision ')).text).toContain('The workspace &quot;Vision&quot; was made.')
    const taken = await make('Vision')
    expect(taken.status).toBe(409)
    expect(taken.text).toContain('There is a workspace &quot;Vision&quot; already.')
    expect((await make('')).status).toBe(400)
    const [{ id }] = await all()
    const renamed = await send(page, { do: 'rename', id, title: 'Sight' })
    expect(renamed.text).toContain('called &quot;Sight&quot; now')
    expect((await send(page, { do: 'remove', id: 'none' })).status).toBe(404)
    await send(page, { do: 'remove', id })
    expect(await all()).toEqual([])
    expect((await send(page, { do: 'other' })).status).toBe(400)
  })

  it('moves the projects whose choice was changed, and leaves the others alone', async () => {
    const { make, all, send, adapters, scope } = await anOffice()
    await make('A')
    await make('B')
    const [a, b] = await all()
    const form = { do: 'place', project: ['7', '8'], before: ['', ''], workspace: [a.id, ''] }
    // Somebody else moves the other one meanwhile.
    await adapters.workspaceStore!.putProjects(scope, b.id, [8])
    expect((await send(page, form)).text).toContain('1 project was moved.')
    expect((await all()).map((each: typeof a) => each.projectIds)).toEqual([[7], [8]])
    await send(page, { do: 'place', project: ['7'], before: [a.id], workspace: [''] })
    expect((await all()).map((each: typeof a) => each.projectIds)).toEqual([[], [8]])
  })

  it('shows first what waits for a workspace, by title and who made it', async () => {
    const { make, visit, adapters, scope, addUser } = await anOffice()
    await make('A')
    const lead = await addUser('lead@example.com')
    await adapters.workspaceStore!.noteCreator(scope, { projectId: 7, creatorId: lead.id })
    const { text } = await visit(page)
    expect(text).toContain('Made by lead@example.com, waits for a workspace')
    expect(text.indexOf('Cats')).toBeLessThan(text.indexOf('Dogs &lt;b&gt;'))
    const found = await visit(`${page}?search=dogs&only=none`)
    expect(found.text).not.toContain('Cats')
    expect(found.text).toContain('Dogs &lt;b&gt;')
  })

  it('takes numbers where the host does not list its projects', async () => {
    const { make, all, send, visit } = await anOffice({})
    await make('A')
    const [{ id }] = await all()
    expect((await visit(page)).text).toContain('Put into the workspace')
    await send(page, { do: 'put', number: '12', workspace: id })
    expect((await all())[0].projectIds).toEqual([12])
    expect((await send(page, { do: 'put', number: 'x', workspace: id })).status).toBe(400)
  })

  it('says in the preview which workspaces saving makes', async () => {
    const { make, send, post } = await anOffice()
    await make('A')
    const rule = (title: string) => ({
      version: '0',
      'workspaces.title': title,
      'workspaces.group': 'Crew',
    })
    const fresh = await send(path, { ...rule('B'), do: 'preview' })
    expect(fresh.text).toContain('Saving makes the workspace <q>B</q>')
    const known = await send(path, { ...rule('A'), do: 'preview' })
    expect(known.text).not.toContain('Saving makes')
    const { body } = await post('/api/scim/settings/preview', {
      workspaces_groups: [
        ['A', 'Crew'],
        ['B', 'Crew'],
      ],
    })
    expect(body.newWorkspaces).toEqual(['B'])
  })

  it('is not there where the host has workspaces of its own', async () => {
    const { visit } = await anOffice({ workspaces: async () => ['A'] })
    expect((await visit(path)).text).not.toContain(page)
    expect((await visit(page)).status).toBe(404)
  })
})
