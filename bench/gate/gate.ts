import type { IncomingMessage, ServerResponse } from 'node:http'
import { accessGate } from 'label-studio-scim'
import {
  identifyLabelStudioUser,
  labelStudioAdapters,
} from 'label-studio-scim/adapters/label-studio'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'
import { type DatabaseKind, type Databases, oneOfEach } from '../databases.js'
import type { Effort } from '../requests.js'
import type { Verdict } from '../targets.js'
import { gateServer, type HoldTimes, timeGates } from './timed.js'
import { few, fill, labelStudio, listen } from './world.js'

/** Milliseconds. PostgreSQL has no target for the 99th percentile. */
const targets = { sqlite: { p50: 0.15, p99: 1 }, postgres: { p50: 0.5, p99: undefined } }
/** How long the gate remembers whose session it is. */
const cachedMs = 30_000
/** Each round has a hundred requests. */
const minRounds = 20

/**
 * Measures how long the gate holds a request of a person whose session cookie is signed again with
 * every answer, as Label Studio does, and how often the gate asks Label Studio about that person.
 */
export async function measureGate(
  { rounds }: Effort,
  databases: Databases,
): Promise<readonly Verdict[]> {
  const found: Verdict[] = []
  for await (const { kind, url } of oneOfEach(databases)) {
    const { times, questions } = await hold(url, Math.max(rounds, minRounds))
    found.push(...verdictsOf(kind, times))
    const target = `gate, ${kind}: questions to Label Studio about a person in 30 s, at most 1`
    found.push({ target, figure: questions, isMet: questions <= 1 })
  }
  return found
}

async function hold(url: string, rounds: number) {
  let questions = 0
  const behind = await listen((request: IncomingMessage, response: ServerResponse) => {
    const isAboutPerson = request.headers.cookie !== undefined
    if (isAboutPerson && request.url?.includes('whoami')) questions += 1
    labelStudio(request, response)
  })
  const storage = await sqlAdapters({ url })
  await fill(storage, few)
  const adapters = labelStudioAdapters({ url: behind.url, token: 'owner', storage })
  const gate = accessGate(adapters, { identify: identifyLabelStudioUser({ url: behind.url }) })
  const server = await gateServer(gate)
  const startedAt = performance.now()
  const load = { path: '/api/projects/1/', rounds, headers: signedCookies() }
  const [times = { p50: Number.NaN, p99: Number.NaN }] = await timeGates([server], load)
  const periods = Math.ceil((performance.now() - startedAt) / cachedMs)
  for (const each of [server, behind]) each.stop()
  gate.close()
  await storage.close()
  return { times, questions: questions / periods }
}

/** The cookie of one session, as Django signs it: with another time and signature each time. */
function signedCookies() {
  const session = Buffer.from(JSON.stringify({ _auth_user_id: '1' })).toString('base64url')
  let count = 0
  return () => {
    count += 1
    return { cookie: `sessionid=${session}:1x${count}:signature${count}` }
  }
}

function verdictsOf(kind: DatabaseKind, times: HoldTimes): Verdict[] {
  return (['p50', 'p99'] as const).map((name) => {
    const most = targets[kind][name]
    const figure = times[name]
    const limit = most === undefined ? 'no target' : `at most ${most}`
    const target = `gate, ${kind}: ${name} of the time it holds a request, ms, ${limit}`
    return { target, figure, isMet: most === undefined || figure <= most }
  })
}
