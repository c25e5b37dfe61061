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

/**
 * The storable ids among these in their order, each once, in parts for one statement each. To sort
 * thousands at once would keep other work waiting, so those that begin alike are sorted when it is
 * their turn.
 */
export async function* inOrder(ids: readonly string[]): AsyncGenerator<readonly string[]> {
  const byStart = new Map<string, Set<string>>()
  await inSteps(ids, (id) => {
    if (!isStorable(id)) return
    const start = id.slice(0, 2)
    const alike = byStart.get(start)
    if (alike) alike.add(id)
    else byStart.set(start, new Set([id]))
  })
  const sorted: string[] = []
  for (const start of [...byStart.keys()].sort()) {
    for (const id of [...(byStart.get(start) ?? [])].sort()) sorted.push(id)
    while (sorted.length >= atOnce) yield sorted.splice(0, atOnce)
  }
  if (sorted.length > 0) yield sorted
}
