import type { RequestListener } from 'node:http'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { labelStudioAdapters } from 'label-studio-scim/adapters/label-studio'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'
import { labelStudioProxy } from '../../examples/label-studio-proxy/proxy.js'
import { type DatabaseKind, type Databases, oneOfEach } from '../databases.js'
import { type LoadRequest, load, type Round } from '../load.js'
import type { Effort } from '../requests.js'
import { type RunningServer, startServer } from '../start-server.js'
import { digits, median, undisturbed } from '../statistics.js'
import type { Verdict } from '../targets.js'
import { few, fill } from './world.js'

/** The example proxy with the gate, with its people on a database. */
export async function gatedProxy(target: string, databaseUrl: string): Promise<RequestListener> {
  const storage = await sqlAdapters({ url: databaseUrl })
  await fill(storage, few)
  const app = express()
  labelStudioProxy(app, labelStudioAdapters({ url: target, token: 'owner', storage }), target)
  return app
}

/** The same proxy without the gate. */
export function plainProxy(target: string): RequestListener {
  const proxy = createProxyMiddleware({ target, changeOrigin: false, xfwd: true, ws: false })
  return express().use(proxy)
}

const minShare = 0.9
const request: LoadRequest = { method: 'GET', path: '/api/projects/1/' }

/** Measures how many requests the proxy passes with the gate, as a share of those without. */
export async function measureProxy(
  { rounds, seconds }: Effort,
  databases: Databases,
): Promise<readonly Verdict[]> {
  const upstream = await startServer({ kind: 'upstream' })
  const target = new URL(upstream.baseUrl).origin
  const plain = await startServer({ kind: 'proxy', target })
  const found: Verdict[] = []
  for await (const { kind, url } of oneOfEach(databases)) {
    const gated = await startServer({ kind: 'gated proxy', target, url })
    found.push(verdictOf(kind, await inTurns([gated, plain], { rounds, seconds })))
    await gated.stop()
  }
  for (const server of [plain, upstream]) await server.stop()
  return found
}

function verdictOf(
  kind: DatabaseKind,
  [withGate, without]: readonly (readonly Round[])[],
): Verdict {
  const figure = undisturbed(speedsOf(withGate)) / undisturbed(speedsOf(without))
  const [own, bare] = [withGate, without].map((rounds = []) =>
    digits(median(rounds.map(({ cpuMicrosecondsPerRequest }) => cpuMicrosecondsPerRequest))),
  )
  const target =
    `proxy with the gate, ${kind} (CPU ${own} µs, without ${bare}): ` +
    `share of the requests/s without, at least ${minShare}`
  return { target, figure, isMet: figure >= minShare }
}

/** Rounds of load on each server in turn, after a warm-up round. */
async function inTurns(
  servers: readonly RunningServer[],
  { rounds, seconds }: Effort,
): Promise<readonly (readonly Round[])[]> {
  const measured = servers.map((): Round[] => [])
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, server] of servers.entries()) {
      const result = await load(server, () => request, seconds)
      if (round > 0) measured[index]?.push(result)
    }
  }
  return measured
}

function speedsOf(rounds: readonly Round[] = []): number[] {
  return rounds.map(({ requestsPerSecond }) => requestsPerSecond)
}
