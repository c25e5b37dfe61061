import { open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import pg from 'pg'
import type { Row, Step } from './template.js'

/** Notes the steps that the adapter takes on its database in this process. */
export interface Recorder {
  begin(): void
  end(): readonly Step[]
}

/**
 * Listens between the adapter and its drivers, so that nothing in the adapter has to know about it.
 * To be called before a database is opened.
 */
export async function recordDrivers(): Promise<Recorder> {
  let steps: Step[] | undefined
  const settings = new Map<string, Step>()
  const note = (step: Step) => {
    if (step.kind === 'setting') settings.set(step.text, step)
    else steps?.push(step)
  }
  recordSqlite(note)
  recordPostgres(note)
  await recordFlushes(note)
  return {
    begin() {
      steps = []
    },
    end() {
      const recorded = steps ?? []
      steps = undefined
      return [...settings.values(), ...recorded]
    },
  }
}

type Note = (step: Step) => void

/** What `node:sqlite` and `libsql` have in common. */
interface PlainStatement {
  readonly reader?: boolean
  all(...parameters: unknown[]): Row[]
  run(...parameters: unknown[]): unknown
}
type Prepare = (this: object, text: string) => PlainStatement
type Exec = (this: object, text: string) => void

function recordSqlite(note: Note): void {
  const { DatabaseSync } = (process.getBuiltinModule('node:sqlite') ?? {}) as {
    DatabaseSync?: { readonly prototype: { prepare: Prepare; exec: Exec } }
  }
  const opened = DatabaseSync ?? createRequire(import.meta.url)('libsql')
  const { prototype } = opened as { readonly prototype: { prepare: Prepare; exec: Exec } }
  const { prepare, exec } = prototype
  // With `libsql`, transactions begin, and those of one statement end, without a prepared one.
  prototype.exec = function (text) {
    if (/^(begin|commit|rollback)/.test(text)) note({ kind: 'change', text, parameters: [] })
    exec.call(this, text)
  }
  prototype.prepare = function (text) {
    const prepared = prepare.call(this, text)
    return {
      ...(prepared.reader !== undefined && { reader: prepared.reader }),
      all(...given) {
        const rows = prepared.all(...given)
        note({ kind: 'rows', text, parameters: given.flat(), ...firstOf(rows) })
        return rows
      },
      run(...given) {
        note({ kind: 'change', text, parameters: given.flat() })
        return prepared.run(...given)
      },
    }
  }
}

function recordPostgres(note: Note): void {
  const { prototype } = pg.Client
  const query = prototype.query as (...given: unknown[]) => unknown
  const recorded = async function (this: pg.Client, ...given: unknown[]) {
    const [asked] = given as [string | { text: string; values?: unknown[]; name?: string }]
    const result = (await query.apply(this, given)) as { readonly rows: Row[] }
    const { text, values = [], name } = typeof asked === 'string' ? { text: asked } : asked
    if (text.startsWith('set ')) note({ kind: 'setting', text })
    else {
      const named = name === undefined ? {} : { name }
      const window = windowIn(text)
      note({ kind: 'rows', text, parameters: values, ...named, ...window, ...firstOf(result.rows) })
    }
    return result
  }
  Object.assign(prototype, { query: recorded })
}

/** Where the parameters are of `inTime` in the dialect of PostgreSQL. */
function windowIn(text: string) {
  const found = /between to_timestamp\(\$(\d+)\) and to_timestamp\(\$(\d+)\)/.exec(text)
  return found && { window: { earliest: Number(found[1]) - 1, latest: Number(found[2]) - 1 } }
}

async function recordFlushes(note: Note): Promise<void> {
  const file = await open(process.execPath)
  const prototype = Object.getPrototypeOf(file) as typeof file
  await file.close()
  const { datasync } = prototype
  prototype.datasync = function () {
    note({ kind: 'flush' })
    return datasync.call(this)
  }
}

function firstOf([row]: readonly Row[]) {
  return row === undefined ? {} : { row }
}
