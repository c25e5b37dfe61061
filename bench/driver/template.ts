/** One step of a request on the database, as the adapter took it. */
export type Step =
  | Statement
  | { readonly kind: 'flush' }
  /** Made once for each connection. */
  | { readonly kind: 'setting'; readonly text: string }

/** A statement, with the values and the first row of the sample. */
export interface Statement {
  /** Whether the driver was asked for rows, or for the number of changed rows. */
  readonly kind: 'rows' | 'change'
  readonly text: string
  readonly parameters: readonly unknown[]
  /** The name of a prepared statement on PostgreSQL. */
  readonly name?: string
  /** Which parameters are the times between which it may have effect, in seconds. */
  readonly window?: { readonly earliest: number; readonly latest: number }
  readonly row?: Row
}

export type Row = Readonly<Record<string, unknown>>

/** The steps of one sample request. Other requests of the same kind take the same steps. */
export interface Template {
  readonly sample: string
  readonly steps: readonly Step[]
}

/** Makes values for another request out of those of the sample. */
export interface Substitution {
  /** The values of the sample's statement, for this request. */
  parametersOf(statement: Statement): unknown[]
  /** Notes what the database answered: later statements may repeat it, such as a version. */
  note(statement: Statement, rows: readonly Row[]): void
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
/** Ids and versions, and the numbers of users: see `data.ts`. */
export const names = new RegExp(`${uuid}|\\d{7,}`, 'g')
export const isUuid = new RegExp(`^${uuid}$`)

/** The text of a request in which its names are found. */
export function textOf(method: string, path: string, body: string): string {
  return `${method} ${decodeURIComponent(path)} ${body}`
}

/**
 * Exchanges the names in the sample (ids, versions, numbers of users) for those of this request, in
 * the order in which they appear. New ids of the sample become new ids.
 */
export function substitution({ sample }: Template, request: string, newId: () => string) {
  const own = new Map<string, string>()
  pair(own, sample, request)
  const skipped = { sample: skippedIn(sample), own: skippedIn(request) }
  const exchange = (name: string): string => {
    const known = own.get(name) ?? (isUuid.test(name) ? newId() : name)
    own.set(name, known)
    return known
  }
  const exchanged = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(names, exchange)
    return value === skipped.sample && skipped.sample > 0 ? skipped.own : value
  }
  return {
    parametersOf({ parameters, window }) {
      const values = parameters.map(exchanged)
      const now = Date.now() / 1_000
      if (window) Object.assign(values, { [window.earliest]: now - 1, [window.latest]: now + 10 })
      return values
    },
    note({ row }, [found]) {
      if (row === undefined || found === undefined) return
      for (const column of Object.keys(row)) {
        pair(own, String(row[column]), String(found[column]))
      }
    },
  } satisfies Substitution
}

function pair(own: Map<string, string>, sample: string, other: string): void {
  const ofSample = sample.match(names) ?? []
  const ofOther = other.match(names) ?? []
  if (ofSample.length !== ofOther.length) return
  for (const [index, name] of ofSample.entries()) {
    if (!own.has(name)) own.set(name, ofOther[index] ?? name)
  }
}

/** How many resources a page by index skips. */
function skippedIn(request: string): number {
  return Number(/startIndex=(\d+)/.exec(request)?.[1] ?? 1) - 1
}
