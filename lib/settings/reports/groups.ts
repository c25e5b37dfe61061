import { groupKey, groupsNamed, type MappingRules, nearMisses } from '../../mapping/index.js'
import type { MemberPage } from '../../stores/group-store.js'
import { readMany } from '../../stores/read-many.js'
import type { Member } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { allGroups, type GroupName } from '../rules/groups.js'
import { nameOf } from './people.js'

/** A pushed group, and whether rules speak of it. */
export interface PushedGroup extends GroupName {
  readonly mapped: boolean
  /** Direct members; absent where the store does not count them. */
  readonly members?: number
  /** What rules give its members, in words. */
  readonly gives: readonly string[]
  /** These rules, e.g. `roles_groups[2]`. */
  readonly rules: readonly string[]
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
  const shown = listed.slice(offset, offset + limit)
  const ids = shown.map(({ id }) => id)
  const counts = await context.adapters.groups.countMembers?.(scope, ids)
  return {
    totalResults: listed.length,
    unmapped: unmapped.length,
    groups: shown.map((group) => ({
      ...group,
      ...counted(counts?.get(group.id)),
      mapped: isMapped(group),
      ...(gives.get(groupKey(group.displayName, policy)) ?? noRules),
      nearMisses: isMapped(group) ? [] : nearMisses(group.displayName, named),
    })),
    missing: missingGroups(context, named, pushed),
  }
}

function counted(members: number | undefined): Pick<PushedGroup, 'members'> {
  return members === undefined ? {} : { members }
}

/** One group with a page of its members. */
export interface GroupReport extends PushedGroup {
  readonly memberPage: readonly GroupMember[]
}

/** Somebody in a group, or a group in it. */
export interface GroupMember {
  readonly id: string
  readonly type: 'User' | 'Group'
  readonly name: string
}

/** A group, what it gives, and some of its direct members; `undefined` when there is none. */
export async function reportGroup(
  context: SettingsContext,
  scope: Scope,
  { id, ...page }: MemberPage & { readonly id: string },
): Promise<GroupReport | undefined> {
  const { groups, access } = context.adapters
  const group = await groups.get(scope, id, { omit: new Set(['members']) })
  if (!group) return undefined
  const [{ rules }, counts, members] = await Promise.all([
    access.rules(scope),
    groups.countMembers?.(scope, [id]),
    membersOf(context, scope, { id, ...page }),
  ])
  const key = groupKey(group.displayName, context.policy)
  const given = givenByName(rules, context.policy).get(key)
  const isMapped = given !== undefined
  return {
    id,
    displayName: group.displayName,
    ...counted(counts?.get(id)),
    mapped: isMapped,
    ...(given ?? noRules),
    nearMisses: isMapped ? [] : nearMisses(group.displayName, groupsNamed(rules)),
    memberPage: await named(context, scope, members),
  }
}

async function membersOf(
  { adapters: { groups } }: SettingsContext,
  scope: Scope,
  { id, offset, limit }: MemberPage & { readonly id: string },
): Promise<readonly Member[]> {
  if (groups.listMembers) return groups.listMembers(scope, id, { offset, limit })
  const whole = await groups.get(scope, id, { omit: new Set() })
  return (whole?.members ?? []).slice(offset, offset + limit)
}

/** With the names that the list of people has, sorted as people sort. */
async function named(
  { adapters }: SettingsContext,
  scope: Scope,
  members: readonly Member[],
): Promise<readonly GroupMember[]> {
  const ids = members.filter(({ type }) => type !== 'Group').map(({ value }) => value)
  const people = await readMany(adapters.users, scope, ids, { omit: new Set(['groups']) })
  const names = new Map(people.map((user) => [user.id, nameOf(user)]))
  return members
    .map(({ value: id, type, display }) => ({
      id,
      type: type === 'Group' ? ('Group' as const) : ('User' as const),
      name: names.get(id) ?? display ?? id,
    }))
    .sort((a, b) => byName.compare(a.name, b.name))
}

type Given = Pick<PushedGroup, 'gives' | 'rules'>

const noRules: Given = { gives: [], rules: [] }

function givenByName(
  { roles_groups: roles, workspaces_groups: workspaces, projects_groups: projects }: MappingRules,
  policy: SettingsContext['policy'],
): ReadonlyMap<string, Given> {
  const given = new Map<string, Given>()
  const add = (group: string, text: string, rule: string) => {
    const key = groupKey(group, policy)
    const { gives, rules } = given.get(key) ?? noRules
    given.set(key, { gives: [...gives, text], rules: [...rules, rule] })
  }
  for (const [index, [role, group]] of roles.entries()) add(group, role, `roles_groups[${index}]`)
  for (const [index, [title, group]] of workspaces.entries()) {
    add(group, `workspace "${title}"`, `workspaces_groups[${index}]`)
  }
  for (const [index, { project_id: id, group, role }] of projects.entries()) {
    add(group, `${role} in project ${id}`, `projects_groups[${index}]`)
  }
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
