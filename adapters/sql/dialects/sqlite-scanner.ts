import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Scan } from './dialect.js'
import { createTurns } from './turns.js'

/** What a thread needs to open the database. */
export interface ScannerOptions {
  readonly path: string
  /**
   * The module of the driver: `node:sqlite`, or the file of one that has the interface of
   * `better-sqlite3`.
   */
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
 * The program of a thread. It is a text, so that it runs the same from every module system, bundled
 * or not: a connection of its own, one query at a time.
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
  if (sql === undefined) {
    database.close()
    parentPort.close()
    return
  }
  try {
    parentPort.postMessage({ rows: all(sql, parameters) })
  } catch (error) {
    const { message, code, errcode, rawCode } = error
    parentPort.postMessage({ error: { message, code, errcode, rawCode } })
  }
})
`

/**
 * Runs queries that read many rows in threads with read-only connections of their own, so that the
 * host goes on answering. A request that ends waits no longer; its thread is free when SQLite is
 * done with the query, which cannot be interrupted: `libsql` ends the whole process when its thread
 * is stopped meanwhile.
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
    const worker = idle.pop() ?? start()
    worker.ref()
    try {
      return await answerOf(worker, query)
    } finally {
      worker.unref()
      if (all.has(worker)) idle.push(worker)
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
      for (let thread = 0; thread < threads; thread += 1) await turns.takeAtLast()
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

/** @throws Error what the driver said, or that the thread has ended */
async function answerOf(
  worker: Worker,
  { sql, parameters }: Parameters<Scan>[0],
): Promise<readonly unknown[]> {
  const answered = new AbortController()
  const { signal } = answered
  try {
    const exit = once(worker, 'exit', { signal }).then(() => {
      throw new Error('The thread that ran a query has ended.')
    })
    const answer = once(worker, 'message', { signal })
    worker.postMessage({ sql, parameters })
    const [{ rows, error }] = (await Promise.race([answer, exit])) as [Answer]
    if (error) throw Object.assign(new Error(error.message), error)
    return rows ?? []
  } finally {
    answered.abort()
  }
}

/** Rejects when the signal is aborted, whatever becomes of the work. */
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
