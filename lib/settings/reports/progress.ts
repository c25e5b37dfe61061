import type { PendingSummary } from '../../stores/access-store.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'

/** How far a run of updates has come, as this process has seen it. */
export interface Progress {
  /** Most people who waited since it began. */
  readonly total: number
  readonly done: number
  /** Absent while nothing is done, and nobody can tell. */
  readonly secondsLeft?: number
}

interface Run {
  readonly startedAt: number
  readonly total: number
}

const maxTenants = 1_000

/** Measures runs of updates: from when somebody waits until nobody does. */
export type ProgressMeter = (
  scope: Pick<Scope, 'tenant'>,
  summary: Pick<PendingSummary, 'pending' | 'fanningOut'>,
) => Progress | undefined

/** A meter that remembers the run of each tenant; more people who come make the run longer. */
export function progressMeter({ clock }: Pick<SettingsContext, 'clock'>): ProgressMeter {
  const runs = new Map<string, Run>()
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
    const done = run.total - left
    const secondsLeft = Math.ceil(((now - run.startedAt) / 1000 / done) * left)
    return { total: run.total, done, ...(done > 0 && { secondsLeft }) }
  }
}
