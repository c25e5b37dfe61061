import type { Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import createDebug from 'debug'
import { UnavailableError } from '../../../lib/adapter/index.js'
import type { Scanner } from './sqlite-scanner.js'

const debug = createDebug('label-studio-scim:sql')
/**
 * The log then has 20 to 50 MB, and twice as much until the checkpoint ends. Commits would not
 * tell: one change of thousands of members has hundreds of statements.
 */
const statementsPerCheckpoint = 1_500

/** Makes commits durable. */
export interface WalFlusher {
  /**
   * Resolves when everything committed before the call survives a power failure.
   *
   * @param statements how many the last commit had
   * @throws UnavailableError when a flush has failed, now or before
   */
  flush(statements?: number): Promise<void>
  /** @throws UnavailableError when a flush has failed: see {@link walFlusher} */
  requireSound(): void
  /** Closes the log, after the last flush, and what makes checkpoints. */
  close(): Promise<void>
}

/** The files of a database. */
export interface DatabaseFiles {
  /** The path by which the next start opens it. */
  readonly path: string
  /** What was there when it was opened. */
  readonly opened: Stats
  /** The path of the write-ahead log. */
  readonly log: string
}

/**
 * Flushes SQLite's write-ahead log to the disk, outside this thread and once for all waiting
 * commits. This is as durable as `synchronous = full`, which would block the event loop for
 * milliseconds at every commit.
 *
 * After a failed flush, nothing is flushed any more: the system may have dropped the data it could
 * not write, the next flush would still succeed, and everything committed after the gap would be
 * lost. The process has to be restarted. The same holds once a file was removed or replaced: SQLite
 * would go on writing to the old one, which the next start does not find.
 */
export function walFlusher(files: DatabaseFiles, checkpoints?: Scanner): WalFlusher {
  // Kept open: SQLite keeps the log until the last connection is closed.
  let log: FileHandle | undefined
  let openedLog: Stats | undefined
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  let failure: UnavailableError | undefined
  let written = 0
  let checkpoint: Promise<void> | undefined
  const requireSound = () => {
    if (failure) throw failure
  }
  const flushLog = async () => {
    if (log === undefined) {
      log = await openLog(files.log)
      openedLog = await log?.stat()
    }
    await Promise.all([
      log?.datasync(),
      requireSame(files.path, files.opened),
      openedLog && requireSame(files.log, openedLog),
    ])
  }
  const start = (): Promise<void> => {
    const flushed = flushLog()
      .catch((cause: unknown) => {
        failure ??=
          cause instanceof UnavailableError
            ? cause
            : unwritable('The database could not be flushed to the disk.', cause)
      })
      .then(requireSound)
      .finally(() => {
        if (running === flushed) running = undefined
      })
    running = flushed
    return flushed
  }
  return {
    requireSound,
    flush(statements = 1) {
      written += statements
      if (checkpoints && !checkpoint && written >= statementsPerCheckpoint) {
        written = 0
        checkpoint = copyLog(checkpoints).finally(() => {
          checkpoint = undefined
        })
      }
      if (running === undefined) return start()
      // A flush in progress may have started before the caller's commit.
      next ??= running
        .catch(() => {})
        .then(() => {
          next = undefined
          requireSound()
          return start()
        })
      return next
    },
    async close() {
      // Whoever has just committed asks for the flush first.
      await nextTurn()
      for (let last = next ?? running; last; last = next ?? running) await last.catch(() => {})
      await checkpoint
      await checkpoints?.close()
      await log?.close()
    },
  }
}

function unwritable(what: string, cause?: unknown): UnavailableError {
  return new UnavailableError(`${what} Nothing is written until the process is started again.`, {
    cause,
  })
}

/** @throws UnavailableError when the path no longer leads to the file that was opened */
async function requireSame(path: string, opened: Stats): Promise<void> {
  const { dev, ino } = await stat(path).catch((cause: unknown) => {
    throw unwritable(`The file ${path} of the database is not there.`, cause)
  })
  if (dev === opened.dev && ino === opened.ino) return
  throw unwritable(`The file ${path} of the database was replaced.`)
}

/** Without a log, everything is in the database file, which SQLite has flushed itself. */
async function openLog(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Copies the log into the database, in another thread, so that SQLite begins the log anew. First
 * most of it, while others write; then the rest, for which writers wait some milliseconds. If it
 * fails, e.g. because another process does the same, the log grows until the next time.
 */
async function copyLog({ scan }: Scanner): Promise<void> {
  try {
    for (const mode of ['passive', 'full']) {
      await scan({ text: `pragma wal_checkpoint(${mode})`, values: [] })
    }
  } catch (error) {
    debug('the log was not copied into the database: %O', error)
  }
}
