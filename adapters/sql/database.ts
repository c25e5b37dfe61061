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
  TimeWindow,
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
 * A statement that may be its own transaction. It says itself until when it may have effect: the
 * network may hold it back, or the server stand still, until long after this host has given it up
 * and somebody else has changed the same.
 */
export interface LoneStatement<Arguments extends object, Row = unknown>
  extends Statement<Arguments, Row> {
  readonly isLone: true
}

/** The window of a statement, as a column; nothing where no statement can arrive late. */
export function inTime(value: (name: never) => unknown, { inTime }: SqlDialect): Sql | undefined {
  const bound = value as (name: keyof TimeWindow) => unknown
  return inTime?.(bound('earliest'), bound('latest'))
}

/** Makes a statement that changes rows a lone one. With `returns`, it ends with RETURNING. */
export function lone<Arguments extends object, Row>(
  declared: Statement<Arguments, Row>,
  { returns = false } = {},
): LoneStatement<Arguments, Row> {
  return {
    ...declared,
    isLone: true,
    build: (value, dialect) => {
      const built = declared.build(value, dialect)
      const column = inTime(value, dialect)
      return column
        ? sql`${built}${sql.raw(returns ? ',' : ' returning')} ${column} as in_time`
        : built
    },
  }
}

/**
 * LIMIT. It is an expression because SQLite 3.46 and newer plans a statement anew for each value
 * of a bare placeholder.
 */
export function atMost(limit: unknown): Sql {
  return sql`limit cast(${limit} as bigint)`
}

export interface Database extends Session {
  /** Reads what a gate asks, which others must not keep waiting. */
  readonly urgent: Session
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
   * changed rows and the returned rows. If it comes too late, or the database's clock was set, it
   * runs again in a transaction. With `passing`, its effect may be lost if the machine fails: e.g.
   * a lease, which nobody holds after that.
   *
   * @throws UnavailableError when the database cannot answer now
   */
  alone<Arguments extends object, Row>(
    statement: LoneStatement<Arguments, Row>,
    parameters: Arguments,
    options?: AloneOptions,
  ): Promise<StatementResult<Row>>
  /** As of a connection; `undefined` also for a database that does not tell. */
  state(): string | undefined
  /** As of a connection. */
  server(): string | undefined
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
  const { dialect, reader, scanner, durability } = connection
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
  const urgent = connection.urgent ? session(runOnAny(connection.urgent)) : reading

  return {
    ...reading,
    urgent,
    scan: (query, scope) =>
      scanner
        ? scanIn(connection, scanner.scan, query.compile(dialect.placeholder), scope)
        : reading.all(query),
    transaction,
    shortTransaction: shared?.transaction ?? transaction,
    alone: aloneOn(connection, compile),
    state: () => connection.state?.(),
    server: () => connection.server?.(),
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
  return (text, values) =>
    withClient(clients, undefined, async (client) => client.run(text, values))
}

/** A failure is told only once the outcome is certain. */
async function withClient<T>(
  clients: SqlClients,
  scope: Scope | undefined,
  work: (client: SqlClient) => Promise<T>,
): Promise<T> {
  const client = await clients.take()
  let result: T
  try {
    // It may have taken a while to get a client.
    scope?.signal.throwIfAborted()
    result = await work(client)
  } catch (error) {
    client.release()
    await client.settled?.()
    throw error
  }
  client.release()
  return result
}

/** For a statement within a transaction, whose COMMIT is sent by a host that waits for it. */
const anyTime: TimeWindow = { earliest: -Infinity, latest: Infinity }

function aloneOn(connection: Connection, compile: Compile): Database['alone'] {
  const { writer, dialect, durability } = connection
  return async (declared, parameters, { scope, passing = false } = {}) => {
    const runIn = (window: TimeWindow | undefined) => async (client: SqlClient) => {
      const { text, values } = compile(declared, { ...parameters, ...window })
      debug('%s', text)
      return client.run(text, values)
    }
    const run = async () => {
      try {
        return await withClient(writer, scope, async (client) =>
          runIn(await client.window?.())(client),
        )
      } catch (error) {
        if (dialect.failureKind(error) !== 'late') throw error
        return inTransaction(writer, dialect, { scope, work: runIn(anyTime) })
      }
    }
    const result = await attempt(connection, run, scope)
    if (!passing) await durability?.flush()
    return result as StatementResult<never>
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
    const run = () =>
      inTransaction(writer, dialect, { scope, work: (client) => work(counted(client)) })
    const result = await attempt(connection, run, scope)
    await durability?.flush(statements)
    return result
  }
}

interface TransactionWork<T> {
  readonly scope: Scope | undefined
  readonly work: (client: SqlClient) => Promise<T>
}

function inTransaction<T>(
  clients: SqlClients,
  { begin }: SqlDialect,
  { scope, work }: TransactionWork<T>,
): Promise<T> {
  return withClient(clients, scope, async (client) => {
    await client.run(begin, [])
    try {
      const result = await work(client)
      // Whoever was told that it failed must not find it done.
      scope?.signal.throwIfAborted()
      await client.run('commit', [])
      return result
    } catch (error) {
      await rollBack(client)
      throw error
    }
  })
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
    const all = 'isLone' in declared ? { ...parameters, ...anyTime } : parameters
    const { text, values } = compile(declared, all)
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
