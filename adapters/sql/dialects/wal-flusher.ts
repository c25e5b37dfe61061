import { type FileHandle, open } from 'node:fs/promises'
import { UnavailableError } from '../../../lib/adapter/index.js'

/** Makes commits durable. */
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
 * Flushes SQLite's write-ahead log to the disk, outside this thread and once for all waiting
 * commits. This is as durable as `synchronous = full`, which would block the event loop for
 * milliseconds at every commit.
 *
 * After a failed flush, nothing is flushed any more: the system may have dropped the data it could
 * not write, the next flush would still succeed, and everything committed after the gap would be
 * lost. The process has to be restarted.
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
