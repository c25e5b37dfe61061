import type { AccessStore, MappingPolicy } from '../../lib/adapter/index.js'
import type { Database } from './database.js'
import { fanOut } from './fan-outs.js'
import { forgetPeople } from './forget.js'
import { markPending } from './outbox.js'
import { passedOverMethods } from './passed-over.js'
import { pendingMethods } from './pending.js'
import { recordMethods } from './records.js'
import { ruleMethods } from './rules.js'
import { valueMethods } from './values.js'

/** Rules, ledger and pending work, shared by all hosts of the database. */
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
    forget: ({ before }) => forgetPeople(database, before),
    fanOut: (limit) => fanOut(database, policy, limit),
  }
}
