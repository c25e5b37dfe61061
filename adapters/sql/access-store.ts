import {
  type AccessStore,
  type FinishedClaim,
  type MappingPolicy,
  type Scope,
  VersionMismatchError,
} from '../../lib/adapter/index.js'

import { appendAudit } from './audit-store.js'
import type { Database } from './database.js'
import { fanOut } from './fan-outs.js'
import { forgetPeople } from './forget.js'

import { markPending } from './outbox.js'
import { passedOverMethods } from './passed-over.js'
import { clearMarks, pendingMethods } from './pending.js'
import { recordMethods, saveRecords, uniqueAccounts } from './records.js'
import { ruleMethods } from './rules.js'
import { valueMethods } from './values.js'

/** Rules, ledger and pending work, shared by all instances that use the database. */
export function sqlAccessStore(database: Database, policy: MappingPolicy): AccessStore {
  return {
    ...ruleMethods(database, policy),
    ...recordMethods(database),
    ...pendingMethods(database),
    ...passedOverMethods(database),
    ...valueMethods(database),
    async mark(scope, ids) {
      await database.transaction((session) => markPending(session, scope.tenant, { ids }), scope)
    },
    finish: (scope, finished) => finish(database, scope, finished),
    forget: ({ before }) => forgetPeople(database, before),
    fanOut: (limit) => fanOut(database, policy, limit),
  }
}

/** Stores what was enforced, and ends the claims. */
function finish(
  database: Database,
  scope: Scope,
  finished: readonly FinishedClaim[],
): Promise<void> {
  const { tenant } = scope
  const records = finished.flatMap(({ record }) => record ?? [])
  const audit = finished.flatMap((each) => each.audit)
  return uniqueAccounts(database, () =>
    database.transaction(async (session) => {
      await saveRecords(session, tenant, records)
      await appendAudit(session, tenant, audit)
      if ((await clearMarks(session, tenant, finished)) < finished.length) {
        throw new VersionMismatchError()
      }
    }, scope),
  )
}
