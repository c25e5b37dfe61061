import type { MappingRules } from '../../mapping/index.js'
import { firstOf } from '../numbers.js'

/** Rules, and those that replace them. */
export interface RuleChange {
  readonly before: MappingRules
  readonly after: MappingRules
}

/** Rules as sentences for administrators, e.g. `Manager for "Leads"`. */
export function describeRules(rules: MappingRules): readonly string[] {
  return [
    ...rules.roles_groups.map(([role, group]) => `${role} for "${group}"`),
    ...rules.workspaces_groups.map(([title, group]) => `workspace "${title}" for "${group}"`),
    ...rules.projects_groups.map(
      ({ project_id: id, group, role }) => `${role} in project ${id} for "${group}"`,
    ),
  ]
}

/** The rules without those that these sentences describe. */
export function rulesWithout(rules: MappingRules, told: ReadonlySet<string>): MappingRules {
  const { roles_groups: roles, workspaces_groups: workspaces, projects_groups: projects } = rules
  const sentences = describeRules(rules)
  const isNew = (index: number) => !told.has(sentences[index] ?? '')
  const atProjects = roles.length + workspaces.length
  return {
    roles_groups: roles.filter((_, index) => isNew(index)),
    workspaces_groups: workspaces.filter((_, index) => isNew(roles.length + index)),
    projects_groups: projects.filter((_, index) => isNew(atProjects + index)),
  }
}

/** The rules that only one side has. */
export function rulesBetween(before: MappingRules, after: MappingRules) {
  const [old, now] = [describeRules(before), describeRules(after)]
  const [oldSet, nowSet] = [new Set(old), new Set(now)]
  return {
    added: now.filter((rule) => !oldSet.has(rule)),
    removed: old.filter((rule) => !nowSet.has(rule)),
  }
}

/** Whether both sides have the same rules, in any order. */
export function isNothing({ added, removed }: ReturnType<typeof rulesBetween>): boolean {
  return added.length === 0 && removed.length === 0
}

const maxListed = 20

/** One line for the audit log that describes a change of rules. */
export function describeChange(before: MappingRules, after: MappingRules): string {
  const { added, removed } = rulesBetween(before, after)
  const parts = [...removed.map((rule) => `- ${rule}`), ...added.map((rule) => `+ ${rule}`)]
  if (parts.length === 0) return 'order of rules'
  return firstOf(parts, maxListed)
}
