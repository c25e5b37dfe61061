import { largeGroupSize } from './measures.js'
import { cost, type Result, speed, speeds } from './requests.js'
import { digits, median, ratios, table } from './statistics.js'
import type { SubjectName } from './subjects.js'

/** The share of the bare handler's requests per second to reach, by measure. */
const shareTargets: Readonly<Record<string, { readonly memory: number; readonly sqlite: number }>> =
  {
    get: { memory: 0.8, sqlite: 0.5 },
    filter: { memory: 0.75, sqlite: 0.45 },
    list: { memory: 0.8, sqlite: 0.35 },
    patch: { memory: 0.7, sqlite: 0.25 },
    post: { memory: 0.7, sqlite: 0.3 },
    member: { memory: 0.7, sqlite: 0.25 },
    large: { memory: 0.7, sqlite: 0.25 },
    group: { memory: 0.6, sqlite: 0.3 },
  }

/** The share of what the driver alone does to reach. */
const driverTargets = { sqlite: 0.5, postgres: 0.4 }

/** Maximum cost of a request with many users or in a large group, relative to few users. */
const maxGrowth = 1.5

/** A target of the project, and whether this run met it. */
export interface Verdict {
  readonly target: string
  readonly figure: number
  readonly isMet: boolean
}

export function verdictTable(list: readonly Verdict[]): string {
  return table(
    list.map(({ target, figure, isMet }) => [target, digits(figure, 2), isMet ? 'met' : 'MISSED']),
  )
}

/**
 * One line for each measure and number of users: requests per second as a share of the bare
 * handler's, and of the driver's alone, beside the targets.
 */
export function shareTable(results: readonly Result[]): string {
  const header = [
    'share of',
    'users',
    ...['bare: memory', 'target', 'SQLite', 'target', 'PostgreSQL'],
    ...['driver: SQLite', 'target', 'PostgreSQL', 'target'],
  ]
  const lines = results.filter(
    (result, index) => results.findIndex((each) => isSameLine(each, result)) === index,
  )
  const rows = lines.map((line) => {
    const { measure, subject } = line
    const share = (name: SubjectName, of: SubjectName) => shareOf(results, line, name, of)
    const { memory, sqlite } = shareTargets[measure.name] ?? {}
    return [
      `  ${measure.title}`,
      digits(subject.users),
      ...compared(share('memory', 'bare'), memory),
      ...compared(share('sqlite', 'bare'), sqlite),
      compared(share('postgres', 'bare'))[0] ?? '',
      ...compared(share('sqlite', 'sqlite driver'), driverTargets.sqlite),
      ...compared(share('postgres', 'postgres driver'), driverTargets.postgres),
    ]
  })
  return table([header, ...rows])
}

/** Whether two results are of the same measure with the same number of users. */
function isSameLine(one: Result, other: Result): boolean {
  return one.measure === other.measure && one.subject.users === other.subject.users
}

function compared(share: number | undefined, target?: number): string[] {
  if (share === undefined) return ['', '']
  if (target === undefined) return [digits(share, 2), '']
  return [digits(share, 2), `${digits(target, 2)} ${share >= target ? 'met' : 'MISSED'}`]
}

/** Ratio of the speeds; `undefined` if one of the two was not measured. */
function shareOf(
  results: readonly Result[],
  line: Result,
  name: SubjectName,
  of: SubjectName,
): number | undefined {
  const find = (wanted: SubjectName) =>
    results.find((each) => isSameLine(each, line) && each.subject.name === wanted)
  const own = find(name)
  const other = find(of)
  return own && other && speed(own) / speed(other)
}

/**
 * Compares the cost with the most users to the cost with the fewest, by requests per second, which
 * includes the database. The result is divided by the growth of the bare handler, if measured:
 * memory that no longer fits into a cache slows everything down.
 */
export function growthVerdicts(results: readonly Result[]): Verdict[] {
  return [...growths(results), ...groupGrowths(results)]
}

function growths(results: readonly Result[]): Verdict[] {
  return results.flatMap((large) => {
    const { measure, subject } = large
    const small = results.find(
      (each) =>
        each.measure === measure &&
        each.subject.name === subject.name &&
        each.subject.users < subject.users,
    )
    if (small === undefined || !isOurs(subject.name)) return []
    const of = `${digits(subject.users)} users relative to ${digits(small.subject.users)}`
    const bare = { small: bareOf(results, small), large: bareOf(results, large) }
    const title = `${measure.title}, ${subject.name}: cost with ${of}`
    if (bare.small === undefined || bare.large === undefined) return [growth(title, small, large)]
    const beside = speed(bare.small) / speed(bare.large)
    return [growth(`${title}, relative to bare`, small, large, beside)]
  })
}

function groupGrowths(results: readonly Result[]): Verdict[] {
  return results.flatMap((large) => {
    const small = results.find(
      ({ measure, subject }) => measure.name === 'member' && subject === large.subject,
    )
    if (large.measure.name !== 'large' || small === undefined) return []
    const { name, users } = large.subject
    if (!isOurs(name)) return []
    const size = digits(largeGroupSize(users))
    const title = `add a member, ${name}: cost in a group of ${size} over groups of 10`
    return [growth(title, small, large)]
  })
}

function isOurs(name: SubjectName): boolean {
  return name === 'memory' || name === 'sqlite' || name === 'postgres'
}

function growth(title: string, small: Result, large: Result, beside = 1): Verdict {
  const figure = speed(small) / speed(large) / beside
  return { target: `${title}: at most ${maxGrowth}`, figure, isMet: figure <= maxGrowth }
}

/**
 * One line for each server of a measure: the rounds that were disturbed least, and the median of
 * all.
 */
export function requestTable(results: readonly Result[]): string {
  const header = ['', 'users', 'req/s', 'ratio', 'median', 'CPU µs', 'CPU ratio']
  const rows = results.map((result) => {
    const bare = bareOf(results, result)
    const beside = bare === result ? undefined : bare
    return [
      `  ${result.subject.name}`,
      digits(result.subject.users),
      digits(speed(result)),
      beside ? digits(speed(result) / speed(beside), 2) : '',
      beside ? digits(median(ratios(speeds(result), speeds(beside))), 2) : '',
      digits(cost(result)),
      beside ? digits(cost(beside) / cost(result), 2) : '',
    ]
  })
  return table([header, ...rows])
}

/** The result of the bare handler for the same measure and number of users. */
function bareOf(results: readonly Result[], result: Result): Result | undefined {
  return results.find((each) => isSameLine(each, result) && each.subject.name === 'bare')
}
