import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { CompiledSql } from '../sql.js'
import type { Scan } from './dialect.js'
import { createTurns } from './turns.js'

/** The options with which a thread opens the database. */
export interface ScannerOptions {
  readonly path: string
  /**
   * The driver's module: `node:sqlite`, or the file of one with the interface of `better-sqlite3`.
   */
  readonly driver: string
  readonly pragmas: readonly string[]
  /** Maximum number of threads. */
  readonly threads: number
  /** How long a query waits for a thread, in milliseconds. */
  readonly timeoutMs: number
}

/** Threads that read the database in addition to the host's. */
export interface Scanner {
  readonly scan: Scan
  close(): Promise<void>
}

interface Answer {
  readonly rows?: readonly unknown[]
  /** The driver's error, in a form that can be sent between threads. */
  readonly error?: { readonly message: string; readonly [detail: string]: unknown }
}

/**
 * The program of a thread, with its own connection and one query at a time. It is a text, so that
 * it runs the same in every module system, bundled or not.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads')
const module_ = require(workerData.driver)
const database = module_.DatabaseSync
  ? new module_.DatabaseSync(workerData.path)
  : new (module_.default ?? module_)(workerData.path, { timeout: 0 })
const all = (text, values) => {
  const prepared = database.prepare(text)
  if (prepared.reader === false) return prepared.run() && []
  return module_.DatabaseSync ? prepared.all(...values) : prepared.all(values)
}
for (const pragma of workerData.pragmas) all('pragma ' + pragma, [])
parentPort.on('message', ({ text, values }) => {
  if (text === undefined) {
    database.close()
    parentPort.close()
    return
  }
  try {
    parentPort.postMessage({ rows: all(text, values) })
  } catch (error) {
    const { message, code, errcode, rawCode } = error
    parentPort.postMessage({ error: { message, code, errcode, rawCode } })
  }
})
`

/**
 * Runs queries that read many rows in threads with their own read-only connections, so that the
 * host stays responsive. An aborted request stops waiting at once, but its thread becomes free only
 * when SQLite has finished the query. Threads cannot be interrupted, because `libsql` crashes the
 * whole process if its thread is stopped meanwhile.
 */
export function sqliteScanner({ threads, timeoutMs, ...workerData }: ScannerOptions): Scanner {
  const turns = createTurns(threads, timeoutMs)
  const idle: Worker[] = []
  const all = new Set<Worker>()
  const start = () => {
    const worker = new Worker(program, { eval: true, workerData })
    all.add(worker)
    worker.on('error', () => {})
    worker.once('exit', () => all.delete(worker))
    return worker
  }
  const run = async (query: Parameters<Scan>[0]) => {
    let worker: Worker | undefined
    try {
      worker = idle.pop() ?? start()
      worker.ref()
      return await answerOf(worker, query)
    } finally {
      worker?.unref()
      if (worker && all.has(worker)) idle.push(worker)
      turns.give()
    }
  }
  return {
    async scan(query, signal) {
      signal?.throwIfAborted()
      await turns.take()
      if (signal?.aborted) {
        turns.give()
        throw signal.reason
      }
      return withSignal(run(query), signal)
    },
    async close() {
      await turns.close()
      await Promise.all([...all].map(ended))
    },
  }
}

/** Ends an idle thread. */
async function ended(worker: Worker): Promise<void> {
  const exit = once(worker, 'exit')
  worker.ref()
  worker.postMessage({})
  await exit
}

/** @throws Error the driver's error, or that the thread has ended */
async function answerOf(worker: Worker, query: CompiledSql): Promise<readonly unknown[]> {
  const answered = new AbortController()
  const { signal } = answered
  try {
    const exit = once(worker, 'exit', { signal }).then(() => {
      throw new Error('The thread that ran a query has ended.')
    })
    const answer = once(worker, 'message', { signal })
    worker.postMessage(query)
    const [{ rows, error }] = (await Promise.race([answer, exit])) as [Answer]
    if (error) throw Object.assign(new Error(error.message), error)
    return rows ?? []
  } finally {
    answered.abort()
  }
}

/** Rejects when the signal is aborted; the work goes on. */
async function withSignal<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const over = new AbortController()
  const aborted = once(signal, 'abort', { signal: over.signal }).then(() => {
    throw signal.reason
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    over.abort()
    work.catch(() => {})
  }
}
