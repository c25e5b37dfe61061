import autocannon from 'autocannon'
import { headers } from './client.js'
import type { RunningServer } from './start-server.js'

/** One request of the load. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Relative to the base URL. */
  readonly path: string
  readonly body?: object
}

/** The figures of one round of load. */
export interface Round {
  readonly requestsPerSecond: number
  /** Of the server's process, without the process of the database. */
  readonly cpuMicrosecondsPerRequest: number
}

const connections = 10
const maxSeconds = 60

/**
 * Sends requests for some seconds over ten connections, one at a time on each.
 *
 * @throws Error when an answer is not 2xx, because a load of failures measures nothing
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
    // Each request gets new headers, so that the previous body's length does not remain in them.
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
    timeout: 60,
    // How often autocannon checks whether the time is over, in milliseconds.
    sampleInt: 50,
    headers,
    requests: [{ setupRequest }],
  } as autocannon.Options)
  const elapsedSeconds = (performance.now() - startedAt) / 1_000
  const after = await server.usage()
  const count = result['2xx']
  const failed = result.non2xx + result.errors + result.timeouts
  // A round without an answer says nothing, so it is made longer.
  if (failed === 0 && count === 0 && seconds < maxSeconds) return load(server, next, seconds * 4)
  if (failed > 0 || count === 0) {
    throw new Error(`${failed} requests failed: ${JSON.stringify(result.statusCodeStats)}`)
  }
  return {
    requestsPerSecond: count / elapsedSeconds,
    cpuMicrosecondsPerRequest: (after.cpuMicroseconds - before.cpuMicroseconds) / count,
  }
}
