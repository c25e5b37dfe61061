import { isObject } from '../schema/json.js'
import { organizationRoles, outranks, projectRoles } from './roles.js'
import { groupKey } from './rules.js'
import type {
  Access,
  Grant,
  MappingPolicy,
  MappingRules,
  OrganizationRole,
  ProjectRole,
  Reason,
} from './types.js'

/** A group a person is in. */
export interface PersonGroup {
  readonly id: string
  readonly displayName: string
}

/** What must be known of a person beside their groups. */
export interface PersonState {
  /** SCIM `active`. */
  readonly active: boolean
  /**
   * A rule gave this person an organization role before: decides what `onNoRole` means for them.
   */
  readonly hadRole: boolean
  /** What the policy's `roles_users` speaks of; see {@link userValues}. Default none. */
  readonly values?: readonly string[]
}

/** What must be known of a user beside their groups. */
export function personState(user: object, hadRole: boolean): PersonState {
  const { active } = user as { readonly active?: unknown }
  return { active: active === true, hadRole, values: userValues(user) }
}

/** The values of a user's `roles` and `entitlements`, each once. */
export function userValues(user: object): readonly string[] {
  const { roles, entitlements } = user as Readonly<Record<'roles' | 'entitlements', unknown>>
  const entries = [roles, entitlements].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  )
  const values = entries.flatMap((entry) =>
    isObject(entry) && typeof entry['value'] === 'string' ? [entry['value']] : [],
  )
  return [...new Set(values)]
}

/** Rules made ready for many people: what {@link compileRules} returns. */
export type AccessResolver = (groups: readonly PersonGroup[], person: PersonState) => Access

/** What one row gives. */
interface Row {
  readonly grant: Grant
  readonly rule: string
  /** Its place among all rows. */
  readonly order: number
}

/** A row that speaks of a group the person is in, with that group. */
interface Match {
  readonly row: Row
  readonly group: PersonGroup
}

/**
 * What a person's groups give under these rules. The most elevated organization role wins
 * (Administrator > Manager > Reviewer > Annotator), and per project Reviewer > Annotator > Inherit.
 * Neither the order of groups nor that of rules changes the result; reasons are listed in the order
 * of the rules.
 *
 * `active` is false for inactive people, and for those whom a rule, or `onNoRole: 'deactivate'`,
 * gives the role Deactivated. Group names match exactly unless the policy says otherwise, so a
 * look-alike name gives nothing.
 */
export function resolveAccess(
  rules: MappingRules,
  groups: readonly PersonGroup[],
  policy: MappingPolicy,
  person: PersonState,
): Access {
  return compileRules(rules, policy)(groups, person)
}

/**
 * Whether a rule, and not a default, gives an organization role with which somebody can come in.
 */
export function givesRoleByRule({ role, reasons }: Access): boolean {
  return role !== 'Deactivated' && reasons.some(({ grant }) => grant.kind === 'role')
}

/**
 * The same as {@link resolveAccess} for many people: the rules are indexed once by group, so that
 * one person costs as much as their groups give, however many rules there are. The same groups give
 * the same object again, for as long as it is remembered.
 */
export function compileRules(rules: MappingRules, policy: MappingPolicy): AccessResolver {
  return remembering(resolverOf(rules, policy))
}

/** Reasons that are remembered at most: about 20 MB. */
const maxRemembered = 100_000

/** The gate asks about the same people all day. */
function remembering(resolve: AccessResolver): AccessResolver {
  const known = new Map<string, Access>()
  let remembered = 0
  return (groups, person) => {
    const key = keyOf(groups, person)
    const before = known.get(key)
    if (before) return before
    const access = resolve(groups, person)
    remembered += 1 + access.reasons.length
    if (remembered > maxRemembered) {
      known.clear()
      remembered = 1 + access.reasons.length
    }
    known.set(key, access)
    return access
  }
}

function keyOf(groups: readonly PersonGroup[], { active, hadRole, values }: PersonState): string {
  const parts = [active ? 'active' : '', hadRole ? 'had' : '', JSON.stringify(values ?? [])]
  for (const { id, displayName } of groups) parts.push(id, displayName)
  return parts.join('\0')
}

function resolverOf(rules: MappingRules, policy: MappingPolicy): AccessResolver {
  const byGroup = rowsByGroup(rules, policy)
  const byValue = rowsByValue(policy)
  return (groups, person) => {
    const matches: Match[] = []
    for (const group of groups) {
      const rows = byGroup.get(groupKey(group.displayName, policy))
      if (rows) for (const row of rows) matches.push({ row, group })
    }
    for (const value of person.values ?? []) {
      const group = { id: '', displayName: value }
      for (const row of byValue.get(value) ?? []) matches.push({ row, group })
    }
    return accessFrom(matches.sort(byRowThenGroup), policy, person)
  }
}

function rowsByGroup(rules: MappingRules, policy: MappingPolicy): Map<string, Row[]> {
  const byGroup = new Map<string, Row[]>()
  let order = 0
  const add = (group: string, grant: Grant, rule: string) => {
    const key = groupKey(group, policy)
    const row = { grant, rule, order: order++ }
    const rows = byGroup.get(key)
    if (rows) rows.push(row)
    else byGroup.set(key, [row])
  }
  for (const [index, [role, group]] of rules.roles_groups.entries()) {
    add(group, { kind: 'role', role }, `roles_groups[${index}]`)
  }
  for (const [index, [title, group]] of rules.workspaces_groups.entries()) {
    add(group, { kind: 'workspace', title }, `workspaces_groups[${index}]`)
  }
  for (const [index, { project_id: projectId, group, role }] of rules.projects_groups.entries()) {
    add(group, { kind: 'project', projectId, role }, `projects_groups[${index}]`)
  }
  return byGroup
}

/** Their reasons come after those of the groups. */
function rowsByValue({ roles_users: pairs = [] }: MappingPolicy): Map<string, Row[]> {
  const byValue = new Map<string, Row[]>()
  for (const [index, [role, value]] of pairs.entries()) {
    const order = Number.MAX_SAFE_INTEGER - pairs.length + index
    const row = { grant: { kind: 'role', role }, rule: `roles_users[${index}]`, order } as const
    byValue.set(value, [...(byValue.get(value) ?? []), row])
  }
  return byValue
}

function accessFrom(matches: readonly Match[], policy: MappingPolicy, person: PersonState): Access {
  const { role, workspaces, projects } = highestOf(matches)
  const inForce = role ?? roleWithoutRule(policy, person)
  return {
    active: person.active && inForce !== 'Deactivated',
    role: inForce,
    workspaces: [...workspaces].sort(),
    projects: [...projects]
      .map(([projectId, best]) => ({ projectId, role: best }))
      .sort((a, b) => a.projectId - b.projectId),
    reasons: matches.map(({ row, group }) => ({
      grant: row.grant,
      groupId: group.id,
      group: group.displayName,
      rule: row.rule,
      outranked: isOutranked(row.grant, role, projects),
    })),
  }
}

/** The most elevated of everything; `role` is null when no rule gives one. */
function highestOf(matches: readonly Match[]) {
  let role: OrganizationRole | null = null
  const workspaces = new Set<string>()
  const projects = new Map<number, ProjectRole>()
  for (const { row } of matches) {
    const { grant } = row
    if (grant.kind === 'workspace') workspaces.add(grant.title)
    else if (grant.kind === 'role') {
      if (role === null || outranks(organizationRoles, grant.role, role)) role = grant.role
    } else {
      const best = projects.get(grant.projectId)
      if (best === undefined || outranks(projectRoles, grant.role, best)) {
        projects.set(grant.projectId, grant.role)
      }
    }
  }
  return { role, workspaces, projects }
}

function roleWithoutRule(policy: MappingPolicy, person: PersonState): OrganizationRole | null {
  if (!person.hadRole) return policy.defaultRole
  const byPolicy = {
    deactivate: 'Deactivated',
    keep: null,
    default: policy.defaultRole,
    notActivated: 'Not Activated',
  } as const
  return byPolicy[policy.onNoRole]
}

function isOutranked(
  grant: Grant,
  role: OrganizationRole | null,
  projects: ReadonlyMap<number, ProjectRole>,
): Reason['outranked'] {
  if (grant.kind === 'role') return grant.role !== role
  return grant.kind === 'project' && grant.role !== projects.get(grant.projectId)
}

function byRowThenGroup(a: Match, b: Match): number {
  return a.row.order - b.row.order || (a.group.id < b.group.id ? -1 : 1)
}
