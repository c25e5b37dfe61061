import { setTimeout as delay } from 'node:timers/promises'
import createDebug from 'debug'
import {
  type CompiledQuery,
  Kysely,
  type QueryExecutorProvider,
  type RawBuilder,
  sql,
} from 'kysely'
import { type Scope, storeErrorKind, UnavailableError } from '../../lib/adapter/index.js'
import type { Connection, Scan, Sql, SqlDialect } from './dialects/dialect.js'

/** Runs statements: on the database, or within a transaction. */
export interface Session {
  readonly dialect: SqlDialect
  /** Runs a statement that was built for this call; returns its rows. */
  all<Row>(query: RawBuilder<Row>): Promise<Row[]>
  /** Runs a statement that is compiled once. */
  prepared<Arguments extends object, Row>(
    statement: Statement<Arguments, Row>,
    parameters: Arguments,
  ): Promise<Row[]>
  /** Like `prepared`; returns the number of changed rows. */
  change<Arguments extends object>(
    statement: Statement<Arguments, unknown>,
    parameters: Arguments,
  ): Promise<number>
}

/** A statement with named placeholders. Compiled once per database. */
export interface Statement<Arguments extends object, Row = unknown> {
  readonly build: (
    value: (name: keyof Arguments & string) => unknown,
    dialect: SqlDialect,
  ) => RawBuilder<Row>
}

/** Declares a statement. */
export function statement<Arguments extends object, Row = unknown>(
  build: Statement<Arguments, Row>['build'],
): Statement<Arguments, Row> {
  return { build }
}

/**
 * LIMIT. It is an expression because SQLite 3.46 and newer plans a statement anew for each value
 * of a bare placeholder.
 */
export function atMost(limit: unknown): Sql {
  return sql`limit cast(${limit} as bigint)`
}

export interface Database extends Session {
  readonly kysely: Kysely<unknown>
  /** Like `all`, for a query that no index answers: on SQLite in a separate thread. */
  scan<Row>(query: RawBuilder<Row>, scope: Scope): Promise<readonly Row[]>
  /**
   * Runs a transaction, and repeats it when the database asks for that: `work` may run several
   * times.
   *
   * @throws UnavailableError when the database cannot answer now
   */
  transaction<T>(work: (session: Session) => Promise<T>, scope?: Scope): Promise<T>
  /**
   * Runs one statement as its own transaction, without BEGIN and COMMIT; returns the number of
   * changed rows and the returned rows. With `passing`, its effect may be lost if the machine
   * fails: e.g. a lease, which nobody holds after that.
   *
   * @throws UnavailableError when the database cannot answer now
   */
  alone<Arguments extends object, Row>(
    statement: Statement<Arguments, Row>,
    parameters: Arguments,
    options?: { readonly scope?: Scope; readonly passing?: boolean },
  ): Promise<Changed<Row>>
  close(): Promise<void>
}

/** The result of one statement. */
export interface Changed<Row> {
  readonly count: number
  readonly rows: readonly Row[]
}

/** Thrown by a transaction to be run again, because a concurrent change came between its steps. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain'
}

const maxAttempts = 12
const debug = createDebug('label-studio-scim:sql')

/** A placeholder in a compiled statement. */
class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export function createDatabase(connection: Connection): Database {
  const writer = new Kysely<unknown>({ dialect: connection.writer })
  const reader = connection.reader ? new Kysely<unknown>({ dialect: connection.reader }) : writer
  const compile = compiler(writer, connection)
  const session = (executor: Executor) => sessionOn(executor, connection, compile)
  // A host may close from several places; a second close waits for the first (M5).
  let closed: Promise<void> | undefined
  const closeAll = async () => {
    await connection.scanner?.close()
    await writer.destroy()
    if (reader !== writer) await reader.destroy()
    await connection.durability?.close()
  }

  return {
    ...session(reader),
    kysely: writer,
    scan: (query, scope) =>
      connection.scanner
        ? scanIn(connection, connection.scanner.scan, query.compile(reader), scope)
        : session(reader).all(query),
    async transaction(work, scope) {
      const run = () => writer.transaction().execute((transaction) => work(session(transaction)))
      const result = await attempt(connection, run, scope)
      await connection.durability?.flush()
      return result
    },
    async alone(declared, parameters, { scope, passing = false } = {}) {
      const query = fill(compile(declared), parameters)
      const run = () => {
        debug('%s', query.sql)
        return writer.executeQuery(query)
      }
      const { rows, numAffectedRows } = await attempt(connection, run, scope)
      if (!passing) await connection.durability?.flush()
      return { rows, count: Number(numAffectedRows ?? rows.length) }
    },
    close() {
      closed ??= closeAll()
      return closed
    },
  }
}

/** Runs a transaction, and repeats it when the database asks for that. */
async function attempt<T>(
  { dialect, durability }: Connection,
  run: () => Promise<T>,
  scope: Scope | undefined,
): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    scope?.signal.throwIfAborted()
    try {
      durability?.requireSound()
      return await run()
    } catch (error) {
      const isRetried = error instanceof TryAgain || dialect.failureKind(error) === 'retry'
      if (!isRetried || attempts === maxAttempts) throw asStoreError(error, dialect)
      await delay(Math.random() * 5 * 2 ** Math.min(attempts, 6))
    }
  }
}

async function scanIn<Row>(
  { dialect }: Connection,
  scan: Scan,
  { sql, parameters }: CompiledQuery<Row>,
  scope: Scope,
): Promise<readonly Row[]> {
  debug('%s', sql)
  try {
    return (await scan({ sql, parameters }, scope.signal)) as readonly Row[]
  } catch (error) {
    throw asStoreError(error, dialect)
  }
}

type Compile = <Arguments extends object, Row>(
  statement: Statement<Arguments, Row>,
) => CompiledQuery<Row>

function compiler(kysely: Kysely<unknown>, { dialect, onCompiled }: Connection): Compile {
  const compiled = new WeakMap<object, CompiledQuery<unknown>>()
  return <Arguments extends object, Row>(declared: Statement<Arguments, Row>) => {
    const known = compiled.get(declared)
    if (known) return known as CompiledQuery<Row>
    const query = declared.build((name) => new Placeholder(name), dialect).compile(kysely)
    compiled.set(declared, query)
    onCompiled?.(query.sql)
    return query
  }
}

type Executor = QueryExecutorProvider & Pick<Kysely<unknown>, 'executeQuery'>

function sessionOn(
  executor: Executor,
  { dialect, onCompiled }: Connection,
  compile: Compile,
): Session {
  const execute = async <Row>(query: CompiledQuery<Row>) => {
    debug('%s', query.sql)
    try {
      return await executor.executeQuery(query)
    } catch (error) {
      throw asStoreError(error, dialect)
    }
  }
  return {
    dialect,
    async all(query) {
      const compiled = query.compile(executor)
      onCompiled?.(compiled.sql)
      return (await execute(compiled)).rows
    },
    prepared: async (declared, values) => (await execute(fill(compile(declared), values))).rows,
    change: async (declared, values) =>
      Number((await execute(fill(compile(declared), values))).numAffectedRows ?? 0),
  }
}

function fill<Row>(query: CompiledQuery<Row>, values: object): CompiledQuery<Row> {
  const parameters = query.parameters.map((parameter) =>
    parameter instanceof Placeholder
      ? (values as Record<string, unknown>)[parameter.name]
      : parameter,
  )
  return { ...query, parameters }
}

/**
 * Converts only failures that callers must know to store errors; constraint violations and
 * retryable errors stay as they are.
 */
export function asStoreError(error: unknown, dialect: SqlDialect): unknown {
  if (storeErrorKind(error) !== undefined || dialect.failureKind(error) !== 'unavailable') {
    return error
  }
  return new UnavailableError('The database cannot answer now.', { cause: error })
}
