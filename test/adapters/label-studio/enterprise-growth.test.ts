import { type EnterpriseWorld, enterpriseWorlds } from './enterprise-world.js'

const start = enterpriseWorlds()
const people = 150
const organization = /^\/api\/organizations\/\d+\/memberships$/

/** Counts the requests that Label Studio got. */
const countIn = (fake: EnterpriseWorld['fake']) => (method: string, path: RegExp) =>
  fake.requests.filter((each) => each.method === method && path.test(each.path)).length

describe('many people in front of Enterprise', () => {
  it('asks for many people at once, in the organization, workspaces and projects (R18)', async () => {
    const { fake, product, saveRules, aProject, aWorkspace, accountId } = await start(
      {},
      { isWorking: false },
    )
    const [project, workspace] = [aProject(), aWorkspace('Vision')]
    await saveRules({
      roles_groups: [['Annotator', 'crew']],
      workspaces_groups: [['Vision', 'crew']],
      projects_groups: [{ project_id: project.id, group: 'crew', role: 'Reviewer' }],
    })
    const ids: string[] = []
    for (let each = 0; each < people; each += 1) {
      const { json } = await product.pushUser({ userName: `person-${each}@example.com` })
      ids.push(json.id)
    }
    await product.drained()

    const sent = countIn(fake)
    const listed = () => ({
      // One page for one person each time.
      project: sent('GET', /^\/api\/projects\/\d+\/members\/paginated/),
      roles: sent('GET', /^\/api\/projects\/\d+\/roles$/),
      workspace: sent('GET', /^\/api\/workspaces\/\d+\/memberships\/paginated/),
      organization: sent('GET', organization),
    })

    fake.requests.length = 0
    const { json: crew } = await product.pushGroup('crew', ids)
    await product.drained()
    const last = accountId(`person-${people - 1}@example.com`)
    expect([project.roleOf(last), workspace.members.size]).toEqual(['RE', people])
    for (const requests of Object.values(listed())) expect(requests).toBeLessThan(people / 2)

    fake.requests.length = 0
    const nobody = [{ op: 'replace', path: 'members', value: [] }]
    await product.patch(`/Groups/${crew.id}`, nobody)
    await product.drained()
    expect(listed().organization).toBeLessThanOrEqual(2 * people)
    expect(listed().project).toBeLessThanOrEqual(people)
  }, 120_000)

  it('shares one list of everybody when people are deactivated whom the search does not find (R18)', async () => {
    const { fake, product, setMember } = await start({}, { isWorking: false })
    const ids: string[] = []
    for (let each = 0; each < 20; each += 1) {
      const userName = `person-${each}@example.com`
      ids.push((await product.pushUser({ userName })).json.id)
    }
    await product.drained()
    for (let each = 0; each < 20; each += 1) {
      setMember({ deletedAt: new Date().toISOString() }, `person-${each}@example.com`)
    }
    fake.requests.length = 0
    const answers = await Promise.all(ids.map((id) => product.setActive(id, false)))
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200))
    expect(countIn(fake)('GET', organization)).toBeLessThan(2 * ids.length)
  }, 60_000)
})

describe('accounts that were just created', () => {
  const rules = (projectId: number) => ({
    roles_groups: [['Annotator', 'crew']] as [['Annotator', string]],
    workspaces_groups: [['Vision', 'crew']] as [[string, string]],
    projects_groups: [{ project_id: projectId, group: 'crew', role: 'Reviewer' as const }],
  })

  it('are members of nothing, so nobody is asked about their memberships', async () => {
    const { fake, product, saveRules, aProject, aWorkspace, accountId } = await start(
      {},
      { isWorking: false },
    )
    const [project, workspace] = [aProject(), aWorkspace('Vision')]
    await saveRules(rules(project.id))
    const ids: string[] = []
    for (let each = 0; each < 20; each += 1) {
      ids.push((await product.pushUser({ userName: `person-${each}@example.com` })).json.id)
    }
    await product.pushGroup('crew', ids)
    await product.drained()
    expect([project.roleOf(accountId('person-7@example.com')), workspace.members.size]).toEqual([
      'RE',
      20,
    ])
    const sent = countIn(fake)
    expect(sent('GET', /memberships\/paginated|members\/paginated/)).toBe(0)
    expect(sent('GET', /^\/api\/projects\/\d+\/$/)).toBe(1)
    expect(sent('GET', /^\/api\/workspaces\/$/)).toBeLessThan(4)
  })

  it('keep what somebody gave them by hand before their groups were pushed', async () => {
    const { push, pushGroup, leave, saveRules, aWorkspace, accountId } = await start()
    const vision = aWorkspace('Vision')
    await saveRules({
      roles_groups: [['Annotator', 'all']],
      workspaces_groups: [['Vision', 'crew']],
      projects_groups: [],
    })
    const id = await push()
    vision.members.add(accountId())
    await pushGroup('all', [id])
    await leave(await pushGroup('crew', [id]), id)
    expect(vision.members.has(accountId())).toBe(true)
  })

  it('are looked for together, also when the list of everybody is old', async () => {
    let now = Date.now()
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now)
    const { fake, product } = await start({}, { isWorking: false })
    const pushSome = async (part: string) => {
      for (let each = 0; each < 32; each += 1) {
        await product.pushUser({ userName: `person-${part}-${each}@example.com` })
      }
    }
    await pushSome('a')
    await product.drained()
    await pushSome('b')
    now += 60_000
    fake.requests.length = 0
    await product.drained().finally(() => clock.mockRestore())
    expect(fake.state.members.size).toBeGreaterThan(64)
    expect(countIn(fake)('GET', organization)).toBeLessThan(10)
  })

  it.each([
    ['a limit', { seatLimit: 30 }],
    ['none', {}],
  ])('are given free seats without a question for each, with %s', async (_, limit) => {
    const { fake, product } = await start({ defaultRole: 'AN', ...limit }, { isWorking: false })
    for (let each = 0; each < 20; each += 1) {
      const { status } = await product.pushUser({ userName: `person-${each}@example.com` })
      expect(status).toBe(201)
    }
    expect(countIn(fake)('GET', /^\/api\/billing\/info/)).toBeLessThan(5)
  })

  it('come into their groups together, with one request for each place', async () => {
    const { fake, product, saveRules, aWorkspace } = await start({}, { isWorking: false })
    const names = ['A', 'B', 'C', 'D', 'E']
    const workspaces = names.map((name) => aWorkspace(name))
    await saveRules({
      roles_groups: [['Annotator', 'A']],
      workspaces_groups: names.map((name) => [name, name]),
      projects_groups: [],
    })
    const ids: string[] = []
    for (let each = 0; each < 64; each += 1) {
      ids.push((await product.pushUser({ userName: `person-${each}@example.com` })).json.id)
    }
    for (const name of names) await product.pushGroup(name, ids)
    fake.requests.length = 0
    await product.drained()
    expect(workspaces.map(({ members }) => members.size)).toEqual(names.map(() => 64))
    const sent = countIn(fake)
    // Twice 32 people, and one more for somebody who comes late.
    expect(sent('POST', /\/memberships\/bulk/)).toBeLessThanOrEqual(3 * names.length)
    expect(sent('GET', organization)).toBe(0)
  })

  it('do not wait long for somebody about whom Label Studio does not answer', async () => {
    const { fake, product, saveRules, aWorkspace } = await start({}, { isWorking: false })
    const workspace = aWorkspace('Vision')
    await saveRules({ ...rules(0), projects_groups: [] })
    const ids: string[] = []
    for (let each = 0; each < 10; each += 1) {
      ids.push((await product.pushUser({ userName: `person-${each}@example.com` })).json.id)
    }
    await product.pushGroup('crew', ids)
    const slow = { kind: 'slow' } as const
    fake.faults.add({ fault: slow, method: 'PATCH', path: /memberships/, times: 1 })
    const startedAt = performance.now()
    product.reconciler.start()
    while (workspace.members.size < 9) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(performance.now() - startedAt).toBeLessThan(8_000)
  }, 60_000)

  it('hear of a project that has just been deleted', async () => {
    const { fake, product, saveRules, aProject, aWorkspace } = await start({}, { isWorking: false })
    const project = aProject()
    aWorkspace('Vision')
    await saveRules(rules(project.id))
    const first = (await product.pushUser({ userName: 'first@example.com' })).json.id
    const { json: crew } = await product.pushGroup('crew', [first])
    await product.drained()
    fake.state.projects.delete(project.id)
    const second = (await product.pushUser({ userName: 'second@example.com' })).json.id
    const value = [{ value: second }]
    await product.patch(`/Groups/${crew.id}`, [{ op: 'add', path: 'members', value }])
    const notes = async () => (await product.record(second))?.notes ?? []
    while ((await notes()).length === 0) await product.drained()
    expect(await notes()).toEqual([
      `There is no project ${project.id} in Label Studio. ` +
        `Not given: Reviewer in project ${project.id}.`,
    ])
  })
})
