import { createRequire } from 'node:module'
import { ConfigurationError } from '../../../lib/adapter/index.js'
import { isBusy } from './sqlite.js'
import type { SqliteHandle, SqliteStatement } from './sqlite-driver.js'

/** An SQLite driver. */
export interface SqliteLibrary {
  open(path: string): SqliteHandle
  /** The module with which another thread gets the same driver; `undefined` if unknown. */
  readonly module: string | undefined
}

/** The part of `node:sqlite` that is used. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string,
  ) => {
    prepare(text: string): {
      all(...parameters: unknown[]): unknown[]
      run(...parameters: unknown[]): { changes: number | bigint }
    }
    close(): void
  }
}

/** The part of `better-sqlite3` that is used, and of `libsql`, which has the same interface. */
type BetterSqlite = new (
  path: string,
  options: { timeout: number },
) => {
  prepare(text: string): {
    readonly reader: boolean
    all(parameters: readonly unknown[]): unknown[]
    run(parameters: readonly unknown[]): { changes: number }
  }
  exec(text: string): void
  readonly inTransaction: boolean
  close(): void
}

interface Package {
  readonly name: string
  /** What to do when it is installed and cannot be used. */
  readonly remedy: string
  /** Resolves with `undefined` when it is not installed. */
  load(): Promise<unknown>
}

/**
 * Packages with SQLite, in the order in which they are tried. They are looked for where this
 * library is installed, and never in the working directory: whoever can write there could have
 * their code run.
 */
const packages: readonly Package[] = [
  {
    name: 'libsql',
    remedy: 'npm install libsql',
    // Bundlers accept that it may be missing because of the `catch`.
    load: () => import('libsql').catch(undefinedIfMissing('libsql')),
  },
  {
    name: 'better-sqlite3',
    remedy: 'npm rebuild better-sqlite3, or: npm install libsql',
    load: loadBetterSqlite,
  },
]

/**
 * The SQLite of Node.js, or of the first package that works.
 *
 * @throws ConfigurationError `ERR_SCIM_NO_DRIVER` naming what to install or to repair
 */
export async function findLibrary(): Promise<SqliteLibrary> {
  const own = nodeSqlite()
  if (own) return own
  const broken: string[] = []
  const remedies: string[] = []
  for (const each of packages) {
    try {
      const library = await libraryOf(each)
      if (library) return library
    } catch (error) {
      // The other lines list the paths that were tried.
      const [reason = ''] = String((error as Error)?.message ?? error).split('\n')
      broken.push(`${each.name} cannot be used (${reason.replace(/[.:]$/, '')})`)
      remedies.push(each.remedy)
    }
  }
  const lack = `Node.js ${process.versions.node} has no SQLite of its own (22.13 and newer have)`
  throw new ConfigurationError(
    'ERR_SCIM_NO_DRIVER',
    broken.length === 0
      ? `${lack}. Install one: npm install libsql.`
      : `${lack}, and ${broken.join(', and ')}. Try: ${remedies.at(-1)}.`,
  )
}

function nodeSqlite(): SqliteLibrary | undefined {
  if (isBefore(22, 13)) return undefined
  const module = process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined
  if (!module) return undefined
  const open = (path: string): SqliteHandle => {
    const database = new module.DatabaseSync(path)
    return {
      prepare(text) {
        const prepared = database.prepare(text)
        return {
          reader: returnsRows(text),
          all: (parameters) => prepared.all(...parameters),
          run: (parameters) => Number(prepared.run(...parameters).changes),
        }
      },
      close: () => database.close(),
    }
  }
  return { open, module: 'node:sqlite' }
}

function returnsRows(text: string): boolean {
  return /^\s*(select|pragma|with(?![\s\S]*\b(insert|update|delete)\b))|\breturning\b/i.test(text)
}

/** @throws Error when the package is installed and cannot be used here */
async function libraryOf({ name, load }: Package): Promise<SqliteLibrary | undefined> {
  const module = await load()
  if (module === undefined) return undefined
  const exported = (module as { default?: unknown } | undefined)?.default ?? module
  if (typeof exported !== 'function') throw new Error('it exports no database')
  const Database = exported as BetterSqlite
  const open = (path: string): SqliteHandle => {
    const database = new Database(path, { timeout: 0 })
    const prepare =
      name === 'libsql' ? locking(database) : (text: string) => prepared(database, text)
    return { prepare, close: () => database.close() }
  }
  // A package without its native part only fails when it opens a database.
  const trial = open(':memory:')
  trial.prepare('select 1').all([])
  trial.close()
  return { open, module: fileOf(exported) }
}

async function loadBetterSqlite(): Promise<unknown> {
  const name = 'better-sqlite3'
  if (isBefore(22, 0)) {
    // better-sqlite3 13 crashes there, so its version must be checked before it is loaded.
    const version = versionOfBetterSqlite()
    if (version === undefined) return undefined
    if (Number.parseInt(version, 10) > 12) throw new Error(`${version} needs Node.js 22 or newer`)
  }
  return import(name as string).catch(undefinedIfMissing(name))
}

function versionOfBetterSqlite(): string | undefined {
  try {
    return require('better-sqlite3/package.json').version
  } catch {
    return undefined
  }
}

function undefinedIfMissing(name: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    const { code, message } = error
    const isModule = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND'
    // The package may be there, and lack a package of its own.
    if (!isModule || !message.includes(`'${name}'`)) throw error
    return undefined
  }
}

type BetterDatabase = InstanceType<BetterSqlite>

function prepared(database: BetterDatabase, text: string): SqliteStatement {
  const statement = database.prepare(text)
  return {
    reader: statement.reader,
    all: (parameters) => statement.all(parameters),
    run: (parameters) => statement.run(parameters).changes,
  }
}

const writes = /^\s*(insert|update|delete|with\b[\s\S]*\b(insert|update|delete)\b)/i

/**
 * libsql does not reset a statement that failed because of another connection's lock. If it writes,
 * SQLite then neither commits what others do on this connection nor lets them read anything newer,
 * until the same statement runs again. So the lock is taken first, by a statement that ends. If it
 * reads, which fails only while a crashed database is recovered, it runs again before any other.
 */
function locking(database: BetterDatabase): (text: string) => SqliteStatement {
  let unended: (() => unknown) | undefined
  const endFirst = <T>(work: () => T): T => {
    unended?.()
    unended = undefined
    return work()
  }
  const alone = <T>(work: () => T): T => {
    if (database.inTransaction) return work()
    database.exec('begin immediate')
    try {
      const result = work()
      database.exec('commit')
      return result
    } catch (error) {
      if (database.inTransaction) database.exec('rollback')
      throw error
    }
  }
  const read = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      if (isBusy(error) && !database.inTransaction) unended = work
      throw error
    }
  }
  return (text) => {
    if (text.startsWith('begin')) {
      const begin = () => {
        endFirst(() => database.exec(text))
        return 0
      }
      return { reader: false, all: () => [], run: begin }
    }
    const { reader, all, run } = prepared(database, text)
    const ended = writes.test(text) ? alone : read
    return {
      reader,
      all: (parameters) => endFirst(() => ended(() => all(parameters))),
      run: (parameters) => endFirst(() => ended(() => run(parameters))),
    }
  }
}

/** The file from which a package was loaded; `undefined` if it is bundled with the host. */
function fileOf(exported: unknown): string | undefined {
  // All modules of a process share one cache, whoever asks for it.
  const { cache } = createRequire(process.execPath)
  return Object.values(cache).find((module) => module?.exports === exported)?.filename
}

function isBefore(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)
  return ownMajor < major || (ownMajor === major && ownMinor < minor)
}
