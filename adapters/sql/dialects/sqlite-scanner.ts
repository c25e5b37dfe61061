import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Scan } from './dialect.js'
import { createTurns } from './turns.js'

/** What a thread needs to open the database. */
export interface ScannerOptions {
  readonly path: string
  /** The module of the driver: `node:sqlite`, or the file of one that has the interface of `better-sqlite3`. */
  readonly driver: string
  readonly pragmas: readonly string[]
  /** How many threads at most. */
  readonly threads: number
  /** How long a query waits for a thread, in milliseconds. */
  readonly timeoutMs: number
}

/** Threads that read beside the one of the host. */
export interface Scanner {
  readonly scan: Scan
  close(): Promise<void>
}

interface Answer {
  readonly rows?: readonly unknown[]
  /** What the driver said, as far as it can be sent. */
  readonly error?: { readonly message: string; readonly [detail: string]: unknown }
}

/**
 * The program of a thread. It is a text, so that it runs the same from every module system, bundled or not: a connection of
 * its own, one query at a time.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads')
const module_ = require(workerData.driver)
const database = module_.DatabaseSync
  ? new module_.DatabaseSync(workerData.path)
  : new (module_.default ?? module_)(workerData.path, { timeout: 0 })
const all = (text, parameters) => {
  const prepared = database.prepare(text)
  if (prepared.reader === false) return prepared.run() && []
  return module_.DatabaseSync ? prepared.all(...parameters) : prepared.all(parameters)
}
for (const pragma of workerData.pragmas) all('pragma ' + pragma, [])
parentPort.on('message', ({ sql, parameters }) => {
  try {
    parentPort.postMessage({ rows: all(sql, parameters) })
  } catch (error) {
    const { message, code, errcode, rawCode } = error
    parentPort.postMessage({ error: { message, code, errcode, rawCode } })
  }
})
`

/**
 * Runs queries that read many rows in threads with read-only connections of their own, so that the host goes on answering. A
 * thread whose request has ended is given up; its place is free when SQLite has let go of it.
 */
export function sqliteScanner({ threads, timeoutMs, ...workerData }: ScannerOptions): Scanner {
  const turns = createTurns(threads, timeoutMs)
  const idle: Worker[] = []
  const all = new Set<Worker>()
  const start = () => {
    const worker = new Worker(program, { eval: true, workerData })
    all.add(worker)
    worker.once('exit', () => {
      all.delete(worker)
      const place = idle.indexOf(worker)
      if (place >= 0) idle.splice(place, 1)
    })
    worker.on('error', () => {})
    return worker
  }
  return {
    async scan(query, signal) {
      signal?.throwIfAborted()
      await turns.take()
      const worker = idle.pop() ?? start()
      try {
        const rows = await answerOf(worker, query, signal)
        worker.unref()
        idle.push(worker)
        turns.give()
        return rows
      } catch (error) {
        worker.terminate().finally(turns.give)
        throw error
      }
    },
    async close() {
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}

async function answerOf(
  worker: Worker,
  { sql, parameters }: Parameters<Scan>[0],
  signal: AbortSignal | undefined,
): Promise<readonly unknown[]> {
  worker.ref()
  const ended = new AbortController()
  const options = { signal: signal ? AbortSignal.any([signal, ended.signal]) : ended.signal }
  try {
    const exit = once(worker, 'exit', options).then(() => {
      throw new Error('The thread that ran a query has ended.')
    })
    const answered = once(worker, 'message', options)
    worker.postMessage({ sql, parameters })
    const [{ rows, error }] = (await Promise.race([answered, exit])) as [Answer]
    if (error) throw Object.assign(new Error(error.message), error)
    return rows ?? []
  } finally {
    ended.abort()
  }
}
