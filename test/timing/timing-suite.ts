import type { Adapters } from '../../lib/stores/adapters.js'
import { type Answer, serve, userUrn } from '../protocol/server.js'

type Ask = () => Promise<Answer>

/** How many pairs are compared; enough that chance alone is rarely beyond `mostDeviations`. */
const pairs = 200
const maxDeviations = 5

/** Two requests whose times are compared. */
interface Pair {
  /** For the report. */
  readonly name: string
  readonly one: Ask
  readonly other: Ask
}

/**
 * Whether one request takes as long as another: both are sent in turn, and of each pair it is asked
 * which took longer. That is chance when they take the same way, whatever else the machine does;
 * the number is then binomial.
 */
async function isSlowerOrFaster({ name, one, other }: Pair): Promise<boolean> {
  const times: (readonly [number, number])[] = []
  for (let pair = 0; pair < pairs; pair += 1) {
    const isFirst = pair % 2 === 0
    const first = await timeOf(isFirst ? one : other)
    const second = await timeOf(isFirst ? other : one)
    times.push(isFirst ? [first, second] : [second, first])
  }
  const longer = times.filter(([first, second]) => first > second).length
  const medians = [0, 1].map((place) => medianOf(times.map((pair) => pair[place] ?? 0)))
  process.stderr.write(`${name}: ${longer} of ${pairs} longer, ${medians.join(' and ')} ms\n`)
  return Math.abs(longer - pairs / 2) > (maxDeviations * Math.sqrt(pairs)) / 2
}

function medianOf(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b)
  return (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(2)
}

async function timeOf(ask: Ask): Promise<number> {
  const startedAt = performance.now()
  await ask()
  return performance.now() - startedAt
}

/** Three measurements must agree before it counts as a difference. */
async function areAlike(pair: Pair): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (!(await isSlowerOrFaster(pair))) return true
  }
  return false
}

const methods = ['get', 'delete', 'patch', 'put'] as const
/** Ids that nobody may tell from one that never was. */
const hidden = ['an id of another tenant', 'a deleted id'] as const
const asked = methods.flatMap((method) => hidden.map((id) => [method, id] as const))

/** That the time of an answer does not tell of other tenants, or of who was deleted. */
export function timingSuite(store: string, make: () => Adapters | Promise<Adapters>): void {
  it.each(asked)(
    'takes as long for an unknown id as for another: %s %s (S-LEAK-07)',
    async (method, kind) => {
      const scim = await serve(await make(), { onEvent: () => {} })
      for (let count = 0; count < 50; count += 1) await scim.user(`user-${count}`)
      const isDeleted = kind === 'a deleted id'
      const { id } = await scim.user('ines', {}, { as: isDeleted ? 'acme' : 'other' })
      if (isDeleted) await scim.delete(`/Users/${id}`)
      const unknown = id.replace(/[0-9a-f]/g, (digit: string) => (digit === '0' ? '1' : '0'))
      const body = { schemas: [userUrn], userName: 'x' }
      const ask = (one: string) => () => {
        const path = `/Users/${one}`
        if (method === 'put') return scim.put(path, body)
        return method === 'patch' ? scim.patch(path, []) : scim[method](path)
      }
      const pair = { name: `${store}: ${method} of ${kind}`, one: ask(id), other: ask(unknown) }
      expect(await areAlike(pair)).toBe(true)
    },
    60_000,
  )

  it('takes as long to look for a userName nobody has as for one of another tenant (S-LEAK-07)', async () => {
    const scim = await serve(await make())
    await scim.user('ines@example.com', {}, { as: 'other' })
    const look = (name: string) => () =>
      scim.get(`/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`)
    const [one, other] = [look('ines@example.com'), look('noor@example.com')]
    expect(await areAlike({ name: `${store}: userName eq`, one, other })).toBe(true)
  }, 60_000)

  it('is measured well enough to tell many people from nobody', async () => {
    const scim = await serve(await make())
    for (let count = 0; count < 50; count += 1) await scim.user(`user-${count}`)
    const get = (path: string) => () => scim.get(path)
    const pair = { name: `${store}: a list`, one: get('/Users'), other: get('/Users/nobody') }
    expect(await areAlike(pair)).toBe(false)
  }, 60_000)
}
