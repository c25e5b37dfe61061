import { type FileHandle, open } from 'node:fs/promises'
import { UnavailableError } from '../../../lib/adapter/index.js'

/** What makes commits durable. */
export interface WalFlusher {
  /**
   * Resolves when everything committed before the call survives a power failure.
   *
   * @throws UnavailableError when a flush has failed, now or before
   */
  flush(): Promise<void>
  /** @throws UnavailableError when a flush has failed: see {@link walFlusher} */
  requireSound(): void
}

/**
 * Flushes SQLite's write-ahead log to the disk, outside this thread and once for all commits that
 * wait for it. It does what `synchronous = full` does with every commit, and is as durable; that
 * would block the event loop for milliseconds each.
 *
 * After a flush that failed, nothing is flushed any more: the system may have dropped what it could
 * not write, the next flush would succeed all the same, and what is committed behind such a hole is
 * lost. The process has to be started again.
 */
export function walFlusher(path: string): WalFlusher {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  let failure: UnavailableError | undefined
  const requireSound = () => {
    if (failure) throw failure
  }
  const start = (): Promise<void> => {
    const flushed = flush(path)
      .catch((cause: unknown) => {
        failure ??= new UnavailableError(
          'The database could not be flushed to the disk. ' +
            'Nothing is written until the process is started again.',
          { cause },
        )
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
    flush() {
      if (running === undefined) return start()
      // The flush that is under way may have begun before the caller's commit.
      next ??= running
        .catch(() => {})
        .then(() => {
          next = undefined
          requireSound()
          return start()
        })
      return next
    },
  }
}

async function flush(path: string): Promise<void> {
  const file = await openLog(path)
  if (file === undefined) return
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
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
