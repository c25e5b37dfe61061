import Database from 'libsql'

/**
 * Label Studio's own tables, beside its API: to make what needs a cloud, and to see each change.
 */
export interface LabelStudioDatabase {
  /** Makes a row; columns that are not given, and may not be empty, get the least that fits. */
  insert(table: string, values: Readonly<Record<string, unknown>>): number
  /** Every row that belongs to a project or to the organization, but for what reading changes. */
  rowsOf(project: number, attackers: readonly number[]): Readonly<Record<string, readonly string[]>>
}

interface Column {
  readonly name: string
  readonly type: string
  readonly notnull: number
  readonly pk: number
}

type Row = Readonly<Record<string, unknown>>

/** Opens the file of a Label Studio that is running on SQLite. */
export function openDatabase(path: string): LabelStudioDatabase {
  const database = new Database(path)
  database.exec('pragma busy_timeout = 20000')
  const all = (sql: string, ...values: readonly unknown[]) =>
    database.prepare(sql).all(...values) as readonly Row[]
  const columnsOf = (table: string) =>
    all(`pragma table_info("${table}")`) as unknown as readonly Column[]

  function insert(table: string, values: Readonly<Record<string, unknown>>): number {
    const columns = columnsOf(table)
    const parent = columns.find(({ name, pk }) => pk === 1 && name.endsWith('_ptr_id'))
    const row: Record<string, unknown> = {}
    if (parent) {
      const [key] = all(`pragma foreign_key_list("${table}")`).filter(
        ({ from }) => from === parent.name,
      )
      row[parent.name] = insert(String(key?.['table']), values)
    }
    for (const { name, type, notnull, pk } of columns) {
      if (pk === 1) continue
      if (name in values) row[name] = values[name]
      else if (notnull === 1) row[name] = leastOf(name, type)
    }
    const names = Object.keys(row)
    const marks = names.map(() => '?').join(', ')
    const sql =
      `insert into "${table}" (${names.map((name) => `"${name}"`).join(', ')}) values ` +
      `(${marks})`
    return Number(database.prepare(sql).run(...Object.values(row)).lastInsertRowid)
  }

  const tables = all(`select name from sqlite_master where type = 'table'`).map(({ name }) =>
    String(name),
  )
  return {
    insert,
    rowsOf(project, attackers) {
      const found: Record<string, readonly string[]> = {}
      for (const table of tables) {
        const where = belongs(table, columnsOf(table), attackers)
        if (where === undefined) continue
        const values = where.includes('?1') ? [project] : []
        found[table] = all(`select * from "${table}" where ${where}`, ...values)
          .map(textOf)
          .sort()
      }
      return found
    },
  }
}

const tasks = 'select id from task where project_id = ?1'
const annotations = 'select id from task_completion where project_id = ?1'
const labels = 'select label_id from labels_manager_labellink where project_id = ?1'
const groups = 'select filter_group_id from data_manager_view where project_id = ?1'
const filters = `select filter_id from data_manager_filtergroup_filters
    where filtergroup_id in (${groups})`

/** Rows that belong to a project by another way than a column of theirs. */
const conditions: Readonly<Record<string, string>> = {
  project: 'id = ?1',
  organization: '1 = 1',
  jwt_auth_jwtsettings: '1 = 1',
  session_policy_sessiontimeoutpolicy: '1 = 1',
  labels_manager_label: `id in (${labels})`,
  tasks_annotationdraft: `task_id in (${tasks}) or annotation_id in (${annotations})`,
  data_manager_filter: `id in (${filters}) or parent_id in (${filters})`,
}

/** Which rows of a table belong to a project, or to nobody who attacks; none for the others. */
function belongs(
  table: string,
  columns: readonly Column[],
  attackers: readonly number[],
): string | undefined {
  const names = new Set(columns.map(({ name }) => name))
  const list = attackers.join(', ')
  if (conditions[table] !== undefined) return conditions[table]
  if (table === 'htx_user') return `id not in (${list})`
  if (table === 'organizations_organizationmember' || table === 'authtoken_token') {
    return `user_id not in (${list})`
  }
  if (names.has('project_id')) return 'project_id = ?1'
  return names.has('task_id') ? `task_id in (${tasks})` : undefined
}

/** Looking at a thing changes these: when somebody was seen, and whether a backend answers. */
const seen = /^(?:last_activity|last_login|tour_|state|error_message)$|^updated_at$/

function textOf(row: Row): string {
  const isBackend = 'is_interactive' in row || 'last_activity' in row
  const kept = Object.entries(row).filter(([name]) => !(isBackend && seen.test(name)))
  return JSON.stringify(kept)
}

function leastOf(name: string, type: string): unknown {
  if (/datetime/i.test(type)) return '2026-01-01 00:00:00'
  if (/int|bool|real/i.test(type)) return 0
  if (/_ids$|formats$|columns$/.test(name)) return '[]'
  return ''
}
