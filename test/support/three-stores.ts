import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { postgresDatabase, sqliteDatabase, type TestDatabase } from './test-database.js'

/** The kinds of stores in this package. */
export type StoreName = 'memory' | 'SQLite' | 'PostgreSQL'

/** Adapters with one kind of store, and a name for reports. */
export interface NamedAdapters {
  readonly name: StoreName
  readonly adapters: Adapters
  close(): Promise<void>
}

const open: Readonly<Record<StoreName, () => Promise<NamedAdapters>>> = {
  memory: async () => ({ name: 'memory', adapters: memoryAdapters(), close: async () => {} }),
  SQLite: () => over('SQLite', sqliteDatabase()),
  PostgreSQL: async () => over('PostgreSQL', await postgresDatabase()),
}

/** Each store of this package, empty. */
export function threeStores(): Promise<readonly NamedAdapters[]> {
  return openStores(['memory', 'SQLite', 'PostgreSQL'])
}

/** These stores of this package, empty. */
export async function openStores(names: readonly StoreName[]): Promise<readonly NamedAdapters[]> {
  const stores: NamedAdapters[] = []
  for (const name of names) stores.push(await open[name]())
  return stores
}

async function over(name: StoreName, database: TestDatabase): Promise<NamedAdapters> {
  const adapters = await sqlAdapters({ url: database.url })
  return {
    name,
    adapters,
    async close() {
      await adapters.close()
      await database.drop()
    },
  }
}

/** The number in an environment variable, or the default. */
export function numberFrom(variable: string, otherwise: number): number {
  const value = Number(process.env[variable] ?? otherwise)
  if (!Number.isSafeInteger(value)) throw new Error(`${variable} must be a whole number.`)
  return value
}
