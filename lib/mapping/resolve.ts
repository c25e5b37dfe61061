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

/** What resolving access needs to know about a person, besides their groups. */
export interface PersonState {
  /** SCIM `active`. */
  readonly active: boolean
  /**
   * A rule gave this person an organization role before; decides whether `onNoRole` applies to
   * them.
   */
  readonly hadRole: boolean
  /**
   * The values that `roles_users` of the policy refers to; see {@link userValues}. Default none.
   */
  readonly values?: readonly string[]
}

/** The {@link PersonState} of a user. */
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

/** Rules prepared for many people, by {@link compileRules}. */
export type AccessResolver = (groups: readonly PersonGroup[], person: PersonState) => Access

/** A row of the rules, prepared. */
interface Row {
  readonly grant: Grant
  readonly rule: string
  /** Its position among all rows. */
  readonly order: number
}

/** A row that applies to a person, with the group through which it does. */
interface Match {
  readonly row: Row
  readonly group: PersonGroup
}

/**
 * The access that a person's groups give under these rules. The highest organization role wins
 * (Administrator > Manager > Reviewer > Annotator), and per project Reviewer > Annotator > Inherit.
 * Neither the order of groups nor that of rules changes the result; reasons are listed in the order
 * of the rules.
 *
 * `active` is false for inactive people, and for those whom a rule, or `onNoRole: 'deactivate'`,
 * gives the role Deactivated. Group names match exactly unless the policy says otherwise.
 */
export function resolveAccess(
  rules: MappingRules,
  groups: readonly PersonGroup[],
  policy: MappingPolicy,
  person: PersonState,
): Access {
  return compileRules(rules, policy)(groups, person)
}

/** Whether a rule, and not a default, gives an organization role that allows people in. */
export function givesRoleByRule({ role, reasons }: Access): boolean {
  return role !== 'Deactivated' && reasons.some(({ grant }) => grant.kind === 'role')
}

/**
 * Like {@link resolveAccess}, for many people. The rules are indexed once by group, so the cost per
 * person depends on their groups and not on the number of rules. While a result is cached, the same
 * groups give the same object.
 */
export function compileRules(rules: MappingRules, policy: MappingPolicy): AccessResolver {
  return remembering(resolverOf(rules, policy))
}

/** The most reasons that are cached: about 20 MB. */
const maxRemembered = 100_000

/** Caches results, because the gate asks about the same people all day. */
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

/** Rows for attribute values; their reasons come after those of the groups. */
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

/** The highest roles of all matches; `role` is null if no rule gives one. */
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
