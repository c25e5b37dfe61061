import type { Dialect, RawBuilder } from 'kysely'

/** A piece of SQL with its bound values. */
export type Sql = RawBuilder<unknown>

/** How a value is compared: as text by code point, as a number, or as a boolean. */
export type ScalarKind = 'text' | 'number' | 'boolean'

/**
 * What kind of failure an error of the driver is: `retry` the transaction; `foreignKey` or `unique`
 * when a constraint was hit; `unavailable` when the database cannot answer now; `undefined` for
 * everything else.
 */
export type FailureKind = 'retry' | 'foreignKey' | 'unique' | 'unavailable' | undefined

/** Everything in which SQLite and PostgreSQL differ. All else is one code path. */
export interface SqlDialect {
  readonly name: 'sqlite' | 'postgres'
  readonly json: JsonSql
  /** Column type of text that is ordered and compared by code point. */
  readonly textType: Sql
  /** Column type of the comparable form of resources. */
  readonly jsonType: Sql
  /** Column definition of the audit log's sequence, and whether it is the primary key by itself. */
  readonly sequenceType: Sql
  readonly sequenceIsKey: boolean
  /** The clock of the database: milliseconds since 1970, one instant throughout a statement. */
  readonly now: Sql
  /** Ends CREATE TABLE of a table whose rows are little more than their key. */
  readonly keyTable: Sql
  /**
   * After a SELECT: locks the rows for a change; for their deletion; for being referred to; those
   * nobody has locked.
   */
  readonly forUpdate: Sql
  readonly forDelete: Sql
  readonly forKeyShare: Sql
  readonly skipLocked: Sql
  /**
   * Keep `scim_counts` true while rows of `scim_resources` come and go. Connections count in slots
   * of their own, at the end of a transaction, so that writers do not wait for each other.
   */
  readonly countingTriggers: readonly Sql[]
  /** Keeps other hosts from migrating until the transaction ends, where its beginning does not. */
  readonly lockMigrations?: Sql
  /** Tells the planner how much each column of an index narrows a search, where it would guess. */
  planFor?(table: string, index: string, rowsPerPrefix: readonly number[]): Sql
  /**
   * FROM item: each row of `from` with those rows of `table as alias` that a condition on the
   * table's key selects, found by the index of the key and one row of `from` after the other,
   * whatever the planner knows of the table. With `lock`, they are locked in the order of `from`.
   */
  joinEach(from: Sql, table: string, condition: Sql, lock?: Sql): Sql
  /**
   * Condition on a table without an alias: its row is of the tenant and its column is among the
   * strings in a bound JSON array. Answered as `joinEach` is. Not for rows that others may change
   * meanwhile.
   */
  isListed(table: string, column: string, tenant: unknown, array: unknown): Sql
  /** Whether a query finds any row; of one in WHERE, not to be made a join of. */
  exists(query: Sql): Sql
  contains(value: Sql, part: string): Sql
  startsWith(value: Sql, part: string): Sql
  endsWith(value: Sql, part: string): Sql
  failureKind(error: unknown): FailureKind
}

/**
 * Access to JSON columns. Paths are lists of member names and are always bound, never part of the
 * SQL text.
 */
export interface JsonSql {
  /** The value at a path, SQL NULL when it is absent or JSON null. */
  scalar(source: Sql, path: readonly string[], kind: ScalarKind): Sql
  /** A literal as `scalar` values of this kind are compared with it. */
  literal(value: string | number | boolean, kind: ScalarKind): Sql
  /** FROM item: the elements of the array at a path; none when there is no array. */
  each(source: Sql, path: readonly string[], alias: Sql): Sql
  /** As `each`; `place` then says where in the array an element stands. */
  eachInOrder(source: Sql, path: readonly string[], alias: Sql): Sql
  place(alias: Sql): Sql
  /** The element of `each`, when it is an object, as a source; otherwise SQL NULL. */
  element(alias: Sql): Sql
  /** The element of `each` itself as a scalar. */
  elementScalar(alias: Sql, kind: ScalarKind): Sql
  /** Whether anything at or below a path is neither null nor an empty string. */
  isPresent(source: Sql, path: readonly string[]): Sql
  /** Whether a text is among the strings in a bound JSON array. */
  isOneOf(text: Sql, array: unknown): Sql
  /** SELECT of the strings in a bound JSON array, as column `value`. */
  strings(array: unknown): Sql
  /** FROM item: the rows of a bound JSON array of arrays; columns by position. */
  rows(array: unknown, columns: Readonly<Record<string, 'text' | 'integer'>>): Sql
}

/**
 * Runs a query that reads many rows where it holds up nobody. Rejects when the signal is aborted.
 */
export type Scan = (
  query: { readonly sql: string; readonly parameters: readonly unknown[] },
  signal?: AbortSignal,
) => Promise<readonly unknown[]>

/** A connected database. */
export interface Connection {
  readonly dialect: SqlDialect
  /** Kysely dialect for transactions and everything that writes. */
  readonly writer: Dialect
  /**
   * For single statements that only read; absent when they have to share the writer's connection.
   */
  readonly reader?: Dialect
  /**
   * `flush` resolves when everything committed so far survives a power failure; absent where a
   * commit does.
   */
  readonly durability?: {
    flush(): Promise<void>
    /** @throws UnavailableError when nothing may be written any more */
    requireSound(): void
  }
  /** Absent where such a query holds up nobody anyway, or nothing else can read the database. */
  readonly scanner?: { readonly scan: Scan; close(): Promise<void> }
  /** Told of the text of each statement before it runs. */
  onCompiled?(text: string): void
}
