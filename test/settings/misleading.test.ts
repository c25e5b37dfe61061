import { RefusedError, UnavailableError } from '../../lib/stores/index.js'
import type { SettingsSetUp } from './support.js'
import { path, signedInPage } from './visitor.js'

const message = 'Community has no roles: rules are recorded and reported, not enforced.'
/** Adapters of an edition that has no roles: nothing of what rules give is ever applied. */
const community: SettingsSetUp = {
  change: (adapters) => ({
    ...adapters,
    examine: async () => [{ level: 'warning', code: 'roles-not-enforceable', message }],
  }),
  target: { applyAccess: async () => ({ applied: [] }) },
  options: {
    workspaces: async () => [],
    projects: async () => [{ id: 7, title: 'Cats' }],
  },
}
const rules = {
  roles_groups: [['Annotator', 'Crew']],
  projects_groups: [{ project_id: 7, group: 'Crew', role: 'Reviewer' }],
}

async function aCrew(setUp: SettingsSetUp) {
  const visitor = await signedInPage(setUp)
  const ada = await visitor.addUser('ada@example.com', { displayName: 'Ada' })
  await visitor.addGroup('Crew', [ada])
  await visitor.post('/api/scim/settings', rules).expect(200)
  await visitor.reconciler.drain()
  return { ...visitor, ada }
}

describe('the page where an edition does not enforce rules', () => {
  it('says on every page about rules that they are recorded, and shows no green badge (F6)', async () => {
    const { visit, ada } = await aCrew(community)
    for (const tab of ['', '/people', `/people/${ada.id}`]) {
      const { text } = await visit(`${path}${tab}`)
      expect(text).toContain('<strong>Recorded, not in force.</strong>')
      expect(text).toContain(message)
    }
    const { text } = await visit(path)
    expect(text).not.toContain('Everybody is up to date')
    expect(text).toContain('<span class="badge plain">Recorded, not in force</span>')
  })

  it('says so in the preview (F6)', async () => {
    const { send } = await aCrew(community)
    const fields = { version: '1', 'roles.role': 'Manager', 'roles.group': 'Crew' }
    const { text } = await send(path, { ...fields, do: 'preview' })
    expect(text).toContain('It is recorded, and not in force')
  })

  it('has nothing still to do that can never be done (F18)', async () => {
    const { visit, get, ada } = await aCrew(community)
    const { body } = await get(`/api/scim/explain?user=${ada.id}`)
    expect(body.outstanding).toEqual([])
    expect(body.recorded).toEqual(['organization role Annotator', 'Reviewer in project 7'])
    const { text } = await visit(`${path}/people/${ada.id}`)
    expect(text).toContain('<dt>Still to do</dt><dd><span class="quiet">nothing</span></dd>')
  })

  it('takes rules for workspaces (F7)', async () => {
    const { post } = await aCrew(community)
    await post('/api/scim/settings', { workspaces_groups: [['Vision', 'Crew']] }).expect(200)
  })

  it('goes on saying so while the host cannot be asked (F6)', async () => {
    let now = Date.parse('2026-03-01T08:00:00Z')
    let isDown = false
    const { visit } = await signedInPage({
      ...community,
      options: { ...community.options, clock: () => new Date(now) },
      change: (adapters) => ({
        ...adapters,
        examine: async () => [
          isDown
            ? { level: 'error', code: 'unreachable', message: 'Down.' }
            : { level: 'warning', code: 'roles-not-enforceable', message },
        ],
      }),
    })
    expect((await visit(path)).text).toContain(message)
    isDown = true
    now += 120_000
    expect((await visit(path)).text).toContain(message)
  })
})

describe('the page where rules are in force', () => {
  const enterprise: SettingsSetUp = {
    options: { projects: async () => [{ id: 7, title: 'Cats' }] },
  }

  it('says nothing of that (F6)', async () => {
    const { visit } = await aCrew(enterprise)
    const { text } = await visit(path)
    expect(text).toContain('Everybody is up to date')
    expect(text).not.toContain('not in force')
  })

  it('refuses workspaces that are none (F7)', async () => {
    const { post } = await aCrew({ options: { workspaces: async () => [] } })
    await post('/api/scim/settings', { workspaces_groups: [['Vision', 'Crew']] }).expect(400)
  })

  it('does not say of somebody without access that they were given what is kept for them', async () => {
    const { visit, changeUser, access, scope, ada } = await aCrew(enterprise)
    const { text: before } = await visit(`${path}/people/${ada.id}`)
    expect(before).toContain('<dt>Given by SCIM</dt>')
    const record = (await access.getRecord(scope, ada.id))!
    await changeUser(ada, { active: false })
    await access.saveRecord(scope, record)
    const { text } = await visit(`${path}/people/${ada.id}`)
    expect(text).not.toContain('Given by SCIM')
    expect(text).toContain('<dt>Kept, without effect</dt><dd><ul>')
  })

  it('has no notes about getting access while somebody is to have none', async () => {
    const note = 'There is no account yet: the person signs up with a link of their own.'
    const target = { applyAccess: async () => ({ applied: [], notes: [note] }) }
    const { visit, get, changeUser, reconciler, ada } = await aCrew({ target })
    expect((await visit(`${path}/people/${ada.id}`)).text).toContain(note)
    await changeUser(ada, { active: false })
    await reconciler.drain()
    expect((await visit(`${path}/people/${ada.id}`)).text).not.toContain(note)
    expect((await get(`/api/scim/explain?user=${ada.id}`)).body.notes).toEqual([])
  })

  it('does not say that people are being updated who are up to date', async () => {
    const { visit, access, scope } = await aCrew(enterprise)
    const { version } = await access.rules(scope)
    const { text } = await visit(`${path}?saved=${version}`)
    expect(text).toContain('>Saved.<')
    expect(text).toContain('Everybody is up to date')
    expect(text).not.toContain('is being updated')
  })

  it('names projects', async () => {
    const { visit, send, ada } = await aCrew(enterprise)
    for (const tab of ['/people', `/people/${ada.id}`]) {
      expect((await visit(`${path}${tab}`)).text).toContain('Reviewer in project Cats (7)')
    }
    const { text } = await send(path, { version: '1', do: 'preview' })
    expect(text).toContain('Reviewer in project Cats (7)')
  })
})

describe('the list of people', () => {
  async function anImport() {
    const visitor = await signedInPage()
    const { addUser, access, scope, reconciler } = visitor
    const sent = await addUser('sent@example.com', { displayName: 'Sent' })
    const listed = await addUser('listed@example.com', { displayName: 'Listed' })
    await addUser('left@example.com', { displayName: 'Left', active: false })
    await reconciler.drain()
    const record = (await access.getRecord(scope, listed.id))!
    await access.saveRecord(scope, { ...record, account: { id: '9', origin: 'imported' } })
    return { ...visitor, sent, listed }
  }

  it('tells whom the identity provider does not know, and lists them alone', async () => {
    const { visit, get } = await anImport()
    expect(
      (await visit(`${path}/people`)).text.match(/Not from the identity provider/g),
    ).toHaveLength(1)
    const { text } = await visit(`${path}/people?state=listed`)
    expect(text).toContain('listed@example.com')
    expect(text).not.toContain('sent@example.com')
    const { body } = await get('/api/scim/people?state=listed')
    expect(body).toMatchObject({ totalResults: 1, people: [{ origin: 'listed' }] })
  })

  it('is narrowed to people who are deactivated, wait, or have failed', async () => {
    const { get, access, scope, sent } = await anImport()
    const names = async (state: string) =>
      (await get(`/api/scim/people?state=${state}`)).body.people.map(
        ({ userName }: { userName: string }) => userName,
      )
    expect(await names('deactivated')).toEqual(['left@example.com'])
    expect(await names('waiting')).toEqual([])
    await access.mark(scope, [sent.id])
    expect(await names('waiting')).toEqual(['sent@example.com'])
    expect(await names('failed')).toEqual([])
    await get('/api/scim/people?state=other').expect(400)
  })
})

describe('the status page', () => {
  it('tries people who wait now, not only those who have failed (F13)', async () => {
    let isDown = true
    const { addUser, visit, send, reconciler, access, scope } = await signedInPage({
      target: {
        applyAccess: async () => {
          if (isDown)
            throw new UnavailableError('The token is refused.', { retryAfterSeconds: 300 })
          return { applied: [] }
        },
      },
    })
    await addUser('ada@example.com')
    await reconciler.drain()
    const { text } = await visit(`${path}/status`)
    expect(text).toContain('The token is refused.')
    isDown = false
    await reconciler.drain()
    expect((await access.summary(scope)).pending).toBe(1)
    await send(`${path}/status`, { do: 'tryNow' }).expect(200)
    await reconciler.drain()
    expect((await access.summary(scope)).pending).toBe(0)
  })

  it('shows the last request of the identity provider that did not succeed', async () => {
    const { visit, get, adapters, scope } = await signedInPage()
    const entry = {
      at: '2026-03-01T08:00:00Z',
      event: 'request.refused',
      tenant: scope.tenant,
      actor: 'okta',
      requestId: '1',
      outcome: 'refused',
      detail: 'Attribute "userName" is required.',
      status: 400,
    } as const
    await adapters.audit?.append(scope, [entry])
    expect((await visit(`${path}/status`)).text).toContain(
      'Attribute &quot;userName&quot; is required.',
    )
    expect((await get('/api/scim/status')).body.lastFailedRequest).toMatchObject({ status: 400 })
  })

  it('shows who is still in although the identity provider asked for their end', async () => {
    const { visit, get, adapters, scope, addUser } = await signedInPage()
    const { id, meta } = await addUser('ada@example.com')
    const entry = {
      at: new Date().toISOString(),
      event: 'access.notEnded',
      tenant: scope.tenant,
      actor: 'okta',
      requestId: '1',
      outcome: 'refused',
      target: { resourceType: 'User', id },
      detail: 'PATCH: another user has this "userName".',
    } as const
    await adapters.audit?.append(scope, [entry, { ...entry, detail: 'DELETE: once more.' }])
    const { text } = await visit(`${path}/status`)
    expect(text).toContain('Still in, although they were to be removed')
    expect(text.match(/ada@example.com<\/a>, .*: DELETE: once more./g)).toHaveLength(1)
    expect((await get('/api/scim/status')).body.stillIn).toMatchObject([
      { userName: 'ada@example.com' },
    ])
    await adapters.users.delete(scope, id, { expectedVersion: meta.version, outbox: undefined })
    expect((await visit(`${path}/status`)).text).not.toContain('Still in, although')
  })

  it('shows what is passed over, by name, with count and last time (issue 16)', async () => {
    const { visit, get, access, scope } = await signedInPage()
    const at = '2026-03-01T08:00:00.000Z'
    const seen = { kind: 'attribute', name: 'costCenter', count: 3, at } as const
    await access.countPassedOver?.(scope, [seen])
    const { text } = await visit(`${path}/status`)
    expect(text).toContain('<td>Attribute</td><td>costCenter</td><td data-label="Times">3</td>')
    expect((await get('/api/scim/status')).body.passedOver).toMatchObject([seen])
  })
})

describe('the log', () => {
  it('speaks of people by name, and finds them by address', async () => {
    const { visit, host, addUser, reconciler } = await signedInPage()
    host.haveTrouble(() => {
      throw new RefusedError('Belongs to another organization.')
    })
    await addUser('ada@example.com')
    await addUser('bob@example.com')
    await reconciler.drain()
    const { text } = await visit(`${path}/log?target=ada@example.com`)
    expect(text).toContain('>ada@example.com</a>')
    expect(text).toContain('Failed')
    expect(text).not.toContain('bob@example.com')
  })
})

describe('the list of groups', () => {
  it('says what members get, in the order in which people sort', async () => {
    const { post, get, addGroup, visit } = await signedInPage()
    for (const name of ['G10', 'G2', 'g1']) await addGroup(name)
    await post('/api/scim/settings', { roles_groups: [['Manager', 'G2']] }).expect(200)
    const { body } = await get('/api/scim/groups')
    expect(body.groups.map(({ displayName }: { displayName: string }) => displayName)).toEqual([
      'g1',
      'G2',
      'G10',
    ])
    expect(body.groups[1].gives).toEqual(['Manager'])
    expect((await visit(`${path}/groups`)).text).toContain(
      '<td data-label="Rules"><a href="/scim/settings#roles-0">Manager</a></td>',
    )
  })
})
