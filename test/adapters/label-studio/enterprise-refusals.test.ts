import type { FakeOptions } from '../../support/fake-label-studio/index.js'
import { ann, enterpriseWorlds } from './enterprise-world.js'
import type { ProductOptions } from './product.js'

const start = enterpriseWorlds()
const crew = { roles_groups: [['Annotator', 'crew']] } as const

describe('an address', () => {
  it('that Enterprise cannot change is refused before anything is stored (S-ATO-03)', async () => {
    const { product, push, fake } = await start()
    const id = await push()
    const other = [{ value: 'other@example.com', primary: true }]
    const { json: before } = await product.scim('GET', `/Users/${id}`)
    for (const answer of [
      await product.patch(`/Users/${id}`, [{ op: 'add', path: 'emails', value: other }]),
      await product.scim('PUT', `/Users/${id}`, { ...before, userName: 'other@example.com' }),
    ]) {
      expect(answer.status).toBe(400)
      expect(answer.json).toMatchObject({ scimType: 'mutability' })
      expect(answer.json.detail).toMatch(/e-mail address of an account cannot be changed/)
    }
    expect((await product.scim('GET', `/Users/${id}`)).json).toEqual(before)
    await fake.kill()
    const late = await product.patch(`/Users/${id}`, [{ op: 'add', path: 'emails', value: other }])
    expect(late.json).toMatchObject({ scimType: 'mutability' })
    await fake.restart()
  })

  it('of a removed member is refused with what to do: its API cannot bring them back', async () => {
    const { product, push, setMember } = await start()
    const id = await push()
    setMember({ deletedAt: new Date().toISOString() })
    await product.adapters.importer.run()
    await product.drained()
    expect(await product.failedBecause(id)).toMatch(
      /was removed from the organization in Label Studio, and its API cannot bring it back/,
    )
    expect(await product.adapters.importer.run()).toMatchObject({ drifted: 0 })
    expect((await product.setActive(id, false)).status).toBe(200)
  })

  it('of somebody removed before SCIM is refused in the same way', async () => {
    const { product, byHand, setMember } = await start()
    byHand(ann, 'AN')
    setMember({ deletedAt: new Date().toISOString() })
    const pushed = await product.pushUser({ userName: ann })
    await product.drained()
    expect(await product.failedBecause(pushed.json.id)).toBe(
      'The e-mail address belongs to an account in Label Studio that was removed or is of ' +
        'another organization.',
    )
  })
})

describe('a MANUAL_* flag', () => {
  const limited = (manual: FakeOptions['manual'], more: ProductOptions = {}) =>
    start({ defaultRole: 'AN', ...(manual && { manual }) }, more)
  it.each([400, 403] as const)(
    'that keeps roles from the API is named, and nothing is acknowledged (%d)',
    async (status) => {
      const { product, push, fake } = await limited({ role: false, status })
      const id = await push()
      const answer = await product.setActive(id, false)
      expect([answer.status, answer.json.scimType]).toEqual([503, undefined])
      const [entry] = await product.adapters.access.listPending(
        { tenant: 'default', actor: 't', requestId: 'r', signal: AbortSignal.timeout(1000) },
        { offset: 0, limit: 5 },
      )
      expect(entry?.lastError).toMatch(/MANUAL_ROLE_MANAGEMENT=0 keeps the API from changing/)
      Object.assign(fake.options, { manual: {} })
      await product.setActive(id, false)
      expect((await product.record(id))?.enforced).toBe('deprovisioned')
    },
  )

  it.each([
    ['workspace', 400, /MANUAL_WORKSPACE_MANAGEMENT=0/],
    ['workspace', 403, /MANUAL_WORKSPACE_MANAGEMENT=0/],
    ['project', 403, /MANUAL_PROJECT_MEMBER_MANAGEMENT must not be 0/],
  ] as const)('of %s is named (%d)', async (flag, status, words) => {
    const { product, push, pushGroup, saveRules, aProject, aWorkspace } = await limited({
      [flag]: false,
      status,
    })
    aWorkspace('Vision')
    await saveRules(
      flag === 'workspace'
        ? { workspaces_groups: [['Vision', 'crew']] }
        : { projects_groups: [{ project_id: aProject().id, group: 'crew', role: 'Inherit' }] },
    )
    const id = await push()
    await pushGroup('crew', [id])
    const [entry] = await product.adapters.access.pendingOf(
      { tenant: 'default', actor: 't', requestId: 'r', signal: AbortSignal.timeout(1000) },
      [id],
    )
    expect(entry?.lastError).toMatch(words)
    expect(entry?.failed).toBe(false)
  })
})

it('says that the settings of SAML keep roles from changing, whatever the flag is', async () => {
  const { product, push, pushGroup, saveRules, fake } = await start(
    { manual: { status: 400 } },
    { isWorking: false },
  )
  fake.state.samlSettings['manual_role_management'] = false
  await saveRules(crew)
  const id = await push()
  await pushGroup('crew', [id])
  const [entry] = await product.adapters.access.pendingOf(
    { tenant: 'default', actor: 't', requestId: 'r', signal: AbortSignal.timeout(1000) },
    [id],
  )
  expect(entry).toMatchObject({ failed: false, lastError: expect.stringMatching(/SAML settings/) })
  const findings = await product.adapters.examine()
  expect(findings.map(({ code }) => code)).toContain('saml-manual-roles')
})

describe('another organization of the owner', () => {
  it('is left alone, and nobody counts as put out of the first one meanwhile', async () => {
    const more = { isWorking: false, reconciler: { maxRetryAfterMs: 20 } }
    const { fake, product, push, roleOf, startAgain } = await start({ defaultRole: 'AN' }, more)
    const id = await push()
    const owner = fake.state.users.get(1)
    if (owner === undefined) throw new Error('There is no owner.')
    owner.activeOrganization = 2
    const next = await startAgain({ storage: product.adapters, ...more })
    const people = fake.state.users.size
    await next.setActive(id, false)
    await next.pushUser({ userName: 'ben@example.com' })
    await next.drained()
    expect([roleOf(), fake.state.users.size]).toEqual(['AN', people])
    expect((await next.record(id))?.enforced).toBe('active')
    await expect(next.adapters.importer.run()).rejects.toThrow(/changed to organization 2/)
    owner.activeOrganization = 1
    await next.setActive(id, false)
    await next.drained()
    expect([roleOf(), (await next.record(id))?.enforced]).toEqual(['DI', 'deprovisioned'])
  })

  it('gets no account from here, seconds after the owner has changed to it', async () => {
    let now = 0
    const { fake, product, push } = await start(
      {},
      { isWorking: false, adapters: { clock: () => now } },
    )
    await push()
    const people = fake.state.users.size
    const owner = fake.state.users.get(1)
    if (owner === undefined) throw new Error('There is no owner.')
    owner.activeOrganization = 2
    now = 6_000
    const ben = await product.pushUser({ userName: 'ben@example.com' })
    await product.drained()
    expect(fake.state.users.size).toBe(people)
    const [entry] = await product.adapters.access.pendingOf(
      { tenant: 'default', actor: 't', requestId: 'r', signal: AbortSignal.timeout(1000) },
      [ben.json.id],
    )
    expect(entry?.lastError).toMatch(/changed to organization 2/)
  })
})

describe('somebody removed from the organization', () => {
  it.each([true, false])('is out, whether the list has them or not (%s)', async (listsRemoved) => {
    const world = await start({ defaultRole: 'AN', listsRemoved }, { isWorking: false })
    const { product, push, setMember, fake } = world
    const id = await push()
    setMember({ deletedAt: new Date().toISOString() })
    fake.requests.length = 0
    await product.setActive(id, false)
    await product.drained()
    expect((await product.record(id))?.enforced).toBe('deprovisioned')
    expect(fake.requests.filter(({ method }) => method === 'PATCH')).toEqual([])
  })
})

describe('seats', () => {
  it('that are all taken refuse a new person whom the default role would give one', async () => {
    const { product, push } = await start({ defaultRole: 'AN', seatLimit: 2 })
    await push()
    const answer = await product.pushUser({
      userName: 'ben@example.com',
      password: 'Long-passw0rd',
    })
    expect(answer.status).toBe(409)
    expect(answer.json.detail).toBe(
      'No seat is left in Label Studio: 2 of 2 are taken. Free one, or buy more.',
    )
    expect((await product.lookUp('ben@example.com')).json.totalResults).toBe(0)
  })

  it('that are all taken let a person wait, who gets one as soon as it is free', async () => {
    const { product, push, pushGroup, saveRules, roleOf } = await start({ seatLimit: 2 })
    await saveRules(crew)
    const first = await push()
    const second = await push({ userName: 'ben@example.com' })
    await pushGroup('crew', [first, second])
    const waiting = roleOf() === 'NO' ? ann : 'ben@example.com'
    expect([roleOf(), roleOf('ben@example.com')].sort()).toEqual(['AN', 'NO'])
    await product.setActive(waiting === ann ? second : first, false)
    const end = Date.now() + 5_000
    while (roleOf(waiting) !== 'AN' && Date.now() < end) await product.drained()
    expect(roleOf(waiting)).toBe('AN')
  })
})

it('gives somebody with a flex seat their role, although all standard seats are taken', async () => {
  const { push, pushGroup, saveRules, byHand, fake, roleOf } = await start({ seatLimit: 1 })
  const account = byHand(ann, 'NO')
  Object.assign(fake.state.members.get(account) ?? {}, { userType: 'flex' })
  await saveRules(crew)
  await pushGroup('crew', [await push()])
  expect(roleOf()).toBe('AN')
})

describe('a process that ends in the middle', () => {
  it.each([
    ['before it was given', { kind: 'down' }],
    ['after it was given', { kind: 'dropped' }],
  ] as const)('leaves a membership in the ledger, unconfirmed, %s', async (_name, fault) => {
    const { fake, product, push, pushGroup, saveRules, leave, startAgain, aWorkspace, aProject } =
      await start(
        { defaultRole: 'AN' },
        { isWorking: false, adapters: { retries: 0 }, reconciler: { maxRetryAfterMs: 60_000 } },
      )
    const [workspace, project] = [aWorkspace('Vision'), aProject()]
    await saveRules({
      workspaces_groups: [['Vision', 'crew']],
      projects_groups: [{ project_id: project.id, group: 'crew', role: 'Reviewer' }],
    })
    const id = await push()
    fake.faults.add({ fault, method: 'POST', path: /\/members\/bulk\/$/, times: 1 })
    const group = await pushGroup('crew', [id])
    const applied = (await product.record(id))?.applied
    expect(applied).toEqual([
      { kind: 'workspace', title: 'Vision', workspaceId: expect.any(Number), unconfirmed: true },
      { kind: 'project', projectId: project.id, role: 'Reviewer', unconfirmed: true },
    ])
    const next = await startAgain({ storage: product.adapters, isWorking: false })
    await next.adapters.access.mark(
      { tenant: 'default', actor: 't', requestId: 'r', signal: AbortSignal.timeout(1000) },
      [id],
    )
    await next.drained()
    expect((await next.record(id))?.applied).toEqual([
      { kind: 'workspace', title: 'Vision', workspaceId: expect.any(Number) },
      { kind: 'project', projectId: project.id, role: 'Reviewer' },
    ])
    await leave(group, id)
    expect([
      workspace.members.size,
      project.has(Number((await next.record(id))?.account?.id)),
    ]).toEqual([0, false])
  })

  it('keeps the ledger of an account that changes hands', async () => {
    const { product, push, pushGroup, saveRules, aWorkspace, startAgain } = await start(
      { defaultRole: 'AN' },
      { isWorking: false, adapters: { adopt: 'none' } },
    )
    const workspace = aWorkspace('Vision')
    await saveRules({ workspaces_groups: [['Vision', 'crew']] })
    const first = await push()
    await pushGroup('crew', [first])
    await product.scim('DELETE', `/Users/${first}`)
    expect(workspace.members.size).toBe(1)
    const pushed = await product.pushUser({ userName: ann })
    const id = pushed.json.id as string
    const { access } = product.adapters
    const saveRecord = access.saveRecord.bind(access)
    let saved = 0
    const dying = {
      ...product.adapters,
      access: Object.assign(Object.create(access), {
        async saveRecord(...args: Parameters<typeof saveRecord>) {
          saved += 1
          if (saved > 1) throw new Error('The process ended.')
          return saveRecord(...args)
        },
      }),
    }
    const ended = await startAgain({
      storage: dying,
      isWorking: false,
      adapters: { adopt: 'none' },
      reconciler: { maxAttempts: 1 },
    })
    await ended.drained()
    expect((await product.record(id))?.applied).toEqual([
      { kind: 'workspace', title: 'Vision', workspaceId: expect.any(Number) },
    ])
    const next = await startAgain({
      storage: product.adapters,
      isWorking: false,
      adapters: { adopt: 'none' },
    })
    await access.retry({
      tenant: 'default',
      actor: 't',
      requestId: 'r',
      signal: AbortSignal.timeout(1000),
    })
    await next.drained()
    expect(await next.record(id)).toMatchObject({ enforced: 'active', applied: [] })
    expect(workspace.members.size).toBe(0)
  })
})
