import { ConfigurationError } from '../../lib/adapter/index.js'
import { changesColumn, countTable, restoreCounting } from './counts.js'
import type { Database, Session } from './database.js'
import type { SqlDialect } from './dialects/dialect.js'
import { hasKey } from './lookups.js'
import { isMember } from './member-rows.js'
import { plannerFacts } from './planner-facts.js'
import { isListed } from './rows.js'
import { type Sql, sql } from './sql.js'

/** One migration of the tables. */
type Migration = readonly Sql[]

/**
 * Creates or upgrades the tables in one transaction. Several instances may start at the same time:
 * the first one holds a lock (an advisory lock on PostgreSQL, the write lock on SQLite), and the
 * others find the work done.
 *
 * @throws ConfigurationError `ERR_SCIM_DATABASE` when a newer version of this package has upgraded
 *   the database
 * @throws UnavailableError when the database does not answer
 */
export async function migrate(database: Database): Promise<void> {
  const all = migrations(database.dialect)
  const wasNotCounting = await database.transaction(async (session) => {
    const done = await migrationsDone(session)
    refuseNewer(done, all)
    for (const [name, statements] of Object.entries(all)) {
      if (!done.has(name)) await run(session, name, statements)
    }
    return restoreCounting(session)
  })
  if (wasNotCounting) process.emitWarning(notCounting, { code: 'ERR_SCIM_DATABASE' })
}

const notCounting =
  'The database did not count its people and groups, as after the restore of a backup that lacks ' +
  'the function scim_count. The function and its trigger were made again, and everything was ' +
  'counted. Make backups of the whole database.'

async function run(session: Session, name: string, migration: Migration): Promise<void> {
  try {
    for (const statement of migration) await session.all(statement)
  } catch (error) {
    if (isThere(error as Error)) throw leftOver(name, error as Error)
    throw error
  }
  await session.all(
    sql`insert into scim_migrations (name, timestamp)
    values (${name}, ${new Date().toISOString()})`,
  )
}

/** Whether a table, column, index, function or trigger exists already. */
function isThere({ message, code }: Error & { readonly code?: unknown }): boolean {
  const codes = ['42P07', '42701', '42710', '42723']
  return codes.includes(String(code)) || /already exists|duplicate column/.test(message)
}

/** A restore over a newer database leaves those tables that the backup does not contain. */
function leftOver(name: string, cause: Error): ConfigurationError {
  return new ConfigurationError(
    'ERR_SCIM_DATABASE',
    `The database cannot be upgraded ("${name}"): ${cause.message}. A backup was restored over a ` +
      'newer database, which left newer tables behind. Restore it into an empty database; ' +
      'docs/operations.md tells how.',
    { cause },
  )
}

/**
 * Takes the lock first, so that no instance reads a state that another is about to change. Creates
 * nothing that is there: the role may not be allowed to create.
 */
async function migrationsDone(session: Session): Promise<ReadonlySet<string>> {
  for (const statement of session.dialect.lockMigrations) await session.all(statement)
  const done = await namesOf(session)
  if (done) return done
  await session.all(
    sql`create table scim_migrations (
      name varchar(255) not null primary key, timestamp varchar(255) not null)`,
  )
  return new Set()
}

function refuseNewer(done: ReadonlySet<string>, known: Readonly<Record<string, unknown>>): void {
  const newer = [...done].find((name) => !Object.hasOwn(known, name))
  if (newer === undefined) return
  throw new ConfigurationError(
    'ERR_SCIM_DATABASE',
    `A newer version of label-studio-scim has upgraded this database ("${newer}"). ` +
      'Upgrade this host, or restore a backup from before.',
  )
}

/**
 * Whether the database has at least the tables of this version.
 *
 * @throws UnavailableError when it does not answer
 */
export async function isMigrated(database: Database): Promise<boolean> {
  const done = await namesOf(database)
  return Object.keys(migrations(database.dialect)).every((name) => done?.has(name))
}

/** How the tables of a database compare with those of this version. */
export type MigrationState = 'none' | 'older' | 'current' | 'newer'

/**
 * Compares the tables with those of this version, and changes nothing.
 *
 * @throws UnavailableError when the database does not answer
 */
export async function migrationState(database: Database): Promise<MigrationState> {
  const done = await namesOf(database)
  const known = Object.keys(migrations(database.dialect))
  if (!done || done.size === 0) return 'none'
  if ([...done].some((name) => !known.includes(name))) return 'newer'
  return known.every((name) => done.has(name)) ? 'current' : 'older'
}

/** The names of the migrations that were made; `undefined` without a table of them. */
async function namesOf(session: Session): Promise<ReadonlySet<string> | undefined> {
  const [table] = await session.all(session.dialect.hasMigrations)
  if (!table?.there) return undefined
  const rows = await session.all(sql<{ name: string }>`select name from scim_migrations`)
  return new Set(rows.map(({ name }) => name))
}

/**
 * The migrations, in order of their names. They never change once released; a change of tables is a
 * new entry.
 */
function migrations(dialect: SqlDialect): Record<string, Migration> {
  return {
    '001_tables': firstTables(dialect),
    '002_passed_over': passedOverTable(dialect),
    '003_indexes_by_request': indexesByRequest(dialect),
    '004_indexed': indexedTable(dialect),
    '005_workspaces': workspaceTables(dialect),
    '006_had_role': hadRoleColumn(),
    '007_tokens': tokenTables(dialect),
    '008_counts': countTable(dialect),
    '009_changes': changesColumn(dialect),
  }
}

/**
 * Every key begins with the tenant, and there are no references between tenants, so all tables can
 * be partitioned by tenant.
 */
function firstTables(dialect: SqlDialect) {
  return [
    ...resourceTables(dialect),
    ...accessTables(dialect),
    ...auditTables(dialect),
    ...plannerFacts(dialect),
  ]
}

function resourceTables({ textType: text, jsonType: json, keyTable }: SqlDialect) {
  return [
    sql`create table scim_resources (
      tenant ${text} not null,
      id ${text} not null,
      resource_type ${text} not null,
      created bigint not null,
      last_modified bigint not null,
      version ${text} not null,
      display ${text},
      document ${text} not null,
      comparable ${json} not null,
      primary key (tenant, id))`,
    sql`create index scim_resources_listing on scim_resources (tenant, resource_type, created, id)`,
    sql`create table scim_lookups (
      tenant ${text} not null,
      resource_type ${text} not null,
      attribute ${text} not null,
      lookup_key ${text} not null,
      resource_id ${text} not null,
      is_unique smallint not null,
      primary key (tenant, resource_id, attribute, lookup_key),
      foreign key (tenant, resource_id) references scim_resources (tenant, id) on delete cascade
    ) ${keyTable}`,
    sql`create unique index scim_lookups_unique
      on scim_lookups (tenant, resource_type, attribute, lookup_key) where is_unique = 1`,
    sql`create index scim_lookups_key
      on scim_lookups (tenant, resource_type, attribute, lookup_key, resource_id)`,
    sql`create table scim_members (
      tenant ${text} not null,
      group_id ${text} not null,
      member_id ${text} not null,
      nested smallint not null,
      primary key (tenant, group_id, member_id),
      foreign key (tenant, group_id) references scim_resources (tenant, id) on delete cascade,
      foreign key (tenant, member_id) references scim_resources (tenant, id) on delete cascade
    ) ${keyTable}`,
    sql`create index scim_members_member on scim_members (tenant, member_id, group_id)`,
    sql`create index scim_members_nested on scim_members (tenant, group_id, member_id)
      where nested = 1`,
  ]
}

function accessTables({ textType: text }: SqlDialect) {
  return [
    sql`create table scim_rules (
      tenant ${text} primary key, rules ${text} not null, version bigint not null)`,
    sql`create table scim_records (
      tenant ${text} not null,
      user_id ${text} not null,
      account_id ${text},
      email ${text},
      account_email ${text},
      record ${text} not null,
      primary key (tenant, user_id))`,
    sql`create unique index scim_records_account on scim_records (tenant, account_id)`,
    sql`create index scim_records_email on scim_records (tenant, email)`,
    sql`create index scim_records_account_email on scim_records (tenant, account_email)`,
    sql`create table scim_pending (
      tenant ${text} not null,
      user_id ${text} not null,
      since bigint not null,
      mark bigint not null,
      attempts bigint not null,
      parked smallint not null,
      last_error ${text},
      failed_at bigint,
      next_at bigint not null,
      lease_owner ${text},
      lease_until bigint not null,
      due_at bigint not null,
      primary key (tenant, user_id))`,
    sql`create index scim_pending_due on scim_pending (parked, due_at)`,
    sql`create index scim_pending_since on scim_pending (tenant, since, user_id)`,
    sql`create table scim_sweeps (
      tenant ${text} not null,
      id ${text} not null,
      created bigint not null,
      state ${text} not null,
      remaining bigint not null,
      primary key (tenant, id))`,
    sql`create table scim_values (
      tenant ${text} not null, name ${text} not null, value ${text} not null,
      primary key (tenant, name))`,
  ]
}

function passedOverTable({ textType: text }: SqlDialect) {
  return [
    sql`create table scim_passed_over (
      tenant ${text} not null,
      kind ${text} not null,
      name ${text} not null,
      seen bigint not null,
      last_at ${text} not null,
      logged_on ${text} not null,
      primary key (tenant, kind, name))`,
  ]
}

/** Workspaces for hosts that have none, and refusals of a policy in report mode. */
function workspaceTables({ textType: text }: SqlDialect) {
  return [
    sql`create table scim_workspaces (
      tenant ${text} not null,
      id ${text} not null,
      title ${text} not null,
      primary key (tenant, id))`,
    sql`create unique index scim_workspaces_title on scim_workspaces (tenant, title)`,
    // A project is either in a workspace, or has a creator who may see it until it is in one.
    sql`create table scim_workspace_projects (
      tenant ${text} not null,
      project_id bigint not null,
      workspace_id ${text},
      creator_id ${text},
      primary key (tenant, project_id))`,
    sql`create index scim_workspace_projects_in
      on scim_workspace_projects (tenant, workspace_id, project_id)`,
    sql`create table scim_refusals (
      tenant ${text} not null,
      person ${text} not null,
      method ${text} not null,
      path ${text} not null,
      reason ${text} not null,
      seen bigint not null,
      last_at ${text} not null,
      primary key (tenant, person, method, path))`,
    sql`create index scim_refusals_last on scim_refusals (tenant, last_at)`,
  ]
}

/** The attributes with lookup keys; those listed here always had them. */
function indexedTable({ textType: text }: SqlDialect) {
  const manager = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value'
  const always = {
    User: ['userName', 'displayName', 'externalId', 'emails.value', manager],
    Group: ['displayName', 'externalId'],
  }
  const rows = Object.entries(always).flatMap(([type, names]) =>
    names.map((name) => sql`(${type}, ${name}, 0)`),
  )
  return [
    sql`create table scim_indexed (
      resource_type ${text} not null,
      attribute ${text} not null,
      is_unique smallint not null,
      primary key (resource_type, attribute))`,
    sql`insert into scim_indexed (resource_type, attribute, is_unique) values ${sql.join(rows)}`,
  ]
}

/** Tokens made by administrators, found by their digests, and the last use of tokens. */
function tokenTables({ textType: text }: SqlDialect) {
  return [
    sql`create table scim_tokens (
      tenant ${text} not null,
      id ${text} not null,
      name ${text} not null,
      digest ${text} not null,
      created_at ${text} not null,
      created_by ${text} not null,
      expires_at ${text},
      replaced_by ${text},
      primary key (tenant, id))`,
    sql`create index scim_tokens_digest on scim_tokens (digest)`,
    sql`create table scim_token_uses (
      tenant ${text} not null,
      token ${text} not null,
      last_at ${text} not null,
      primary key (tenant, token))`,
  ]
}

/** In its own column, so that saving an older copy of the record does not reset it. */
function hadRoleColumn() {
  return [
    sql`alter table scim_records add column had_role smallint not null default 0`,
    // Quotation marks within texts of the document are escaped.
    sql`update scim_records set had_role = 1 where record like '%"hadRole":true%'`,
  ]
}

function auditTables({ textType: text, sequenceType, sequenceIsKey }: SqlDialect) {
  return [
    sql`create table scim_audit (
      sequence ${sequenceType},
      tenant ${text} not null,
      at ${text} not null,
      event ${text} not null,
      actor ${text} not null,
      target_id ${text},
      outcome ${text} not null,
      entry ${text} not null
      ${sequenceIsKey ? sql`` : sql`, primary key (tenant, sequence)`})`,
    sql`create index scim_audit_tenant on scim_audit (tenant, sequence)`,
    sql`create index scim_audit_event on scim_audit (tenant, event, sequence)`,
    sql`create index scim_audit_target on scim_audit (tenant, target_id, sequence)`,
  ]
}

/**
 * On PostgreSQL, indexes that the planner uses only for queries that ask for them: see `isListed`.
 */
function indexesByRequest({ name }: SqlDialect) {
  if (name === 'sqlite') return []
  return [
    sql`drop index scim_resources_listing`,
    sql`create index scim_resources_listing
      on scim_resources (tenant, resource_type, created, id) where ${isListed}`,
    sql`drop index scim_lookups_key`,
    sql`create index scim_lookups_key
      on scim_lookups (tenant, resource_type, attribute, lookup_key, resource_id) where ${hasKey}`,
    // The planner could not use an index for their checks. Locks keep members and groups
    // consistent: see members.ts.
    sql`alter table scim_members
      drop constraint if exists scim_members_tenant_group_id_fkey,
      drop constraint if exists scim_members_tenant_member_id_fkey`,
    sql`drop index scim_members_member`,
    sql`create index scim_members_member
      on scim_members (tenant, member_id, group_id) where ${isMember}`,
  ]
}
