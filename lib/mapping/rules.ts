import { isObject } from '../schema/json.js'
import { organizationRoles, projectRoles, systemRoles } from './roles.js'
import type { MappingPolicy, MappingRules, OrganizationRole, ProjectRole } from './types.js'

/** A problem with one row of the rules. */
export interface RuleProblem {
  /** The row: `roles_groups[2]`, or the name of a list. */
  readonly row: string
  /** A sentence for the administrator. */
  readonly message: string
}

/** The rules cannot be saved, and none of them takes effect. `problems` names every invalid row. */
export class RulesError extends Error {
  override readonly name = 'RulesError'
  readonly code = 'ERR_SCIM_RULES'
  readonly problems: readonly RuleProblem[]

  constructor(problems: readonly RuleProblem[]) {
    super(problems.map(({ row, message }) => `${row}: ${message}`).join(' '))
    this.problems = problems
  }
}

/** Empty rules, in force before any were saved. */
export const noRules: MappingRules = {
  roles_groups: [],
  workspaces_groups: [],
  projects_groups: [],
}

type Row<T> = { readonly row: string; readonly value: T }
type Report = (row: string, message: string) => undefined

/**
 * Reads mapping rules in Label Studio's shape. An absent list keeps the rows of `current`, so that
 * a partial `POST` never revokes by omission.
 *
 * @throws RulesError naming every invalid row: unknown or forbidden role, empty name, duplicate
 *   pair, a second organization role for a group, a `project_id` that is not a positive integer, a
 *   control character in a name that `current` does not have
 */
export function parseRules(
  input: unknown,
  policy: MappingPolicy,
  current: MappingRules = noRules,
): MappingRules {
  const problems: RuleProblem[] = []
  const report: Report = (row, message) => void problems.push({ row, message })
  const body = isObject(input) ? input : report('body', 'The settings must be a JSON object.')
  const rows = (name: keyof MappingRules) => readList(body?.[name] ?? current[name], name, report)

  const roles = keep(rows('roles_groups'), (row) => readRoleRow(row, policy, report))
  const workspaces = keep(rows('workspaces_groups'), (row) => readWorkspaceRow(row, report))
  const projects = keep(rows('projects_groups'), (row) => readProjectRow(row, report))
  refuseDuplicates(roles, ([role, group]) => `the group "${group}" with the role ${role}`, report)
  refuseDuplicates(workspaces, ([title, group]) => `the group "${group}" with "${title}"`, report)
  refuseDuplicates(
    projects,
    (rule) => `the group "${rule.group}" with project ${rule.project_id}`,
    report,
  )
  refuseSecondRole(roles, policy, report)
  refuseControlCharacters({ roles, workspaces, projects }, current, report)

  if (problems.length > 0) throw new RulesError(problems)
  return {
    roles_groups: roles.map(({ value }) => value),
    workspaces_groups: workspaces.map(({ value }) => value),
    projects_groups: projects.map(({ value }) => value),
  }
}

/** Whether the lists contain any rule. */
export function hasRules(rules: MappingRules): boolean {
  return Object.values(rules).some((list) => list.length > 0)
}

/** The form in which group names are compared. */
export function groupKey(name: string, policy: Pick<MappingPolicy, 'ignoreCase'>): string {
  return policy.ignoreCase ? name.trim().normalize('NFC').toLowerCase() : name
}

function readList(input: unknown, name: string, report: Report): readonly Row<unknown>[] {
  if (!Array.isArray(input)) {
    report(name, 'Must be a list.')
    return []
  }
  return input.map((value, index) => ({ row: `${name}[${index}]`, value }))
}

function keep<T>(
  rows: readonly Row<unknown>[],
  read: (row: Row<unknown>) => T | undefined,
): Row<T>[] {
  return rows.flatMap((row) => {
    const value = read(row)
    return value === undefined ? [] : [{ row: row.row, value }]
  })
}

function readRoleRow(
  { row, value }: Row<unknown>,
  policy: MappingPolicy,
  report: Report,
): readonly [OrganizationRole, string] | undefined {
  const pair = readPair(value, row, 'a role and a group', report)
  if (!pair) return undefined
  const [role, group] = pair
  if (role === 'Owner') return report(row, 'Owner cannot be given by a rule.')
  if (!isOneOf(organizationRoles, role)) {
    return report(row, `"${role}" is not a role. Use ${assignable(policy).join(', ')}.`)
  }
  if (systemRoles.includes(role) && !policy.allowSystemRoles) {
    return report(row, `${role} is a state of an account, not a role to give.`)
  }
  return [role, group]
}

function assignable(policy: MappingPolicy): readonly OrganizationRole[] {
  return policy.allowSystemRoles
    ? organizationRoles
    : organizationRoles.filter((role) => !systemRoles.includes(role))
}

function readWorkspaceRow({ row, value }: Row<unknown>, report: Report) {
  return readPair(value, row, 'a workspace and a group', report)
}

function readProjectRow(
  { row, value }: Row<unknown>,
  report: Report,
): MappingRules['projects_groups'][number] | undefined {
  if (!isObject(value)) return report(row, 'Must be an object with project_id, group and role.')
  const { project_id: projectId, group, role } = value
  if (typeof projectId !== 'number' || !Number.isSafeInteger(projectId) || projectId < 1) {
    return report(row, 'project_id must be the number of a project.')
  }
  if (!isName(group)) return report(row, 'The name of the group is empty.')
  if (typeof role !== 'string' || !isOneOf(projectRoles, role)) {
    return report(row, `"${String(role)}" is not a project role. Use ${projectRoles.join(', ')}.`)
  }
  return { project_id: projectId, group, role: role as ProjectRole }
}

function readPair(
  value: unknown,
  row: string,
  what: string,
  report: Report,
): readonly [string, string] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return report(row, `Must be a pair: ${what}.`)
  const [first, second] = value as [unknown, unknown]
  if (!isName(first) || !isName(second)) return report(row, `Both names must be given: ${what}.`)
  return [first, second]
}

function refuseDuplicates<T>(
  rows: readonly Row<T>[],
  describe: (value: T) => string,
  report: Report,
) {
  const first = new Map<string, string>()
  for (const { row, value } of rows) {
    const key = describe(value)
    const before = first.get(key)
    if (before !== undefined) report(row, `Repeats ${before}: ${key}.`)
    else first.set(key, row)
  }
}

function refuseSecondRole(
  rows: readonly Row<readonly [OrganizationRole, string]>[],
  policy: MappingPolicy,
  report: Report,
) {
  const roleOf = new Map<string, OrganizationRole>()
  for (const { row, value } of rows) {
    const [role, group] = value
    const key = groupKey(group, policy)
    const before = roleOf.get(key)
    if (before !== undefined && before !== role) {
      report(
        row,
        `The group "${group}" has the role ${before} already and cannot have ${role} too.`,
      )
    }
    roleOf.set(key, before ?? role)
  }
}

/**
 * A form cannot keep line breaks, so the next save at the page would change such a rule. Those that
 * are saved already stay allowed, so that they do not block other changes.
 */
function refuseControlCharacters(
  rows: {
    readonly roles: readonly Row<MappingRules['roles_groups'][number]>[]
    readonly workspaces: readonly Row<MappingRules['workspaces_groups'][number]>[]
    readonly projects: readonly Row<MappingRules['projects_groups'][number]>[]
  },
  current: MappingRules,
  report: Report,
) {
  const saved = new Set([
    ...current.roles_groups.flat(),
    ...current.workspaces_groups.flat(),
    ...current.projects_groups.map(({ group }) => group),
  ])
  const refuse = (row: string, names: readonly string[]) => {
    if (names.some((name) => /\p{Cc}/u.test(name) && !saved.has(name))) {
      report(row, 'A name has a line break or another control character in it.')
    }
  }
  for (const { row, value } of rows.roles) refuse(row, value)
  for (const { row, value } of rows.workspaces) refuse(row, value)
  for (const { row, value } of rows.projects) refuse(row, [value.group])
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function isOneOf<T extends string>(list: readonly T[], value: string): value is T {
  return (list as readonly string[]).includes(value)
}
