import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  groupKey,
  groupsNamed,
  type MappingRules,
  nearMisses,
  nearMissesAmong,
} from '../../mapping/index.js'
import type { MemberPage } from '../../stores/group-store.js'
import { readMany } from '../../stores/read-many.js'
import { omitGroups, omitMembers, omitNothing } from '../../stores/reads.js'
import type { Member } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import { allGroups, type GroupName } from '../rules/groups.js'
import { nameOf } from './people.js'

/** A pushed group and the rules that name it. */
export interface PushedGroup extends GroupName {
  readonly mapped: boolean
  /** Number of direct members; absent if the store does not count them. */
  readonly members?: number
  /** What rules give its members, as text. */
  readonly gives: readonly string[]
  /** The rules that name it, e.g. `roles_groups[2]`. */
  readonly rules: readonly string[]
  /** For unmapped groups: similar names in rules. */
  readonly nearMisses: readonly string[]
}

/** A name in rules that no pushed group has. */
export interface MissingGroup {
  readonly name: string
  /** Pushed groups with a similar name. */
  readonly nearMisses: readonly string[]
}

/** The pushed groups compared with the rules. */
export interface GroupsReport {
  readonly totalResults: number
  readonly unmapped: number
  /** One page; unmapped groups with similar names. */
  readonly groups: readonly PushedGroup[]
  /** Names in rules that were never pushed; at most 100. */
  readonly missing: readonly MissingGroup[]
}

/** Sorts as people expect: case does not matter, and 2 comes before 10. */
const byName = new Intl.Collator('en', { numeric: true })
const maxMissing = 100
const maxNames = 50_000

/** Which pushed groups to list. */
export interface GroupsPage {
  readonly onlyUnmapped: boolean
  readonly search?: string
  readonly offset: number
  readonly limit: number
}

/**
 * Compares the pushed groups with the names in the rules. It keeps only names, of at most 50 000
 * groups. Similar names are only shown; they never grant anything.
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
  const nearNames = nearMissesAmong(named)
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
      nearMisses: isMapped(group) ? [] : nearNames(group.displayName),
    })),
    missing: await missingGroups(context, named, pushed),
  }
}

function counted(members: number | undefined): Pick<PushedGroup, 'members'> {
  return members === undefined ? {} : { members }
}

/** One group with a page of its members. */
export interface GroupReport extends PushedGroup {
  readonly memberPage: readonly GroupMember[]
}

/** A person or group in a group. */
export interface GroupMember {
  readonly id: string
  readonly type: 'User' | 'Group'
  readonly name: string
}

/**
 * A group, what it gives, and a page of its direct members; `undefined` if there is no such group.
 */
export async function reportGroup(
  context: SettingsContext,
  scope: Scope,
  { id, ...page }: MemberPage & { readonly id: string },
): Promise<GroupReport | undefined> {
  const { groups, access } = context.adapters
  const group = await groups.get(scope, id, omitMembers)
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
  const whole = await groups.get(scope, id, omitNothing)
  return (whole?.members ?? []).slice(offset, offset + limit)
}

/** Adds the names from the list of people and sorts by them. */
async function named(
  { adapters }: SettingsContext,
  scope: Scope,
  members: readonly Member[],
): Promise<readonly GroupMember[]> {
  const ids = members.filter(({ type }) => type !== 'Group').map(({ value }) => value)
  const people = await readMany(adapters.users, scope, ids, omitGroups)
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

/**
 * Names in rules that no pushed group has, with similar names. Each is compared with all groups, so
 * other requests have their turn in between.
 */
export async function missingGroups(
  { policy }: Pick<SettingsContext, 'policy'>,
  named: readonly string[],
  pushed: readonly GroupName[],
): Promise<readonly MissingGroup[]> {
  const there = new Set(pushed.map(({ displayName }) => groupKey(displayName, policy)))
  const names = named.filter((name) => !there.has(groupKey(name, policy))).slice(0, maxMissing)
  if (names.length === 0) return []
  const nearMisses = nearMissesAmong(pushed.map(({ displayName }) => displayName))
  const missing: MissingGroup[] = []
  for (const name of names) {
    await nextTurn()
    missing.push({ name, nearMisses: nearMisses(name) })
  }
  return missing
}

/** The names of all pushed groups, sorted. */
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
