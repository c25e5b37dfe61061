import type { StoreTarget, User, UserStore } from '../../lib/adapter/index.js'
import type { Database } from './database.js'
import { lookUpWithGroups } from './groups-of.js'
import { keyIndex } from './key-index.js'
import { leaveAllGroups, lockForDeletion } from './members.js'
import { writeOutbox } from './outbox.js'
import { remove, sqlResourceStore } from './resource-store.js'
import { isStorable } from './sql.js'

/** Users in the table of resources, with the methods of the target. */
export function sqlUserStore(database: Database, target: StoreTarget): UserStore {
  const index = keyIndex(database, 'User')
  const store = sqlResourceStore<User>(database, 'User', index)
  return {
    ...store,
    supports: { ...store.supports, groups: true },
    ...target,
    async query(scope, query) {
      if (!query.withGroups || !query.filter) return store.query(scope, query)
      await index.ready()
      return (await lookUpWithGroups(database, scope, query)) ?? store.query(scope, query)
    },
    async delete(scope, id, { expectedVersion, outbox }) {
      if (!isStorable(id)) return false
      const { tenant } = scope
      const key = { tenant, type: 'User', id }
      const written = { type: 'User', id }
      return writeOutbox(database, { scope, written, outbox }, async ({ session }) => {
        if (!(await lockForDeletion(session, key))) return false
        await leaveAllGroups(session, key)
        return remove(session, key, expectedVersion)
      })
    },
  }
}
