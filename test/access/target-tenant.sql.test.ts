import { sqlAdapters } from '../../adapters/sql/index.js'
import { createReconciler, onSignIn } from '../../lib/access/index.js'
import { accessGate } from '../../lib/gate/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { recordingTarget } from './recording-target.js'
import { aScope, createWorld, type World } from './world.js'

let database: TestDatabase
const opened: { close(): Promise<void> }[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const adapters of opened.splice(0)) await adapters.close()
  await database.drop()
})

/** Adapters over the same database, with a target that has only people of this tenant. */
async function aTenant(tenant: string) {
  const host = recordingTarget()
  const adapters = await sqlAdapters({ url: database.url, target: { ...host.target, tenant } })
  opened.push(adapters)
  const world: World = createWorld(adapters, aScope({ tenant }))
  return { ...world, host, adapters }
}

const pendingIn = ({ adapters, scope }: { adapters: Adapters; scope: ReturnType<typeof aScope> }) =>
  adapters.access!.summary(scope).then(({ pending }) => pending)

describe('a target that has the people of one tenant', () => {
  it('gets nobody of another tenant from its reconciler, and the other one loses nothing', async () => {
    const one = await aTenant('one')
    const other = await aTenant('other')
    for (const { addUser } of [one, other]) {
      await addUser('ann@example.com', { id: 'same' })
      await addUser('bob@example.com', { id: 'inactive', active: false })
    }
    await createReconciler(one.adapters).drain()
    expect([one.host.calls.length, other.host.calls.length]).toEqual([2, 0])
    expect([await pendingIn(one), await pendingIn(other)]).toEqual([0, 2])
    await createReconciler(other.adapters).drain()
    expect(other.host.calls.map(({ kind, user }) => [kind, user]).sort()).toEqual([
      ['apply', 'ann@example.com'],
      ['deprovision', 'bob@example.com'],
    ])
    expect(await pendingIn(other)).toBe(0)
  })

  it('does not make its reconciler ask all the time for what is due elsewhere', async () => {
    const one = await aTenant('one')
    const other = await aTenant('other')
    await other.addUser('ann@example.com')
    const { access } = one.adapters
    const waited: number[] = []
    let last = performance.now()
    const claims = new Promise<void>((resolve) => {
      const claim: typeof access.claim = (options) => {
        waited.push(performance.now() - last)
        last = performance.now()
        if (waited.length === 4) resolve()
        return access.claim(options)
      }
      const reconciler = createReconciler(
        { ...one.adapters, access: { ...access, claim } },
        { pollMs: 200 },
      )
      opened.unshift({ close: () => reconciler.stop() })
      reconciler.start()
    })
    await claims
    expect(Math.min(...waited.slice(1))).toBeGreaterThan(150)
  })

  it('refuses a gate and a sign-in for another tenant, where everybody would be unknown', async () => {
    const { adapters } = await aTenant('one')
    const identify = async () => ({ identities: [], isComplete: true })
    expect(() => accessGate(adapters, { identify })).toThrow(
      'accessGate: "tenant" is "default", but these adapters act for the people of "one"',
    )
    expect(() => accessGate(adapters, { identify, tenant: 'one' })).not.toThrow()
    await expect(onSignIn(adapters, { tenant: 'other' }, 'ann@example.com')).rejects.toThrow(
      'onSignIn: "tenant" is "other", but these adapters act for the people of "one"',
    )
  })
})
