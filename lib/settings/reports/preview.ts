import { setImmediate as nextTurn } from 'node:timers/promises'
import { emailOf, exemptionsOf } from '../../access/index.js'
import {
  type Access,
  type AccessResolver,
  affectedGroups,
  compileRules,
  describeGrant,
  type Grant,
  givesRoleByRule,
  groupKey,
  groupsNamed,
  membershipsOf,
  personState,
  placeOf,
} from '../../mapping/index.js'
import type { AccessRecord } from '../../stores/access-store.js'
import type { Page, PageRequest } from '../../stores/query.js'
import { readMany } from '../../stores/read-many.js'
import { omitGroups } from '../../stores/reads.js'
import type { GroupReference, User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { UserStore } from '../../stores/user-store.js'
import { countOf } from '../numbers.js'
import type { SettingsContext } from '../options.js'
import { describeRules, type RuleChange, rulesWithout } from '../rules/difference.js'
import { newTitles } from '../rules/own-workspaces.js'
import { type MissingGroup, missingGroups, namesOfGroups } from './groups.js'
import { type ProjectMap, readProjectMap, visibleIds } from './visible.js'

/** How rules would change one person's access. */
export interface PersonChange {
  readonly id: string
  readonly userName: string
  readonly email?: string
  readonly losesAccess: boolean
  readonly gainsAccess: boolean
  /** As text, e.g. `organization role Manager`. */
  readonly granted: readonly string[]
  readonly revoked: readonly string[]
  /**
   * How many projects they see before and after, if workspaces are kept here and the host lists its
   * projects.
   */
  readonly sees?: { readonly before: number; readonly after: number; readonly total: number }
  /** Why SCIM does not change this person, so that their access stays the same after all. */
  readonly protection?: string
}

/** The changes that saving rules would make. */
export interface Preview {
  /** Names of the groups whose rules change, as compared (`groupKey`). */
  readonly groups: readonly string[]
  /** Number of active people evaluated. */
  readonly people: number
  /** How many of them have access now. */
  readonly peopleWithAccess: number
  readonly changed: number
  readonly granted: number
  readonly revoked: number
  readonly losingAccess: number
  readonly gainingAccess: number
  /** Share of the people with access who would lose it; 0 to 1. */
  readonly lossShare: number
  /** A sentence if the share exceeds `lossWarningShare`. Saving needs a confirmation then. */
  readonly warning?: string
  /** Workspaces that saving would make, because the rules name them. */
  readonly newWorkspaces: readonly string[]
  /** Names in new rules that no pushed group has. */
  readonly missing: readonly MissingGroup[]
  /** Some of the people who change. People who lose access come first. */
  readonly sample: readonly PersonChange[]
}

const peoplePerPage = 200
const largestSample = 50

/**
 * Computes the changes if these rules were saved. People are read page by page, and only counts and
 * a sample are kept, so memory does not grow with the tenant.
 */
export async function previewRules(
  context: SettingsContext,
  scope: Scope,
  { before, after }: RuleChange,
): Promise<Preview> {
  const groups = affectedGroups(before, after, context.policy)
  if (groups.length === 0) return emptyPreview
  const affected = new Set(groups)
  const resolvers = {
    before: compileRules(before, context.policy),
    after: compileRules(after, context.policy),
  }
  const tally = createTally(await readProjectMap(context, scope))
  for await (const page of pagesOfPeople(context, scope)) {
    for (const person of page) {
      const isAffected = person.groups.some(({ displayName }) =>
        affected.has(groupKey(displayName, context.policy)),
      )
      tally.count(person, changeOf(person, resolvers, isAffected))
    }
    await nextTurn()
  }
  return withWarning(context, {
    groups,
    ...tally.result(),
    newWorkspaces: await newTitles(context, scope, after),
    missing: await newlyMissing(context, scope, { before, after }),
    sample: await protectedOnes(context, scope, tally.sample()),
  })
}

/** Names without a pushed group that only the new rules have or give more to. */
async function newlyMissing(
  context: SettingsContext,
  scope: Scope,
  { before, after }: RuleChange,
): Promise<readonly MissingGroup[]> {
  const old = new Set(describeRules(before))
  const added = rulesWithout(after, old)
  return missingGroups(context, groupsNamed(added), await namesOfGroups(context, scope))
}

const emptyPreview: Preview = {
  groups: [],
  people: 0,
  peopleWithAccess: 0,
  changed: 0,
  granted: 0,
  revoked: 0,
  losingAccess: 0,
  gainingAccess: 0,
  lossShare: 0,
  newWorkspaces: [],
  missing: [],
  sample: [],
}

interface Person {
  readonly user: User
  readonly groups: readonly GroupReference[]
  readonly record: AccessRecord | undefined
}

async function* pagesOfPeople(
  { adapters }: SettingsContext,
  scope: Scope,
): AsyncGenerator<readonly Person[]> {
  const { users, groups, access } = adapters
  let next: PageRequest | undefined = firstPage(users)
  while (next) {
    const page: PageRequest = next
    // Counting everybody for each page would make the cost quadratic.
    const withoutTotal = page.kind === 'cursor'
    const found = await users.query(scope, { ...omitGroups, page, withoutTotal })
    const ids = found.resources.map(({ id }) => id)
    const [memberships, records] = await Promise.all([
      groups.groupsOf(scope, ids),
      access.getRecords(scope, ids),
    ])
    const recordOf = new Map(records.map((record) => [record.userId, record]))
    yield found.resources.map((user) => ({
      user,
      groups: memberships.get(user.id) ?? [],
      record: recordOf.get(user.id),
    }))
    next = pageAfter(page, found)
  }
}

function firstPage(users: UserStore): PageRequest {
  return users.supports?.cursor
    ? { kind: 'cursor', limit: peoplePerPage }
    : { kind: 'index', limit: peoplePerPage, offset: 0 }
}

function pageAfter(page: PageRequest, found: Page<User>): PageRequest | undefined {
  if (page.kind === 'cursor') return found.next && { ...page, after: found.next }
  const offset = page.offset + found.resources.length
  const isLast = found.resources.length === 0 || offset >= found.totalResults
  return isLast ? undefined : { ...page, offset }
}

/** The access under both sets of rules for an active person; `undefined` for an inactive one. */
function changeOf(
  { user, groups, record }: Person,
  resolvers: { readonly before: AccessResolver; readonly after: AccessResolver },
  isAffected: boolean,
): { readonly before: Access; readonly after: Access } | undefined {
  if (!user.active) return undefined
  const before = resolvers.before(groups, personState(user, record?.hadRole ?? false))
  if (!isAffected) return { before, after: before }
  // A person has a role as soon as saved rules give it, even before the reconciler has applied it.
  const hadRole = record?.hadRole || givesRoleByRule(before)
  return { before, after: resolvers.after(groups, personState(user, hadRole)) }
}

function createTally(map: ProjectMap | undefined) {
  const counts = {
    people: 0,
    changed: 0,
    granted: 0,
    revoked: 0,
    losingAccess: 0,
    gainingAccess: 0,
  }
  let withAccess = 0
  const losing: PersonChange[] = []
  const others: PersonChange[] = []

  return {
    count({ user }: Person, change: ReturnType<typeof changeOf>): void {
      if (!change) return
      const { before, after } = change
      counts.people += 1
      if (before.active) withAccess += 1
      const person = personChange(user, before, after)
      if (!person) return
      counts.changed += 1
      if (person.granted.length > 0) counts.granted += 1
      if (person.revoked.length > 0) counts.revoked += 1
      if (person.losesAccess) counts.losingAccess += 1
      if (person.gainsAccess) counts.gainingAccess += 1
      const list = person.losesAccess ? losing : others
      if (list.length >= largestSample) return
      list.push(map ? { ...person, sees: seesOf(map, user.id, change) } : person)
    },
    result: () => ({
      ...counts,
      peopleWithAccess: withAccess,
      lossShare: withAccess === 0 ? 0 : counts.losingAccess / withAccess,
    }),
    sample: () => [...losing, ...others].slice(0, largestSample),
  }
}

function seesOf(
  map: ProjectMap,
  userId: string,
  { before, after }: NonNullable<ReturnType<typeof changeOf>>,
): NonNullable<PersonChange['sees']> {
  const total = map.titles.size
  const seenWith = (access: Access) => {
    const ids = visibleIds(map, userId, access)
    return ids === 'all' ? total : ids.size
  }
  return { before: seenWith(before), after: seenWith(after), total }
}

function personChange(user: User, before: Access, after: Access): PersonChange | undefined {
  const [old, now] = [grantsOf(before), grantsOf(after)]
  const granted = now.filter(
    (grant) => !old.some((each) => describeGrant(each) === describeGrant(grant)),
  )
  const places = new Set(now.map(placeOf))
  const revoked = old.filter((grant) => !places.has(placeOf(grant)))
  if (granted.length === 0 && revoked.length === 0 && before.active === after.active) {
    return undefined
  }
  const email = emailOf(user)
  return {
    id: user.id,
    userName: user.userName,
    ...(email !== undefined && { email }),
    losesAccess: before.active && !after.active,
    gainsAccess: !before.active && after.active,
    granted: granted.map(describeGrant),
    revoked: revoked.map(describeGrant),
  }
}

function grantsOf(access: Access): readonly Grant[] {
  if (!access.active) return []
  const role: readonly Grant[] = access.role === null ? [] : [{ kind: 'role', role: access.role }]
  return [...role, ...membershipsOf(access)]
}

/**
 * Adds the reason why people are protected. Only the listed people are checked, because asking the
 * host about everybody would take too long.
 */
async function protectedOnes(
  { adapters }: SettingsContext,
  scope: Scope,
  sample: readonly PersonChange[],
): Promise<readonly PersonChange[]> {
  const { users } = adapters
  if (!users.exemptions) return sample
  const ids = sample.map(({ id }) => id)
  const people = await readMany(users, scope, ids, omitGroups)
  const exemptions = await exemptionsOf(adapters, scope, people)
  const reasons = new Map(people.map(({ id }, index) => [id, exemptions[index]?.reason]))
  return sample.map((person) => {
    const protection = reasons.get(person.id)
    return protection === undefined ? person : { ...person, protection }
  })
}

function withWarning({ lossWarningShare }: SettingsContext, preview: Preview): Preview {
  const { losingAccess, lossShare } = preview
  if (losingAccess === 0 || lossShare <= lossWarningShare) return preview
  const people = countOf(losingAccess, 'person loses', 'people lose')
  const percent = Math.max(1, Math.round(lossShare * 100))
  return { ...preview, warning: `${people} all access: ${percent}% of those who have it now.` }
}
