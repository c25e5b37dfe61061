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
 * machine affects all of them alike. A longer round comes first and is not counted: V8 compiles
 * what it sees often. Then the garbage from filling the servers is collected, for which the first
 * rounds would pay. Before the long round that would be too early: some of what V8 knows about
 * objects is lost, and on Node 24 a bare handler with 1,000 users took twice as long for good.
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
  for (let round = 0; round <= rounds; round += 1) {
    for (const result of results) {
      const current = loads.get(result.subject)
      if (current === undefined) continue
      const { next, minSeconds = 0 } = current
      const long = round === 0 ? seconds * warmUpRounds : seconds
      const measured = await load(result.subject.server, next, Math.max(long, minSeconds))
      await current.undo?.()
      if (round > 0) result.rounds.push(measured)
      else await result.subject.server.collectGarbage()
    }
  }
  return results
}

/** Length of the first round, in rounds. */
const warmUpRounds = 5

/** How many requests the router answers before the sample, so that it knows its database. */
const warmUps = 3

/** Lets the router answer a sample request, and the driver run the same statements from then on. */
async function teachDriver({ server, router }: Subject, { next }: Load): Promise<void> {
  const answer = ({ method, path, body }: LoadRequest) =>
    send(method, `${router.baseUrl}${path}`, body)
  for (let each = 0; each < warmUps; each += 1) await answer(next())
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
