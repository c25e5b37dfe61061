import { noteImport } from '../../lib/access/index.js'
import { progressMeter, progressText } from '../../lib/settings/reports/progress.js'
import { RefusedError } from '../../lib/stores/index.js'
import { path, signedInPage } from './visitor.js'

const entry = (requestId: string, at: string, id = 'u1') => ({
  at,
  event: 'user.patched' as const,
  tenant: 'acme',
  actor: 'okta',
  requestId,
  outcome: 'succeeded' as const,
  target: { resourceType: 'User', id },
})

describe('the log', () => {
  it('groups what one request did', async () => {
    const { visit, adapters, scope } = await signedInPage()
    const at = '2026-03-01T10:00:00.000Z'
    await adapters.audit?.append(scope, [entry('r1', at), entry('r2', at), entry('r2', at)])
    const { text } = await visit(`${path}/log`)
    expect(text.match(/<tr class="same">/g)).toHaveLength(1)
    expect(text.match(/>okta</g)).toHaveLength(2)
  })

  it('finds people, groups and tokens by name, in the export as well', async () => {
    const { get, visit, addUser, addGroup, post, adapters, scope } = await signedInPage()
    const ada = await addUser('ada@example.com', { displayName: 'Ada L.' })
    const crew = await addGroup('Crew', [])
    const { body: token } = await post('/api/scim/tokens', { name: 'okta' })
    const at = '2026-03-01T10:00:00.000Z'
    await adapters.audit?.append(scope, [entry('r1', at, ada.id), entry('r2', at, crew.id)])
    for (const [name, id] of [
      ['ADA@example.com', ada.id],
      ['Ada L.', ada.id],
      ['Crew', crew.id],
      ['okta', token.id],
    ]) {
      const query = `target=${encodeURIComponent(name)}`
      const { body } = await get(`/api/scim/audit?${query}`)
      expect(body.entries.map(({ target }: { target: { id: string } }) => target.id)).toEqual([id])
      const { text } = await visit(`${path}/log.csv?${query}`)
      expect(text.trim().split('\n')).toHaveLength(2)
    }
  })

  it.each([
    ['Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['America/New_York', '2026-03-29T04:00:00.000Z', '2026-03-30T04:00:00.000Z'],
    ['', '2026-03-29T00:00:00.000Z', '2026-03-30T00:00:00.000Z'],
  ])('takes a day as the reader in %p has it', async (zone, begins, ends) => {
    const { get, adapters, scope } = await signedInPage()
    const before = new Date(Date.parse(begins) - 1).toISOString()
    const last = new Date(Date.parse(ends) - 1).toISOString()
    const entries = [before, begins, last, ends].map((at, index) => entry(`r${index}`, at))
    await adapters.audit?.append(scope, entries)
    const days = 'from=2026-03-29&until=2026-03-30'
    const { body } = await get(`/api/scim/audit?${days}&zone=${encodeURIComponent(zone)}`)
    expect(body.entries.map(({ at }: { at: string }) => at)).toEqual([last, begins])
  })

  it('refuses a time zone that nobody knows', async () => {
    const { get } = await signedInPage()
    await get('/api/scim/audit?from=2026-03-29&zone=Mars').expect(400)
  })
})

describe('the status', () => {
  it('has totals, the last failures and the last request of each token', async () => {
    const { visit, get, addUser, addGroup, reconciler, host, adapters, scope } =
      await signedInPage()
    host.haveTrouble(() => {
      throw new RefusedError('Belongs to another organization.')
    })
    const eve = await addUser('eve@example.com')
    await addGroup('Crew', [])
    await reconciler.drain()
    const token = { token: 'okta', at: '2026-03-01T10:00:00.000Z' }
    await adapters.tokens?.noteUse({ ...scope, tenant: 'acme' }, token)
    const { body } = await get('/api/scim/status')
    expect(body).toMatchObject({ people: 1, groups: 1 })
    expect(body.lastFailures).toMatchObject([{ event: 'access.failed', target: { id: eve.id } }])
    const { text } = await visit(`${path}/status`)
    for (const shown of ['1 person', '1 group', 'Last failures', 'Last request of each token']) {
      expect(text).toContain(shown)
    }
    expect(text).toContain('<dt>okta</dt><dd><time datetime="2026-03-01T10:00:00.000Z">')
  })

  it('tells how far updates have come, and how long they take', () => {
    let now = 0
    const meter = progressMeter({ clock: () => new Date(now) })
    const at = (pending: number, fanningOut = 0) =>
      meter({ tenant: 'acme' }, { pending, fanningOut })
    expect(at(0)).toBeUndefined()
    expect(at(60, 40)).toEqual({ total: 100, done: 0 })
    now = 10_000
    expect(at(80)).toEqual({ total: 100, done: 20, secondsLeft: 40 })
    expect(meter({ tenant: 'other' }, { pending: 5, fanningOut: 0 })).toEqual({ total: 5, done: 0 })
    expect(at(200)).toEqual({ total: 200, done: 0 })
    expect(at(0)).toBeUndefined()
    expect(at(3)).toEqual({ total: 3, done: 0 })
  })
})

it('the status names people whose requests failed, and the log counts one member', async () => {
  const { visit, addUser, adapters, scope } = await signedInPage()
  const eve = await addUser('eve@example.com')
  const failed = { ...entry('r1', '2026-03-01T10:00:00.000Z', eve.id), outcome: 'failed' as const }
  const added = { ...entry('r2', failed.at, 'g1'), event: 'member.added' as const, count: 1 }
  await adapters.audit?.append(scope, [{ ...failed, event: 'request.failed' }, added])
  const { text } = await visit(`${path}/status`)
  expect(text).toContain('okta: User eve@example.com, failed')
  expect(text).toContain('>eve@example.com</a>')
  expect(text).not.toContain(`>${eve.id}<`)
  expect((await visit(`${path}/log`)).text).toContain('>1 member<')
})

describe('a request of the identity provider without success', () => {
  const refused = {
    ...entry('r1', '2026-03-01T10:01:00.000Z', ''),
    event: 'request.refused' as const,
    outcome: 'refused' as const,
    attributes: ['active'],
    detail: 'POST: Attribute "userName" is required.',
    status: 400,
  }

  it('is contact as well', async () => {
    const { visit, get, access, adapters, scope } = await signedInPage()
    const lastContact = async () => (await get('/api/scim/status')).body.lastContact
    await access.setValue(scope, 'lastContact', '2026-03-01T10:00:30.000Z')
    await adapters.audit?.append(scope, [refused])
    expect(await lastContact()).toBe(refused.at)
    for (const tab of ['', '/status', '/connect']) {
      const { text } = await visit(`${path}${tab}`)
      expect(text).not.toContain('2026-03-01T10:00:30.000Z')
      expect(text).toContain(refused.at)
    }
    await access.setValue(scope, 'lastContact', '2026-03-01T10:02:00.000Z')
    expect(await lastContact()).toBe('2026-03-01T10:02:00.000Z')
  })

  it('is told with who asked for what, and the answer', async () => {
    const { visit, adapters, scope } = await signedInPage()
    await adapters.audit?.append(scope, [refused])
    const { text } = await visit(`${path}/status`)
    const told = 'okta: POST User, refused with status 400: Attribute &quot;userName&quot; is'
    expect(text).toContain(told)
    expect(text).toContain('href="/scim/settings/log?event=request.refused"')
    expect((await visit(`${path}/log`)).text).not.toContain('href="/scim/settings/people/"')
  })
})

it('the log names enterprise attributes in words', async () => {
  const { visit, adapters, scope } = await signedInPage()
  const urn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
  const attributes = ['userName', urn, `${urn}:department`]
  await adapters.audit?.append(scope, [{ ...entry('r1', '2026-03-01T10:00:00.000Z'), attributes }])
  const { text } = await visit(`${path}/log`)
  expect(text).toContain('userName, enterprise attributes, department')
  expect(text).not.toContain('urn:')
  expect((await visit(`${path}/log.csv`)).text).toContain(urn)
})

it.each([
  ['default', false],
  ['acme', true],
])('the tenant is named only if it is not the usual one: %s', async (tenant, isNamed) => {
  const authorize = () => ({ tenant, actor: 'root' })
  const { visit } = await signedInPage({ options: { authorize } })
  const { text } = await visit(path)
  expect(text).toContain(isNamed ? '>root · acme<' : '>root<')
})

describe('the import of accounts', () => {
  const startedAt = '2026-03-01T10:00:00.000Z'
  const clock = () => new Date('2026-03-01T10:01:00.000Z')
  const at = '2026-03-01T10:00:59.000Z'

  it.each([
    [{ done: 0 }, { state: 'running' }, 'The accounts are being listed'],
    [
      { done: 20, total: 60 },
      { state: 'running', secondsLeft: 120 },
      '20 of 60, about 2 minutes left',
    ],
    [{ done: 60, total: 60, outcome: 'succeeded' }, { state: 'succeeded' }, '60 accounts'],
    [{ done: 0, outcome: 'failed' }, { state: 'failed' }, 'tried again by itself'],
    [{ at: startedAt, done: 20, total: 60 }, { state: 'running' }, '20 of 60'],
    [{ at: '2026-03-01T09:58:00.000Z', done: 2 }, { state: 'interrupted' }, 'Interrupted'],
  ] as const)('is in the status: %j', async (noted, status, text) => {
    const { get, visit, access, scope } = await signedInPage({ options: { clock } })
    expect((await get('/api/scim/status')).body).not.toHaveProperty('import')
    await noteImport(access, scope, { startedAt, at, ...noted })
    expect((await get('/api/scim/status')).body.import).toMatchObject(status)
    expect((await visit(`${path}/status`)).text).toContain(text)
  })
})

it('says how long work takes in the unit people would use', () => {
  const left = (secondsLeft: number) => progressText({ done: 1, total: 1_200, secondsLeft })
  expect(left(1)).toBe('1 of 1,200, about 1 second left')
  expect(left(89)).toContain('89 seconds')
  expect(left(90)).toContain('2 minutes')
  expect(left(7_200)).toContain('2 hours')
  expect(left(0)).toBe('1 of 1,200')
})
