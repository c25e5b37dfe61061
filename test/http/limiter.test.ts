import { createLimiter } from '../../lib/http/limiter.js'

describe('a limiter', () => {
  it('remembers a bounded number of keys and forgets the one used longest ago (S-AUTH-12)', () => {
    const limiter = createLimiter({ perSecond: 1, burst: 1, now: () => 0, maxKeys: 2 })
    expect(limiter.take('a')).toBe(0)
    expect(limiter.take('b')).toBe(0)
    expect(limiter.take('a')).toBe(1)
    expect(limiter.take('c')).toBe(0)
    expect(limiter.take('b')).toBe(1)
    expect(limiter.take('c')).toBe(1)
    expect(limiter.take('a')).toBe(0)
  })

  it('takes nothing away when the clock goes back', () => {
    let at = 1_000_000
    const limiter = createLimiter({ perSecond: 1, burst: 10, now: () => at, maxKeys: 10 })
    limiter.take('a', 5)
    at = 0
    expect(limiter.take('a', 5)).toBe(0)
    expect(limiter.take('a', 1)).toBe(1)
  })

  it('makes nobody wait longer because the clock goes back', () => {
    let at = 3_600_000
    const limiter = createLimiter({ perSecond: 1, burst: 1, now: () => at, maxKeys: 10 })
    limiter.take('a')
    at = 0
    expect(limiter.wait('a')).toBe(1)
    at = 1_000
    expect(limiter.wait('a')).toBe(0)
    expect(limiter.take('a')).toBe(0)
  })

  it('says how long to wait after a charge that was more than there was', () => {
    const limiter = createLimiter({ perSecond: 10, burst: 20, now: () => 0, maxKeys: 10 })
    limiter.charge('a', 100)
    expect(limiter.wait('a')).toBe(9)
    expect(limiter.wait('b')).toBe(0)
  })
})
