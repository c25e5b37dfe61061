import { groupKey, groupsNamed, type MappingRules, nearMisses } from '../../mapping/index.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { allGroups, type GroupName } from '../rules/groups.js'

/** A pushed group, and whether rules speak of it. */
export interface PushedGroup extends GroupName {
  readonly mapped: boolean
  /** What rules give its members, in words. */
  readonly gives: readonly string[]
  /** For unmapped ones: names in rules that may have been meant. */
  readonly nearMisses: readonly string[]
}

/** A name in rules that no pushed group has. */
export interface MissingGroup {
  readonly name: string
  /** Pushed groups that may have been meant. */
  readonly nearMisses: readonly string[]
}

/** Pushed groups against the rules. */
export interface GroupsReport {
  readonly totalResults: number
  readonly unmapped: number
  /** One page, unmapped ones with their near misses. */
  readonly groups: readonly PushedGroup[]
  /** Names in rules that were never pushed; at most 100. */
  readonly missing: readonly MissingGroup[]
}

/** As people sort: case aside, and 2 before 10. */
const byName = new Intl.Collator('en', { numeric: true })
const maxMissing = 100
const maxNames = 50_000

/** What to list of the pushed groups. */
export interface GroupsPage {
  readonly onlyUnmapped: boolean
  readonly search?: string
  readonly offset: number
  readonly limit: number
}

/**
 * Compares the pushed groups with the names in the rules. Only names are kept, of at most 50 000
 * groups; resemblance informs and never grants.
 */
export async function reportGroups(
  context: SettingsContext,
  scope: Scope,
  { onlyUnmapped, search = '', offset, limit }: GroupsPage,
): Promise<GroupsReport> {
  const { policy } = context
  const { rules } = await context.adapters.access.rules(scope)
  const named = groupsNamed(rules)
  const mapped = new Set(named.map((name) => groupKey(name, policy)))
  const gives = givenByName(rules, policy)
  const pushed = await namesOfGroups(context, scope)
  const isMapped = ({ displayName }: GroupName) => mapped.has(groupKey(displayName, policy))
  const unmapped = pushed.filter((group) => !isMapped(group))
  const text = search.trim().toLowerCase()
  const listed = (onlyUnmapped ? unmapped : pushed).filter(({ displayName }) =>
    displayName.toLowerCase().includes(text),
  )
  return {
    totalResults: listed.length,
    unmapped: unmapped.length,
    groups: listed.slice(offset, offset + limit).map((group) => ({
      ...group,
      mapped: isMapped(group),
      gives: gives.get(groupKey(group.displayName, policy)) ?? [],
      nearMisses: isMapped(group) ? [] : nearMisses(group.displayName, named),
    })),
    missing: missingGroups(context, named, pushed),
  }
}

function givenByName(
  { roles_groups: roles, workspaces_groups: workspaces, projects_groups: projects }: MappingRules,
  policy: SettingsContext['policy'],
): ReadonlyMap<string, readonly string[]> {
  const given = new Map<string, string[]>()
  const add = (group: string, text: string) => {
    const key = groupKey(group, policy)
    given.set(key, [...(given.get(key) ?? []), text])
  }
  for (const [role, group] of roles) add(group, role)
  for (const [title, group] of workspaces) add(group, `workspace "${title}"`)
  for (const { project_id: id, group, role } of projects) add(group, `${role} in project ${id}`)
  return given
}

/** Names in rules that no pushed group has, with the names that may have been meant. */
export function missingGroups(
  { policy }: Pick<SettingsContext, 'policy'>,
  named: readonly string[],
  pushed: readonly GroupName[],
): readonly MissingGroup[] {
  const there = new Set(pushed.map(({ displayName }) => groupKey(displayName, policy)))
  const names = pushed.map(({ displayName }) => displayName)
  return named
    .filter((name) => !there.has(groupKey(name, policy)))
    .slice(0, maxMissing)
    .map((name) => ({ name, nearMisses: nearMisses(name, names) }))
}

/** Every pushed group's name, sorted. */
export async function namesOfGroups(
  context: SettingsContext,
  scope: Scope,
): Promise<readonly GroupName[]> {
  const groups: GroupName[] = []
  for await (const group of allGroups(context, scope)) {
    groups.push(group)
    if (groups.length >= maxNames) break
  }
  return groups.sort((a, b) => byName.compare(a.displayName, b.displayName))
}
