import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { postgresDatabase, sqliteDatabase, type TestDatabase } from './test-database.js'

/** Adapters over one kind of store, with a name for reports. */
export interface NamedAdapters {
  readonly name: 'memory' | 'SQLite' | 'PostgreSQL'
  readonly adapters: Adapters
  close(): Promise<void>
}

/** The shipped stores, each empty. */
export async function threeStores(): Promise<readonly NamedAdapters[]> {
  return [
    { name: 'memory', adapters: memoryAdapters(), close: async () => {} },
    await over('SQLite', sqliteDatabase()),
    await over('PostgreSQL', await postgresDatabase()),
  ]
}

async function over(name: NamedAdapters['name'], database: TestDatabase): Promise<NamedAdapters> {
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

/** The number that an environment variable gives, or the default. */
export function numberFrom(variable: string, otherwise: number): number {
  const value = Number(process.env[variable] ?? otherwise)
  if (!Number.isSafeInteger(value)) throw new Error(`${variable} must be a whole number.`)
  return value
}
