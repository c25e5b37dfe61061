import { load, type Round } from './load.js'
import { type Load, type Measure, type PutTimes, type Subject, timePuts } from './measures.js'
import { median, ratios } from './statistics.js'

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
 * machine affects all of them alike. A warm-up round comes first and is not counted.
 */
export async function measureRequests(
  measure: Measure,
  subjects: readonly Subject[],
  { rounds, seconds }: Effort,
): Promise<Result[]> {
  const loads = new Map<Subject, Load>()
  for (const subject of subjects) loads.set(subject, await measure.prepare(subject))
  const results = subjects.map((subject) => ({ measure, subject, rounds: [] as Round[] }))
  for (let round = 0; round <= rounds; round += 1) {
    for (const result of results) {
      const current = loads.get(result.subject)
      if (current === undefined) continue
      const measured = await load(result.subject.server, current.next, seconds)
      await current.undo?.()
      if (round > 0) result.rounds.push(measured)
    }
  }
  return results
}

/** Times PUTs of a large group on all servers in turn, after a warm-up round. */
export async function measurePuts(
  subjects: readonly Subject[],
  rounds: number,
): Promise<ReadonlyMap<Subject, readonly PutTimes[]>> {
  const times = new Map<Subject, PutTimes[]>(subjects.map((subject) => [subject, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [subject, known] of times) {
      const measured = await timePuts(subject)
      if (round > 0) known.push(measured)
    }
  }
  return times
}

/** Requests per second in each round. */
export function speeds({ rounds }: Result): number[] {
  return rounds.map(({ requestsPerSecond }) => requestsPerSecond)
}

/** CPU time of the server for one request in each round, in microseconds. */
export function costs({ rounds }: Result): number[] {
  return rounds.map(({ cpuMicrosecondsPerRequest }) => cpuMicrosecondsPerRequest)
}

/** Median ratio of the work that two servers do per CPU second. */
export function efficiency(result: Result, other: Result): number {
  return median(ratios(costs(other), costs(result)))
}
