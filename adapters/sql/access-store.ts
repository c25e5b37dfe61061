import type { AccessStore, MappingPolicy } from '../../lib/adapter/index.js'

import { appendAudit } from './audit-store.js'
import type { Database } from './database.js'
import { fanOut } from './fan-outs.js'
import { forgetPeople } from './forget.js'

import { markPending } from './outbox.js'
import { passedOverMethods } from './passed-over.js'
import { pendingMethods, settle } from './pending.js'
import { recordMethods, saveRecord, uniqueAccounts } from './records.js'
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
    finish: (scope, claim, done) => finish(database, scope, claim, done),
    forget: ({ before }) => forgetPeople(database, before),
    fanOut: (limit) => fanOut(database, policy, limit),
  }
}

type FinishParameters = Parameters<NonNullable<AccessStore['finish']>>

/** Stores the enforced state and ends the claim. */
function finish(
  database: Database,
  ...[scope, { owner, entry }, { record, audit }]: FinishParameters
): Promise<void> {
  return uniqueAccounts(database, () =>
    database.transaction(async (session) => {
      await saveRecord(session, scope.tenant, record)
      await appendAudit(session, scope.tenant, audit)
      await settle(session, owner, entry, { kind: 'done' })
    }, scope),
  )
}
