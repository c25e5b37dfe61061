import { aSettingsApp } from './support.js'
import { path, signedInPage } from './visitor.js'

const api = '/api/scim/settings'

/** Forty people in four groups, whose access all depends on rules. */
async function anOrganization(setUp: Parameters<typeof aSettingsApp>[0] = {}) {
  const app = aSettingsApp(setUp)
  for (let group = 0; group < 4; group++) {
    const people = []
    for (let n = 0; n < 10; n++) people.push(await app.addUser(`p${group}-${n}@example.com`))
    await app.addGroup(`Group ${group}`, people)
  }
  const rules = [0, 1, 2, 3].map((group) => ['Annotator', `Group ${group}`])
  await app.post(`${api}`, { roles_groups: rules }).expect(200)
  await app.reconciler.drain()
  return { ...app, rules }
}

describe('saving rules through the API', () => {
  it('is refused with count and names when many lose access, unless it is meant (F10)', async () => {
    const { post, rules, access, scope } = await anOrganization()
    const fewer = { roles_groups: rules.slice(2) }
    const { status, body } = await post(api, fewer)
    expect([status, body.detail]).toEqual([
      409,
      '20 people, 50% of those who have access, would lose it. Nothing was saved. ' +
        'Add "?confirmLoss=true" if this is meant.',
    ])
    expect(body.mass_loss).toMatchObject({ count: 20, of: 40 })
    expect(body.mass_loss.people).toContain('p0-0@example.com')
    expect((await access.rules(scope)).version).toBe('1')
    await post(`${api}?confirmLoss=true`, fewer).expect(200)
  })

  it('replaces all role rules by one only when it is meant (F10)', async () => {
    const { post } = await anOrganization()
    await post(api, { roles_groups: [['Annotator', 'LS-Annotators']] }).expect(409)
  })

  it('goes on when few lose access, and says first that the version is another (F10)', async () => {
    const { post, rules } = await anOrganization()
    await post(api, { roles_groups: [] }).set('If-Match', 'W/"9"').expect(412)
    await post(api, { roles_groups: rules.slice(1) }).expect(200)
  })

  it('draws the line where the host does (F10)', async () => {
    const options = { massLossShare: 0.6, massLossLeast: 30 }
    const { post, rules } = await anOrganization({ options })
    await post(api, { roles_groups: rules.slice(2) }).expect(200)
    await post(api, { roles_groups: [] }).expect(200)
  })
})

describe('a paused reconciler', () => {
  it('gives and takes nothing until it goes on, and says so (F10)', async () => {
    const { post, get, addUser, reconciler, host, access, scope } = aSettingsApp()
    const { body } = await post('/api/scim/pause', {}).expect(200)
    expect(body).toMatchObject({ by: 'root' })
    const ada = await addUser('ada@example.com')
    await reconciler.drain()
    expect(host.people.has(ada.id)).toBe(false)
    expect((await get('/api/scim/status')).body).toMatchObject({ pending: 1, paused: body })
    expect((await access.pendingOf(scope, [ada.id]))[0]?.lastError).toBe(
      'An administrator has paused the reconciler.',
    )
    await post('/api/scim/resume', {}).expect(200)
    expect((await get('/api/scim/status')).body.paused).toBeUndefined()
  })

  it('still ends the access of people who are deactivated or deleted (F10)', async () => {
    const { post, addUser, changeUser, deleteUser, reconciler, access, scope } = aSettingsApp()
    const [ada, bob] = [await addUser('ada@example.com'), await addUser('bob@example.com')]
    await reconciler.drain()
    await post('/api/scim/pause', {})
    await changeUser(ada, { active: false })
    await deleteUser(bob)
    await reconciler.drain()
    for (const { id } of [ada, bob]) {
      expect((await access.getRecord(scope, id))?.enforced).toBe('deprovisioned')
    }
  })

  it('takes nothing by rules either (F10)', async () => {
    const { post, rules, reconciler, access, scope } = await anOrganization()
    await post('/api/scim/pause', {})
    await post(`${api}?confirmLoss=true`, { roles_groups: rules.slice(3) }).expect(200)
    await reconciler.drain()
    const records = await access.listRecords(scope, { limit: 100 })
    expect(records.every(({ enforced }) => enforced === 'active')).toBe(true)
    expect((await access.summary(scope)).pending).toBe(30)
  })

  it('is paused and resumed from the page, which says what that means (F10)', async () => {
    const { send, visit, access, scope } = await signedInPage()
    const paused = await send(`${path}/status`, { do: 'pause' }).expect(200)
    expect(paused.text).toContain('The reconciler is paused.')
    expect(paused.text).toContain('still lose their access at once')
    expect((await visit(path)).text).toContain('Paused. Waiting: 0 people')
    expect(paused.text).toMatch(/value="resume">Resume</)
    const resumed = await send(`${path}/status`, { do: 'resume' }).expect(200)
    expect(resumed.text).toContain('The reconciler has resumed.')
    expect(await access.getValue(scope, 'reconcilerPaused')).toBe('')
    await send(`${path}/status`, { do: 'other' }).expect(400)
  })
})

describe('a mass loss of access', () => {
  it('is shown on the status page, and let through from there when it was held back (F10)', async () => {
    const { send, visit, access, scope, get } = await signedInPage()
    const loss = { people: 60, of: 100, cause: 'Deleting the group "Solo"', isRefused: true }
    const value = JSON.stringify({ at: new Date().toISOString(), ...loss })
    await access.setValue(scope, 'massLoss', value)
    const { text } = await visit(`${path}/status`).expect(200)
    expect(text).toContain(
      'Deleting the group &quot;Solo&quot; would have taken access from 60 of 100',
    )
    expect((await get('/api/scim/status')).body.massLoss).toMatchObject(loss)
    const confirmed = await send(`${path}/status`, { do: 'allowLoss' }).expect(200)
    expect(confirmed.text).toContain('Confirmed: until')
    expect((await get('/api/scim/status')).body.massLossAllowedUntil).toBeDefined()
  })

  it('is not shown for ever (F10)', async () => {
    const { access, scope, get } = aSettingsApp()
    const loss = { people: 60, of: 100, cause: 'x', isRefused: false }
    const value = JSON.stringify({ at: '2020-01-01T00:00:00Z', ...loss })
    await access.setValue(scope, 'massLoss', value)
    expect((await get('/api/scim/status')).body.massLoss).toBeUndefined()
  })
})
