import { setTimeout as delay } from 'node:timers/promises'
import createDebug from 'debug'
import {
  type ComparableOf,
  comparableForm,
  type KeysOf,
  type Lookup,
  type LookupKey,
  maxSharedNamed,
  type Resource,
  type Scope,
  type SharedValue,
  warnOfShared,
} from '../../lib/adapter/index.js'
import { type Database, type Session, statement } from './database.js'
import { replaceLookups, storedKey } from './lookups.js'
import { fromResource, isOfType, type ResourceRow, resourceColumns, toResource } from './rows.js'
import { sql } from './sql.js'

const debug = createDebug('label-studio-scim:sql')
const maxAtOnce = 500
/**
 * How long a change of a resource waits for keys to be computed. Short, because the change may end
 * a person's access.
 */
const shortWaitMs = 1_000

/**
 * Manages the lookup keys of a type's resources, some of which may have been stored when other
 * attributes had keys.
 */
export interface KeyIndex {
  /** Sets the attributes that have keys from now on. */
  use(lookups: readonly Lookup[], keysOf: KeysOf, comparableOf: ComparableOf): void
  /** Resolves when every resource has the right keys. */
  ready(): Promise<void>
  /**
   * The keys to store with a change. It waits only briefly, and does not fail for a duplicate value
   * of an attribute that is just becoming unique.
   */
  keysForChange(keys: readonly LookupKey[]): Promise<readonly LookupKey[]>
}

export function keyIndex(database: Database, type: string): KeyIndex {
  let work: (() => Promise<void>) | undefined
  let running: Promise<void> | undefined
  const begin = async (task: () => Promise<void>) => {
    await task()
    if (work === task) work = undefined
  }
  const ready = async () => {
    if (work === undefined) return
    const mine = running ?? begin(work)
    running = mine
    try {
      await mine
    } finally {
      // `use` may have been called meanwhile, and its work have begun.
      if (running === mine) running = undefined
    }
  }
  return {
    use(lookups, keysOf, comparableOf) {
      work = () => makeKeys(database, type, { lookups, keysOf, comparableOf })
      running = undefined
    },
    ready,
    async keysForChange(keys) {
      if (work === undefined) return keys
      const failed = ready().catch((error: unknown) => debug('keys were not made: %O', error))
      await Promise.race([failed, delay(shortWaitMs, undefined, { ref: false })])
      return work === undefined ? keys : keys.map((key) => ({ ...key, unique: false }))
    },
  }
}

interface Task {
  readonly lookups: readonly Lookup[]
  readonly keysOf: KeysOf
  readonly comparableOf: ComparableOf
}

/**
 * A row in the table of indexed attributes that holds the version of comparable form in its column
 * `is_unique`.
 */
const formName = '(form)'

const indexedOf = statement<{ type: string }, { attribute: string; is_unique: number }>(
  (value) => sql`
    select attribute, is_unique from scim_indexed where resource_type = ${value('type')}`,
)

const saveIndexed = statement<{ type: string; rows: string }>(
  (value, { json }) => sql`
    insert into scim_indexed (resource_type, attribute, is_unique)
    select ${value('type')}, attribute, is_unique
    from ${json.rows(value('rows'), { attribute: 'text', is_unique: 'integer' })} as listed
    where true
    on conflict (resource_type, attribute) do update set is_unique = excluded.is_unique`,
)

const forgetIndexed = statement<{ type: string; names: string }>(
  (value, { json }) => sql`
    delete from scim_indexed where resource_type = ${value('type')}
      and not (${json.isOneOf(sql`attribute`, value('names'))})`,
)

async function makeKeys(database: Database, type: string, task: Task): Promise<void> {
  const { lookups, keysOf } = task
  const all = await database.prepared(indexedOf, { type })
  const rows = all.filter(({ attribute }) => attribute !== formName)
  const form = all.find(({ attribute }) => attribute === formName)?.is_unique
  const isFolded = form === comparableForm
  const known = new Map(rows.map(({ attribute, is_unique }) => [attribute, is_unique === 1]))
  const added = new Set(lookups.map(({ name }) => name).filter((name) => !known.has(name)))
  const changed = lookups.filter(({ name, unique }) => known.get(name) !== unique)
  if (isFolded && changed.length === 0 && known.size === lookups.length) return
  if (!isFolded)
    await inSteps((place) =>
      database.transaction((session) => foldSome(session, type, task, place)),
    )
  if (added.size > 0) await addKeys(database, type, keysOf, added)
  for (const { name, unique } of isFolded ? changed : lookups) {
    if (unique) warnOfShared(type, name, await sharedValues(database, type, name))
  }
  await database.transaction(async (session) => {
    const wanted = [
      ...lookups.map(({ name, unique }) => [name, Number(unique)]),
      [formName, comparableForm],
    ]
    const names = JSON.stringify(wanted.map(([name]) => name))
    await session.change(forgetIndexed, { type, names })
    await session.change(saveIndexed, { type, rows: JSON.stringify(wanted) })
  })
}

interface KeyPosition {
  readonly tenant: string
  readonly id: string
}

const nextResources = statement<
  KeyPosition & { type: string; limit: number },
  ResourceRow & { readonly tenant: string }
>(
  (value, { forUpdate }) => sql`
    select resource.tenant, ${resourceColumns} from scim_resources as resource
    where (resource.tenant, resource.id) > (${value('tenant')}, ${value('id')})
      and resource.${isOfType(value('type'))}
    order by resource.tenant, resource.id limit ${value('limit')} ${forUpdate}`,
)

const insertMissing = statement<{ type: string; rows: string }>(
  (value, { json }) => sql`
    insert into scim_lookups (tenant, resource_type, attribute, lookup_key, resource_id, is_unique)
    select tenant, ${value('type')}, attribute, lookup_key, id, 0
    from ${json.rows(value('rows'), {
      tenant: 'text',
      id: 'text',
      attribute: 'text',
      lookup_key: 'text',
    })} as keys
    where true
    on conflict do nothing`,
)

/**
 * Adds keys in steps. Each is a transaction that locks the resources it reads, so that their keys
 * do not change meanwhile.
 */
async function addKeys(
  database: Database,
  type: string,
  keysOf: KeysOf,
  names: ReadonlySet<string>,
): Promise<void> {
  await inSteps((place) =>
    database.transaction((session) => addSome(session, type, { keysOf, names, place })),
  )
}

async function inSteps(
  step: (after: KeyPosition) => Promise<KeyPosition | undefined>,
): Promise<void> {
  let after: KeyPosition | undefined = { tenant: '', id: '' }
  while (after !== undefined) after = await step(after)
}

const saveComparable = statement<KeyPosition & { type: string; comparable: string }>(
  (value) => sql`
    update scim_resources set comparable = ${value('comparable')}
    where tenant = ${value('tenant')} and id = ${value('id')} and ${isOfType(value('type'))}`,
)

/**
 * Computes the comparable form and the keys of resources again. ASCII-only resources are skipped,
 * because the folding of ASCII never changes.
 */
async function foldSome(
  session: Session,
  type: string,
  { keysOf, comparableOf }: Task,
  place: KeyPosition,
): Promise<KeyPosition | undefined> {
  const found = await session.prepared(nextResources, { ...place, type, limit: maxAtOnce })
  for (const row of found.filter(({ document }) => !/^[\0-\x7f]*$/.test(document))) {
    const { tenant, id } = row
    const resource = toResource<Resource>(type, row)
    const { comparable } = fromResource({ tenant, type }, resource, comparableOf(resource))
    await session.change(saveComparable, { tenant, type, id, comparable })
    // A resource keeps a folded value that it shares with others; see `replaceLookups`.
    const keys = keysOf(resource).map((key) => ({ ...key, unique: false }))
    await replaceLookups(session, { tenant, type, id }, keys)
  }
  const last = found.at(-1)
  return found.length < maxAtOnce || !last ? undefined : { tenant: last.tenant, id: last.id }
}

async function addSome(
  session: Session,
  type: string,
  options: {
    readonly keysOf: KeysOf
    readonly names: ReadonlySet<string>
    readonly place: KeyPosition
  },
): Promise<KeyPosition | undefined> {
  const { keysOf, names, place } = options
  const found = await session.prepared(nextResources, { ...place, type, limit: maxAtOnce })
  const rows = found.flatMap((row) =>
    keysOf(toResource<Resource>(type, row))
      .filter(({ attribute }) => names.has(attribute))
      .map(({ attribute, key }) => [row.tenant, row.id, attribute, storedKey(key)]),
  )
  if (rows.length > 0) await session.change(insertMissing, { type, rows: JSON.stringify(rows) })
  const last = found.at(-1)
  return found.length < maxAtOnce || !last ? undefined : { tenant: last.tenant, id: last.id }
}

async function sharedValues(
  database: Database,
  type: string,
  attribute: string,
): Promise<readonly SharedValue[]> {
  const { signal } = new AbortController()
  const scope: Scope = { tenant: '', actor: 'host', requestId: '', signal }
  return database.scan(
    sql<SharedValue>`
      select min(resource_id) as one, max(resource_id) as another from scim_lookups
      where resource_type = ${type} and attribute = ${attribute}
      group by tenant, lookup_key having count(*) > 1
      order by one limit ${maxSharedNamed + 1}`,
    scope,
  )
}
