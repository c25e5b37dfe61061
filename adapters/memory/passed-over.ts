import { type AccessStore, maxPassedOver, type PassedOverCount } from '../../lib/adapter/index.js'
import type { State } from './state.js'

/** A count of something dropped, with the day it last went to the audit log. */
export interface PassedOverEntry extends PassedOverCount {
  readonly loggedOn: string
}

/** Counts of dropped attributes and members. */
export function passedOverMethods(
  state: State,
): Required<Pick<AccessStore, 'countPassedOver' | 'listPassedOver'>> {
  return {
    async countPassedOver(scope, seen) {
      const { passedOver } = state.of(scope)
      const fresh = seen.filter((each) => {
        const key = JSON.stringify([each.kind, each.name])
        const known = passedOver.get(key)
        const loggedOn = each.at.slice(0, 10)
        passedOver.delete(key)
        passedOver.set(key, { ...each, count: each.count + (known?.count ?? 0), loggedOn })
        return known?.loggedOn !== loggedOn
      })
      for (const key of passedOver.keys()) {
        if (passedOver.size > maxPassedOver) passedOver.delete(key)
      }
      return fresh
    },
    async listPassedOver(scope) {
      const entries = [...state.of(scope).passedOver.values()].reverse()
      // Instances tell what they counted in steps, so a later call may be of an earlier time.
      entries.sort((a, b) => Number(a.at < b.at) - Number(a.at > b.at))
      return entries.map(({ loggedOn: _, ...entry }) => entry)
    },
  }
}
