import type { PendingSummary } from '../../stores/access-store.js'
import type { Scope } from '../../stores/scope.js'
import { countOf, numberText } from '../numbers.js'
import type { SettingsContext } from '../options.js'

/** The progress of long work. */
export interface Progress {
  /**
   * For updates: the highest number of people waiting since they began, as seen by this process.
   */
  readonly total: number
  readonly done: number
  /** Absent until something is done, because there is no estimate before. */
  readonly secondsLeft?: number
}

/** Work of which an administrator sees how far it is. */
export interface LongWork {
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly total: number
}

/** The progress of a run, and the time it still needs at its average speed. */
export function estimateProgress(
  { startedAt, total }: LongWork,
  done: number,
  now: number,
): Progress {
  const secondsLeft = Math.ceil(((now - startedAt) / 1000 / done) * (total - done))
  return { total, done, ...(done > 0 && { secondsLeft }) }
}

/** `1,200 of 10,000, about 3 minutes left`. */
export function progressText({ done, total, secondsLeft }: Progress): string {
  const left = !secondsLeft ? '' : `, about ${durationOf(secondsLeft)} left`
  return `${numberText(done)} of ${numberText(total)}${left}`
}

function durationOf(seconds: number): string {
  const [count, unit] =
    seconds < 90
      ? [seconds, 'second']
      : seconds < 7_200
        ? [seconds / 60, 'minute']
        : [seconds / 3_600, 'hour']
  return countOf(Math.round(count), unit, `${unit}s`)
}

const maxTenants = 1_000

/** Measures runs of updates. A run lasts from the first waiting person until nobody waits. */
export type ProgressMeter = (
  scope: Pick<Scope, 'tenant'>,
  summary: Pick<PendingSummary, 'pending' | 'fanningOut'>,
) => Progress | undefined

/** Makes a meter that remembers the run of each tenant. More waiting people start a new run. */
export function progressMeter({ clock }: Pick<SettingsContext, 'clock'>): ProgressMeter {
  const runs = new Map<string, LongWork>()
  return ({ tenant }, { pending, fanningOut }) => {
    const left = pending + fanningOut
    const now = clock().getTime()
    const before = runs.get(tenant)
    if (left === 0) {
      runs.delete(tenant)
      return undefined
    }
    if (runs.size >= maxTenants) runs.clear()
    const run = before && before.total >= left ? before : { startedAt: now, total: left }
    runs.set(tenant, run)
    return estimateProgress(run, run.total - left, now)
  }
}
