import { setTimeout as pause } from 'node:timers/promises'
import { send } from './client.js'
import { textOf } from './driver/template.js'
import { type LoadRequest, load, type Round } from './load.js'
import type { Load, Measure } from './measures.js'
import { undisturbed } from './statistics.js'
import type { Subject } from './subjects.js'

/** The rounds of one measure on one server. */
export interface Result {
  readonly measure: Measure
  readonly subject: Subject
  readonly rounds: readonly Round[]
}

/** How long to measure. */
export interface Effort {
  readonly rounds: number
  readonly seconds: number
}

/**
 * Measures one kind of request on all servers in turn, round by round, so that other load on the
 * machine affects all of them alike. Two longer rounds come first and are not counted. V8 compiles
 * in the first what it sees often; after it, the garbage from filling the servers is collected, for
 * which the first counted rounds would pay. Before the first it would be too early: on Node 24 a
 * bare handler with 1,000 users then took twice as long for good. The collection itself, of a
 * server that nobody asks anything at that moment, makes V8 forget some of what it has compiled: a
 * PATCH takes two and a half times as long after it, and eight seconds until it is as fast as
 * before (a bare handler three). That is what the second is for.
 */
export async function measureRequests(
  measure: Measure,
  subjects: readonly Subject[],
  { rounds, seconds }: Effort,
): Promise<Result[]> {
  const loads = new Map<Subject, Load>()
  for (const subject of subjects) {
    const prepared = await measure.prepare(subject)
    if (subject.router !== subject.server) await teachDriver(subject, prepared)
    loads.set(subject, prepared)
  }
  const results = subjects.map((subject) => ({ measure, subject, rounds: [] as Round[] }))
  const lengths = [...uncountedRounds, ...Array<number>(rounds).fill(1)]
  for (const [round, length] of lengths.entries()) {
    for (const result of results) {
      const current = loads.get(result.subject)
      if (current === undefined) continue
      const { next, minSeconds = 0 } = current
      const measured = await load(
        result.subject.server,
        next,
        Math.max(length * seconds, minSeconds),
      )
      await current.undo?.()
      if (round === 0) await result.subject.server.collectGarbage()
      if (round >= uncountedRounds.length) result.rounds.push(measured)
    }
  }
  return results
}

/** Lengths of the rounds that are not counted, in rounds. */
const uncountedRounds: readonly number[] = [5, 16]

/** How many requests the router answers before the sample, so that it knows its database. */
const warmUps = 3
/** What the router does besides, such as noting that the token was used, ends in this time. */
const restMs = 500

/** Lets the router answer a sample request, and the driver run the same statements from then on. */
async function teachDriver({ server, router }: Subject, { next }: Load): Promise<void> {
  const answer = ({ method, path, body }: LoadRequest) =>
    send(method, `${router.baseUrl}${path}`, body)
  for (let each = 0; each < warmUps; each += 1) await answer(next())
  await pause(restMs)
  const sample = next()
  const steps = await router.record(() => answer(sample))
  const body = sample.body === undefined ? '' : JSON.stringify(sample.body)
  await server.replay({ sample: textOf(sample.method, sample.path, body), steps })
}

/** Requests per second in each round. */
export function speeds({ rounds }: Result): number[] {
  return rounds.map(({ requestsPerSecond }) => requestsPerSecond)
}

/** Requests per second of the rounds that were disturbed least. */
export function speed(result: Result): number {
  return undisturbed(speeds(result))
}

/** CPU time of the server for one request in those rounds, in microseconds. */
export function cost({ rounds }: Result): number {
  return 1 / undisturbed(rounds.map((round) => 1 / round.cpuMicrosecondsPerRequest))
}
