import request from 'supertest'
import { VersionMismatchError } from '../../lib/stores/index.js'
import { someRules } from '../access/world.js'
import { adminToken, aSettingsApp } from './support.js'

const path = '/api/scim/settings'
const rules = someRules({
  roles_groups: [
    ['Administrator', 'LS-Admins'],
    ['Annotator', 'LS-Ann'],
  ],
  workspaces_groups: [['Engineering', 'LS-Eng']],
  projects_groups: [{ project_id: 42, group: 'LS-P42', role: 'Reviewer' }],
})

describe('GET and POST /api/scim/settings', () => {
  it('answers empty lists before anything was saved', async () => {
    const { get } = aSettingsApp()
    const { status, body, headers } = await get(path)
    expect([status, body, headers['etag']]).toEqual([200, someRules(), 'W/"0"'])
  })

  it("saves what is sent and answers it, in Label Studio's shape", async () => {
    const { get, post } = aSettingsApp()
    const saved = await post(path, rules)
    expect([saved.status, saved.body]).toEqual([200, rules])
    expect((await get(path)).body).toEqual(rules)
  })

  it('accepts the scheme Token, as the SDK of Label Studio sends it', async () => {
    const { app } = aSettingsApp()
    const { status } = await request(app).get(path).set('Authorization', `Token ${adminToken}`)
    expect(status).toBe(200)
  })

  it('keeps the lists that are absent, so that nothing is revoked by omission', async () => {
    const { get, post } = aSettingsApp()
    await post(path, rules)
    await post(path, { roles_groups: [], user_type_groups: [] })
    expect((await get(path)).body).toEqual({ ...rules, roles_groups: [] })
  })

  it.each([
    [{ roles_groups: [['Owner', 'G']] }, 'roles_groups[0]', 'Owner cannot be given by a rule.'],
    [{ roles_groups: [['Boss', 'G']] }, 'roles_groups[0]', '"Boss" is not a role.'],
    [{ workspaces_groups: [['W', ' ']] }, 'workspaces_groups[0]', 'Both names must be given'],
    [
      { projects_groups: [{ project_id: 'x', group: 'G', role: 'Inherit' }] },
      'projects_groups[0]',
      'project_id must be the number of a project.',
    ],
    [
      {
        roles_groups: [
          ['Manager', 'G'],
          ['Annotator', 'G'],
        ],
      },
      'roles_groups[1]',
      'has the role Manager already and cannot have Annotator too.',
    ],
    [{ user_type_groups: [['Flex', 'G']] }, 'user_type_groups', 'Seat types cannot be mapped'],
  ])('answers 400 naming the row for %j and saves nothing', async (body, row, message) => {
    const { get, post } = aSettingsApp()
    await post(path, rules)
    const { status, body: failure } = await post(path, body)
    expect(status).toBe(400)
    expect(failure).toMatchObject({ status_code: 400, exc_info: null })
    expect(failure.validation_errors[row].join()).toContain(message)
    expect(failure.detail).toContain(row)
    expect((await get(path)).body).toEqual(rules)
  })

  it('refuses workspaces and projects the organization does not have, but only in new rows', async () => {
    let titles = ['Engineering']
    const { post } = aSettingsApp({
      options: {
        workspaces: async () => titles,
        projects: async () => [{ id: 42, title: 'Cats' }],
      },
    })
    await post(path, rules).expect(200)
    const unknown = await post(path, {
      workspaces_groups: [...rules.workspaces_groups, ['Nowhere', 'G']],
      projects_groups: [...rules.projects_groups, { project_id: 9, group: 'G', role: 'Inherit' }],
    })
    expect(unknown.body.validation_errors).toEqual({
      'workspaces_groups[1]': ['There is no workspace "Nowhere".'],
      'projects_groups[1]': ['There is no project 9.'],
    })

    titles = []
    await post(path, { roles_groups: [] }).expect(200)
  })

  it('answers 503 when the host cannot tell whether a workspace exists', async () => {
    const workspaces = async () => {
      throw new Error('secret of the host')
    }
    const { post } = aSettingsApp({ options: { workspaces } })
    const { status, body, headers } = await post(path, rules)
    expect([status, headers['retry-after']]).toEqual([503, '10'])
    expect(JSON.stringify(body)).not.toContain('secret of the host')
  })

  it('lets only one of two editors with the same version save, and overwrites nothing', async () => {
    const { get, post } = aSettingsApp()
    const etag = (await get(path)).headers['etag']!
    await post(path, rules).set('If-Match', etag).expect(200)

    await post(path, someRules()).set('If-Match', etag).expect(412)

    expect((await get(path)).body).toEqual(rules)
  })

  it('answers 409 to one of two that save in the same moment', async () => {
    const { post } = aSettingsApp({
      change: (adapters) => ({
        ...adapters,
        access: {
          ...adapters.access!,
          saveRules: async () => {
            throw new VersionMismatchError()
          },
        },
      }),
    })
    const { status, body } = await post(path, rules)
    expect([status, body.detail]).toEqual([
      409,
      'Other rules were saved in the meantime. Nothing was overwritten.',
    ])
  })

  it('re-evaluates exactly the people in groups whose rules changed', async () => {
    const { post, addUser, addGroup, reconciler, host } = aSettingsApp()
    const [ada, bob, cyd] = await Promise.all(
      ['ada', 'bob', 'cyd'].map((name) => addUser(`${name}@example.com`)),
    )
    const inner = await addGroup('LS-Ann', [ada!])
    await addGroup('Nested', [inner])
    await addGroup('LS-Eng', [bob!])
    await addGroup('Others', [cyd!])
    await post(path, someRules({ workspaces_groups: [['Engineering', 'LS-Eng']] }))
    await reconciler.drain()
    host.calls.length = 0

    await post(path, someRules({ ...rules, projects_groups: [] }))
    await reconciler.drain()

    expect(host.calls.map(({ user }) => user)).toEqual(['ada@example.com'])
  })

  it('finds the groups whatever their case and spacing when the policy says so', async () => {
    const { post, addUser, addGroup, reconciler, host } = aSettingsApp({
      policy: { ignoreCase: true },
    })
    const ada = await addUser('ada@example.com')
    await addGroup(' ls-ANN', [ada])
    await reconciler.drain()

    await post(path, rules)
    await reconciler.drain()

    expect(host.people.get(ada.id)?.grants).toEqual([{ kind: 'role', role: 'Annotator' }])
  })

  it('reaches the people of a group that was pushed while rules were being saved', async () => {
    let push: () => Promise<unknown> = async () => {}
    const app = aSettingsApp({
      change: (adapters) => ({
        ...adapters,
        access: {
          ...adapters.access!,
          saveRules: async (...parameters) => {
            await push()
            return adapters.access!.saveRules(...parameters)
          },
        },
      }),
    })
    const ada = await app.addUser('ada@example.com')
    push = async () => {
      await app.addGroup('LS-Ann', [ada])
      await app.reconciler.drain()
    }

    await app.post(path, rules).expect(200)
    await app.reconciler.drain()

    expect(app.host.people.get(ada.id)?.grants).toEqual([{ kind: 'role', role: 'Annotator' }])
  })

  it('changes no version and marks nobody when nothing changed', async () => {
    const { get, post, events } = aSettingsApp()
    await post(path, rules)
    await post(path, rules)
    expect((await get(path)).headers['etag']).toBe('W/"1"')
    expect(events.map(({ event }) => event)).toEqual(['workspace.created', 'rules.saved'])
  })

  it('writes who changed which rules to the audit log', async () => {
    const { post, adapters, scope } = aSettingsApp()
    await post(path, rules)
    await post(path, { roles_groups: [['Administrator', 'LS-Admins']] })
    const [entry] = await adapters.audit!.query(scope, { limit: 1 })
    expect(entry).toMatchObject({
      event: 'rules.saved',
      actor: 'root',
      detail: '- Annotator for "LS-Ann"',
    })
  })
})

describe('the settings API', () => {
  it.each([
    ['GET', path],
    ['POST', path],
    ['POST', '/api/scim/settings/preview'],
    ['GET', '/api/scim/explain'],
    ['GET', '/api/scim/status'],
    ['GET', '/api/scim/drift'],
    ['GET', '/api/scim/seats'],
    ['GET', '/api/scim/groups'],
    ['GET', '/api/scim/people'],
    ['GET', '/api/scim/audit'],
    ['GET', '/api/scim/audit.csv'],
    ['POST', '/api/scim/retry'],
    ['POST', '/api/scim/reapply'],
    ['DELETE', path],
  ])('%s %s answers 401 without a valid token', async (method, url) => {
    const { app } = aSettingsApp()
    const call = () => request(app)[method.toLowerCase() as 'get'](url)
    await call().expect(401)
    await call().set('Authorization', 'Bearer wrong').expect(401)
    await call().set('Authorization', 'Token ').expect(401)
    await call().set('Cookie', 'session=of-an-ordinary-user').expect(401)
  })

  it.each([
    ['no tenant', async () => ({ actor: 'x' }) as never, 403],
    ['nobody', async () => undefined, 401],
    [
      'a failure',
      async () => {
        throw new Error('secret of the host')
      },
      500,
    ],
  ])('lets nobody in by an authorize that answers %s', async (_name, authorize, status) => {
    const { get } = aSettingsApp({ options: { authorize, onError: () => {} } })
    const answer = await get(path)
    expect(answer.status).toBe(status)
    expect(answer.text).not.toContain('secret of the host')
  })

  it('shows nothing of another tenant', async () => {
    const { get, post, addUser } = aSettingsApp()
    const ada = await addUser('ada@example.com')
    await post(path, rules)
    const asStranger = (url: string) => get(url, 'admin-token-of-another-tenant')
    expect((await asStranger(path)).body).toEqual(someRules())
    expect((await asStranger('/api/scim/people')).body).toEqual({ totalResults: 0, people: [] })
    await asStranger(`/api/scim/explain?user=${ada.id}`).expect(404)
    await asStranger('/api/scim/explain?email=ada@example.com').expect(404)
    expect((await asStranger('/api/scim/audit')).body.entries).toEqual([])
  })

  it('answers 405 with Allow, 415, 413 and 400 to requests it cannot take', async () => {
    const { app, post } = aSettingsApp({ options: { maxPayloadBytes: 1024 } })
    const authorized = (call: request.Test) => call.set('Authorization', `Bearer ${adminToken}`)
    const deleted = await authorized(request(app).delete(path)).expect(405)
    expect(deleted.headers['allow']).toBe('GET, POST, HEAD')
    await authorized(request(app).post(path)).type('text/plain').send('{}').expect(415)
    await authorized(request(app).post(path)).type('json').send('{').expect(400)
    await authorized(request(app).post(path)).type('json').send('[]').expect(400)
    await post(path, { roles_groups: ['x'.repeat(2_000)] }).expect(413)
  })

  it('reveals nothing of an unexpected error but the id under which the host was told', async () => {
    const errors: unknown[] = []
    const { get } = aSettingsApp({
      options: { onError: (error, { requestId }) => void errors.push([error, requestId]) },
      change: (adapters) => ({
        ...adapters,
        access: {
          ...adapters.access!,
          rules: async () => {
            throw new Error('SELECT secret')
          },
        },
      }),
    })
    const { status, body, text } = await get(path).set('X-Request-Id', 'my-id')
    expect(status).toBe(500)
    expect(body).toMatchObject({ id: 'my-id', status_code: 500 })
    expect(text).not.toContain('SELECT')
    expect(errors).toEqual([[new Error('SELECT secret'), 'my-id']])
  })

  it('leaves every other path to the host', async () => {
    const { get } = aSettingsApp()
    for (const url of ['/', '/api/scim', '/api/scim/v2/Users', '/api/projects', '/scim/v2']) {
      expect((await get(url)).text).toBe('the host')
    }
  })

  it('is never cached (S-LEAK-11)', async () => {
    const { get } = aSettingsApp()
    const { headers } = await get(path)
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
  })
})

describe('the last rule that gives somebody a role', () => {
  it.each(['before', 'after'])(
    'ends their access when it goes %s the reconciler came by, and the preview says so (R8)',
    async (when) => {
      const world = aSettingsApp({ policy: { defaultRole: 'Annotator' } })
      const ann = await world.addUser('ann@example.com')
      await world.reconciler.drain()
      const inner = await world.addGroup('Inner', [ann])
      await world.addGroup('Crew', [inner])
      await world.post(path, { roles_groups: [['Manager', 'Crew']] })
      if (when === 'after') await world.reconciler.drain()
      const preview = await world.post('/api/scim/settings/preview', { roles_groups: [] })
      expect(preview.body.losingAccess).toBe(1)
      const confirmed = await world.post(`${path}?confirmLoss=true`, { roles_groups: [] })
      expect(confirmed.status).toBe(200)
      await world.reconciler.drain()
      expect(world.host.people.get(ann.id)?.active).toBe(false)
    },
  )
})

it('loses nobody in a group that gets its name while rules are saved, killed or not (R24)', async () => {
  const inBetween: (() => Promise<void>)[] = []
  const world = aSettingsApp({
    change: (adapters) => ({
      ...adapters,
      access: {
        ...adapters.access!,
        async saveRules(...parameters) {
          for (const step of inBetween) await step()
          await adapters.access!.saveRules(...parameters)
          throw new Error('killed')
        },
      },
    }),
  })
  const ann = await world.addUser('ann@example.com')
  inBetween.push(async () => {
    await world.addGroup('Crew', [ann])
    await world.reconciler.drain()
  })
  expect((await world.post(path, { roles_groups: [['Manager', 'Crew']] })).status).toBe(500)
  await world.reconciler.drain()
  expect(world.host.people.get(ann.id)?.grants).toEqual([{ kind: 'role', role: 'Manager' }])
})
