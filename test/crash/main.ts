import { randomInt } from 'node:crypto'
import fs from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildHost } from '../host/start-host.js'
import { randomOf } from '../support/random.js'
import {
  type Client,
  createClient,
  createGroup,
  type Found,
  readPeople,
  requireKept,
} from './traffic.js'
import { type World, worlds } from './worlds.js'

/**
 * `npm run test:crash -- --kills 20 [--seed N]`: several clients send random changes to the host
 * while it, PostgreSQL or Label Studio is killed at random moments. After each, what was
 * acknowledged must be there, and no half of a change.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { kills: { type: 'string', default: '20' }, seed: { type: 'string' } },
  })
  const kills = Number(values.kills)
  const seed = Number(values.seed ?? randomInt(2 ** 31))
  console.log(`test:crash -- --kills ${kills} --seed ${seed}`)
  const random = randomOf(seed)
  await buildHost()
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const { share, open } of worlds) {
    const world = await open()
    try {
      await crashAgainAndAgain(world, { kills: Math.max(Math.round(kills * share), 1), random })
      totals.passed += 1
    } catch (error) {
      totals.failed += 1
      console.error(`FAILED where ${world.name}:`, error)
    } finally {
      await world.close()
    }
  }
  const line = JSON.stringify({ suite: 'crash', ...totals })
  if (process.env['TEST_RESULTS']) fs.appendFileSync(process.env['TEST_RESULTS'], `${line}\n`)
  process.exitCode = totals.failed > 0 ? 1 : 0
}

interface Plan {
  readonly kills: number
  readonly random: () => number
}

const clientsOf = ['ann', 'bob', 'cleo', 'dan']

async function crashAgainAndAgain(world: World, { kills, random }: Plan): Promise<void> {
  const startedAt = Date.now()
  const groupId = await createGroup(world.provider)
  const clients = clientsOf.map((name) => createClient(world.provider, groupId, { name, random }))
  for (let kill = 1; kill <= kills; kill += 1) {
    const running = Promise.all(clients.map((client) => client.run()))
    // Told below; until then it must not count as unhandled.
    running.catch(() => {})
    await pause(100 + random() * 900)
    await world.crash()
    for (const client of clients) client.stop()
    await running
    await compare(world, groupId, clients)
    if (kill % 50 === 0) console.log(`${world.name}: ${kill} of ${kills}`)
  }
  const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged(), 0)
  const seconds = Math.round((Date.now() - startedAt) / 1000)
  console.log(`${world.name}: ${kills} kills, ${acknowledged} changes kept, ${seconds} s`)
}

async function compare(world: World, groupId: string, clients: readonly Client[]): Promise<void> {
  const found = await readPeople(world.provider, groupId)
  for (const client of clients) {
    const own: Found = found.get(client.name) ?? { people: new Map(), ids: new Map() }
    requireKept(client.expectation(), own.people)
    client.adopt(own)
  }
  await world.requireCarriedOut?.(found)
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
