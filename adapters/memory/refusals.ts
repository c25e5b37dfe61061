import {
  maxRefusals,
  type RefusalCount,
  type RefusalStore,
  refusalRetentionMs,
} from '../../lib/adapter/index.js'
import type { State } from './state.js'

/** The refusals of a policy in report mode, in maps; last seen last. */
export function memoryRefusalStore(state: State): RefusalStore {
  return {
    async add(scope, seen) {
      const { refusals } = state.of(scope)
      for (const each of seen) {
        const key = JSON.stringify([each.person, each.method, each.path])
        const count = each.count + (refusals.get(key)?.count ?? 0)
        refusals.delete(key)
        refusals.set(key, { ...each, count })
      }
      removeOld(refusals)
    },
    async list(scope, { since }) {
      const entries = [...state.of(scope).refusals.values()]
      return entries.filter(({ at }) => at >= since).sort(byLastSeen)
    },
  }
}

function removeOld(refusals: Map<string, RefusalCount>): void {
  const [newest] = [...refusals.values()].sort(byLastSeen)
  const since = newest && new Date(Date.parse(newest.at) - refusalRetentionMs).toISOString()
  for (const [key, { at }] of refusals) {
    if (refusals.size > maxRefusals || (since !== undefined && at < since)) refusals.delete(key)
  }
}

function byLastSeen(a: RefusalCount, b: RefusalCount): number {
  if (a.at !== b.at) return a.at > b.at ? -1 : 1
  return `${a.person} ${a.path}` < `${b.person} ${b.path}` ? -1 : 1
}
