import { aSettingsApp } from './support.js'
import { path, signedInPage } from './visitor.js'

const rules = {
  roles_groups: [['Annotator', 'Crew']],
  workspaces_groups: [['Vision', 'Crew']],
  projects_groups: [{ project_id: 7, group: 'Crew', role: 'Reviewer' }],
}

async function aCrew() {
  const visitor = await signedInPage({
    options: { projects: async () => [{ id: 7, title: 'Cats' }] },
  })
  const ada = await visitor.addUser('ada@example.com', { displayName: 'Ada 10' })
  const bob = await visitor.addUser('bob@example.com', { displayName: 'Ada 2' })
  const inner = await visitor.addGroup('Inner', [bob])
  const crew = await visitor.addGroup('Crew', [ada, bob, inner])
  await visitor.post('/api/scim/settings', rules).expect(200)
  return { ...visitor, ada, bob, inner, crew }
}

describe('groups', () => {
  it('have their members and the rules they feed, as people sort', async () => {
    const { get, crew, inner, ada, bob } = await aCrew()
    const { body } = await get('/api/scim/groups')
    expect(body.groups).toMatchObject([
      {
        displayName: 'Crew',
        members: 3,
        gives: ['Annotator', 'workspace "Vision"', 'Reviewer in project 7'],
        rules: ['roles_groups[0]', 'workspaces_groups[0]', 'projects_groups[0]'],
      },
      { displayName: 'Inner', members: 1, rules: [] },
    ])
    const one = await get(`/api/scim/groups?group=${crew.id}`)
    expect(one.body.memberPage).toEqual([
      { id: bob.id, type: 'User', name: 'Ada 2' },
      { id: ada.id, type: 'User', name: 'Ada 10' },
      { id: inner.id, type: 'Group', name: 'Inner' },
    ])
    const page = await get(`/api/scim/groups?group=${crew.id}&limit=1&offset=2`)
    expect(page.body).toMatchObject({ members: 3, memberPage: [{}] })
    await get('/api/scim/groups?group=none').expect(404)
  })

  it('link to their members and rules, and are linked from them', async () => {
    const { visit, crew, inner, ada } = await aCrew()
    const list = await visit(`${path}/groups`)
    expect(list.text).toContain(`href="${path}/groups/${crew.id}"`)
    expect(list.text).toContain(`href="${path}#projects-0"`)
    const group = await visit(`${path}/groups/${crew.id}`)
    expect(group.text).toContain('3 members')
    expect(group.text).toContain(`href="${path}/people/${ada.id}"`)
    expect(group.text).toContain(`href="${path}/groups/${inner.id}"`)
    expect(group.text).toContain('Reviewer in project Cats (7)')
    const editor = await visit(path)
    expect(editor.text.match(new RegExp(`href="${path}/groups/${crew.id}"`, 'g'))).toHaveLength(3)
    const person = await visit(`${path}/people/${ada.id}`)
    expect(person.text).toContain(`href="${path}/groups/${crew.id}"`)
    expect(person.text).toContain(`href="${path}#roles-0"`)
    await visit(`${path}/groups/none`).expect(404)
  })

  it('narrow the list of people, page by page', async () => {
    const { get, visit, ada, bob } = await aCrew()
    const people = async (query: string) => (await get(`/api/scim/people?${query}`)).body
    const { people: crew, totalResults } = await people('group=Crew')
    expect(crew.map(({ id }: { id: string }) => id).sort()).toEqual([ada.id, bob.id].sort())
    expect(totalResults).toBe(2)
    expect((await people('group=Inner')).people).toMatchObject([{ id: bob.id }])
    expect(await people('group=none')).toEqual({ people: [], totalResults: 0 })
    const { text } = await visit(`${path}/people?group=Inner`)
    expect(text).toContain('1 person')
    expect(text).not.toContain('Ada 10')
  })

  it('are read whole only where a store has no pages of members', async () => {
    const app = aSettingsApp({
      change: ({ groups: { countMembers: _, listMembers: __, ...groups }, ...adapters }) => ({
        ...adapters,
        groups,
      }),
    })
    const ada = await app.addUser('ada@example.com', { displayName: 'Ada' })
    const crew = await app.addGroup('Crew', [ada])
    const { body } = await app.get(`/api/scim/groups?group=${crew.id}`)
    expect(body).toMatchObject({ memberPage: [{ id: ada.id, type: 'User', name: 'Ada' }] })
    expect(body.members).toBeUndefined()
  })
})

it('a person’s page draws the way from group through rule to grant', async () => {
  const { visit, ada } = await aCrew()
  const { text } = await visit(`${path}/people/${ada.id}`)
  const picture = /<svg class="way"[\s\S]*?<\/svg>/.exec(text)?.[0] ?? ''
  const titles = [...picture.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title]) => title)
  expect(titles).toEqual([
    'Crew',
    'Organization role rule 1',
    'Workspace rule 1',
    'Project rule 1',
    'organization role Annotator',
    'workspace &quot;Vision&quot;',
    'Reviewer in project Cats (7)',
  ])
  expect(picture.match(/<path /g)).toHaveLength(6)
})

describe('groups whose names differ only in what nobody sees', () => {
  async function alike() {
    const visitor = await signedInPage()
    const ada = await visitor.addUser('ada@example.com')
    await visitor.addGroup('Crew', [ada])
    for (const name of [' Crew', 'Crew\u200b', 'The  Crew', 'A\u00a0Crew'])
      await visitor.addGroup(name)
    await visitor.post('/api/scim/settings', { roles_groups: [['Annotator', 'Crew']] }).expect(200)
    return visitor
  }

  it('look different on the page', async () => {
    const { text } = await (await alike()).visit(`${path}/groups`)
    for (const name of ['>Crew<', '>␣Crew<', '>Crew[U+200B]<', '>The␣␣Crew<', '>A[U+00A0]Crew<']) {
      expect(text).toContain(name)
    }
  })

  it('have their own people, and a blank too many in a search finds the group', async () => {
    const { get } = await alike()
    const total = async (group: string) =>
      (await get(`/api/scim/people?${new URLSearchParams({ group })}`)).body.totalResults
    expect(await total(' Crew')).toBe(0)
    expect(await total('Crew ')).toBe(1)
    expect(await total(' ')).toBe(1)
  })
})
