import { labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import type { Adapters } from '../../../lib/stores/index.js'
import { startFakeLabelStudio } from '../../support/fake-label-studio/index.js'
import { send, signUp } from '../../support/label-studio-browser.js'
import { mortal } from './mortal.js'
import { startProduct } from './product.js'

const password = 'A-good-passw0rd'

/** Pushes somebody who is in Label Studio already, by a process that ends before its nth step. */
async function pushUntil(lastStep: number, makeStorage: () => Promise<Adapters>) {
  const fake = await startFakeLabelStudio({ mode: 'oss-new' })
  const storage = await makeStorage()
  try {
    const invite = await labelStudioApi({ url: fake.url, token: fake.token }).settings.inviteToken()
    const email = 'ann@example.com'
    const { cookie } = await signUp(fake.url, invite, { email, password })
    const account = [...fake.state.users.values()].find((each) => each.email === email)
    const before = await startProduct(fake, { storage, isWorking: false })
    await before.adapters.importer.run()

    const { dead, adapters, fetch, expire } = mortal(storage, lastStep)
    const first = await startProduct(fake, {
      storage: { ...adapters, close: async () => {} },
      adapters: { fetch },
      isWorking: false,
    })
    const pushed = {
      userName: 'upn-ann@example.com',
      emails: [{ value: email, primary: true }],
      password: 'Another-passw0rd',
    }
    const answer = first.pushUser(pushed).catch(() => undefined)
    const status = await Promise.race([answer.then((got) => got?.status), dead])
    const isIn = async () =>
      (await send(`${before.url}/api/current-user/whoami`, { headers: { cookie } })).status !== 403
    // The gate decides; a session that a new password has ended is no refusal of the gate.
    const seen = [await isIn()]
    await first.stop()

    await expire()
    await before.drained()
    await before.adapters.importer.run()
    await before.drained()
    seen.push(await isIn(), account?.isActive === true)
    const again = await before.pushUser(pushed)
    await before.drained()
    const found = (await before.lookUp(pushed.userName)).json.Resources
    const record = await before.record(found?.[0]?.id)
    seen.push([201, 409].includes(again.status), record?.account?.id === String(account?.id))
    seen.push(await isIn(), account?.isActive === true)
    await before.stop()
    return { status, seen }
  } finally {
    await storage.close?.()
    await fake.stop()
  }
}

describe.each([
  ['memory', async () => memoryAdapters()],
  ['SQLite', () => sqlAdapters({ url: 'sqlite::memory:' })],
])('a POST that ends between any two of its steps (%s)', (_, makeStorage) => {
  it('locks nobody out, and can be sent again', async () => {
    let lastStep = 0
    for (;;) {
      const { status, seen } = await pushUntil(lastStep, makeStorage)
      expect([lastStep, ...seen]).toEqual([lastStep, ...seen.map(() => true)])
      if (status === 201) break
      lastStep += 1
    }
    // Mark, claim, create, the sign-in of the admin, the password, the old resource and record, the
    // link, and so on.
    expect(lastStep).toBeGreaterThan(7)
  }, 120_000)
})
