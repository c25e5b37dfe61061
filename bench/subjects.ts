import type { Databases } from './databases.js'
import { fillDatabase } from './fill.js'
import type { Options } from './options.js'
import { type Seeded, seed } from './seed.js'
import { type RunningServer, type ServerSpec, startServer } from './start-server.js'

/** A filled server. */
export interface Subject extends Seeded {
  readonly name: SubjectName
  readonly users: number
  /** The server to measure. */
  readonly server: RunningServer
  /**
   * Answers the requests that prepare a measure and revert its changes: the server itself, but for
   * a driver a router on the same database, which also notes what the driver has to do.
   */
  readonly router: RunningServer
}

const servers = ['bare', 'memory', 'sqlite', 'postgres'] as const
type ServerName = (typeof servers)[number]
export type SubjectName = ServerName | 'sqlite driver' | 'postgres driver'

/**
 * Starts a server of each kind for each number of users, and fills it; with `drivers`, also the
 * driver alone for each database.
 */
export async function startSubjects(
  options: Options,
  databases: Databases,
  drivers: boolean,
): Promise<Subject[]> {
  const subjects: Subject[] = []
  for (const users of options.sizes) {
    for (const name of servers) {
      if (options.servers && !options.servers.includes(name)) continue
      const startedAt = performance.now()
      const started = await startSubject(name, { users, databases, options, drivers })
      if (started.length === 0) {
        console.log(`${name} is left out: none on this machine, and TEST_POSTGRES_URL is not set`)
      }
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
      console.log(`${name} with ${users} users is up, filled in ${seconds} s`)
      subjects.push(...started)
    }
  }
  return subjects
}

interface SubjectPlan {
  readonly users: number
  readonly databases: Databases
  readonly options: Options
  readonly drivers: boolean
}

/** A server and, on a database, the driver alone on a copy of it; none without the database. */
async function startSubject(
  name: ServerName,
  { users, databases, options: { nodeOptions }, drivers }: SubjectPlan,
): Promise<Subject[]> {
  const spec = await specOf(name, databases)
  if (spec === undefined) return []
  const { url } = spec
  if (url === undefined) {
    const server = await startServer({ ...spec, nodeOptions })
    const seeded = await seed(server.baseUrl, users)
    return [{ name, users, server, router: server, ...seeded }]
  }
  const seeded = await fillDatabase(url, users)
  // A database can be copied while nobody has it open.
  const copy = drivers ? await databases.copy(url) : undefined
  const server = await startServer({ ...spec, nodeOptions })
  const subject = { name, users, server, router: server, ...seeded }
  if (copy === undefined) return [subject]
  const driver = await startServer({ kind: 'driver', url: copy, nodeOptions })
  const router = await startServer({ kind: 'sql', url: copy, records: true })
  const ofDriver: SubjectName = name === 'sqlite' ? 'sqlite driver' : 'postgres driver'
  return [subject, { ...subject, name: ofDriver, server: driver, router }]
}

/** How to start a kind of server; `undefined` if its database is not available. */
export async function specOf(
  name: ServerName,
  databases: Databases,
): Promise<ServerSpec | undefined> {
  if (name === 'bare' || name === 'memory') return { kind: name }
  const url = await databases.create(name)
  return url === undefined ? undefined : { kind: 'sql', url }
}
