import {
  type Resource,
  type ResourceStore,
  type Scope,
  VersionMismatchError,
  type Write,
} from '../../lib/adapter/index.js'
import type { Database, Session } from './database.js'
import { keyIndex } from './key-index.js'
import { createListing } from './listing.js'
import { addLookups, areSame, replaceLookups } from './lookups.js'
import { writeOutbox } from './outbox.js'
import { queryResources } from './query.js'
import {
  deleteResource,
  fromResource,
  insertResource,
  type ResourceKey,
  selectResource,
  selectResources,
  toResource,
  updateResource,
} from './rows.js'
import { isStorable } from './sql.js'

/** A store of one resource type, in the table of resources. */
export function sqlResourceStore<R extends Resource>(
  database: Database,
  type: string,
  index = keyIndex(database, type),
): ResourceStore<R> {
  const listing = createListing(database)
  return {
    supports: { filter: true, sort: true, cursor: true, outbox: true },
    useKeys: index.use,
    durable: database.durable,
    async create(scope, resource, write) {
      await index.ready()
      const { keys, outbox } = write
      const options = { scope, written: { type, id: resource.id }, outbox, rows: keys.length }
      return writeOutbox(database, options, async ({ session }) => {
        await insert(session, { scope, type }, resource, write)
        return resource
      })
    },
    async get({ tenant }, id, _read) {
      if (!isStorable(id)) return undefined
      const [row] = await database.prepared(selectResource, { tenant, type, id })
      return row && toResource(type, row)
    },
    async getMany({ tenant }, ids, _read) {
      const rows = await database.prepared(selectResources, {
        tenant,
        ids: JSON.stringify([...new Set(ids)].filter(isStorable)),
      })
      return rows
        .filter(({ resource_type }) => resource_type === type)
        .map((row) => toResource<R>(type, row))
    },
    async query(scope, query) {
      if (!query.filter && !query.sort) return listing<R>(scope, type, query.page)
      await index.ready()
      return queryResources<R>(database, { scope, tenant: scope.tenant, type }, query)
    },
    async replace(scope, resource, write) {
      const keys = await index.keysForChange(write.keys)
      const { outbox } = write
      const written = { type, id: resource.id }
      const options = { scope, written, outbox, rows: write.keys.length }
      return writeOutbox(database, options, async ({ session }) => {
        await update(session, { scope, type }, resource, { ...write, keys })
        return resource
      })
    },
    async delete(scope, id, { expectedVersion, outbox }) {
      if (!isStorable(id)) return false
      const key = { tenant: scope.tenant, type, id }
      const written = { type, id }
      return writeOutbox(database, { scope, written, outbox }, ({ session }) =>
        remove(session, key, expectedVersion),
      )
    },
  }
}

/** A scope with the resource type. */
interface TypedScope {
  readonly scope: Scope
  readonly type: string
}

/**
 * Stores a new resource with its lookup keys.
 *
 * @throws UniquenessError
 */
export async function insert(
  session: Session,
  { scope: { tenant }, type }: TypedScope,
  resource: Resource,
  { keys, comparable }: Write,
): Promise<void> {
  await session.change(insertResource, fromResource({ tenant, type }, resource, comparable()))
  await addLookups(session, { tenant, type, id: resource.id }, keys)
}

/**
 * Replaces a resource and its lookup keys.
 *
 * @throws VersionMismatchError
 * @throws UniquenessError
 */
export async function update(
  session: Session,
  { scope: { tenant }, type }: TypedScope,
  resource: Resource,
  { keys, keysBefore, comparable, expectedVersion }: Write & { readonly expectedVersion: string },
): Promise<void> {
  const values = fromResource({ tenant, type }, resource, comparable())
  const changed = await session.change(updateResource, { ...values, expectedVersion })
  if (changed === 0) throw new VersionMismatchError()
  const before = keysBefore?.()
  if (before && areSame(before, keys)) return
  await replaceLookups(session, { tenant, type, id: resource.id }, keys, before)
}

/**
 * Deletes a resource; `false` if it does not exist.
 *
 * @throws VersionMismatchError when a version is expected and another is stored
 */
export async function remove(
  session: Session,
  key: ResourceKey,
  expectedVersion: string | undefined,
): Promise<boolean> {
  const of = { ...key, expectedVersion: expectedVersion ?? null }
  if ((await session.change(deleteResource, of)) > 0) return true
  const [other] = await session.prepared(selectResource, key)
  if (other) throw new VersionMismatchError()
  return false
}
