import {
  type AccessStore,
  type Adapters,
  type AuditStore,
  ConfigurationError,
  type Finding,
  type MappingPolicy,
  mappingPolicy,
  optionTable,
  type RefusalStore,
  type Resource,
  readOptions,
  record,
  recordOnlyTarget,
  type StoreTarget,
  storeTarget,
  type TokenStore,
  targetMethods,
  text,
  unsupportedNode,
  type WorkspaceStore,
  whole,
} from '../../lib/adapter/index.js'
import { sqlAccessStore } from './access-store.js'
import { sqlAuditStore } from './audit-store.js'
import { createDatabase } from './database.js'
import type { Connection } from './dialects/dialect.js'
import { openPostgres, type PoolSettings } from './dialects/postgres-open.js'
import { openSqlite } from './dialects/sqlite-open.js'
import { examineOpen, missingFile, unusable } from './examine.js'
import { sqlGroupStore } from './group-store.js'
import { isMigrated, migrate } from './migrations.js'
import { type DatabasePlace, filePlace, opening, refuseEncoding, serverPlace } from './opening.js'
import { sqlRefusalStore } from './refusals.js'
import { sqlResourceStore } from './resource-store.js'
import { sqlTokenStore } from './tokens.js'
import { sqlUserStore } from './user-store.js'
import { sqlWorkspaceStore } from './workspaces.js'
import { writableCheck } from './writable.js'

/** Options of {@link sqlAdapters}. */
export interface SqlOptions {
  /**
   * `sqlite:PATH`, `sqlite::memory:`, or `postgres://…`. In memory (for tests and trials), queries
   * that no index answers block the host's thread; `limits.maxFilterWork` limits that.
   */
  readonly url: string
  /** Gives and ends access in the host. Default: grants are only recorded. */
  readonly target?: StoreTarget
  /** How mapping rules are read. */
  readonly policy?: Partial<MappingPolicy>
  /**
   * Maximum number of connections to PostgreSQL; a quarter of them is reserved for reads, and from
   * 5 on one of these for the gate. Integer 1-1000. Default 10.
   */
  readonly poolSize?: number
  /**
   * How long to wait for a connection or a lock before the answer is 503, in milliseconds. Integer
   * 1-600000. Default 5000. A single statement on PostgreSQL may take three times as long. If it
   * has no answer one second later, its connection and all connections as old are closed.
   */
  readonly timeoutMs?: number
}

const sqliteUrl = /^sqlite:(?:\/\/)?(.+)$/
const postgresUrl = /^postgres(?:ql)?:\/\//

/** The options of `sqlAdapters`. */
export const sqlTable = optionTable<SqlOptions>()('sqlAdapters', 'ERR_SCIM_DATABASE', {
  url: {
    type: text(
      'the address of a database: sqlite:PATH, sqlite::memory: or postgres://…',
      (url) => sqliteUrl.test(url) || (postgresUrl.test(url) && canBeNamed(url)),
    ),
    required: true,
    // It may contain a password.
    secret: true,
  },
  target: { type: storeTarget, shown: 'grants are only recorded' },
  policy: { type: record<Partial<MappingPolicy>>(), shown: 'see `policy`' },
  poolSize: { type: whole(1, 1_000), default: 10 },
  timeoutMs: { type: whole(1, 600_000), default: 5_000 },
})

/** Adapters over a database. */
export interface SqlAdapters extends Adapters {
  readonly access: AccessStore
  readonly audit: AuditStore
  readonly workspaceStore: WorkspaceStore
  readonly refusals: RefusalStore
  readonly tokens: TokenStore
  /**
   * Whether the database has the tables of this version, for a readiness check.
   *
   * @throws UnavailableError when it does not answer
   */
  isMigrated(): Promise<boolean>
  /**
   * Whether the database takes changes, for a readiness check. It makes a small change, at most
   * every 5 seconds while that succeeds.
   */
  isWritable(): Promise<boolean>
  /** Closes all connections. */
  close(): Promise<void>
}

/**
 * Adapters for SQLite (embedded; several processes may share a file) or PostgreSQL (any number of
 * instances). Before it resolves, it creates or upgrades its tables, all named `scim_…`. Instances
 * may start at the same time.
 *
 * SQLite is built into Node.js 22.13 and newer; on older versions install `libsql` or
 * `better-sqlite3`. PostgreSQL needs `pg`. A pooler in transaction mode, such as PgBouncer, is
 * refused, because settings and prepared statements belong to connections.
 *
 * @throws ConfigurationError `ERR_SCIM_DATABASE` for a wrong option, `ERR_SCIM_NO_DRIVER` when a
 *   package is missing or cannot be used, `ERR_SCIM_NODE` when this Node.js is not supported
 * @throws UnavailableError when the database cannot be reached; messages name the file or the
 *   server
 */
export async function sqlAdapters(options: SqlOptions): Promise<SqlAdapters> {
  const complaint = unsupportedNode()
  if (complaint !== undefined) throw new ConfigurationError('ERR_SCIM_NODE', complaint)
  const { url, poolSize, timeoutMs, ...given } = readOptions(sqlTable, options)
  const policy = mappingPolicy(given.policy)
  const database = await opening(placeOf(url), async () => {
    const settings = { poolSize, timeoutMs }
    if (!sqliteUrl.test(url)) await prepareServer(url, settings)
    const opened = createDatabase(await open(url, { ...settings, isChecked: true }))
    try {
      if (sqliteUrl.test(url)) await migrate(opened)
      return opened
    } catch (error) {
      await opened.close()
      throw error
    }
  })
  const storage = Symbol('sqlAdapters')
  const access = { ...sqlAccessStore(database, policy), storage }
  const target = targetMethods(given.target ?? recordOnlyTarget(access))
  return {
    users: { ...sqlUserStore(database, target), storage },
    groups: { ...sqlGroupStore(database, access, policy), storage },
    resourceStore: ({ name }) => sqlResourceStore<Resource>(database, name),
    access,
    audit: sqlAuditStore(database),
    workspaceStore: sqlWorkspaceStore(database, policy),
    refusals: sqlRefusalStore(database),
    tokens: sqlTokenStore(database),
    policy,
    isMigrated: () => isMigrated(database),
    isWritable: writableCheck(database),
    close: () => database.close(),
  }
}

/**
 * Examines a database before it is used: whether it answers, has the tables of this version, can be
 * written to and holds every character. Changes nothing, and creates no file.
 *
 * @throws ConfigurationError `ERR_SCIM_DATABASE` for a wrong option
 */
export async function examineDatabase(
  options: Pick<SqlOptions, 'url' | 'timeoutMs'>,
): Promise<readonly Finding[]> {
  const { url, timeoutMs } = readOptions(sqlTable, options)
  const path = sqliteUrl.exec(url)?.[1]
  const missing = path === undefined ? undefined : missingFile(path)
  if (missing) return [missing]
  const place = placeOf(url)
  try {
    return await opening(place, async () => {
      const database = createDatabase(await open(url, { poolSize: 2, timeoutMs }))
      return examineOpen(database, place.name).finally(() => database.close())
    })
  } catch (error) {
    return [unusable(error)]
  }
}

/** Messages name the database. */
function canBeNamed(url: string): boolean {
  try {
    return serverPlace(url).name !== ''
  } catch {
    return false
  }
}

function placeOf(url: string): DatabasePlace {
  const path = sqliteUrl.exec(url)?.[1]
  return path === undefined ? serverPlace(url) : filePlace(path)
}

/** Opens the database of an address that was checked by {@link sqlTable}. */
async function open(url: string, settings: PoolSettings): Promise<Connection> {
  const path = sqliteUrl.exec(url)?.[1]
  return path === undefined ? openPostgres(url, settings) : openSqlite(path, settings.timeoutMs)
}

/**
 * Checks PostgreSQL and changes its tables, with connections that let these statements take as long
 * as they must. They are closed at the end, so that there are never more than `poolSize`.
 */
async function prepareServer(url: string, { poolSize, timeoutMs }: PoolSettings): Promise<void> {
  const first = createDatabase(await open(url, { poolSize: Math.min(poolSize, 2), timeoutMs }))
  await refuseEncoding(first).finally(() => first.close())
  const patient = createDatabase(await open(url, { poolSize: 1, timeoutMs, statementMs: 0 }))
  await migrate(patient).finally(() => patient.close())
}
