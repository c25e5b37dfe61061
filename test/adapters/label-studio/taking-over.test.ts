import { labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { type Adapters, UnavailableError } from '../../../lib/stores/index.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { send, signUp } from '../../support/label-studio-browser.js'
import { type Product, startProduct } from './product.js'

const password = 'A-good-passw0rd'
const email = 'ann@example.com'

type Replace = Adapters['users']['replace']

// Only the gates of two hosts keep people out.
describe('the first change of a listed person', () => {
  let fake: FakeLabelStudio
  let first: Product
  let second: Product
  /** Does the first host's next write of a person. */
  let nextWrite: ((write: () => ReturnType<Replace>) => ReturnType<Replace>) | undefined
  let cookie: string
  let id: string

  beforeEach(async () => {
    nextWrite = undefined
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const invite = await labelStudioApi({ url: fake.url, token: fake.token }).settings.inviteToken()
    cookie = (await signUp(fake.url, invite, { email, password })).cookie
    const storage = memoryAdapters()
    const replace: Replace = (...all) => {
      const write = () => storage.users.replace(...all)
      const own = nextWrite ?? ((each) => each())
      nextWrite = undefined
      return own(write)
    }
    const options = { withOwner: false, isWorking: false }
    const held = { ...storage, users: { ...storage.users, replace } }
    first = await startProduct(fake, { ...options, storage: held })
    second = await startProduct(fake, { ...options, storage })
    await second.adapters.importer.run()
    id = (await second.lookUp(email)).json.Resources[0].id
  }, 60_000)
  afterEach(async () => {
    await Promise.all([first.stop(), second.stop()])
    await fake.stop()
  })

  const entersBy = async (product: Product) =>
    (await send(`${product.url}/api/current-user/whoami`, { headers: { cookie } })).status === 200
  /** Whether the person comes in, by each host, now and after the next import. */
  const isIn = async () => {
    const seen: boolean[] = []
    for (const _ of ['now', 'after an import']) {
      await first.drained()
      seen.push(await entersBy(first), await entersBy(second))
      await second.adapters.importer.run()
    }
    return seen
  }
  const nowhere = [false, false, false, false]
  const everywhere = [true, true, true, true]

  /** What the second host answers to a request that comes before the first one's next write. */
  const meanwhile = (request: () => Promise<{ readonly status: number }>) => {
    let answer: Promise<number> | undefined
    nextWrite = async (write) => {
      answer = request().then(({ status }) => status)
      await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 300))])
      return write()
    }
    return () => answer
  }
  const deactivated = (product: Product) => product.setActive(id, false)

  it('keeps them out when two hosts deactivate them at the same time', async () => {
    const other = meanwhile(() => deactivated(second))
    expect([(await deactivated(first)).status, await other()]).toEqual([200, 200])
    expect(await isIn()).toEqual(nowhere)
  }, 60_000)

  it('keeps them out when they are deactivated during a change that is refused', async () => {
    await second.pushUser({ userName: 'bob@example.com' })
    const other = meanwhile(() => deactivated(second))
    const taken = [{ op: 'replace', path: 'userName', value: 'bob@example.com' }]
    expect([(await first.patch(`/Users/${id}`, taken)).status, await other()]).toEqual([409, 200])
    expect(await isIn()).toEqual(nowhere)
  }, 60_000)

  it('keeps them out when nobody knows whether their deactivation was stored', async () => {
    nextWrite = async (write) => {
      await write()
      throw new UnavailableError('The connection was lost.')
    }
    expect((await deactivated(first)).status).toBe(503)
    expect((await deactivated(first)).status).toBe(200)
    expect(await isIn()).toEqual(nowhere)
  }, 60_000)

  it('leaves them listed if it is refused, and lets them in', async () => {
    await second.pushUser({ userName: 'bob@example.com' })
    const taken = [{ op: 'replace', path: 'userName', value: 'bob@example.com' }]
    expect((await first.patch(`/Users/${id}`, taken)).status).toBe(409)
    expect(await isIn()).toEqual(everywhere)
    expect((await second.record(id))?.account?.origin).toBe('imported')
  }, 60_000)
})
