import { labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import { labelStudioAdapters } from '../../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import type { GatePolicy } from '../../../lib/stores/index.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { scopeOf } from './product.js'

const editions = [
  ['Community', 'oss-new', undefined],
  ['Enterprise', 'lse', undefined],
  ['Community with invitations', 'oss-new', 'invite'],
] as const

describe.each(editions)('what the gate asks about %s', (_edition, mode, firstSignIn) => {
  let fake: FakeLabelStudio
  let gate: Required<GatePolicy>
  beforeAll(async () => {
    fake = await startFakeLabelStudio({ mode })
    const adapters = labelStudioAdapters({
      url: fake.url,
      token: fake.token,
      storage: memoryAdapters(),
      owner: { email: fake.ownerEmail, password: fake.ownerPassword },
      ...(firstSignIn && { firstSignIn }),
    })
    gate = adapters.gate as Required<GatePolicy>
  })
  afterAll(() => fake.stop())

  const isCommunity = mode === 'oss-new'

  it('is who may sign up, and with which parameters', async () => {
    const expected = isCommunity ? (firstSignIn ? 'invited' : 'closed') : 'open'
    expect(await gate.signUp(scopeOf())).toBe(expected)
    const query = isCommunity ? { token: fake.state.inviteToken } : {}
    expect(await gate.signUpQuery(scopeOf())).toEqual(query)
  })

  it.each([
    ['/api/invite', isCommunity],
    ['/api/invite/reset-token', isCommunity],
    ['/below/api/organizations/1', isCommunity],
    ['/api/organizations/1/memberships', false],
    ['/api/organizations', false],
    ['/api/projects/1', false],
  ])('is whether %s is for administrators: %s', async (path, expected) => {
    expect(await gate.isReserved(scopeOf(), { method: 'GET', path })).toBe(expected)
  })

  it('is whether somebody is the owner, by account or by address', async () => {
    const { ownerEmail: email } = fake
    const { id } = await labelStudioApi({ url: fake.url, token: fake.token }).whoami()
    for (const [identity, expected] of [
      [{ accountId: id }, true],
      [{ accountId: String(id) }, true],
      [{ accountId: id, email: 'renamed@example.com' }, true],
      [{ email }, true],
      [{ accountId: id + 1 }, false],
      [{ accountId: id + 1, email: 'ann@example.com' }, false],
      [{ email: 'ann@example.com' }, false],
      [{ email: '' }, false],
      [{}, false],
    ] as const) {
      expect([identity, await gate.isOwner(scopeOf(), identity)]).toEqual([identity, expected])
    }
  })

  it('is the address of an account, but for removed and unknown ones', async () => {
    const api = labelStudioApi({ url: fake.url, token: fake.token })
    const { id } = await api.users.create({ email: 'Ann@Example.com' })
    const addressOf = (accountId: string) => gate.emailOfAccount(scopeOf(), accountId)
    expect(await addressOf(String(id))).toBe('ann@example.com')
    for (const other of ['9999', 'x', `${id}x`, `x${id}`, '', '../1', `${id}/`]) {
      expect(await addressOf(other)).toBeUndefined()
    }
    if (!isCommunity) {
      await api.members(1).remove(id)
      expect(await addressOf(String(id))).toBeUndefined()
    }
  })

  it('is whether a text is the token of the adapter', () => {
    const other = `${fake.token.slice(0, -1)}${fake.token.endsWith('x') ? 'y' : 'x'}`
    expect([fake.token, other, `${fake.token}x`, ''].map(gate.isOwnSecret)).toEqual([
      ...[true, false, false, false],
    ])
  })
})
