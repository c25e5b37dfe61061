import { labelStudioAdapters } from '../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler } from '../../lib/index.js'
import { serve, userUrn } from '../protocol/server.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'

const address = 'ann@example.com'
const ann = { userName: address, emails: [{ value: address, primary: true }] }

let fake: FakeLabelStudio
beforeEach(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
})
afterEach(() => fake.stop())

/** A service provider in front of a Label Studio where somebody has an account already. */
async function setUp(adopt: 'all' | 'none' | readonly string[]) {
  const adapters = labelStudioAdapters({
    tenant: 'acme',
    url: fake.url,
    token: fake.token,
    owner: { email: fake.ownerEmail, password: fake.ownerPassword },
    storage: memoryAdapters(),
    adopt,
    baseDelayMs: 1,
    maxDelayMs: 5,
  })
  const account = await createAccount()
  const scim = await serve(adapters)
  const reconciler = createReconciler(adapters, { backoffMs: 1, maxBackoffMs: 2 })
  return { scim, adapters, account, before: { ...account }, drain: () => reconciler.drain() }
}

/** As somebody made it in Label Studio. */
async function createAccount() {
  await fetch(`${fake.url}/api/users/`, {
    method: 'POST',
    headers: { Authorization: `Token ${fake.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'ann', email: address, first_name: 'Ann' }),
  })
  return [...fake.state.users.values()].find(({ email }) => email === address)!
}

describe('an account that was there before SCIM', () => {
  it.each([
    ['nobody’s', 'none'],
    ['other domains', ['example.org']],
  ] as const)(
    'is visible and out of reach where %s accounts may be taken over (S-ATO-02, S-ATO-03, S-AUTHZ-14)',
    async (_, adopt) => {
      const { scim, adapters, account, before, drain } = await setUp(adopt)
      await adapters.importer.run()
      const post = await scim.post('/Users', { schemas: [userUrn], ...ann })
      expect({ status: post.status, scimType: post.body.scimType }).toEqual({
        status: 409,
        scimType: 'uniqueness',
      })
      const found = await scim.get(
        `/Users?filter=${encodeURIComponent(`userName eq "${address}"`)}`,
      )
      const [{ id }] = found.body.Resources
      const attempts = [
        await scim.put(`/Users/${id}`, { schemas: [userUrn], ...ann, displayName: 'Eve' }),
        await scim.patch(`/Users/${id}`, [{ op: 'replace', path: 'active', value: false }]),
        await scim.patch(`/Users/${id}`, [
          { op: 'replace', path: 'userName', value: 'eve@evil.example' },
        ]),
      ]
      expect(attempts.map(({ status }) => status)).toEqual([409, 409, 409])
      await drain()
      expect(fake.state.users.get(account.id)).toEqual(before)
    },
  )

  it('is linked to nobody who is created with its address before it was seen (S-ATO-02)', async () => {
    const { scim, adapters, account, before, drain } = await setUp('none')
    const post = await scim.post('/Users', { schemas: [userUrn], ...ann })
    expect({ status: post.status, scimType: post.body.scimType }).toEqual({
      status: 409,
      scimType: 'uniqueness',
    })
    await drain()
    expect(fake.state.users.get(account.id)).toEqual(before)
    const scope = {
      tenant: 'acme',
      actor: 'test',
      requestId: 'r',
      signal: new AbortController().signal,
    }
    const page = { kind: 'index', offset: 0, limit: 10 } as const
    const { totalResults } = await adapters.users.query(scope, { omit: new Set(), page })
    expect(totalResults).toBe(0)
  })

  it('is taken over where the host allows its domain (S-ATO-02)', async () => {
    const { scim, adapters, account, drain } = await setUp(['example.com'])
    await adapters.importer.run()
    const found = await scim.get('/Users?filter=userName%20eq%20%22ann@example.com%22')
    const [{ id }] = found.body.Resources
    const name = { givenName: 'Anna', familyName: 'Archer' }
    expect((await scim.put(`/Users/${id}`, { schemas: [userUrn], ...ann, name })).status).toBe(200)
    await drain()
    expect(fake.state.users.get(account.id)).toMatchObject({ firstName: 'Anna' })
  })
})

it('deletes a person for the client while Label Studio keeps the account, shut (R-DEL-05, R-DEL-02, R-CREATE-13)', async () => {
  const { scim, account, drain } = await setUp('all')
  const user = await scim.user(address, { emails: ann.emails })
  await drain()
  expect((await scim.delete(`/Users/${user.id}`)).status).toBe(204)
  expect((await scim.get(`/Users/${user.id}`)).status).toBe(404)
  expect(fake.state.users.get(account.id)).toMatchObject({ isActive: false })
  expect((await scim.user(address)).id).not.toBe(user.id)
})
