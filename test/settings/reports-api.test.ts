import request from 'supertest'
import { contactRecorder, createReconciler } from '../../lib/access/index.js'
import { UnavailableError } from '../../lib/stores/index.js'
import { someRules } from '../access/world.js'
import { adminToken, aSettingsApp } from './support.js'

const crewRules = someRules({
  roles_groups: [
    ['Annotator', 'Crew'],
    ['Manager', 'Leads'],
  ],
  workspaces_groups: [['Vision', 'Crew']],
})

async function aCrew(setUp: Parameters<typeof aSettingsApp>[0] = {}) {
  const app = aSettingsApp(setUp)
  const ada = await app.addUser('ada@example.com', { displayName: 'Ada L.' })
  const bob = await app.addUser('bob@example.com')
  const crew = await app.addGroup('Crew', [ada, bob])
  const leads = await app.addGroup('Leads', [ada])
  await app.post('/api/scim/settings', crewRules).expect(200)
  await app.reconciler.drain()
  return { ...app, ada, bob, crew, leads }
}

describe('POST /api/scim/settings/preview', () => {
  it('tells who would change how, and changes nothing', async () => {
    const { get, post, ada, bob, host } = await aCrew()
    host.calls.length = 0

    const { body } = await post('/api/scim/settings/preview', {
      roles_groups: [['Manager', 'Leads']],
      workspaces_groups: [['Vision', 'Leads']],
    })

    expect(body).toMatchObject({
      groups: ['Crew', 'Leads'],
      people: 2,
      changed: 1,
      losingAccess: 1,
      lossShare: 0.5,
      warning: '1 person loses all access: 50% of those who have it now.',
      sample: [
        {
          id: bob.id,
          losesAccess: true,
          granted: [],
          revoked: ['organization role Annotator', 'workspace "Vision"'],
        },
      ],
    })
    expect(JSON.stringify(body.sample)).not.toContain(ada.id)
    expect((await get('/api/scim/settings')).body).toEqual(crewRules)
    expect(host.calls).toEqual([])
  })

  it('says that nothing changes, without looking at anybody, when no rule does', async () => {
    const { post } = await aCrew()
    const { body } = await post('/api/scim/settings/preview', crewRules)
    expect(body).toMatchObject({ groups: [], people: 0, changed: 0, sample: [] })
  })

  it('does not warn of a share that the host finds normal', async () => {
    const { post } = await aCrew({ options: { lossWarningShare: 0.5 } })
    const { body } = await post('/api/scim/settings/preview', {
      roles_groups: [['Manager', 'Leads']],
    })
    expect(body.losingAccess).toBe(1)
    expect(body.warning).toBeUndefined()
  })

  it('counts everybody of a large tenant and lists a sample, those who lose access first', async () => {
    const { post, addUser, addGroup, reconciler } = await aCrew()
    const many = []
    for (let index = 0; index < 1_200; index++) many.push(await addUser(`u${index}@example.com`))
    await addGroup('Many', many)
    const leaving = await addUser('leaving@example.com')
    await addGroup('Leaving', [leaving])
    await post('/api/scim/settings', {
      roles_groups: [...crewRules.roles_groups, ['Annotator', 'Many'], ['Annotator', 'Leaving']],
    })
    await reconciler.drain()

    const { body } = await post('/api/scim/settings/preview', {
      roles_groups: [...crewRules.roles_groups, ['Reviewer', 'Many']],
    })

    expect(body).toMatchObject({ people: 1_203, changed: 1_201, granted: 1_200, losingAccess: 1 })
    expect(body.sample).toHaveLength(50)
    expect(body.sample[0].userName).toBe('leaving@example.com')
  })

  it('marks those whom the host protects', async () => {
    const owner = { kind: 'protected', reason: 'Owns the organization.' } as const
    const exemptions = async (_scope: unknown, people: readonly { userName: string }[]) =>
      people.map(({ userName }) => (userName === 'bob@example.com' ? owner : undefined))
    const { post } = await aCrew({ target: { exemptions } })
    const { body } = await post('/api/scim/settings/preview', { roles_groups: [] })
    const protections = body.sample.map((person: { protection?: string }) => person.protection)
    expect(protections.sort()).toEqual(['Owns the organization.', undefined])
  })

  it('counts the roles that values of users give (roles_users), which no draft changes', async () => {
    const { post, addUser, bob, reconciler } = await aCrew({
      policy: { roles_users: [['Reviewer', 'LS.Reviewer']] },
    })
    const value = { roles: [{ value: 'LS.Reviewer' }] }
    const eve = await addUser('eve@example.com', value)
    await reconciler.drain()
    const { body } = await post('/api/scim/settings/preview', {
      roles_groups: [['Manager', 'Leads']],
    })
    // Bob has nothing but the group; Eve has her value.
    expect(body).toMatchObject({ changed: 1, losingAccess: 1 })
    expect(body.sample).toMatchObject([{ id: bob.id, losesAccess: true }])
    expect(JSON.stringify(body.sample)).not.toContain(eve.id)
  })

  it('does not count somebody out whom such a value keeps in', async () => {
    const { post, addUser, addGroup, reconciler } = await aCrew({
      policy: { roles_users: [['Reviewer', 'LS.Reviewer']] },
    })
    const eve = await addUser('eve@example.com', { roles: [{ value: 'LS.Reviewer' }] })
    await addGroup('Editors', [eve])
    const rules = [...crewRules.roles_groups, ['Manager', 'Editors']]
    await post('/api/scim/settings', { ...crewRules, roles_groups: rules }).expect(200)
    await reconciler.drain()
    const { body } = await post('/api/scim/settings/preview', crewRules)
    expect(body).toMatchObject({ changed: 1, losingAccess: 0 })
    expect(body.sample).toMatchObject([
      {
        id: eve.id,
        losesAccess: false,
        granted: ['organization role Reviewer'],
      },
    ])
  })

  it('judges drafts as saving would', async () => {
    const { post } = await aCrew()
    await post('/api/scim/settings/preview', { roles_groups: [['Owner', 'Crew']] }).expect(400)
  })
})

describe('GET /api/scim/explain', () => {
  it('tells through which group and rule somebody has what, and what was outranked', async () => {
    const { get, ada } = await aCrew()
    const { body } = await get(`/api/scim/explain?user=${ada.id}`)
    expect(body).toMatchObject({
      userName: 'ada@example.com',
      displayName: 'Ada L.',
      standing: 'active',
      access: { active: true, role: 'Manager', workspaces: ['Vision'] },
      applied: ['organization role Manager', 'workspace "Vision"'],
      outstanding: [],
    })
    const why = body.reasons.map((reason: Record<string, unknown>) => [
      reason['gives'],
      reason['group'],
      reason['rule'],
      reason['outranked'],
    ])
    expect(why).toEqual([
      ['organization role Annotator', 'Crew', 'roles_groups[0]', true],
      ['organization role Manager', 'Leads', 'roles_groups[1]', false],
      ['workspace "Vision"', 'Crew', 'workspaces_groups[0]', false],
    ])
  })

  it('finds somebody by address, and answers 404 for nobody and 400 for neither', async () => {
    const { get, bob } = await aCrew()
    const found = await get('/api/scim/explain?email=Bob@Example.com')
    expect(found.body.id).toBe(bob.id)
    await get('/api/scim/explain?user=nobody').expect(404)
    await get('/api/scim/explain?email=nobody@example.com').expect(404)
    await get('/api/scim/explain').expect(400)
  })

  it('tells what is still to be done in the host, and why it was not', async () => {
    const { get, host, bob, leads, changeMembers, adapters } = await aCrew()
    host.haveTrouble(() => {
      throw new UnavailableError('Connection refused.')
    })
    await changeMembers(leads, { add: [bob] })
    await createReconciler(adapters).drain()

    const { body } = await get(`/api/scim/explain?user=${bob.id}`)

    expect(body).toMatchObject({
      standing: 'pending',
      lastError: 'The host is unavailable. Connection refused.',
      outstanding: ['grant organization role Manager'],
    })
  })
})

describe('GET /api/scim/status', () => {
  it('counts who waits and who has failed, with the last error and contact', async () => {
    const now = new Date('2026-03-01T10:00:30Z')
    const { get, post, host, addUser, adapters, access, scope, reconciler } = await aCrew()
    const contact = contactRecorder({ access }, () => now)
    const client = { tenant: scope.tenant, name: 'okta' }
    await contact(client, 'r1')
    const eve = await addUser('eve@example.com')
    host.haveTrouble(() => {
      throw new TypeError('x')
    })
    await createReconciler(adapters, { maxAttempts: 1 }).drain()
    await addUser('waiting@example.com')

    const { body } = await get('/api/scim/status')
    expect(body).toMatchObject({
      pending: 1,
      failed: 1,
      fanningOut: 0,
      rulesVersion: '1',
      lastContact: '2026-03-01T10:00:30.000Z',
      reconciler: 'notHere',
      lastError: { userId: eve.id },
      failedPeople: [{ userId: eve.id, userName: 'eve@example.com', attempts: 1 }],
    })

    host.haveTrouble(() => {})
    const retried = await post('/api/scim/retry', { users: [eve.id] })
    expect(retried.body).toEqual({ retried: 1 })
    await reconciler.drain()
    expect((await get('/api/scim/status')).body).toMatchObject({ pending: 0, failed: 0 })
  })

  it('says what the host allows, as far as it can tell', async () => {
    const finding = { level: 'error', code: 'token-refused', message: 'Create a token.' } as const
    const { get } = aSettingsApp({
      change: (adapters) => ({ ...adapters, examine: async () => [finding] }),
    })
    expect((await get('/api/scim/status')).body.findings).toEqual([finding])
    expect((await aSettingsApp().get('/api/scim/status')).body.findings).toEqual([])
  })

  it('writes the last contact at most once a minute for each tenant', async () => {
    const { access, scope } = await aCrew()
    let now = new Date('2026-03-01T10:00:00Z')
    let writes = 0
    const counting = {
      ...access,
      setValue: async (...parameters: Parameters<typeof access.setValue>) => {
        writes += 1
        return access.setValue(...parameters)
      },
    }
    const contact = contactRecorder({ access: counting }, () => now)
    const client = { tenant: scope.tenant, name: 'okta' }
    for (let call = 0; call < 100; call++) await contact(client, 'r1')
    expect(writes).toBe(1)
    await contact({ ...client, tenant: 'other' }, 'r2')
    now = new Date('2026-03-01T10:01:00Z')
    await contact(client, 'r1')
    expect(writes).toBe(3)
  })

  it('says whether a reconciler runs here', async () => {
    const { adapters } = await aCrew()
    const reconciler = createReconciler(adapters)
    const { get } = aSettingsApp({ options: { reconciler } })
    expect((await get('/api/scim/status')).body.reconciler).toBe('stopped')
    reconciler.start()
    expect((await get('/api/scim/status')).body.reconciler).toBe('running')
    await reconciler.stop()
  })
})

describe('GET /api/scim/drift', () => {
  it('tells what is missing, different, or there by hand', async () => {
    const { get, host, ada, bob } = await aCrew()
    host.people.set(ada.id, { active: true, grants: [{ kind: 'role', role: 'Reviewer' }] })
    const byHand = { kind: 'workspace', title: 'By hand' } as const
    host.people.set(bob.id, {
      active: true,
      grants: [...host.people.get(bob.id)!.grants, byHand],
    })

    const { body } = await get('/api/scim/drift')

    expect(body).toMatchObject({ supported: true, compared: 2 })
    expect(body.people).toEqual([
      {
        id: ada.id,
        userName: 'ada@example.com',
        missing: ['workspace "Vision"'],
        different: ['organization role Manager, is organization role Reviewer'],
        byHand: [],
        stillActive: false,
      },
      expect.objectContaining({ id: bob.id, missing: [], byHand: ['workspace "By hand"'] }),
    ])
  })

  it('tells of somebody who should have no access and has some', async () => {
    const { get, host, ada, changeUser } = await aCrew()
    const grants = host.people.get(ada.id)!.grants
    await changeUser(ada, { active: false })
    host.people.set(ada.id, { active: true, grants })
    const { body } = await get(`/api/scim/drift?user=${ada.id}`)
    expect(body.people[0]).toMatchObject({ stillActive: true })
  })

  it('is mended by applying again', async () => {
    const { get, post, host, ada, reconciler } = await aCrew({
      target: {
        applyAccess: async (_scope, user, access) => {
          const role = { kind: 'role', role: access.role ?? 'Annotator' } as const
          host.people.set(user.id, { active: true, grants: [role] })
          return { applied: [role] }
        },
        currentAccess: async (_scope, user) => ({ applied: host.people.get(user.id)!.grants }),
      },
    })
    await post('/api/scim/settings', { workspaces_groups: [] })
    await reconciler.drain()
    host.people.set(ada.id, { active: true, grants: [] })
    expect((await get('/api/scim/drift')).body.people).toHaveLength(1)

    await post('/api/scim/reapply', { users: [ada.id] }).expect(200)
    await reconciler.drain()

    expect((await get('/api/scim/drift')).body.people).toEqual([])
    await post('/api/scim/reapply', {}).expect(400)
    await post('/api/scim/reapply', { users: [1] }).expect(400)
  })

  it('goes page by page, and says so where the host cannot tell', async () => {
    const { get } = await aCrew()
    const first = await get('/api/scim/drift?limit=1')
    expect(first.body).toMatchObject({ compared: 1, nextOffset: 1 })
    const last = await get('/api/scim/drift?limit=1&offset=1')
    expect(last.body.nextOffset).toBeUndefined()

    const blind = aSettingsApp({
      change: ({ users: { currentAccess: _, ...users }, ...rest }) => ({ ...rest, users }),
    })
    expect((await blind.get('/api/scim/drift')).body.supported).toBe(false)
  })

  it('answers 503 when the host does not answer', async () => {
    const currentAccess = async () => {
      throw new Error('secret of the host')
    }
    const { get } = await aCrew({ target: { currentAccess } })
    const { status, text } = await get('/api/scim/drift')
    expect(status).toBe(503)
    expect(text).not.toContain('secret')
  })
})

describe('GET /api/scim/seats', () => {
  it('tells used and most seats, or that the host does not count', async () => {
    const counting = aSettingsApp({ target: { seats: async () => ({ used: 7, limit: 10 }) } })
    expect((await counting.get('/api/scim/seats')).body).toEqual({
      supported: true,
      used: 7,
      limit: 10,
    })
    expect((await aSettingsApp().get('/api/scim/seats')).body).toEqual({ supported: false })
  })
})

describe('GET /api/scim/groups', () => {
  it('tells unmapped groups and names never pushed, each with what may have been meant', async () => {
    const { get, post, addGroup } = await aCrew()
    await addGroup('crew ')
    await addGroup('Visitors')
    await post('/api/scim/settings', {
      roles_groups: [...crewRules.roles_groups, ['Reviewer', 'Vistors']],
    })

    const { body } = await get('/api/scim/groups?only=unmapped')

    expect(body).toMatchObject({ totalResults: 2, unmapped: 2 })
    expect(
      body.groups.map(({ displayName, nearMisses }: never) => [displayName, nearMisses]),
    ).toEqual([
      ['crew ', ['Crew']],
      ['Visitors', ['Vistors']],
    ])
    expect(body.missing).toEqual([{ name: 'Vistors', nearMisses: ['Visitors'] }])
    const page = await get('/api/scim/groups?search=CREW&limit=1&offset=1')
    expect(page.body).toMatchObject({ totalResults: 2, groups: [{ displayName: 'crew ' }] })
  })
})

describe('GET /api/scim/people', () => {
  it('lists people with what their groups give and how it stands, by pages and search', async () => {
    const { get, addUser } = await aCrew()
    await addUser('cyd@example.org', { emails: [{ value: 'cyd@work.example', type: 'work' }] })

    const { body } = await get('/api/scim/people?limit=2')
    expect(body.totalResults).toBe(3)
    expect(body.people).toMatchObject([
      { userName: 'ada@example.com', access: { role: 'Manager' }, standing: 'active' },
      { userName: 'bob@example.com', access: { role: 'Annotator' }, standing: 'active' },
    ])
    const next = await get('/api/scim/people?limit=2&offset=2')
    expect(next.body.people).toMatchObject([
      { userName: 'cyd@example.org', email: 'cyd@work.example', standing: 'pending' },
    ])
    const found = await get('/api/scim/people?search=ADA%20l')
    expect(found.body).toMatchObject({ totalResults: 1, people: [{ displayName: 'Ada L.' }] })
  })

  it.each(['limit=0', 'limit=201', 'offset=-1', 'limit=x', 'offset=99999999999'])(
    'answers 400 for %s',
    async (query) => {
      const { get } = aSettingsApp()
      await get(`/api/scim/people?${query}`).expect(400)
    },
  )
})

describe('GET /api/scim/audit', () => {
  const entry = (over: object) => ({
    at: '2026-03-01T10:00:00.000Z',
    event: 'user.created' as const,
    tenant: 'acme',
    actor: 'okta',
    requestId: 'r',
    outcome: 'succeeded' as const,
    ...over,
  })

  async function aLog() {
    const app = aSettingsApp()
    await app.adapters.audit!.append(app.scope, [
      entry({}),
      entry({ event: 'user.deleted', outcome: 'refused', at: '2026-03-02T10:00:00.000Z' }),
      entry({ actor: 'root', target: { resourceType: 'User', id: 'u1', name: '=HYPERLINK("x")' } }),
    ])
    return app
  }

  it.each([
    ['', [3, 2, 1]],
    ['event=user.deleted', [2]],
    ['outcome=refused', [2]],
    ['actor=root', [3]],
    ['target=u1', [3]],
    ['from=2026-03-02', [2]],
    ['until=2026-03-02T00:00:00Z', [3, 1]],
    ['before=3', [2, 1]],
  ])('finds by %j', async (query, sequences) => {
    const { get } = await aLog()
    const { body } = await get(`/api/scim/audit?${query}`)
    expect(body.entries.map(({ sequence }: { sequence: number }) => sequence)).toEqual(sequences)
  })

  it('goes page by page', async () => {
    const { get } = await aLog()
    const { body } = await get('/api/scim/audit?limit=2')
    expect(body.next).toBe(2)
    const next = await get('/api/scim/audit?limit=2&before=2')
    expect(next.body.entries).toHaveLength(1)
    expect(next.body.next).toBeUndefined()
  })

  it.each(['event=x', 'outcome=x', 'from=yesterday', 'until=2026-99-99', 'limit=1001', 'before=0'])(
    'answers 400 for %s',
    async (query) => {
      const { get } = aSettingsApp()
      await get(`/api/scim/audit?${query}`).expect(400)
    },
  )

  it('exports everything that matches as CSV in which nothing is a formula', async () => {
    const { get, adapters, scope } = await aLog()
    const many = Array.from({ length: 2_500 }, (_, index) =>
      entry({ actor: 'bulk', detail: `-${index}, "quoted"\n@x` }),
    )
    await adapters.audit!.append(scope, many)

    const all = await get('/api/scim/audit.csv?actor=bulk')
    expect(all.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(all.headers['content-disposition']).toContain('attachment')
    const lines = all.text.split('\r\n').filter((line) => line !== '')
    expect(lines).toHaveLength(2_501)
    expect(lines[1]).toContain(`"'-2499, ""quoted""\n@x"`)

    const one = await get('/api/scim/audit.csv?actor=root')
    expect(one.text.split('\r\n')[1]).toBe(
      '3,"2026-03-01T10:00:00.000Z","user.created","succeeded","root","User","u1",' +
        `"'=HYPERLINK(""x"")",,,,,,,"r"`,
    )
  })

  it('answers HEAD of the CSV export without reading the log', async () => {
    const { app, adapters } = await aLog()
    const query = jest.spyOn(adapters.audit!, 'query')
    const response = await request(app)
      .head('/api/scim/audit.csv')
      .set('Authorization', `Bearer ${adminToken}`)
    expect(response.status).toBe(200)
    expect(response.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(query).not.toHaveBeenCalled()
  })

  it('answers 501 where no log is kept', async () => {
    const { get } = aSettingsApp({ change: ({ audit: _, ...adapters }) => adapters })
    await get('/api/scim/audit').expect(501)
  })
})
