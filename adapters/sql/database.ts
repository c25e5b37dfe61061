import { setTimeout as delay } from 'node:timers/promises'
import createDebug from 'debug'
import { type Scope, storeErrorKind, UnavailableError } from '../../lib/adapter/index.js'
import { sharedCommits } from './commits.js'
import type {
  Connection,
  Scan,
  SqlClient,
  SqlClients,
  SqlDialect,
  StatementResult,
} from './dialects/dialect.js'
import { type CompiledSql, type Sql, sql } from './sql.js'

/** Runs statements: on the database, or within a transaction. */
export interface Session {
  readonly dialect: SqlDialect
  /** Runs a statement that was built for this call; returns its rows. */
  all<Row>(query: Sql<Row>): Promise<Row[]>
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
  ) => Sql<Row>
  /**
   * Whether PostgreSQL plans it for each execution, because its plan for an empty table would not
   * do for a large one.
   */
  readonly isPlannedAnew: boolean
}

/** Declares a statement. */
export function statement<Arguments extends object, Row = unknown>(
  build: Statement<Arguments, Row>['build'],
  { isPlannedAnew = false } = {},
): Statement<Arguments, Row> {
  return { build, isPlannedAnew }
}

/**
 * LIMIT. It is an expression because SQLite 3.46 and newer plans a statement anew for each value
 * of a bare placeholder.
 */
export function atMost(limit: unknown): Sql {
  return sql`limit cast(${limit} as bigint)`
}

export interface Database extends Session {
  /** Like `all`, for a query that no index answers: on SQLite in a separate thread. */
  scan<Row>(query: Sql<Row>, scope: Scope): Promise<readonly Row[]>
  /**
   * Runs a transaction, and repeats it when the database asks for that: `work` may run several
   * times.
   *
   * @throws UnavailableError when the database cannot answer now
   */
  transaction<T>(work: (session: Session) => Promise<T>, scope?: Scope): Promise<T>
  /**
   * Like `transaction`, for work that takes a moment: on SQLite it may be committed together with
   * others, which wait for it.
   */
  shortTransaction<T>(work: (session: Session) => Promise<T>, scope?: Scope): Promise<T>
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
    options?: AloneOptions,
  ): Promise<StatementResult<Row>>
  /** As of a connection; `undefined` also for a database that does not tell. */
  state(): string | undefined
  /** As `durable` of a store. */
  durable(): Promise<void>
  close(): Promise<void>
}

/** Options of a statement that is its own transaction. */
export interface AloneOptions {
  readonly scope?: Scope
  readonly passing?: boolean
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
  const { dialect, writer, reader, scanner, durability } = connection
  const compile = compiler(connection)
  const session = (run: Run) => sessionOn(run, connection, compile)
  const transaction = transactionOn(connection, session)
  const shared = dialect.writersTakeTurns ? sharedCommits(transaction) : undefined
  // A host may close from several places; a second close waits for the first (M5).
  let closed: Promise<void> | undefined
  const closeAll = async () => {
    await shared?.end()
    await scanner?.close()
    await connection.close()
    await durability?.close()
  }
  const reading = session(runOnAny(reader))

  return {
    ...reading,
    scan: (query, scope) =>
      scanner
        ? scanIn(connection, scanner.scan, query.compile(dialect.placeholder), scope)
        : reading.all(query),
    transaction,
    shortTransaction: shared?.transaction ?? transaction,
    async alone<Arguments extends object, Row>(
      declared: Statement<Arguments, Row>,
      parameters: Arguments,
      { scope, passing = false }: AloneOptions = {},
    ) {
      const { text, values } = compile(declared, parameters)
      const runAlone = runOnAny(writer)
      const run = async () => {
        debug('%s', text)
        return runAlone(text, values)
      }
      const result = await attempt(connection, run, scope)
      if (!passing) await durability?.flush()
      return result as StatementResult<Row>
    },
    state: () => connection.state?.(),
    durable: async () => durability?.flush(),
    close() {
      closed ??= closeAll()
      return closed
    },
  }
}

type Run = SqlClient['run']

/** Runs each statement on any client. */
function runOnAny(clients: SqlClients): Run {
  return async (text, values) => {
    const client = await clients.take()
    try {
      return await client.run(text, values)
    } finally {
      client.release()
    }
  }
}

function transactionOn(
  connection: Connection,
  session: (run: Run) => Session,
): Database['transaction'] {
  const { writer, dialect, durability } = connection
  return async (work, scope) => {
    let statements = 0
    const counted = ({ run }: SqlClient) =>
      session((text, values) => {
        statements += 1
        return run(text, values)
      })
    const run = () => inTransaction(writer, dialect, (client) => work(counted(client)))
    const result = await attempt(connection, run, scope)
    await durability?.flush(statements)
    return result
  }
}

async function inTransaction<T>(
  clients: SqlClients,
  { begin }: SqlDialect,
  work: (client: SqlClient) => Promise<T>,
): Promise<T> {
  const client = await clients.take()
  try {
    await client.run(begin, [])
    try {
      const result = await work(client)
      await client.run('commit', [])
      return result
    } catch (error) {
      await rollBack(client)
      throw error
    }
  } finally {
    client.release()
  }
}

/**
 * A full disk or a lost connection has already ended the transaction; that failure is the one to
 * report.
 */
async function rollBack(client: SqlClient): Promise<void> {
  try {
    await client.run('rollback', [])
  } catch (error) {
    debug('rollback failed: %O', error)
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
  query: CompiledSql,
  scope: Scope,
): Promise<readonly Row[]> {
  debug('%s', query.text)
  try {
    return (await scan(query, scope.signal)) as readonly Row[]
  } catch (error) {
    throw asStoreError(error, dialect)
  }
}

type Compile = (statement: Statement<never>, parameters: object) => CompiledSql

function compiler({ dialect, onCompiled }: Connection): Compile {
  const compiled = new WeakMap<object, CompiledSql>()
  /** With placeholders among its values. */
  const compileOnce = (declared: Statement<never>) => {
    const known = compiled.get(declared)
    if (known) return known
    const built = declared.build((name) => new Placeholder(name), dialect)
    const statement = built.compile(dialect.placeholder)
    compiled.set(declared, statement)
    if (!declared.isPlannedAnew) onCompiled?.(statement.text)
    return statement
  }
  return (declared, parameters) => {
    const { text, values } = compileOnce(declared)
    return { text, values: filled(values, parameters) }
  }
}

function sessionOn(run: Run, { dialect, onCompiled }: Connection, compile: Compile): Session {
  const execute = async (text: string, values: readonly unknown[]) => {
    debug('%s', text)
    try {
      return await run(text, values)
    } catch (error) {
      throw asStoreError(error, dialect)
    }
  }
  const executePrepared = (declared: Statement<never>, parameters: object) => {
    const { text, values } = compile(declared, parameters)
    return execute(text, values)
  }
  return {
    dialect,
    async all<Row>(query: Sql<Row>) {
      const { text, values } = query.compile(dialect.placeholder)
      onCompiled?.(text)
      return (await execute(text, values)).rows as Row[]
    },
    async prepared<Arguments extends object, Row>(
      declared: Statement<Arguments, Row>,
      values: Arguments,
    ) {
      return (await executePrepared(declared, values)).rows as Row[]
    },
    change: async (declared, values) => (await executePrepared(declared, values)).count,
  }
}

function filled(values: readonly unknown[], parameters: object): readonly unknown[] {
  return values.map((value) =>
    value instanceof Placeholder ? (parameters as Record<string, unknown>)[value.name] : value,
  )
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
