import type { CompiledSql, Sql } from '../sql.js'
/** How a value is compared: as text by code point, as a number, or as a boolean. */
export type ScalarKind = 'text' | 'number' | 'boolean'

/**
 * The kind of a driver's error: `retry` the transaction; `foreignKey` or `unique` for a violated
 * constraint; `late` for a statement outside its window, which did nothing; `unavailable` if the
 * database cannot answer now; `undefined` for everything else.
 */
export type FailureKind = 'retry' | 'foreignKey' | 'unique' | 'late' | 'unavailable' | undefined

/** When a statement may have effect: seconds since 1970 by the clock of the database. */
export interface TimeWindow {
  readonly earliest: number
  readonly latest: number
}

/** All differences between SQLite and PostgreSQL. Everything else is one code path. */
export interface SqlDialect {
  readonly name: 'sqlite' | 'postgres'
  readonly json: JsonSql
  /** How a statement names its nth bound value, from 1 on. */
  placeholder(nth: number): string
  /** Begins a transaction that may write. */
  readonly begin: string
  /** In which characters are stored. */
  readonly encoding: Sql<{ encoding: string }>
  /** Column type of text that is ordered and compared by code point. */
  readonly textType: Sql
  /** Column type of the comparable form of resources. */
  readonly jsonType: Sql
  /** Column definition of the audit log's sequence, and whether it is the primary key by itself. */
  readonly sequenceType: Sql
  readonly sequenceIsKey: boolean
  /** The database's clock: milliseconds since 1970, constant within a statement. */
  readonly now: Sql
  /** The end of CREATE TABLE for a table whose rows are little more than their key. */
  readonly keyTable: Sql
  /**
   * Lock clauses after a SELECT: for a change; for deletion; for being referred to; skipping locked
   * rows.
   */
  readonly forUpdate: Sql
  readonly forDelete: Sql
  readonly forKeyShare: Sql
  readonly skipLocked: Sql
  /** Whether one statement can make several changes, with one WITH for each. */
  readonly changesTogether: boolean
  /** Whether a writing transaction excludes all others from its start. */
  readonly writersTakeTurns: boolean
  /**
   * Triggers that keep `scim_counts` in step with `scim_resources`. Each connection counts in its
   * own slot, at the end of a transaction, so that writers do not wait for each other.
   */
  readonly countingTriggers: readonly Sql[]
  /**
   * Waits for transactions that would still count with the triggers as they were, and keeps others
   * from beginning to.
   */
  readonly lockCounted: readonly Sql[]
  /** Replaces these triggers by ones that also keep `changes`. */
  readonly countingChanges: readonly Sql[]
  /**
   * Whether the triggers of `countingChanges` are there, and the statements that make them again.
   * Absent: they are always where the tables are.
   */
  readonly counting?: { readonly isThere: Sql<{ there: boolean }>; readonly again: readonly Sql[] }
  /**
   * Prevents other instances from migrating until the transaction ends, if beginning it does not.
   * Waits for one that is migrating, however long that takes.
   */
  readonly lockMigrations: readonly Sql[]
  /** Whether there is a table of migrations. */
  readonly hasMigrations: Sql<{ there: boolean | number }>
  /** Tells the planner how selective each column of an index is, where it would guess. */
  planFor?(table: string, index: string, rowsPerPrefix: readonly number[]): Sql
  /**
   * FROM item: joins each row of `from` with the rows of `table as alias` that match a condition on
   * the table's key. It uses the index of the key, one row of `from` after the other, regardless of
   * the planner's statistics. With `lock`, rows are locked in the order of `from`.
   */
  joinEach(from: Sql, table: string, condition: Sql, lock?: Sql): Sql
  /** Like `joinEach`, and keeps the rows of `from` that match nothing. */
  leftJoinEach(from: Sql, table: string, condition: Sql): Sql
  /**
   * Condition on a table without an alias: the row belongs to the tenant, and the column is among
   * the strings in a bound JSON array. Executed like `joinEach`. Not for rows that may change
   * concurrently.
   */
  isListed(table: string, column: string, tenant: unknown, array: unknown): Sql
  /** Whether a query finds any row; in WHERE, protected from being turned into a join. */
  exists(query: Sql): Sql
  /**
   * A column that fails the statement unless the database's clock is between two bound instants.
   * After RETURNING, the row is locked already. Absent where no statement can arrive late.
   */
  inTime?(earliest: unknown, latest: unknown): Sql
  contains(value: Sql, part: string): Sql
  startsWith(value: Sql, part: string): Sql
  endsWith(value: Sql, part: string): Sql
  failureKind(error: unknown): FailureKind
}

/**
 * Access to JSON columns. Paths are lists of member names, always bound and never part of the SQL
 * text.
 */
export interface JsonSql {
  /** The value at a path; SQL NULL if it is absent or JSON null. */
  scalar(source: Sql, path: readonly string[], kind: ScalarKind): Sql
  /** A literal in the form in which `scalar` values of this kind are compared. */
  literal(value: string | number | boolean, kind: ScalarKind): Sql
  /** FROM item: the elements of the array at a path; none if there is no array. */
  each(source: Sql, path: readonly string[], alias: Sql): Sql
  /** Like `each`; `place` is the position of the element in the array. */
  eachInOrder(source: Sql, path: readonly string[], alias: Sql): Sql
  place(alias: Sql): Sql
  /** The element of `each` as a source if it is an object; otherwise SQL NULL. */
  element(alias: Sql): Sql
  /** The element of `each` itself as a scalar. */
  elementScalar(alias: Sql, kind: ScalarKind): Sql
  /** Whether anything at or below a path is neither null nor an empty string. */
  isPresent(source: Sql, path: readonly string[]): Sql
  /** Whether a text is among the strings in a bound JSON array. */
  isOneOf(text: Sql, array: unknown): Sql
  /** SELECT of the strings in a bound JSON array, as column `value`. */
  strings(array: unknown): Sql
  /** SELECT of JSON text: an array with an array of these columns for each row of a FROM item. */
  list(columns: readonly string[], from: Sql): Sql
  /** The JSON text of a text. */
  quoted(text: Sql): Sql
  /** Aggregate: texts with commas between them. */
  joined(text: Sql): Sql
  /** FROM item: the rows of a bound JSON array of arrays; columns by position. */
  rows(array: unknown, columns: Readonly<Record<string, 'text' | 'integer'>>): Sql
}

/**
 * Runs a query that reads many rows without blocking others. Rejects when the signal is aborted.
 */
export type Scan = (query: CompiledSql, signal?: AbortSignal) => Promise<readonly unknown[]>

/** The result of a statement. */
export interface StatementResult<Row = unknown> {
  readonly rows: readonly Row[]
  /** The number of changed or returned rows. */
  readonly count: number
}

/** A client of the database, for one user at a time. */
export interface SqlClient {
  /** Throws the driver's errors. */
  run(text: string, values: readonly unknown[]): StatementResult | Promise<StatementResult>
  /**
   * The window of a statement that is sent at once and is its own transaction; `undefined` if it
   * cannot be told. Absent where no statement can arrive late.
   */
  window?(): Promise<TimeWindow | undefined>
  /**
   * Resolves when the last statement, if it got no answer, can have no effect any more. Also after
   * `release`.
   */
  settled?(): Promise<void>
  release(): void
}

/** Gives clients. */
export interface SqlClients {
  /** @throws UnavailableError when all clients stay in use */
  take(): SqlClient | Promise<SqlClient>
}

/** A connected database. */
export interface Connection {
  readonly dialect: SqlDialect
  /** For transactions and everything that writes. */
  readonly writer: SqlClients
  /** For single read-only statements. */
  readonly reader: SqlClients
  /**
   * For single read-only statements that others must not keep waiting, such as a gate's. Absent if
   * the reader does for them.
   */
  readonly urgent?: SqlClients
  /**
   * `flush` resolves when everything committed so far survives a power failure; absent if every
   * commit does. It is told how many statements the last commit had.
   */
  readonly durability?: {
    flush(statements?: number): Promise<void>
    /** @throws UnavailableError when nothing may be written any more */
    requireSound(): void
    close(): Promise<void>
  }
  /**
   * Absent if such a query does not block others anyway, or if no other connection can read the
   * database.
   */
  readonly scanner?: { readonly scan: Scan; close(): Promise<void> }
  /**
   * Differs after each commit, also of other processes; `undefined` while somebody is writing.
   * Absent if only a statement would tell.
   */
  state?(): string | undefined
  /**
   * Differs between servers that may have answered the last statements, e.g. after a failover;
   * absent if there is only one.
   */
  server?(): string | undefined
  /** Called with the text of a statement whose plan may be kept, before it runs. */
  onCompiled?(text: string): void
  /** Waits for users of clients that write, and closes all clients. */
  close(): Promise<void>
}
