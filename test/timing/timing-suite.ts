import type { Adapters } from '../../lib/stores/adapters.js'
import { type Answer, serve, userUrn } from '../protocol/server.js'

type Ask = () => Promise<Answer>

/** How many pairs are compared; enough that chance alone is rarely beyond `mostDeviations`. */
const pairs = 200
const maxDeviations = 5

/**
 * Whether one request takes as long as another: both are sent in turn, and of each pair it is asked
 * which took longer. That is chance when they take the same way, whatever else the machine does;
 * the number is then binomial.
 */
async function isSlowerOrFaster(one: Ask, other: Ask): Promise<boolean> {
  let longer = 0
  for (let pair = 0; pair < pairs; pair += 1) {
    const isFirst = pair % 2 === 0
    const first = await timeOf(isFirst ? one : other)
    const second = await timeOf(isFirst ? other : one)
    if (isFirst ? first > second : second > first) longer += 1
  }
  return Math.abs(longer - pairs / 2) > (maxDeviations * Math.sqrt(pairs)) / 2
}

async function timeOf(ask: Ask): Promise<number> {
  const startedAt = performance.now()
  await ask()
  return performance.now() - startedAt
}

/** Three measurements must agree before it counts as a difference. */
async function areAlike(one: Ask, other: Ask): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (!(await isSlowerOrFaster(one, other))) return true
  }
  return false
}

/** That the time of an answer does not tell of other tenants. */
export function timingSuite(make: () => Adapters | Promise<Adapters>): void {
  const asked = ['get', 'delete', 'patch', 'put'] as const

  it.each(asked)(
    'takes as long for an unknown id as for one of another tenant: %s (S-LEAK-07)',
    async (method) => {
      const scim = await serve(await make(), { onEvent: () => {} })
      for (let count = 0; count < 50; count += 1) await scim.user(`user-${count}`)
      const foreign = (await scim.user('ines', {}, { as: 'other' })).id
      const unknown = foreign.replace(/[0-9a-f]/g, (digit: string) => (digit === '0' ? '1' : '0'))
      const body = { schemas: [userUrn], userName: 'x' }
      const ask = (id: string) => () => {
        const path = `/Users/${id}`
        if (method === 'put') return scim.put(path, body)
        return method === 'patch' ? scim.patch(path, []) : scim[method](path)
      }
      expect(await areAlike(ask(foreign), ask(unknown))).toBe(true)
    },
    60_000,
  )

  it('takes as long to look for a userName nobody has as for one of another tenant (S-LEAK-07)', async () => {
    const scim = await serve(await make())
    await scim.user('ines@example.com', {}, { as: 'other' })
    const look = (name: string) => () =>
      scim.get(`/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`)
    expect(await areAlike(look('ines@example.com'), look('noor@example.com'))).toBe(true)
  }, 60_000)

  it('is measured well enough to tell many people from nobody', async () => {
    const scim = await serve(await make())
    for (let count = 0; count < 50; count += 1) await scim.user(`user-${count}`)
    const get = (path: string) => () => scim.get(path)
    expect(await areAlike(get('/Users'), get('/Users/nobody'))).toBe(false)
  }, 60_000)
}
