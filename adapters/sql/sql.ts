import { setImmediate as nextTurn } from 'node:timers/promises'
import { inSteps } from '../../lib/adapter/index.js'

/** A piece of SQL with its bound values; as a query, its rows are of this type. */
export class Sql<Row = unknown> {
  /** Only a type. */
  declare readonly row: Row
  readonly #texts: readonly string[]
  readonly #values: readonly unknown[]

  /** @param values between the texts: other pieces, or values to bind */
  constructor(texts: readonly string[], values: readonly unknown[]) {
    this.#texts = texts
    this.#values = values
  }

  /** @param placeholder how a database names its nth value, from 1 on */
  compile(placeholder: (nth: number) => string): CompiledSql {
    const values: unknown[] = []
    const textOf = (piece: Sql): string =>
      piece.#texts.reduce((text, next, index) => {
        const value = piece.#values[index - 1]
        const between = value instanceof Sql ? textOf(value) : placeholder(values.push(value))
        return text + between + next
      })
    return { text: textOf(this), values }
  }
}

/** What a driver needs. */
export interface CompiledSql {
  readonly text: string
  readonly values: readonly unknown[]
}

/**
 * A piece of SQL as a template. What is inserted is bound as a value, unless it is a piece of SQL
 * itself: no text of a user becomes SQL.
 */
export function sql<Row>(texts: readonly string[], ...values: readonly unknown[]): Sql<Row> {
  return new Sql(texts, values)
}

const comma = raw(', ')

function raw<Row>(text: string): Sql<Row> {
  return new Sql([text], [])
}

/** A text as it is: never one of a user. */
sql.raw = raw
/** Pieces with another between them. */
sql.join = (pieces: readonly Sql[], separator = comma): Sql => {
  const values = pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece]))
  return new Sql(Array(values.length + 1).fill(''), values)
}

/**
 * Whether a database can hold this text: it has no NUL and no unpaired surrogate. No stored id or
 * value has these, so a search for one finds nothing.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text)
}

/** What SQLite writes in a few milliseconds, in this thread. */
const atOnce = 200
/** What is sorted in a moment. */
const sortedAtOnce = 1_000

/**
 * The storable ids among these in their order, each once, in parts for one statement each. To sort
 * thousands at once would keep other work waiting, so some at a time are sorted, and merged when it
 * is their turn.
 */
export async function* inOrder(ids: readonly string[]): AsyncGenerator<readonly string[]> {
  const wanted = new Set<string>()
  await inSteps(ids, (id) => {
    if (isStorable(id)) wanted.add(id)
  })
  let part: string[] = []
  for (const id of merged(await sortedRuns([...wanted]))) {
    part.push(id)
    if (part.length < atOnce) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}

async function sortedRuns(all: readonly string[]): Promise<string[][]> {
  const runs: string[][] = []
  for (let start = 0; start < all.length; start += sortedAtOnce) {
    if (start > 0) await nextTurn()
    runs.push(all.slice(start, start + sortedAtOnce).sort())
  }
  return runs
}

/** Sorted lists as one. */
function merged(runs: readonly string[][]): Iterable<string> {
  const [only = []] = runs
  if (runs.length <= 1) return only
  const middle = Math.floor(runs.length / 2)
  return mergedPair(merged(runs.slice(0, middle)), merged(runs.slice(middle)))
}

function* mergedPair(some: Iterable<string>, others: Iterable<string>): Generator<string> {
  const [one, other] = [some[Symbol.iterator](), others[Symbol.iterator]()]
  let [next, otherNext] = [one.next(), other.next()]
  while (!next.done && !otherNext.done) {
    if (next.value < otherNext.value) {
      yield next.value
      next = one.next()
    } else {
      yield otherNext.value
      otherNext = other.next()
    }
  }
  for (; !next.done; next = one.next()) yield next.value
  for (; !otherNext.done; otherNext = other.next()) yield otherNext.value
}
