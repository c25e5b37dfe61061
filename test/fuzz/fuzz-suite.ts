import { randomInt } from 'node:crypto'
import { numberFrom, openStores, type StoreName } from '../support/three-stores.js'
import cases from './cases.json' with { type: 'json' }
import { rawClient } from './client.js'
import { secrets } from './generate.js'
import { fuzzStores, judge, requireIntact } from './run.js'
import { openWorld } from './world.js'

const requests = numberFrom('FUZZ_REQUESTS', 40_000)
const seed = numberFrom('FUZZ_SEED', randomInt(2 ** 31))

/** The tests of some of the stores. */
export function fuzzSuite(names: readonly StoreName[]): void {
  describe(`the HTTP interfaces over ${names.join(' and ')}`, () => {
    it(
      'survive any request: no 5xx, no hang, no growth, no pollution, no secret told (S-INP-01)',
      () => fuzzStores({ names, requests, seed }),
      24 * 3_600_000,
    )

    it.each(cases)('still survive what was found: $name', (found) => sendFound(names, found))
  })
}

async function sendFound(names: readonly StoreName[], found: (typeof cases)[number]) {
  const { method, target, token, body } = found
  for (const { adapters, close: closeStore } of await openStores(names)) {
    const world = await openWorld(adapters)
    const headers = [
      `Authorization: Bearer ${secrets[token as keyof typeof secrets]}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body ?? '')}`,
    ]
    const head = [`${method} ${target} HTTP/1.1`, 'Host: x', ...headers].join('\r\n')
    const client = rawClient(world.port)
    const bytes = Buffer.from(`${head}\r\n\r\n${body ?? ''}`)
    await judge(client, { bytes, isHead: false })
    client.close()
    requireIntact(world)
    await world.close()
    await closeStore()
  }
}
