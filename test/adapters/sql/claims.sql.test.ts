import { sqlAdapters } from '../../../adapters/sql/index.js'
import { sql } from '../../../adapters/sql/sql.js'
import { createWorld, type World } from '../../access/world.js'
import { openDirectly } from '../../support/direct-database.js'
import { sqlStores } from '../../support/sql-stores.js'

const owner = 'one'
const leaseMs = 10_000
const stores = sqlStores()
let world: World
beforeEach(() => {
  world = createWorld(stores().adapters)
})

/** Twelve people who are due: every fourth is in the same two groups. */
async function aFlood(): Promise<readonly string[]> {
  const ids: string[] = []
  for (let n = 0; n < 12; n++) ids.push((await world.addUser(`user${n}@example.com`)).id)
  const inTurn = (turn: number) => ids.filter((_, n) => n % 4 === turn).map((id) => ({ id }))
  for (const turn of [0, 1, 2, 3]) {
    for (const name of ['Team', 'Place']) await world.addGroup(`${name} ${turn}`, inTurn(turn))
  }
  return ids
}

/** Makes somebody due at this time, in milliseconds since 1970. */
async function setDue(id: string, at: number): Promise<void> {
  const direct = await openDirectly(stores().database.url)
  await direct.all(sql`update scim_pending set due_at = ${at} where user_id = ${id}`)
  await direct.close()
}

const idsOf = (claimed: readonly { readonly userId: string }[]) =>
  claimed.map(({ userId }) => userId)

describe('a claim of people who are alike', () => {
  it('takes those in the same groups together, and each once', async () => {
    const ids = await aFlood()
    const turns: number[][] = []
    for (let claims = 0; claims < 4; claims++) {
      const claimed = await stores().adapters.access.claim({
        owner,
        limit: 3,
        leaseMs,
        alike: true,
      })
      turns.push(idsOf(claimed).map((id) => ids.indexOf(id) % 4))
    }
    for (const turn of turns) expect(new Set(turn).size).toBe(1)
    expect(turns.map(([first]) => first).sort()).toEqual([0, 1, 2, 3])
    expect(await stores().adapters.access.claim({ owner, limit: 3, leaseMs, alike: true })).toEqual(
      [],
    )
  })

  it.each([
    { limit: 1, taken: 1 },
    { limit: 2, taken: 3 },
    { limit: 4, taken: 6 },
    { limit: 7, taken: 9 },
  ])(
    'takes $taken of three alike at a time where $limit may come, as half as many more may',
    async ({ limit, taken }) => {
      await aFlood()
      const claimed = await stores().adapters.access.claim({ owner, limit, leaseMs, alike: true })
      expect(claimed).toHaveLength(taken)
    },
  )

  it.each([
    ['in a group of their own', async (id: string) => void (await world.addGroup('Z', [{ id }]))],
    ['without groups', async () => {}],
  ])('takes somebody %s first who was due before the others', async (_name, place) => {
    const odd = await world.addUser('odd@example.com')
    await place(odd.id)
    const ids = await aFlood()
    await setDue(odd.id, 1)
    const claimed = await stores().adapters.access.claim({ owner, limit: 4, leaseMs, alike: true })
    expect(idsOf(claimed)).toContain(odd.id)
    expect(ids).toEqual(expect.arrayContaining(idsOf(claimed).filter((id) => id !== odd.id)))
  })

  it('takes somebody after those alike who were due before, not after those who come later', async () => {
    const ids = await aFlood()
    const odd = await world.addUser('odd@example.com')
    await setDue(ids[0] ?? '', 1)
    await setDue(odd.id, 2)
    const claim = () => stores().adapters.access.claim({ owner, limit: 3, leaseMs, alike: true })
    expect(idsOf(await claim()).map((id) => ids.indexOf(id) % 4)).toEqual([0, 0, 0])
    expect(idsOf(await claim())).toContain(odd.id)
  })

  it('shares them between hosts, each once', async () => {
    const ids = await aFlood()
    const other = await sqlAdapters({ url: stores().database.url })
    const claimed: string[] = []
    for (let claims = 0; claims < 8; claims++) {
      for (const { access } of [stores().adapters, other]) {
        claimed.push(...idsOf(await access.claim({ owner, limit: 2, leaseMs, alike: true })))
      }
    }
    await other.close()
    expect(claimed.sort()).toEqual([...ids].sort())
  })

  it('takes nobody who is not due or has failed, and nobody under a lease', async () => {
    const ids = await aFlood()
    const entries = await stores().adapters.access.claim({ owner, limit: 3, leaseMs })
    const [held, late, failed] = entries
    if (!late || !failed) throw new Error('Three people are due.')
    const error = 'of the test'
    await stores().adapters.access.settle(owner, late, { kind: 'retry', afterMs: 60_000, error })
    await stores().adapters.access.settle(owner, failed, { kind: 'failed', error })
    const claimed = await stores().adapters.access.claim({
      owner: 'two',
      limit: 20,
      leaseMs,
      alike: true,
    })
    const others = ids.filter((id) => ![held, late, failed].some((each) => each?.userId === id))
    expect(idsOf(claimed).sort()).toEqual([...others].sort())
  })

  it('takes people without groups, and of each tenant', async () => {
    await world.addUser('nowhere@example.com')
    const claimed = await stores().adapters.access.claim({ owner, limit: 20, leaseMs, alike: true })
    expect(claimed).toHaveLength(1)
  })
})
