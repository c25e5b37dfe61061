import { noteEnforcement } from '../../lib/access/index.js'
import type { SettingsSetUp } from './support.js'
import { path, signedInPage } from './visitor.js'

const message = 'Community has no roles: rules are recorded.'
const titles = ['Ants', 'Bees', 'Cows', 'Dogs', 'Emus', 'Fish', 'Cats', 'Hens']
const community: SettingsSetUp = {
  change: (adapters) => ({
    ...adapters,
    workspaceStore: { ...adapters.workspaceStore!, isUsed: async () => true },
    examine: async () => [
      { level: 'ok', code: 'token', message: 'The token works.' },
      { level: 'warning', code: 'roles-not-enforceable', message },
    ],
  }),
  target: { applyAccess: async () => ({ applied: [] }) },
  options: {
    workspaces: async () => [],
    projects: async () => titles.map((title, index) => ({ id: index + 1, title })),
  },
}
const rules = {
  roles_groups: [
    ['Annotator', 'LS-Annotators'],
    ['Manager', 'LS-Leads'],
    ['Administrator', 'LS-Admins'],
  ],
  workspaces_groups: [['Vision', 'LS-Leads']],
  projects_groups: [{ project_id: 7, group: 'LS-Annotators', role: 'Reviewer' }],
}

async function aCrew() {
  const visitor = await signedInPage(community)
  const person = (name: string) =>
    visitor.addUser(`${name.toLowerCase()}@example.com`, { displayName: name })
  const [anna, lead, admin, nobody] = [
    await person('Anna'),
    await person('Lea'),
    await person('Ada'),
    await person('Nils'),
  ]
  await visitor.addGroup('LS-Annotators', [anna])
  await visitor.addGroup('LS-Leads', [lead])
  await visitor.addGroup('LS-Admins', [admin])
  await visitor.post('/api/scim/settings', rules).expect(200)
  const [vision] = (await visitor.get('/api/scim/workspaces')).body.workspaces
  const change = { id: vision.id, addProjects: [2, 3] }
  await visitor.post('/api/scim/workspaces/change', change).expect(200)
  await visitor.reconciler.drain()
  const explain = async ({ id }: { id: string }) =>
    (await visitor.get(`/api/scim/explain?user=${id}`)).body
  const enforce = (mode: 'enforce' | 'report' | 'off') =>
    noteEnforcement(visitor.access, visitor.scope, mode)
  return { ...visitor, anna, lead, admin, nobody, explain, enforce }
}

type Crew = Awaited<ReturnType<typeof aCrew>>
const sentenceFor = async (crew: Crew, who: 'anna' | 'lead' | 'admin' | 'nobody') =>
  (await crew.explain(crew[who])).sees.sentence

describe('what somebody sees in a host whose workspaces are kept here', () => {
  it('is told with the group that gives it', async () => {
    const crew = await aCrew()
    await crew.enforce('enforce')
    expect(await sentenceFor(crew, 'anna')).toBe(
      'Anna sees 1 of 8 projects: Cats (7), because the group "LS-Annotators" gives ' +
        'Reviewer in it.',
    )
    expect(await sentenceFor(crew, 'lead')).toBe(
      'Lea sees 2 of 8 projects: Bees (2), Cows (3), because the group "LS-Leads" gives ' +
        'the workspace "Vision".',
    )
    expect(await sentenceFor(crew, 'admin')).toBe('Ada sees all 8 projects, as an Administrator.')
    expect(await sentenceFor(crew, 'nobody')).toBe('Nils sees none of 8 projects.')
    const { sees } = await crew.explain(crew.anna)
    expect(sees).toMatchObject({
      count: 1,
      total: 8,
      projects: [{ id: 7, title: 'Cats', role: 'Reviewer', because: [{ group: 'LS-Annotators' }] }],
    })
    const { text } = await crew.visit(`${path}/people/${crew.anna.id}`)
    expect(text).toContain('Anna sees 1 of 8 projects: Cats (7)')
  })

  it('includes what a Manager made and nobody has put into a workspace', async () => {
    const crew = await aCrew()
    await crew.enforce('enforce')
    const made = { projectId: 5, creatorId: crew.lead.id }
    await crew.adapters.workspaceStore!.noteCreator(crew.scope, made)
    expect(await sentenceFor(crew, 'lead')).toContain(
      '; Emus (5), because they made it, and it is in no workspace yet.',
    )
  })

  it('is nothing for somebody inactive, or with a membership and no role', async () => {
    const crew = await aCrew()
    await crew.addGroup('Only-Vision', [crew.nobody])
    const workspaces = [...rules.workspaces_groups, ['Vision', 'Only-Vision']]
    await crew.post('/api/scim/settings', { workspaces_groups: workspaces }).expect(200)
    await crew.enforce('enforce')
    expect(await sentenceFor(crew, 'nobody')).toBe('Nils sees none of 8 projects.')
  })

  it('is said as what would be while rules are not in force, with a banner (F6)', async () => {
    const crew = await aCrew()
    for (const mode of [undefined, 'off', 'report'] as const) {
      if (mode) await crew.enforce(mode)
      expect(await sentenceFor(crew, 'anna')).toContain(
        'Anna would see, were the rules in force, 1 of 8 projects',
      )
      const { text } = await crew.visit(path)
      expect(text).toContain('<strong>Recorded, not in force.</strong>')
      expect(text).toContain(mode === 'report' ? 'reports what the rules do not give' : message)
    }
    await crew.enforce('enforce')
    for (const tab of ['', '/people', `/people/${crew.anna.id}`, '/workspaces']) {
      expect((await crew.visit(`${path}${tab}`)).text).not.toContain('not in force')
    }
    expect((await crew.visit(path)).text).toContain('Everybody is up to date')
    const { findings } = (await crew.get('/api/scim/status')).body
    expect(findings.map(({ code }: { code: string }) => code)).toEqual([
      'token',
      'roles-enforced-by-gate',
    ])
  })

  it('says so when the last rule was deleted and nothing is open', async () => {
    const crew = await aCrew()
    const sentence = 'The last rule was deleted, and the gate still enforces'
    const codes = async () => {
      const { findings } = (await crew.get('/api/scim/status')).body
      return findings.map(({ code }: { code: string }) => code)
    }
    await crew.enforce('enforce')
    expect((await crew.visit(path)).text).not.toContain(sentence)
    expect(await codes()).not.toContain('no-rules-left')
    const none = { roles_groups: [], workspaces_groups: [], projects_groups: [] }
    await crew.post('/api/scim/settings?confirmLoss=true', none).expect(200)
    expect((await crew.visit(path)).text).toContain(sentence)
    expect(await codes()).toContain('no-rules-left')
    await crew.enforce('off')
    expect((await crew.visit(path)).text).not.toContain(sentence)
  })

  it('leaves nothing still to do once the gate enforces the rules, and drift agrees (F18)', async () => {
    const crew = await aCrew()
    await crew.enforce('enforce')
    const { applied, outstanding, recorded } = await crew.explain(crew.anna)
    expect({ applied, outstanding, recorded }).toEqual({
      applied: ['organization role Annotator', 'Reviewer in project 7'],
      outstanding: [],
      recorded: [],
    })
    const eve = await crew.addUser('eve@example.com')
    expect((await crew.explain(eve)).outstanding).toEqual(['make the account ready'])
  })

  it('is in the preview, before and after', async () => {
    const crew = await aCrew()
    const input = { workspaces_groups: [...rules.workspaces_groups, ['Vision', 'LS-Annotators']] }
    const { body } = await crew.post('/api/scim/settings/preview', input)
    expect(body.sample).toEqual([
      expect.objectContaining({
        userName: 'anna@example.com',
        sees: { before: 1, after: 3, total: 8 },
      }),
    ])
    const { text } = await crew.send(path, {
      version: '1',
      'roles.role': 'Administrator',
      'roles.group': 'LS-Annotators',
      do: 'preview',
    })
    expect(text).toContain('>1, then 8 of 8</td>')
  })

  it('is not told where the host has workspaces of its own, or lists no projects', async () => {
    for (const options of [{ workspaces: async () => ['Vision'] }, {}]) {
      const { addUser, get } = await signedInPage({ options })
      const { id } = await addUser('anna@example.com')
      expect((await get(`/api/scim/explain?user=${id}`)).body.sees).toBeUndefined()
    }
  })
})

describe('what a policy in report mode would refuse', () => {
  it('is listed by person and path for a week', async () => {
    const crew = await aCrew()
    const at = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString()
    const refusal = { person: crew.anna.id, method: 'GET', path: '/api/projects/1', count: 2 }
    const reason = 'not a member of the project'
    const { refusals } = crew.adapters
    await refusals!.add(crew.scope, [
      { ...refusal, reason, at: at(1) },
      { ...refusal, reason, person: 'x@example.com', path: '/<b>', at: at(2) },
      { ...refusal, reason, path: '/old', at: at(7.5) },
    ])
    const { body } = await crew.get('/api/scim/refusals').expect(200)
    expect(body).toMatchObject({
      totalResults: 2,
      refusals: [
        { userName: 'anna@example.com', path: '/api/projects/1', count: 2, reason },
        { person: 'x@example.com', path: '/<b>' },
      ],
    })
    const { text } = await crew.visit(`${path}/status`)
    expect(text).toContain('<h2 id="refusals-title">Would be refused</h2>')
    expect(text).toContain('<code>GET /api/projects/1</code>')
    expect(text).toContain('/&lt;b&gt;')
    expect(text).not.toContain('/old')
    const paged = await crew.get('/api/scim/refusals?offset=1&limit=1')
    expect(paged.body.refusals).toHaveLength(1)
  })

  it('is nowhere when there is nothing', async () => {
    const { visit, get } = await signedInPage()
    expect((await get('/api/scim/refusals')).body).toEqual({ totalResults: 0, refusals: [] })
    expect((await visit(`${path}/status`)).text).not.toContain('Would be refused')
  })
})
