import pg from 'pg'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { type Answer, type ServiceProvider, serve } from '../protocol/server.js'
import { postgresDatabase, sqliteDatabase, type TestDatabase } from '../support/test-database.js'

/** Hosts of one storage, each with connections of its own. */
export interface Hosts {
  readonly hosts: readonly ServiceProvider[]
  /** The first of them. */
  readonly scim: ServiceProvider
  /** Sends this many requests at once, in turn to each host. */
  race(
    count: number,
    request: (scim: ServiceProvider, index: number) => Promise<Answer>,
  ): Promise<readonly Answer[]>
  /** Requests that PostgreSQL ended because they waited for each other in a circle; 0 elsewhere. */
  deadlocks(): Promise<number>
  close(): Promise<void>
}

/** What hosts can share. */
export const settings: readonly (readonly [string, () => Promise<Hosts>])[] = [
  ['one host in memory', async () => hostsOf([memoryAdapters()])],
  ['two hosts of one SQLite file', () => over(sqliteDatabase())],
  ['two hosts of one PostgreSQL', async () => over(await postgresDatabase())],
]

async function over(database: TestDatabase): Promise<Hosts> {
  const opened = await Promise.all([1, 2].map(() => sqlAdapters({ url: database.url })))
  return hostsOf(opened, database)
}

async function hostsOf(opened: readonly Adapters[], database?: TestDatabase): Promise<Hosts> {
  const hosts = await Promise.all(opened.map((adapters) => serve(adapters)))
  const [scim] = hosts
  if (scim === undefined) throw new Error('No host.')
  return {
    hosts,
    scim,
    async race(count, request) {
      const answers = Array.from({ length: count }, (_, index) =>
        request(hosts[index % hosts.length] ?? scim, index),
      )
      return Promise.all(answers)
    },
    deadlocks: async () => (database?.dialect === 'postgres' ? deadlocksIn(database.url) : 0),
    async close() {
      await Promise.all(opened.map((adapters) => adapters.close?.()))
      await database?.drop()
    },
  }
}

async function deadlocksIn(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(
    'select deadlocks::int as count from pg_stat_database where datname = current_database()',
  )
  await client.end()
  return rows[0].count
}
