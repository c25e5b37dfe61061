import { groupNumbers, newId, userNumbers } from './data.js'
import { type Connection, plainDriver } from './driver/drivers.js'
import { isUuid, names, type Row } from './driver/template.js'
import { groupSize, range, type Seeded, seed } from './seed.js'
import { startServer } from './start-server.js'

/** The rows of one table that belong to the first group and its members. */
interface TableTemplate {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

/** A group and its members, copied from the first ones. */
interface Copy extends Seeded {
  readonly index: number
}

/** Groups in one transaction. */
const groupsAtOnce = 200

/**
 * Fills a database with users and groups of ten: the router stores the first group and its members,
 * and their rows are copied with other ids and numbers. So there is what the router would have
 * stored, but a million users take minutes.
 */
export async function fillDatabase(url: string, users: number): Promise<Seeded> {
  const router = await startServer({ kind: 'sql', url })
  const first = { ...(await seed(router.baseUrl, groupSize)), index: 0 }
  await router.stop()
  const copies = range(1, Math.ceil(users / groupSize)).map(newCopy)
  const dialect = url.startsWith('sqlite:') ? sqlite : postgres
  const driver = plainDriver(url)
  const connection = await driver.connect()
  const templates = await templatesOf(connection, dialect, first)
  for (let start = 0; start < copies.length; start += groupsAtOnce) {
    const some = copies.slice(start, start + groupsAtOnce)
    await execute(connection, 'begin')
    for (const template of templates) {
      const rows = JSON.stringify(some.flatMap((copy) => rowsOf(template, first, copy)))
      await execute(connection, dialect.insert(template), [rows])
    }
    await execute(connection, 'commit')
  }
  await execute(connection, dialect.tidy)
  connection.release()
  await driver.close()
  return {
    userIds: [first, ...copies].flatMap(({ userIds }) => userIds),
    groupIds: [first, ...copies].flatMap(({ groupIds }) => groupIds),
  }
}

function newCopy(index: number): Copy {
  return { index, groupIds: [newId()], userIds: range(0, groupSize).map(newId) }
}

/** What differs between the databases. */
interface FillDialect {
  readonly tables: string
  /** Inserts the rows of a JSON array. */
  readonly insert: (template: TableTemplate) => string
  /** Makes the database as it is some time after many writes. */
  readonly tidy: string
}

const sqlite: FillDialect = {
  tables: `select name from sqlite_master where type = 'table' and name like 'scim_%'`,
  insert: ({ table, columns }) => `insert into ${table} (${columns})
    select ${columns.map((name) => `json_extract(value, '$.${name}')`)} from json_each(?)`,
  tidy: 'pragma wal_checkpoint(truncate)',
}

const postgres: FillDialect = {
  tables: `select tablename as name from pg_tables where tablename like 'scim\\_%'`,
  insert: ({ table, columns }) => `insert into ${table} (${columns})
    select ${columns} from json_populate_recordset(null::${table}, $1::json)`,
  tidy: 'vacuum analyze',
}

async function execute(connection: Connection, text: string, parameters: unknown[] = []) {
  return connection.run({ kind: 'rows', text, parameters }, parameters)
}

/** Reads the rows of the first group; other tables refer to resources, so these come first. */
async function templatesOf(
  connection: Connection,
  { tables }: FillDialect,
  { userIds, groupIds }: Seeded,
): Promise<readonly TableTemplate[]> {
  const all = (await execute(connection, tables)).map(({ name }) => String(name))
  const ids = [...userIds, ...groupIds]
  const templates: TableTemplate[] = []
  for (const table of all.sort((a) => (a === 'scim_resources' ? -1 : 1))) {
    const rows = (await execute(connection, `select * from ${table}`)).filter((row) =>
      ids.some((id) => JSON.stringify(row).includes(id)),
    )
    // The database numbers the entries of the audit log.
    const columns = Object.keys(rows[0] ?? {}).filter((name) => name !== 'sequence')
    if (rows.length > 0) templates.push({ table, columns, rows })
  }
  return templates
}

/** The rows of a copy: with its ids and numbers, other versions, and created a little later. */
function rowsOf({ table, rows }: TableTemplate, first: Copy, copy: Copy): Row[] {
  const own = new Map<string, string>()
  for (const kind of ['userIds', 'groupIds'] as const) {
    for (const [index, id] of first[kind].entries()) own.set(id, copy[kind][index] ?? id)
  }
  const exchange = (name: string): string => {
    const known = own.get(name) ?? (isUuid.test(name) ? newId() : numberOf(name, copy.index))
    own.set(name, known)
    return known
  }
  return rows.map((row) => {
    const changed = JSON.parse(JSON.stringify(row).replace(names, exchange)) as Row
    if (table !== 'scim_resources') return changed
    const at = Number(row['created']) + copy.index
    return { ...changed, created: at, last_modified: at }
  })
}

/** The number of a user or group in a copy; other numbers stay. */
function numberOf(text: string, index: number): string {
  const number = Number(text)
  if (number === groupNumbers) return String(groupNumbers + index)
  const isUser = number >= userNumbers && number < userNumbers + groupSize
  return isUser ? String(number + index * groupSize) : text
}
