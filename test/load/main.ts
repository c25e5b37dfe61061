import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildHost, type StartedHost, startHost } from '../host/start-host.js'
import { type Load, percentile, startLoad } from '../support/load.js'
import { startDurablePostgres } from '../support/postgres-server.js'
import { sqliteDatabase } from '../support/test-database.js'

const token = 'token-of-the-identity-provider'
/** How soon a host must end that is told to. */
const stopsWithinMs = 10_000

interface Database {
  readonly url: string
  remove(): Promise<void>
}

const databases: Readonly<Record<string, () => Promise<Database>>> = {
  async sqlite() {
    const { url, drop } = sqliteDatabase()
    return { url, remove: drop }
  },
  async postgres() {
    const { url, stop } = await startDurablePostgres()
    return { url, remove: stop }
  },
}

interface Plan {
  readonly minutes: number
  readonly requestsPerSecond: number
  readonly seed: number
}

/**
 * `npm run test:load -- [--minutes 10] [--rate 500] [--only sqlite,postgres] [--seed N]`: mixed
 * requests at a steady rate to the host, which is then told to end under the load. No answer may be
 * wrong, and everything that was acknowledged must be there after the next start.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      rate: { type: 'string', default: '500' },
      only: { type: 'string', default: Object.keys(databases).join(',') },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    },
  })
  const { minutes, rate, seed } = values
  console.log(`test:load -- --minutes ${minutes} --rate ${rate} --seed ${seed}`)
  await buildHost()
  for (const name of values.only.split(',')) {
    const open = databases[name]
    if (open === undefined) throw new Error(`There is no "${name}".`)
    const plan = { minutes: Number(minutes), requestsPerSecond: Number(rate), seed: Number(seed) }
    const faults = await measure(name, await open(), plan)
    for (const fault of faults.slice(0, 20)) console.error(`${name}: ${fault}`)
    if (faults.length > 0) process.exitCode = 1
  }
}

async function measure(name: string, database: Database, plan: Plan): Promise<readonly string[]> {
  const start = () => startHost({ DATABASE_URL: database.url, SCIM_TOKEN: token })
  let host = await start()
  try {
    const { requestsPerSecond, seed } = plan
    const target = { origin: () => host.origin, token }
    const load = await startLoad(target, { seed, workers: 0, requestsPerSecond })
    await pause(plan.minutes * 60_000)
    const faults = [...report(name, load, plan), ...(await end(name, load, host))]
    host = await start()
    return [...faults, ...(await load.lost())]
  } finally {
    await host.kill()
    await database.remove()
  }
}

/** Prints the figures so far; returns a line for each answer that was none of 2xx. */
function report(name: string, load: Load, { minutes }: Plan): string[] {
  const { statuses, timesMs, unanswered, wrong } = load.totals()
  const times = [0.5, 0.95, 0.99, 1].map((share) => Math.round(percentile(timesMs, share)))
  const [median, p95, p99, most] = times
  const rate = Math.round(timesMs.length / (minutes * 60))
  console.log(
    `${name}: ${timesMs.length} answers, ${rate} a second, ${JSON.stringify(statuses)}; ` +
      `ms: median ${median}, p95 ${p95}, p99 ${p99}, longest ${most}`,
  )
  const failed = Object.entries(statuses).filter(([status]) => status === '0' || status >= '5')
  return [...wrong, ...unanswered, ...failed.map(([status, count]) => `${count} answers ${status}`)]
}

/** Tells the host to end while requests go on. */
async function end(name: string, load: Load, host: StartedHost): Promise<string[]> {
  const before = performance.now()
  const { code } = await host.stop()
  const tookMs = Math.round(performance.now() - before)
  await load.stop()
  console.log(`${name}: ended ${tookMs} ms after SIGTERM, with ${code}`)
  return code === 0 && tookMs < stopsWithinMs ? [] : [`it took ${tookMs} ms to end, with ${code}`]
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
