import type { PutTimes, Subject } from './measures.js'
import { costs, efficiency, type Result, speeds } from './requests.js'
import { digits, median, ratios, table } from './statistics.js'

/** Maximum cost of a request with many users or in a large group, relative to few users. */
const maxGrowth = 1.5

/** One line for each server of a measure. */
export function requestTable(results: readonly Result[]): string {
  const header = ['', 'users', 'req/s', 'ratio', 'min', 'max', 'CPU µs', 'CPU ratio']
  const rows = results.map((result) => {
    const { subject } = result
    const bare = bareOf(results, result)
    const toBare = bare && ratios(speeds(result), speeds(bare))
    return [
      `  ${subject.name}`,
      digits(subject.users),
      digits(median(speeds(result))),
      ...(bare && toBare && bare !== result
        ? [median(toBare), Math.min(...toBare), Math.max(...toBare)].map((each) => digits(each, 2))
        : ['', '', '']),
      digits(median(costs(result))),
      bare && bare !== result ? digits(efficiency(result, bare), 2) : '',
    ]
  })
  return table([header, ...rows])
}

/** Times of PUT next to those of the bare handler. */
export function putTable(times: ReadonlyMap<Subject, readonly PutTimes[]>): string {
  const medianOf = (subject: Subject | undefined, name: keyof PutTimes) =>
    median((subject && times.get(subject)?.map((each) => each[name])) ?? [])
  const subjects = [...times.keys()]
  const bare = subjects.find(({ name }) => name === 'bare')
  const cells = (subject: Subject, name: keyof PutTimes) => {
    const time = medianOf(subject, name)
    return [digits(time), subject === bare ? '' : digits(medianOf(bare, name) / time, 2)]
  }
  return table([
    ['', 'fill ms', 'ratio', 'change one ms', 'ratio'],
    ...subjects.map((subject) => [
      `  ${subject.name}`,
      ...cells(subject, 'fill'),
      ...cells(subject, 'change'),
    ]),
  ])
}

/** A target of the project, and whether this run met it. */
export interface Verdict {
  readonly target: string
  readonly figure: number
  readonly isMet: boolean
}

/**
 * Compares the results with the targets. Targets are ratios, so the speed of the machine cancels
 * out.
 */
export function verdicts(results: readonly Result[]): Verdict[] {
  return [...shares(results), ...growths(results), ...groupGrowths(results)]
}

export function verdictTable(list: readonly Verdict[]): string {
  return table(
    list.map(({ target, figure, isMet }) => [target, digits(figure, 2), isMet ? 'met' : 'MISSED']),
  )
}

function shares(results: readonly Result[]): Verdict[] {
  return results.flatMap((result) => {
    const { measure, subject } = result
    const { minRatio } = measure
    const bare = bareOf(results, result)
    if (minRatio === undefined || subject.name !== 'memory' || bare === undefined) return []
    const figure = median(ratios(speeds(result), speeds(bare)))
    const users = `${digits(subject.users)} users`
    const target = `${measure.title}, memory, ${users}: at least ${minRatio} of bare`
    return [{ target, figure, isMet: figure >= minRatio }]
  })
}

/**
 * Compares the cost with the most users to the cost with the fewest, by requests per second, which
 * includes the database. The result is divided by the growth of the bare handler, if measured:
 * memory that no longer fits into a cache slows everything down.
 */
function growths(results: readonly Result[]): Verdict[] {
  return results.flatMap((large) => {
    const { measure, subject } = large
    const small = results.find(
      (each) =>
        each.measure === measure &&
        each.subject.name === subject.name &&
        each.subject.users < subject.users,
    )
    if (small === undefined || subject.name === 'bare') return []
    const of = `${digits(subject.users)} users relative to ${digits(small.subject.users)}`
    const bare = { small: bareOf(results, small), large: bareOf(results, large) }
    const title = `${measure.title}, ${subject.name}: cost with ${of}`
    if (bare.small === undefined || bare.large === undefined) return [growth(title, small, large)]
    const beside = median(ratios(speeds(bare.small), speeds(bare.large)))
    return [growth(`${title}, relative to bare`, small, large, beside)]
  })
}

function groupGrowths(results: readonly Result[]): Verdict[] {
  return results.flatMap((large) => {
    const small = results.find(
      ({ measure, subject }) => measure.name === 'member' && subject === large.subject,
    )
    if (large.measure.name !== 'large' || small === undefined) return []
    if (large.subject.name === 'bare') return []
    const { name, users } = large.subject
    const title = `add member, ${name}: cost in a group of ${digits(users / 2)} over groups of 10`
    return [growth(title, small, large)]
  })
}

function growth(title: string, small: Result, large: Result, beside = 1): Verdict {
  const figure = median(ratios(speeds(small), speeds(large))) / beside
  return { target: `${title}: at most ${maxGrowth}`, figure, isMet: figure <= maxGrowth }
}

/** The result of the bare handler for the same measure and number of users. */
function bareOf(
  results: readonly Result[],
  { measure, subject: { users } }: Result,
): Result | undefined {
  return results.find(
    (each) =>
      each.measure === measure && each.subject.users === users && each.subject.name === 'bare',
  )
}
