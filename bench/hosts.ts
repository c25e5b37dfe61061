import fs from 'node:fs'
import pg from 'pg'
import type { Databases } from './databases.js'
import { load } from './load.js'
import { type Measure, measures } from './measures.js'
import type { Effort } from './requests.js'
import { seed } from './seed.js'
import { type RunningServer, startServer } from './start-server.js'
import { digits, median, table } from './statistics.js'
import type { Subject } from './subjects.js'

const users = 1_000
const hostCounts = [1, 2, 4]

/** The figures of one round on several hosts. */
interface HostsRound {
  readonly requestsPerSecond: number
  /** CPU time of all hosts and of the database, in cores. */
  readonly hostCores: number
  readonly databaseCores: number
}

/**
 * Measures 1, 2 and 4 host processes on one PostgreSQL, with ten clients each. The database is the
 * limit when more hosts answer no more.
 */
export async function measureHosts(effort: Effort, databases: Databases): Promise<string> {
  const url = await databases.create('postgres')
  if (url === undefined) return '  There is no PostgreSQL.'
  const hosts: RunningServer[] = []
  for (let each = 0; each < Math.max(...hostCounts); each += 1) {
    hosts.push(await startServer({ kind: 'sql', url }))
  }
  const [first] = hosts
  if (first === undefined) return ''
  const seeded = await seed(first.baseUrl, users)
  const subject = { name: 'postgres', users, server: first, router: first, ...seeded } as const
  const rows: string[][] = []
  for (const measure of measures.filter(({ name }) => name === 'get' || name === 'patch')) {
    rows.push(...(await rowsOf(measure, { subject, hosts, url, effort })))
  }
  await Promise.all(hosts.map((host) => host.stop()))
  return table([['', 'hosts', 'req/s', 'cores of hosts', 'of the database'], ...rows])
}

interface HostsPlan {
  readonly subject: Subject
  readonly hosts: readonly RunningServer[]
  readonly url: string
  readonly effort: Effort
}

async function rowsOf(measure: Measure, plan: HostsPlan): Promise<string[][]> {
  const { subject, hosts, url, effort } = plan
  const { next } = await measure.prepare(subject)
  const rounds = new Map(hostCounts.map((count) => [count, [] as HostsRound[]]))
  for (let round = 0; round <= effort.rounds; round += 1) {
    for (const [count, known] of rounds) {
      const cpu = databaseCpu(await serverPid(url))
      const before = cpu()
      const startedAt = performance.now()
      const results = await Promise.all(
        hosts.slice(0, count).map((host) => load(host, next, effort.seconds)),
      )
      const elapsed = (performance.now() - startedAt) / 1_000
      const speed = results.reduce((sum, each) => sum + each.requestsPerSecond, 0)
      const used = results.map(
        (each) => (each.cpuMicrosecondsPerRequest * each.requestsPerSecond) / 1e6,
      )
      const hostCores = used.reduce((sum, each) => sum + each, 0)
      const databaseCores = (cpu() - before) / elapsed
      if (round > 0) known.push({ requestsPerSecond: speed, hostCores, databaseCores })
    }
  }
  return [...rounds].map(([count, known]) => [
    `  ${measure.title}`,
    String(count),
    digits(median(known.map(({ requestsPerSecond }) => requestsPerSecond))),
    digits(median(known.map(({ hostCores }) => hostCores)), 2),
    digits(median(known.map(({ databaseCores }) => databaseCores)), 2),
  ])
}

/** Id of the database server's main process, whose children answer the connections. */
async function serverPid(connectionString: string): Promise<number | undefined> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const { rows } = await client.query('select pg_backend_pid() as pid')
  const parent = statOf(Number(rows[0].pid))?.parent
  await client.end()
  return parent
}

const ticksPerSecond = 100

/** Seconds of CPU time of the server and its children; NaN where `/proc` does not list it. */
function databaseCpu(server: number | undefined): () => number {
  if (server === undefined) return () => Number.NaN
  return () => {
    const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    const own = pids.map((pid) => statOf(Number(pid))).filter((each) => each?.parent === server)
    const seconds = own.reduce((sum, each) => sum + (each?.seconds ?? 0), 0)
    return seconds + (statOf(server)?.secondsOfEnded ?? 0)
  }
}

function statOf(pid: number) {
  try {
    // The program's name is in parentheses and may contain spaces.
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    const seconds = (from: number) =>
      (Number(fields[from]) + Number(fields[from + 1])) / ticksPerSecond
    return { parent: Number(fields[1]), seconds: seconds(11), secondsOfEnded: seconds(13) }
  } catch {
    return undefined
  }
}
