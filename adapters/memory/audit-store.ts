import type {
  AuditEntry,
  AuditQuery,
  AuditStore,
  StoredAuditEntry,
} from '../../lib/adapter/index.js'
import type { State } from './state.js'

/** An audit log in an array. */
export function memoryAuditStore(state: State): AuditStore {
  return {
    async append(scope, audit) {
      state.write(scope, { audit }, () => undefined)
    },
    async purge({ before, limit }) {
      let left = limit
      for (const { audit } of state.tenants()) {
        const young = audit.entries.findIndex(({ at }) => at >= before)
        const removed = audit.entries.splice(0, Math.min(left, young < 0 ? Infinity : young))
        audit.dropped += removed.length
        left -= removed.length
      }
      return limit - left
    },
    async query(scope, query) {
      const found: StoredAuditEntry[] = []
      const { entries, dropped } = state.of(scope).audit
      for (let index = entries.length - 1; index >= 0 && found.length < query.limit; index -= 1) {
        const entry = entries[index]
        const sequence = dropped + index + 1
        if (entry && matches(entry, sequence, query)) found.push({ ...entry, sequence })
      }
      return found
    },
  }
}

function matches(entry: AuditEntry, sequence: number, query: AuditQuery): boolean {
  const { event, actor, target, outcome, from, until, before } = query
  return (
    (event === undefined || entry.event === event) &&
    (actor === undefined || entry.actor === actor) &&
    (target === undefined || entry.target?.id === target) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (from === undefined || entry.at >= from) &&
    (until === undefined || entry.at < until) &&
    (before === undefined || sequence < before)
  )
}
