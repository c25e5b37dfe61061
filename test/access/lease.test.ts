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
      await new Promise(setImmediate)
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

describe('a claim is renewed', () => {
  beforeEach(() => void jest.useFakeTimers())
  afterEach(() => void jest.useRealTimers())

  /** Work that ends when its claim is lost; `answers` of the store to each renewal. */
  function renewing(
    answers: (renewal: number) => boolean | Error | Promise<boolean>,
    attemptMs = 600_000,
  ) {
    const renewed: number[] = []
    const marked: string[] = []
    const startedAt = Date.now()
    const access = {
      async renew() {
        renewed.push(Date.now() - startedAt)
        const answer = await answers(renewed.length)
        if (answer instanceof Error) throw answer
        return answer
      },
      mark: async (_scope: unknown, ids: readonly string[]) => void marked.push(...ids),
    } as unknown as AccessStore
    let end: (value: string) => void = () => {}
    const ended: { name?: string; at?: number } = {}
    const work = underLease(
      access,
      aScope('acme'),
      { ...lease, leaseMs: 9_000, attemptMs },
      ({ signal }) =>
        new Promise<string>((resolve, reject) => {
          end = resolve
          signal.addEventListener('abort', () => {
            Object.assign(ended, { name: signal.reason.name, at: Date.now() - startedAt })
            reject(signal.reason)
          })
        }),
    )
    work.catch(() => {})
    return { renewed, marked, ended, work, end: (value: string) => end(value) }
  }
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms)

  it('as long as the work goes on, and no longer', async () => {
    const { renewed, marked, ended, work, end } = renewing(() => true)
    await pass(30_000)
    expect(ended).toEqual({})
    expect(renewed).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 27, 30].map((at) => at * 1_000))
    end('done')
    expect(await work).toBe('done')
    await pass(30_000)
    expect([renewed.length, marked]).toEqual([10, []])
  })

  it('at most as long as an attempt may take', async () => {
    const { renewed, ended } = renewing(() => true, 10_000)
    await pass(60_000)
    expect(ended).toEqual({ name: 'TimeoutError', at: 10_000 })
    expect(renewed.filter((at) => at < 10_000)).toEqual([3_000, 6_000, 9_000])
  })

  it('until the store says that another worker has it: the work ends at once', async () => {
    const { marked, ended } = renewing((renewal) => renewal === 1)
    await pass(60_000)
    expect(ended).toEqual({ name: 'AbortError', at: 6_000 })
    expect(marked).toEqual(['ann'])
  })

  it('until it may have run out while the store could not be reached', async () => {
    const { marked, ended } = renewing((renewal) => (renewal === 1 ? true : new Error('Down.')))
    await pass(60_000)
    expect(ended).toEqual({ name: 'AbortError', at: 12_000 })
    expect(marked).toEqual(['ann'])
  })

  it.each([true, false])('and not after the end, if the store then says %s', async (answer) => {
    const slowly = new Promise<boolean>((resolve) => setTimeout(resolve, 5_000, answer))
    const { renewed, marked, ended, work, end } = renewing(() => slowly)
    await pass(4_000)
    end('done')
    expect(await work).toBe('done')
    await pass(60_000)
    expect([renewed.length, ended, marked]).toEqual([1, {}, []])
  })
})

it('tries again to mark, and keeps the error of the work', async () => {
  const { access, marked } = storeWith({ isHeld: false, failures: 2 })
  await expect(underLease(access, aScope('acme'), lease, fails)).rejects.toThrow('504')
  while (marked.length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
  expect(marked).toEqual([['ann']])
})
