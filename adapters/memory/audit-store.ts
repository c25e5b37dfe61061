import type { AuditQuery, AuditStore, StoredAuditEntry } from '../../lib/stores/index.js'
import type { State } from './state.js'

/** An audit log in an array. */
export function memoryAuditStore(state: State): AuditStore {
  return {
    async append(scope, audit) {
      state.write(scope, { audit }, () => undefined)
    },
    async query(scope, query) {
      const found: StoredAuditEntry[] = []
      const { audit } = state.of(scope)
      for (let index = audit.length - 1; index >= 0 && found.length < query.limit; index -= 1) {
        const entry = audit[index]
        if (entry && matches(entry, query)) found.push(entry)
      }
      return found
    },
  }
}

function matches(entry: StoredAuditEntry, query: AuditQuery): boolean {
  const { event, actor, target, outcome, from, until, before } = query
  return (
    (event === undefined || entry.event === event) &&
    (actor === undefined || entry.actor === actor) &&
    (target === undefined || entry.target?.id === target) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (from === undefined || entry.at >= from) &&
    (until === undefined || entry.at < until) &&
    (before === undefined || entry.sequence < before)
  )
}
