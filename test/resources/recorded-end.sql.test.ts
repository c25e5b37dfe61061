import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { AccessStore, Adapters, Scope } from '../../lib/stores/index.js'
import { serve } from '../protocol/server.js'
import { testDatabase } from '../support/test-database.js'

type Stores = Adapters & { readonly access: AccessStore }

let ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
async function sql(): Promise<Stores> {
  const database = await testDatabase()
  const adapters = await sqlAdapters({ url: database.url })
  ends = [...ends, adapters.close, database.drop]
  return adapters
}
const scope: Scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'r',
  signal: new AbortController().signal,
}

describe.each([
  ['memory', async (): Promise<Stores> => memoryAdapters()],
  ['SQL', sql],
])('access that is only recorded, on %s', (_, make) => {
  async function people(change: (stores: Stores) => Adapters = (stores) => stores) {
    const stores = await make()
    const provider = await serve(change(stores), { deprovisionTimeoutMs: 200 })
    const { id } = await provider.user('ada')
    const deactivate = () =>
      provider.patch(`/Users/${id}`, [{ op: 'replace', path: 'active', value: false }])
    return { stores, events: provider.events, id: String(id), deactivate }
  }

  it('ends in the step that stores the deactivation', async () => {
    const { stores, events, id, deactivate } = await people()
    const claim = jest.spyOn(stores.access, 'claim')
    expect((await deactivate()).status).toBe(200)
    expect(await stores.access.getRecord(scope, id)).toMatchObject({ enforced: 'deprovisioned' })
    expect(await stores.access.pendingOf(scope, [id])).toEqual([])
    expect(claim).not.toHaveBeenCalled()
    const logged = (await stores.audit?.query(scope, { limit: 10 }))?.map(({ event }) => event)
    const all = ['user.created', 'user.patched', 'user.deactivated', 'user.deprovisioned']
    expect(logged?.reverse()).toEqual(all)
    expect(events.map(({ event }) => event)).toEqual(all)
  })

  it('waits for a worker who may store another record', async () => {
    const { stores, id, deactivate } = await people()
    const [entry] = await stores.access.claim({
      owner: 'worker',
      limit: 1,
      leaseMs: 60_000,
      tenant: 'acme',
      userIds: [id],
    })
    expect((await deactivate()).status).toBe(503)
    expect(await stores.access.getRecord(scope, id)).toBeUndefined()
    expect(await stores.access.pendingOf(scope, [id])).toMatchObject([{ mark: 2 }])
    if (entry) await stores.access.settle('worker', entry, { kind: 'done' })
    expect((await deactivate()).status).toBe(200)
    expect(await stores.access.getRecord(scope, id)).toMatchObject({ enforced: 'deprovisioned' })
  })

  it('is ended in the host if only that method of the target is replaced', async () => {
    const deprovision = jest.fn(async () => {})
    const { deactivate } = await people((stores) => ({
      ...stores,
      users: { ...stores.users, deprovision },
    }))
    expect((await deactivate()).status).toBe(200)
    expect(deprovision).toHaveBeenCalledTimes(1)
  })
})
