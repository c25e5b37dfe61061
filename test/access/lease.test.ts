import { underLease } from '../../lib/access/lease.js'
import type { AccessStore, PendingUser } from '../../lib/stores/index.js'
import { aScope } from '../adapters/support.js'

const entry: PendingUser = {
  tenant: 'acme',
  userId: 'ann',
  since: '2026-01-01T00:00:00.000Z',
  mark: 1,
  attempts: 0,
  failed: false,
  nextAt: '2026-01-01T00:00:00.000Z',
}
const lease = { owner: 'a worker', entry, leaseMs: 8_000, attemptMs: 60_000 }

/** A store that knows whether the claim is held, and who was marked. */
function storeWith({ isHeld = true, failures = 0 }) {
  const marked: (readonly string[])[] = []
  let left = failures
  const access = {
    renew: async () => isHeld,
    async mark(_scope: unknown, ids: readonly string[]) {
      left -= 1
      if (left >= 0) throw new Error('The database cannot be reached.')
      marked.push(ids)
    },
  } as unknown as AccessStore
  return { access, marked }
}

const fails = async () => {
  throw new Error('504')
}

it('marks nobody whose claim was held', async () => {
  const { access, marked } = storeWith({})
  expect(await underLease(access, aScope('acme'), lease, async () => 'done')).toBe('done')
  await expect(underLease(access, aScope('acme'), lease, fails)).rejects.toThrow('504')
  expect(marked).toEqual([])
})

it('asks the store after a failure whether the claim was held', async () => {
  const { access, marked } = storeWith({ isHeld: false })
  await expect(underLease(access, aScope('acme'), lease, fails)).rejects.toThrow('504')
  expect(marked).toEqual([['ann']])
})

it('marks again if the machine was suspended for longer than the claim lasts', async () => {
  const { access, marked } = storeWith({})
  const now = Date.now()
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now)
  const work = async () => {
    clock.mockImplementation(() => now + lease.leaseMs)
    return 'done'
  }
  try {
    expect(await underLease(access, aScope('acme'), lease, work)).toBe('done')
  } finally {
    clock.mockRestore()
  }
  expect(marked).toEqual([['ann']])
})

it('tries again to mark, and keeps the error of the work', async () => {
  const { access, marked } = storeWith({ isHeld: false, failures: 2 })
  await expect(underLease(access, aScope('acme'), lease, fails)).rejects.toThrow('504')
  while (marked.length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
  expect(marked).toEqual([['ann']])
})
