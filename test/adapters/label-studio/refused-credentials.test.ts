import {
  type FakeLabelStudio,
  type FakeMode,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { type Product, type ProductOptions, scopeOf, startProduct } from './product.js'

let fake: FakeLabelStudio
let product: Product
let warnings: string[]

const start = async (mode: FakeMode, options: ProductOptions = {}) => {
  fake = await startFakeLabelStudio({ mode })
  product = await startProduct(fake, { isWorking: false, withOwner: mode !== 'lse', ...options })
}
const codesOf = async () => (await product.adapters.examine()).map(({ code }) => code)

beforeEach(() => {
  warnings = []
  jest.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)))
})
afterEach(async () => {
  jest.restoreAllMocks()
  await product.stop()
  await fake.stop()
})

describe.each(['oss-new', 'lse'] as const)(
  'a token that is refused from some day on (%s)',
  (mode) => {
    const owner = () => fake.state.users.get(1)
    const refuse = () => {
      const account = owner()
      if (account) account.legacyToken = 'another-token'
    }
    const accept = () => {
      const account = owner()
      if (account) account.legacyToken = fake.token
    }

    it('is told once in the log, to onError with its cause, and to doctor and status page at once', async () => {
      const errors: unknown[] = []
      await start(mode, { router: { onError: (error) => errors.push(error) } })
      const { json } = await product.pushUser({ userName: 'ann@example.com' })
      await product.drained()
      expect(await codesOf()).toContain('token-of-owner')
      expect(warnings).toEqual([])

      refuse()
      const answer = await product.setActive(json.id, false)
      // Community with the owner's sign-in finds a known account in its admin, if the API does not
      // tell.
      expect(answer.status).toBe(503)
      expect(errors).toHaveLength(1)
      expect(String(errors[0])).toMatch(/does not accept the token/)
      const codes = await codesOf()
      expect(codes).toContain('token-refused')
      expect(codes).not.toContain('token-of-owner')
      const [entry] = await product.adapters.access.pendingOf(scopeOf(), [json.id])
      expect(entry?.lastError).toMatch(
        /^The host refuses us\. Label Studio does not accept the token/,
      )
      await product.setActive(json.id, false)
      expect(warnings).toEqual([expect.stringMatching(/does not accept the token/)])

      accept()
      expect(await codesOf()).toContain('token-refused')
      await product.setActive(json.id, false)
      expect(await codesOf()).toContain('token-of-owner')
      refuse()
      await product.adapters.importer.run().catch(() => {})
      expect(warnings).toHaveLength(2)
    }, 60_000)

    it('is the cause also where Label Studio was never asked before', async () => {
      const errors: unknown[] = []
      await start(mode, {
        adapters: { token: 'of-nobody-at-all-0001' },
        router: { onError: (error) => errors.push(error) },
      })
      expect((await product.pushUser({ userName: 'ann@example.com' })).status).toBe(503)
      expect(errors.map(String)).toEqual([expect.stringMatching(/does not accept the token/)])
      expect(warnings).toHaveLength(1)
    }, 60_000)
  },
)

describe('an owner’s sign-in that is refused', () => {
  it('is told once, and not as a Label Studio that does not answer', async () => {
    await start('oss-new')
    const { json } = await product.pushUser({ userName: 'ann@example.com' })
    await product.drained()
    const owner = fake.state.users.get(1)
    if (owner) Object.assign(owner, { password: 'Another-passw0rd', passwordVersion: 9 })
    expect((await product.setActive(json.id, false)).status).toBe(503)
    await product.setActive(json.id, false)
    expect(warnings).toEqual([expect.stringMatching(/does not accept the owner’s e-mail/)])
    expect(await codesOf()).toEqual(
      expect.arrayContaining(['token-of-owner', 'owner-sign-in-failed']),
    )
  }, 60_000)
})

describe('a proxy that refuses every call', () => {
  it('is not reported as a Label Studio that does not answer', async () => {
    await start('oss-new')
    fake.faults.add({ fault: { kind: 'status', status: 401 } })
    expect(await codesOf()).toEqual(['token-refused'])
  })
})

describe.each(['oss-new', 'lse'] as const)('a new owner of the organization (%s)', (mode) => {
  const boss = 'boss@example.com'
  let now = Date.now()
  const begin = async () => {
    await start(mode, { adapters: { clock: () => now } })
    await product.pushUser({ userName: 'ann@example.com' })
    await product.drained()
    const owner = fake.state.users.get(1)
    if (owner) owner.email = boss
  }
  const exemption = async () => {
    const meta = { resourceType: 'User', created: '', lastModified: '', version: '1' }
    const user = { id: 'x', userName: boss, active: true, meta }
    return (await product.adapters.users.exemptions?.(scopeOf(), [user]))?.[0]?.kind
  }
  const eventuallyProtected = async () => {
    const until = Date.now() + 5_000
    while ((await exemption()) !== 'protected' && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return exemption()
  }

  it('is protected within a minute, without a restart (R30)', async () => {
    await begin()
    now += 30_000
    expect([await exemption(), await exemption()]).toEqual([undefined, undefined])
    now += 31_000
    expect(await eventuallyProtected()).toBe('protected')
    expect((await product.pushUser({ userName: boss })).status).toBe(403)
  }, 60_000)

  it('is protected at once after a refusal (R30)', async () => {
    await begin()
    now += 6_000
    fake.faults.add({ fault: { kind: 'status', status: 403 }, path: /users|memberships/, times: 1 })
    await product.adapters.importer.run().catch(() => {})
    expect(await eventuallyProtected()).toBe('protected')
  }, 60_000)

  it('answers what is known while Label Studio does not answer (R30)', async () => {
    await begin()
    await fake.kill()
    now += 120_000
    expect([await exemption(), await exemption()]).toEqual([undefined, undefined])
    await fake.restart()
    now += 61_000
    expect(await eventuallyProtected()).toBe('protected')
  }, 60_000)
})
