import type { Server } from 'node:http'

/** How long requests in progress may take after the host was told to stop. */
const graceMs = 5_000
/**
 * After this time the process ends, even if something still hangs. Everything acknowledged is in
 * the database by then.
 */
const deadlineMs = 9_000

/**
 * Stops accepting, answers the requests in progress, and closes every connection with its next
 * answer; after the grace period it closes all connections.
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
