import { groupKey } from './rules.js'
import type { MappingPolicy, MappingRules } from './types.js'

/** What the rules give each group, as comparable text, by the group's key. */
function entitlementsByGroup(rules: MappingRules, policy: MappingPolicy): Map<string, Set<string>> {
  const byGroup = new Map<string, Set<string>>()
  const add = (group: string, entitlement: readonly unknown[]) => {
    const key = groupKey(group, policy)
    const all = byGroup.get(key) ?? new Set()
    byGroup.set(key, all.add(JSON.stringify(entitlement)))
  }
  for (const [role, group] of rules.roles_groups) add(group, ['role', role])
  for (const [title, group] of rules.workspaces_groups) add(group, ['workspace', title])
  for (const rule of rules.projects_groups) add(rule.group, ['project', rule.project_id, rule.role])
  return byGroup
}

/**
 * Sorted keys (see `groupKey`) of the groups that two sets of rules treat differently: exactly
 * their users must be re-evaluated when the rules change.
 */
export function affectedGroups(
  before: MappingRules,
  after: MappingRules,
  policy: MappingPolicy,
): readonly string[] {
  const old = entitlementsByGroup(before, policy)
  const now = entitlementsByGroup(after, policy)
  const names = new Set([...old.keys(), ...now.keys()])
  return [...names].filter((name) => !isEqual(old.get(name), now.get(name))).sort()
}

/** Sorted names of the groups in these rules, as written, each once. */
export function groupsNamed(rules: MappingRules): readonly string[] {
  const names = [
    ...rules.roles_groups.map(([, group]) => group),
    ...rules.workspaces_groups.map(([, group]) => group),
    ...rules.projects_groups.map(({ group }) => group),
  ]
  return [...new Set(names)].sort()
}

function isEqual(a: ReadonlySet<string> = new Set(), b: ReadonlySet<string> = new Set()): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each))
}
