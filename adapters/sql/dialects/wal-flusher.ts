import { type FileHandle, open } from 'node:fs/promises'

/**
 * Flushes SQLite's write-ahead log to the disk, outside this thread and once for all commits that wait for it. It does what
 * `synchronous = full` does with every commit, and is as durable; that would block the event loop for milliseconds each.
 *
 * @returns a function that resolves when everything committed before the call survives a power failure
 */
export function walFlusher(path: string): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = (): Promise<void> => {
    const flushed = flush(path).finally(() => {
      if (running === flushed) running = undefined
    })
    running = flushed
    return flushed
  }
  return () => {
    if (running === undefined) return start()
    // The flush that is under way may have begun before the caller's commit.
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        return start()
      })
    return next
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
