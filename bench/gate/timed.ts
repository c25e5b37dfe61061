import { Agent, get, type OutgoingHttpHeaders, type RequestOptions } from 'node:http'
import type { AccessGate } from 'label-studio-scim'
import { listen } from './world.js'

/** The answer of the application behind the gate: a project, a task, or an empty list. */
const application = JSON.stringify({ id: 1, project: 1, annotations: [], count: 0, results: [] })
/** How many requests a round has. */
export const requestsOfRound = 100

/** A server that records how long the gate takes. */
export interface Measured {
  readonly url: string
  readonly times: number[]
  stop(): void
}

/**
 * A server that answers as soon as the gate lets a request through and records how long that took.
 */
export async function gateServer(gate: AccessGate): Promise<Measured> {
  const times: number[] = []
  const server = await listen((request, response) => {
    const at = performance.now()
    gate(request, response, () => {
      times.push(performance.now() - at)
      response.setHeader('content-type', 'application/json')
      response.end(application)
    })
  })
  return { ...server, times }
}

/** How long the gate held a request, in milliseconds. */
export interface HoldTimes {
  readonly p50: number
  readonly p99: number
}

interface GateLoad {
  readonly path: string
  readonly rounds: number
  /** Headers of the next request. Default: those of a person with a token. */
  readonly headers?: () => OutgoingHttpHeaders
}

/** Alternates between the gates, so that other load on the machine affects all of them alike. */
export async function timeGates(
  gates: readonly Measured[],
  { path, rounds, headers = () => ({ authorization: 'Token person' }) }: GateLoad,
): Promise<readonly HoldTimes[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  // The first two rounds warm up.
  for (let round = -2; round < rounds; round++) {
    if (round === 0) for (const { times } of gates) times.length = 0
    for (const { url } of gates) {
      for (let each = 0; each < requestsOfRound; each++) {
        await ask(`${url}${path}`, { agent, headers: headers() })
      }
    }
  }
  agent.destroy()
  return gates.map(({ times }) => holdTimes(times.sort((a, b) => a - b)))
}

function holdTimes(sorted: readonly number[]): HoldTimes {
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

function ask(url: string, options: RequestOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, options, (response) => {
      const { statusCode = 0 } = response
      response.resume().on('end', () => {
        if (statusCode === 200) resolve()
        else reject(new Error(`${url}: ${statusCode}`))
      })
    }).on('error', reject)
  })
}
