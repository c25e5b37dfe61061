import {
  type LabelStudioAdaptersOptions,
  labelStudioAdapters,
} from '../../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import {
  type FakeLabelStudio,
  type FakeOptions,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { newMember, newUser } from '../../support/fake-label-studio/state.js'

let fake: FakeLabelStudio
afterEach(() => fake.stop())

const password = 'A-good-passw0rd'
async function start(options: FakeOptions) {
  fake = await startFakeLabelStudio(options)
  const { state } = fake
  const ann = newUser(2, {
    email: 'ann@example.com',
    username: 'ann',
    password,
    activeOrganization: 1,
  })
  state.users.set(2, ann)
  state.members.set(2, newMember(2, 2, 'AD'))
  return ann
}
async function findings(options: Partial<LabelStudioAdaptersOptions> = {}) {
  const connection = { url: fake.url, token: fake.token, retries: 0, timeoutMs: 500 }
  return labelStudioAdapters({ ...connection, storage: memoryAdapters(), ...options }).examine()
}
const complaints = async (options?: Partial<LabelStudioAdaptersOptions>) =>
  (await findings(options)).filter(({ level }) => level !== 'ok')

describe.each(['oss-new', 'lse'] as const)('the doctor of %s', (mode) => {
  it('finds that Label Studio does not answer, and what to look at', async () => {
    await start({ mode })
    await fake.kill()
    expect(await findings()).toEqual([
      {
        level: 'error',
        code: 'unreachable',
        message: expect.stringMatching(/does not answer: .* Check LABEL_STUDIO_URL/),
      },
    ])
  })

  it('finds a token that is refused, and one that is somebody else’s, and tells neither', async () => {
    const ann = await start({ mode })
    expect((await complaints({ token: 'wrong' })).map(({ code }) => code)).toEqual([
      'token-refused',
    ])
    const others = await complaints({ token: ann.legacyToken })
    expect(others[0]).toMatchObject({ level: 'error', code: 'token-not-owner' })
    expect(JSON.stringify(others)).not.toContain(ann.legacyToken)
  })

  it('finds that legacy tokens are switched off', async () => {
    await start({ mode, legacyTokens: false })
    const [complaint] = await complaints()
    expect(complaint?.message).toMatch(/if it is a legacy token, enable those/)
  })
})

describe('the doctor of Community', () => {
  it.each([
    ['a wrong password', {}, { password: 'wrong-password' }, 'owner-sign-in-failed'],
    ['a form it does not know', { strangeAdminForm: true }, {}, 'owner-sign-in-failed'],
    ['no way into the admin', {}, { email: 'ann@example.com', password }, 'owner-sign-in-failed'],
  ] as const)('finds %s', async (_name, options, given, code) => {
    await start({ mode: 'oss-new', ...options })
    const owner = { email: fake.ownerEmail, password: fake.ownerPassword, ...given }
    const errors = (await findings({ owner })).filter(({ level }) => level === 'error')
    expect(errors.map((each) => each.code)).toEqual([code])
    expect(JSON.stringify(errors)).not.toContain(owner.password)
  })

  it.each([
    [true, 'warning', 'sign-up-open', /DISABLE_SIGNUP_WITHOUT_LINK=true/],
    [false, 'ok', 'sign-up-closed', /without its invite link/],
  ] as const)(
    'tells whether anybody can sign up without a link: %s (F3)',
    async (openSignUp, level, code, words) => {
      await start({ mode: 'oss-new', openSignUp })
      const people = fake.state.users.size
      const found = (await findings()).find((each) => each.code.startsWith('sign-up'))
      expect(found).toEqual({ level, code, message: expect.stringMatching(words) })
      expect(fake.state.users.size).toBe(people)
    },
  )

  it.each([true, false])('tells whether legacy tokens are on: %s (F14)', async (isOn) => {
    const ann = await start({ mode: 'oss-new' })
    const made = await fetch(`${fake.url}/api/token/`, {
      method: 'POST',
      headers: { authorization: `Token ${fake.token}` },
    })
    const { token } = (await made.json()) as { token: string }
    fake.state.tokenSettings.legacy_api_tokens_enabled = isOn
    expect(ann.email).toBe('ann@example.com')
    const codes = (await findings({ token })).map(({ code }) => code)
    expect(codes.includes('legacy-tokens')).toBe(isOn)
  })

  it.each([
    [true, [expect.stringMatching(/tested with .* 1\.23\.2, not with 1\.16\.0/)]],
    [false, []],
  ])('warns about a release that was not tested: %s', async (before117, messages) => {
    await start({ mode: 'oss-old', before117 })
    const warned = (await complaints()).filter(({ code }) => code === 'release-not-tested')
    expect(warned.map(({ message }) => message)).toEqual(messages)
  })

  it.each([
    ['gate', /still gets in/],
    ['soft-delete', /cannot bring them back/],
    ['hard-delete', /annotations lose their author/],
  ] as const)('says what the strategy %s loses', async (deprovisioning, words) => {
    await start({ mode: 'oss-new' })
    const effect = (await complaints({ deprovisioning })).find(
      ({ code }) => code === 'deprovisioning',
    )
    expect(effect?.message).toMatch(words)
  })
})

describe('the doctor of Enterprise', () => {
  it.each([
    ['MANUAL_ROLE_MANAGEMENT', { manual: { role: false } }, 'manual-role-management'],
    [
      'MANUAL_WORKSPACE_MANAGEMENT',
      { manual: { workspace: false } },
      'manual-workspace-management',
    ],
    ['that no seat is left', { seatLimit: 1 }, 'no-seat'],
  ] as const)('finds %s', async (_name, options, code) => {
    await start({ mode: 'lse', ...options })
    expect((await complaints()).map((each) => each.code)).toEqual([code])
  })

  it('finds that Label Studio’s own SCIM or SAML changes the same people', async () => {
    await start({ mode: 'lse' })
    fake.state.scimSettings['roles_groups'] = [['Annotator', 'crew']]
    fake.state.samlSettings['workspaces_groups'] = [
      ['Vision', 'crew'],
      ['Text', 'crew'],
    ]
    expect(await complaints()).toEqual([
      {
        level: 'warning',
        code: 'native-scim',
        message: expect.stringMatching(/own SCIM has 1 mapping rules.*import-settings/),
      },
      {
        level: 'warning',
        code: 'native-saml',
        message: expect.stringMatching(/own SAML has 2 mapping rules/),
      },
    ])
  })
})

it('says again for half a minute what was found, so that a status page can be looked at often', async () => {
  await start({ mode: 'oss-new' })
  const { examine } = labelStudioAdapters({
    ...{ url: fake.url, token: fake.token, storage: memoryAdapters() },
  })
  const first = await examine()
  const asked = fake.requests.length
  expect(await examine()).toEqual(first)
  expect(fake.requests).toHaveLength(asked)
})
