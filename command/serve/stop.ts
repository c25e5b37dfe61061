import type { Server } from 'node:http'

/** How long requests under way may take once the host was told to end. */
const graceMs = 5_000
/**
 * After that the process ends, whatever still hangs. Everything acknowledged is in the database by
 * then.
 */
const deadlineMs = 9_000

/**
 * Stops accepting, answers the requests under way, and closes every connection with its next
 * answer, after the grace whatever its client does.
 */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false
    })
    const timer = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/**
 * Runs `stop` at the first SIGTERM or SIGINT, and ends the process if it has not ended by the
 * deadline.
 */
export function stopOnSignals(stop: () => Promise<void>): void {
  let isStopping = false
  const end = () => {
    if (isStopping) return
    isStopping = true
    setTimeout(() => {
      console.error('Not everything ended in time. The next start continues with what is left.')
      process.exit(1)
    }, deadlineMs).unref()
    stop().catch((error: unknown) => {
      console.error(error)
      process.exitCode = 1
    })
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end)
}
