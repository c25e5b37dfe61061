import { randomInt } from 'node:crypto'
import {
  type AccessStore,
  hasRules,
  type MappingPolicy,
  type MappingRules,
  type RulesToSave,
  VersionMismatchError,
} from '../../lib/adapter/index.js'
import { appendAudit } from './audit-store.js'
import { type Database, type Session, statement } from './database.js'
import { countAll } from './listing.js'
import { addFanOut, countIn, groupsNamed } from './marks.js'
import { sql } from './sql.js'

const emptyRules: MappingRules = { roles_groups: [], workspaces_groups: [], projects_groups: [] }

/** Omits the text of the rules if the version is the known one. */
const selectRules = statement<
  { tenant: string; known: number },
  { rules: string | null; version: number }
>(
  (value) => sql`
    select case when version = ${value('known')} then null else rules end as rules, version
    from scim_rules where tenant = ${value('tenant')}`,
)

/** The maximum number of tenants whose rules are cached. */
const maxRemembered = 1000

interface NewRules {
  readonly tenant: string
  readonly rules: string
  readonly expected: number
  readonly version: number
}

/** Below 2^48, as `randomInt` asks, and at most 15 digits, as versions before 0.3 read. */
const newVersions = 2 ** 47

/**
 * A version that never was. If versions were counted, a standby that had not got the last rules
 * would give their version to others, once it was promoted.
 */
function newVersion(expected: number): number {
  const version = randomInt(1, newVersions)
  return version === expected ? newVersion(expected) : version
}

const insertRules = statement<Omit<NewRules, 'expected'>>(
  (value) => sql`
    insert into scim_rules (tenant, rules, version)
    values (${value('tenant')}, ${value('rules')}, ${value('version')}) on conflict do nothing`,
)

const selectVersion = statement<{ tenant: string }, { version: number }>(
  (value) => sql`select version from scim_rules where tenant = ${value('tenant')}`,
)

const updateRules = statement<NewRules>(
  (value) => sql`
    update scim_rules set rules = ${value('rules')}, version = ${value('version')}
    where tenant = ${value('tenant')} and version = ${value('expected')}`,
)

/** Mapping rules, and the marks for a change of them. */
export function ruleMethods(
  database: Database,
  policy: MappingPolicy,
): Pick<AccessStore, 'rules' | 'saveRules'> {
  // Every request through the gate reads the rules, so thousands of them are parsed only once per
  // version.
  const remembered = new Map<string, { readonly rules: MappingRules; readonly version: number }>()
  return {
    async rules({ tenant }) {
      const known = remembered.get(tenant)
      const asked = { tenant, known: known?.version ?? 0 }
      const [row] = await database.urgent.prepared(selectRules, asked)
      if (row === undefined) return { rules: emptyRules, version: '0' }
      const version = Number(row.version)
      if (known && row.rules === null) return { rules: known.rules, version: String(version) }
      const rules = JSON.parse(row.rules ?? '') as MappingRules
      if (remembered.size >= maxRemembered) remembered.clear()
      remembered.set(tenant, { rules, version })
      return { rules, version: String(version) }
    },
    saveRules: (scope, rules, { expectedVersion, affects, audit = [] }) =>
      database.transaction(async (session) => {
        const { tenant } = scope
        const place = { session, tenant, policy }
        const version = await saveRulesIn(place, { rules, expectedVersion, affects })
        await appendAudit(session, tenant, audit)
        return { rules, version }
      }, scope),
  }
}

interface SavedPlace {
  readonly session: Session
  readonly tenant: string
  readonly policy: MappingPolicy
}

type SavedRules = Omit<RulesToSave, 'affects'> & {
  readonly affects: readonly string[] | 'everybody'
}

/**
 * Saves rules within a transaction, and returns their version.
 *
 * @throws VersionMismatchError when other rules were saved meanwhile
 */
export async function saveRulesIn(
  { session, tenant, policy }: SavedPlace,
  { rules, expectedVersion, affects }: SavedRules,
): Promise<string> {
  const expected = versionNumber(expectedVersion)
  const isStored = expected !== 0 || hasRules(rules)
  const version = isStored ? newVersion(expected) : 0
  if (isStored) await store(session, { tenant, rules: JSON.stringify(rules), expected, version })
  else if ((await session.prepared(selectVersion, { tenant })).length > 0) {
    throw new VersionMismatchError()
  }
  await fanOut(session, { tenant, policy }, affects)
  return String(version)
}

async function store(session: Session, rules: NewRules): Promise<void> {
  const statement = rules.expected === 0 ? insertRules : updateRules
  if ((await session.change(statement, rules)) === 0) throw new VersionMismatchError()
}

/** A malformed version matches none. */
function versionNumber(version: string): number {
  return /^\d{1,15}$/.test(version) ? Number(version) : -1
}

interface FanOutScope {
  readonly tenant: string
  readonly policy: MappingPolicy
}

async function fanOut(
  session: Session,
  { tenant, policy }: FanOutScope,
  affects: readonly string[] | 'everybody',
): Promise<void> {
  if (affects === 'everybody') {
    const state = { kind: 'everybody', created: Number.MIN_SAFE_INTEGER, after: '' } as const
    return addFanOut(session, tenant, state, await countAll(session, { tenant, type: 'User' }))
  }
  if (affects.length === 0) return
  // An estimate for the status page: a group may be getting one of these names right now.
  const groupIds = await groupsNamed(session, tenant, { names: affects, policy })
  const count = await countIn(session, tenant, groupIds)
  await addFanOut(session, tenant, { kind: 'named', names: affects }, count)
}
