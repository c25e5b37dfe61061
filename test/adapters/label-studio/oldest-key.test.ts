import { oldestKeyOf } from '../../../adapters/label-studio/api/oldest-key.js'
import { cpuMsOf } from '../../support/cpu-time.js'

it('the oldest key is that of what was put first, also after others and after all', () => {
  const map = new Map([1, 2, 3, 4].map((each) => [each, each]))
  const oldest = oldestKeyOf(map)
  const remove = () => {
    const key = oldest()
    map.delete(key ?? 0)
    return key
  }
  expect(remove()).toBe(1)
  map.delete(2)
  map.set(2, 2)
  expect([remove(), remove(), remove(), remove()]).toEqual([3, 4, 2, undefined])
  map.set(5, 5).set(6, 6)
  expect(remove()).toBe(5)
  map.clear()
  map.set(7, 7)
  expect(remove()).toBe(7)
})

it('the oldest of many are removed in linear time', async () => {
  const map = new Map<number, number>()
  const oldest = oldestKeyOf(map)
  const ms = await cpuMsOf(async () => {
    for (let at = 0; at < 300_000; at++) {
      map.set(at, at)
      if (map.size > 100_000) map.delete(oldest() ?? 0)
    }
  })
  expect(map.size).toBe(100_000)
  expect(ms).toBeLessThan(2_000)
})
