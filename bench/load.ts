import autocannon from 'autocannon'
import { headers } from './client.js'
import type { RunningServer } from './start-server.js'

/** One request of a load. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the base URL. */
  readonly path: string
  readonly body?: object
}

/** What one round of load came to. */
export interface Round {
  readonly requestsPerSecond: number
  /** Of the server's process; the database's own process is not in it. */
  readonly cpuMicrosecondsPerRequest: number
}

const connections = 10

/**
 * Sends requests for a time, one after the other on each of ten connections.
 *
 * @throws Error when any answer is not 2xx: a load of failures measures nothing
 */
export async function load(
  server: RunningServer,
  next: () => LoadRequest,
  seconds: number,
): Promise<Round> {
  const before = await server.usage()
  const startedAt = performance.now()
  const basePath = new URL(server.baseUrl).pathname
  const setupRequest = (request: autocannon.Request): autocannon.Request => {
    const { method, path, body } = next()
    const text = body === undefined ? undefined : JSON.stringify(body)
    // Headers of its own: the length of the body before must not stay in them.
    return {
      ...request,
      headers: { ...headers },
      method,
      path: basePath + path,
      body: text as string,
    }
  }
  const result = await autocannon({
    url: server.baseUrl,
    connections,
    duration: seconds,
    // How often it looks whether the time is over, in milliseconds.
    sampleInt: 50,
    headers,
    requests: [{ setupRequest }],
  } as autocannon.Options)
  const elapsedSeconds = (performance.now() - startedAt) / 1_000
  const after = await server.usage()
  const count = result['2xx']
  const failed = result.non2xx + result.errors + result.timeouts
  if (failed > 0 || count === 0) {
    throw new Error(`${failed} requests failed: ${JSON.stringify(result.statusCodeStats)}`)
  }
  return {
    requestsPerSecond: count / elapsedSeconds,
    cpuMicrosecondsPerRequest: (after.cpuMicroseconds - before.cpuMicroseconds) / count,
  }
}
