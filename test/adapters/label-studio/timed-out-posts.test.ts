import { memoryAdapters } from '../../../adapters/memory/index.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { startFakeLabelStudio } from '../../support/fake-label-studio/index.js'
import { scopeOf, startProduct } from './product.js'

describe.each([
  ['memory', async () => memoryAdapters()],
  ['SQLite', () => sqlAdapters({ url: 'sqlite::memory:' })],
])('a POST that Label Studio keeps waiting beyond the deadline (F19; %s)', (_, makeStorage) => {
  it('is in the log, and its account is found again', async () => {
    const fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const product = await startProduct(fake, {
      storage: await makeStorage(),
      isWorking: false,
      router: { requestTimeoutMs: 1_000 },
    })
    const pushed = { userName: 'ann@example.com', password: 'A-good-passw0rd' }
    fake.faults.add({ fault: { kind: 'slow' }, path: /\/password\// })
    const answer = await product.pushUser(pushed)
    expect(answer.status).toBe(503)
    const failures = async () =>
      ((await product.adapters.audit?.query(scopeOf(), { limit: 99 })) ?? []).filter(
        ({ event, status }) => event === 'request.failed' && status === 503,
      )
    const until = Date.now() + 15_000
    while ((await failures()).length === 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(await failures()).toHaveLength(1)

    fake.faults.clear()
    const again = await product.pushUser(pushed)
    expect(again.status).toBe(201)
    await product.drained()
    const accounts = [...fake.state.users.values()].filter(({ email }) => email === pushed.userName)
    expect(accounts).toHaveLength(1)
    expect((await product.record(again.json.id))?.account?.id).toBe(String(accounts[0]?.id))
    await product.stop()
    await fake.stop()
  }, 60_000)

  it('is not taken for a user who exists while it may still be undone', async () => {
    const fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const product = await startProduct(fake, {
      storage: await makeStorage(),
      isWorking: false,
      router: { requestTimeoutMs: 1_000 },
    })
    const pushed = { userName: 'ann@example.com', password: 'A-good-passw0rd' }
    fake.faults.add({ fault: { kind: 'slow' }, path: /\/password\//, times: 1 })
    const first = product.pushUser(pushed)
    const isStored = async () => (await product.lookUp(pushed.userName)).json.totalResults === 1
    while (!(await isStored())) await new Promise((resolve) => setTimeout(resolve, 10))
    let again = await product.pushUser(pushed)
    for (let tries = 0; again.status === 503 && tries < 20; tries += 1) {
      again = await product.pushUser(pushed)
    }
    expect([(await first).status, again.status]).toEqual([503, 201])
    await product.drained()
    expect((await product.scim('GET', `/Users/${again.json.id}`)).status).toBe(200)
    expect((await product.pushUser(pushed)).status).toBe(409)
    await product.stop()
    await fake.stop()
  }, 60_000)
})
