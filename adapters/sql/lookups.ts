import { createHash } from 'node:crypto'
import { type LookupKey, UniquenessError } from '../../lib/adapter/index.js'
import { type Session, statement } from './database.js'
import { isStorable, sql } from './sql.js'

/** The resource that lookup keys belong to. */
interface Owner {
  readonly tenant: string
  readonly type: string
  readonly id: string
}

interface StoredKey {
  readonly attribute: string
  readonly lookup_key: string
}

/** The prefix of digests of keys. */
export const digestMark = 'sha256:'

/** True for every lookup key, and the condition of their index: see `isListed` of resources. */
export const hasKey = sql.raw("lookup_key >= ''")

const keyColumns = { attribute: 'text', lookup_key: 'text', is_unique: 'integer' } as const

// OFFSET prevents PostgreSQL from reading every key of the tenant to compare them all at once.
const insertKeys = statement<Owner & { rows: string }, StoredKey>(
  (value, { json }) => sql`
    insert into scim_lookups (tenant, resource_type, attribute, lookup_key, resource_id, is_unique)
    select ${value('tenant')}, ${value('type')}, attribute, lookup_key, ${value('id')}, is_unique
    from ${json.rows(value('rows'), keyColumns)} as keys
    where not (is_unique = 1 and exists (
      select 1 from scim_lookups as other
      where other.tenant = ${value('tenant')} and other.resource_type = ${value('type')}
        and other.attribute = keys.attribute and other.lookup_key = keys.lookup_key
        and other.${hasKey} and other.resource_id <> ${value('id')}
      limit 1 offset 0))
    on conflict do nothing
    returning attribute, lookup_key`,
)

const keysOf = statement<Omit<Owner, 'type'>, StoredKey>(
  (value) => sql`
    select attribute, lookup_key from scim_lookups
    where tenant = ${value('tenant')} and resource_id = ${value('id')}`,
)

const deleteKeys = statement<Omit<Owner, 'type'> & { rows: string }>(
  (value, { json }) => sql`
    delete from scim_lookups
    where tenant = ${value('tenant')} and resource_id = ${value('id')}
      and (attribute, lookup_key) in (select attribute, lookup_key
        from ${json.rows(value('rows'), { attribute: 'text', lookup_key: 'text' })} as keys)`,
)

/**
 * Stores the lookup keys of a new resource. A unique key is also compared with others that were
 * stored before it became unique.
 *
 * @throws UniquenessError when another resource has one of the unique ones
 */
export async function addLookups(
  session: Session,
  owner: Owner,
  keys: readonly LookupKey[],
): Promise<void> {
  const rows = distinct(keys)
  if (rows.length === 0) return
  const stored = await session.prepared(insertKeys, { ...owner, rows: JSON.stringify(rows) })
  if (stored.length === rows.length) return
  const names = new Set(stored.map((key) => nameOf(key.attribute, key.lookup_key)))
  const missing = rows.find(([attribute, key]) => !names.has(nameOf(attribute, key)))
  throw new UniquenessError(missing?.[0] ?? 'id')
}

/**
 * Replaces the lookup keys of a resource; `keysBefore`: the stored ones, if they are known. Most
 * changes change none of them. An unchanged key is not checked: it may have become unique while
 * others had it already, and ending access must not depend on that.
 *
 * @throws UniquenessError as `addLookups`
 */
export async function replaceLookups(
  session: Session,
  owner: Owner,
  keys: readonly LookupKey[],
  keysBefore?: readonly LookupKey[],
): Promise<void> {
  const { tenant, id } = owner
  const before = keysBefore
    ? distinct(keysBefore).map(([attribute, lookup_key]) => ({ attribute, lookup_key }))
    : await session.prepared(keysOf, { tenant, id })
  const wanted = new Set(distinct(keys).map(([attribute, key]) => nameOf(attribute, key)))
  const isWanted = (key: StoredKey) => wanted.has(nameOf(key.attribute, key.lookup_key))
  const gone = before.filter((key) => !isWanted(key)).map((key) => [key.attribute, key.lookup_key])
  if (gone.length > 0) {
    await session.change(deleteKeys, { tenant, id, rows: JSON.stringify(gone) })
  }
  const kept = new Set(before.filter(isWanted).map((key) => nameOf(key.attribute, key.lookup_key)))
  const added = keys.filter(({ attribute, key }) => !kept.has(nameOf(attribute, storedKey(key))))
  await addLookups(session, owner, added)
}

/** Whether two lists have the same keys, in any order. */
export function areSame(keys: readonly LookupKey[], others: readonly LookupKey[]): boolean {
  const names = new Set(keys.map(({ attribute, key }) => nameOf(attribute, key)))
  return (
    keys.length === others.length &&
    others.every(({ attribute, key }) => names.has(nameOf(attribute, key)))
  )
}

/**
 * The stored form of a key. Index entries have a maximum length, so long keys are stored as a
 * digest. A short key that looks like a digest is digested too, so that no two keys have the same
 * stored form.
 */
export function storedKey(key: string): string {
  const isShort = key.length <= 200 && !key.startsWith(digestMark)
  return isShort && isStorable(key)
    ? key
    : `${digestMark}${createHash('sha256').update(key).digest('base64url')}`
}

type KeyRow = readonly [attribute: string, key: string, isUnique: number]

function rowOf({ attribute, key, unique }: LookupKey): KeyRow {
  return [attribute, storedKey(key), Number(unique)]
}

/** Each key once, in the same order for all writers, so that they never deadlock. */
function distinct(keys: readonly LookupKey[]): readonly KeyRow[] {
  const rows = new Map(keys.map((key) => [nameOf(key.attribute, storedKey(key.key)), rowOf(key)]))
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

function nameOf(attribute: string, key: string): string {
  return `${attribute}\n${key}`
}
