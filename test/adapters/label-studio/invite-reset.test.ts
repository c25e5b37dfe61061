import { memoryAdapters } from '../../../adapters/memory/index.js'
import { type FakeMode, startFakeLabelStudio } from '../../support/fake-label-studio/index.js'
import { startProduct } from './product.js'

const start = async (mode: FakeMode) => {
  const fake = await startFakeLabelStudio({ mode })
  const product = await startProduct(fake, { withOwner: false, isWorking: false })
  const resets = () => fake.requests.filter(({ path }) => path === '/api/invite/reset-token').length
  const stop = async () => {
    await product.stop()
    await fake.stop()
  }
  return { fake, product, resets, stop }
}

const eventually = async (isTrue: () => boolean) => {
  const until = Date.now() + 5_000
  while (!isTrue() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(isTrue()).toBe(true)
}

afterEach(() => jest.restoreAllMocks())

it('keeps no deactivation waiting when the invite cannot be reset, and tells it once (F4)', async () => {
  const warnings: string[] = []
  jest.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)))
  const { fake, product, resets, stop } = await start('oss-new')
  fake.faults.add({ fault: { kind: 'status', status: 400 }, path: /reset-token/ })
  for (const name of ['ann', 'ben']) {
    const { json } = await product.pushUser({ userName: `${name}@example.com` })
    expect((await product.setActive(json.id, false)).status).toBe(200)
  }
  await eventually(() => resets() > 0 && warnings.length > 0)
  expect(warnings).toEqual([expect.stringMatching(/invite link .* could not be reset/)])
  await stop()
}, 60_000)

it('resets the invite once it can, though nobody else leaves (F4)', async () => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const { fake, product, stop } = await start('oss-new')
  const before = fake.state.inviteToken
  fake.faults.add({ fault: { kind: 'status', status: 400 }, path: /reset-token/, times: 1 })
  const { json } = await product.pushUser({ userName: 'ann@example.com' })
  expect((await product.setActive(json.id, false)).status).toBe(200)
  await eventually(() => fake.state.inviteToken !== before)
  await stop()
}, 60_000)

it('remembers over a restart that the invite has to be reset (F4)', async () => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const fake = await startFakeLabelStudio({ mode: 'oss-new' })
  const storage = memoryAdapters()
  const options = { withOwner: false, isWorking: false, storage }
  const before = fake.state.inviteToken
  fake.faults.add({ fault: { kind: 'status', status: 400 }, path: /reset-token/ })
  let isDead = false
  const ofTheFirst: typeof fetch = (...request) =>
    isDead ? new Promise<never>(() => {}) : fetch(...request)
  const first = await startProduct(fake, { ...options, adapters: { fetch: ofTheFirst } })
  const { json } = await first.pushUser({ userName: 'ann@example.com' })
  expect((await first.setActive(json.id, false)).status).toBe(200)
  await eventually(() => fake.requests.some(({ path }) => path === '/api/invite/reset-token'))
  isDead = true
  await first.stop()
  fake.faults.clear()
  const second = await startProduct(fake, options)
  await second.adapters.importer.run()
  await eventually(() => fake.state.inviteToken !== before)
  const once = fake.state.inviteToken
  await second.adapters.importer.run()
  await second.adapters.importer.run()
  expect(fake.state.inviteToken).toBe(once)
  await second.stop()
  await fake.stop()
}, 60_000)

it('asks for few resets when many are deprovisioned at once', async () => {
  const { product, resets, stop } = await start('oss-new')
  const pushed = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      product.pushUser({ userName: `person-${index}@example.com` }),
    ),
  )
  await Promise.all(pushed.map(({ json }) => product.setActive(json.id, false)))
  await eventually(() => resets() > 0)
  expect(resets()).toBeLessThan(20)
  await stop()
}, 60_000)

it('leaves Enterprise alone, whose invitations are bound to an address', async () => {
  const { product, resets, stop } = await start('lse')
  const { json } = await product.pushUser({ userName: 'ann@example.com' })
  await product.drained()
  await product.setActive(json.id, false)
  await product.drained()
  expect(resets()).toBe(0)
  await stop()
}, 60_000)
