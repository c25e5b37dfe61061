import { randomUUID } from 'node:crypto'
import {
  type AccessStore,
  compileRules,
  type Group,
  type GroupStore,
  inSteps,
  type MappingPolicy,
  type Member,
  type MemberChange,
  type MembersChanged,
  type Outbox,
  personState,
  type Scope,
  withActualMembers,
} from '../../lib/adapter/index.js'
import type { Database, Session } from './database.js'
import { readGroupsOf, readUserWithGroups } from './groups-of.js'
import { keyIndex } from './key-index.js'
import {
  addFirstMembers,
  applyMemberChange,
  leaveAllGroups,
  lockForDeletion,
  removeAllMembers,
} from './members.js'
import { type ChangeMembersAtOnce, membersAtOnce } from './members-at-once.js'
import { type Write, type WriteOptions, writeOutbox } from './outbox.js'
import { personReader, type VersionedResolver } from './person.js'
import {
  readFewMembers,
  readMemberCounts,
  readMemberPage,
  readMembersAtOnce,
  readMembersInSteps,
} from './read-members.js'
import { insert, remove, sqlResourceStore, update } from './resource-store.js'
import { lockResource, selectResource, toResource, touchResource } from './rows.js'
import { isStorable } from './sql.js'

const type = 'Group'

/** Groups in the table of resources, with memberships in a separate table. */
export function sqlGroupStore(
  database: Database,
  access: AccessStore,
  policy: MappingPolicy,
): GroupStore {
  const index = keyIndex(database, type)
  const store = sqlResourceStore<Group>(database, type, index)
  const atOnce = membersAtOnce(database)
  return {
    ...store,
    supports: { ...store.supports, memberDeltas: true },
    async create(scope, group, write) {
      await index.ready()
      const { members = [] } = group
      const add = members.map(({ value }) => value)
      const written = { type, id: group.id }
      const target = { scope, written, outbox: write.outbox, rows: add.length }
      return writeOutbox(database, target, async ({ session }) => {
        await insert(session, { scope, type }, group, write)
        const place = { tenant: scope.tenant, groupId: group.id }
        const { members: _, ...rest } = group
        return withList(rest as Group, await addFirstMembers(session, place, add))
      })
    },
    async get(scope, id, read) {
      const group = await store.get(scope, id, read)
      if (group === undefined || read.omit.has('members')) return group
      return (await withMembers(database, scope.tenant, [group]))[0]
    },
    async getMany(scope, ids, read) {
      const groups = (await store.getMany?.(scope, ids, read)) ?? []
      return read.omit.has('members') ? groups : withMembers(database, scope.tenant, groups)
    },
    async query(scope, query) {
      const page = await store.query(scope, query)
      if (query.omit.has('members')) return page
      const resources = await withMembers(database, scope.tenant, page.resources)
      const deleted = page.resources.length - resources.length
      return { ...page, resources, totalResults: page.totalResults - deleted }
    },
    async replace(scope, { members: _, ...rest }, write) {
      const group = rest as Group
      const keys = await index.keysForChange(write.keys)
      const written = { type, id: group.id }
      const rows = write.members ? sizeOf(write.members) : 0
      const target = { scope, written, outbox: write.outbox, rows }
      return writeOutbox(database, target, async (change) => {
        await update(change.session, { scope, type }, group, { ...write, keys })
        if (write.members) {
          await changeMarked(change, { tenant: scope.tenant, groupId: group.id }, write.members)
        }
        return group
      })
    },
    changeMembers: (scope, id, change, options) =>
      changeMembers({ database, atOnce }, scope, { id, change, ...options }),
    delete: (scope, id, options) => deleteGroup(database, scope, { id, ...options }),
    countMembers: (scope, ids) => readMemberCounts(database, scope.tenant, ids),
    listMembers: (scope, id, page) =>
      readMemberPage(database, { tenant: scope.tenant, groupId: id }, page),
    groupsOf: (scope, ids) => readGroupsOf(database, scope.tenant, ids),
    userWithGroups: readUserWithGroups(database),
    ...accessResolver(database, access, policy),
  }
}

async function changeMembers(
  { database, atOnce }: { database: Database; atOnce: ChangeMembersAtOnce },
  scope: Scope,
  { id, change, now, outbox }: { id: string; change: MemberChange } & ChangeOptions,
): Promise<MembersChanged | undefined> {
  if (!isStorable(id)) return undefined
  const key = { tenant: scope.tenant, type, id }
  const version = randomUUID()
  const lastModified = Date.parse(now)
  const changed = await atOnce(scope, { ...key, ...change, version, lastModified, outbox })
  if (changed) {
    const { row, ...members } = changed
    return { ...members, group: toResource<Group>(type, row) }
  }
  const auditOf: WriteOptions<MembersChanged | undefined>['auditOf'] = (audit, changed) =>
    changed ? withActualMembers(audit, changed) : []
  const options = { scope, written: { type, id }, outbox, auditOf, rows: sizeOf(change) }
  return writeOutbox(database, options, async (write) => {
    const [row] = await write.session.prepared(lockResource, key)
    if (row === undefined) return undefined
    const changed = await changeMarked(write, { tenant: scope.tenant, groupId: id }, change)
    if (!isChange(changed)) return { ...changed, group: toResource<Group>(type, row) }
    const after = {
      ...row,
      version: randomUUID(),
      last_modified: Math.max(row.last_modified, Date.parse(now)),
    }
    await write.session.change(touchResource, {
      ...key,
      version: after.version,
      lastModified: after.last_modified,
    })
    return { ...changed, group: toResource<Group>(type, after) }
  })
}

function sizeOf({ add, remove }: MemberChange): number {
  return add.length + remove.length
}

type ChangeOptions = { readonly now: string; readonly outbox?: Outbox | undefined }

function isChange({ added, removed }: Pick<MembersChanged, 'added' | 'removed'>): boolean {
  return added.length + removed.length > 0
}

/**
 * Changes members. If the group is to be marked, those who leave are marked too, and everybody in a
 * group that leaves.
 */
async function changeMarked(
  { session, isMarked, toMark, known }: Write,
  group: { readonly tenant: string; readonly groupId: string },
  change: MemberChange,
): Promise<{ added: readonly string[]; removed: readonly string[] }> {
  const { added, removed } = await applyMemberChange(session, group, change)
  await inSteps(added, (member) => known.set(member.id, member))
  await inSteps(removed, (member) => {
    known.set(member.id, member)
    if (isMarked) toMark.push(member)
  })
  return { added: added.map(({ id }) => id), removed: removed.map(({ id }) => id) }
}

async function deleteGroup(
  database: Database,
  scope: Scope,
  { id, expectedVersion, outbox }: { id: string } & Parameters<GroupStore['delete']>[2],
): Promise<boolean> {
  if (!isStorable(id)) return false
  const { tenant } = scope
  const key = { tenant, type, id }
  return writeOutbox(
    database,
    { scope, written: { type, id }, outbox },
    async ({ session, isMarked, toMark }) => {
      if (!(await lockForDeletion(session, key))) return false
      await leaveAllGroups(session, key)
      const members = await removeAllMembers(session, { tenant, groupId: id })
      if (isMarked) for (const member of members) toMark.push(member)
      return remove(session, key, expectedVersion)
    },
  )
}

/** Groups with their members; those with thousands are read in steps. */
async function withMembers(
  session: Session,
  tenant: string,
  groups: readonly Group[],
): Promise<readonly Group[]> {
  const ids = groups.map(({ id }) => id)
  const few = await readFewMembers(session, tenant, ids)
  const read: Group[] = []
  for (const group of groups) {
    const isSame = few?.versions.get(group.id) === group.meta.version
    const whole = isSame
      ? withList(group, few?.members.get(group.id))
      : await readInSteps(session, tenant, group)
    if (whole) read.push(whole)
  }
  return read
}

const maxReadings = 3

/**
 * A group with its members, read in steps. Each change of members gives the group another version,
 * so members read between two looks at the same version are those of that version.
 *
 * @returns `undefined` when the group was deleted meanwhile
 */
async function readInSteps(
  session: Session,
  tenant: string,
  found: Group,
): Promise<Group | undefined> {
  let group = found
  for (let readings = 0; readings < maxReadings; readings += 1) {
    const members = await readMembersInSteps(session, { tenant, groupId: group.id })
    const [row] = await session.prepared(selectResource, { tenant, type, id: group.id })
    if (row === undefined) return undefined
    if (row.version === group.meta.version) return withList(group, members)
    group = toResource<Group>(type, row)
  }
  // It changes faster than it is read in steps.
  const { members, versions } = await readMembersAtOnce(session, tenant, [group.id])
  return versions.has(group.id) ? withList(group, members.get(group.id)) : undefined
}

function withList(group: Group, members: readonly Member[] | undefined): Group {
  return members && members.length > 0 ? ({ ...group, members } as Group) : group
}

const maxResolvers = 1000

/** Compiles the rules of each tenant once per version. */
function accessResolver(
  database: Database,
  access: AccessStore,
  policy: MappingPolicy,
): Required<Pick<GroupStore, 'resolveAccess' | 'resolveAccessOf' | 'personByAccount'>> {
  const resolvers = new Map<string, VersionedResolver>()
  const resolverOf = async (scope: Scope): Promise<VersionedResolver> => {
    const { tenant } = scope
    const { rules, version } = await access.rules(scope)
    const known = resolvers.get(tenant)
    const resolve = known?.version === version ? known.resolve : compileRules(rules, policy)
    if (resolvers.size >= maxResolvers) resolvers.clear()
    const found = { version, resolve }
    resolvers.set(tenant, found)
    return found
  }
  return {
    personByAccount: personReader(database, resolverOf),
    async resolveAccess(scope, user) {
      // First, because who had a role keeps that mark: read last, it could be the mark of a role
      // that neither the rules nor the groups gave yet, and somebody who comes in would be out.
      const record = await access.getRecord(scope, user.id)
      const { resolve } = await resolverOf(scope)
      const groups = (await readGroupsOf(database, scope.tenant, [user.id])).get(user.id) ?? []
      return resolve(groups, personState(user, record?.hadRole ?? false))
    },
    async resolveAccessOf(scope, users) {
      const ids = users.map(({ id }) => id)
      const records = await access.getRecords(scope, ids)
      const { resolve } = await resolverOf(scope)
      const groupsOf = await readGroupsOf(database, scope.tenant, ids)
      const hadRole = new Set(records.flatMap((record) => (record.hadRole ? record.userId : [])))
      return users.map((user) =>
        resolve(groupsOf.get(user.id) ?? [], personState(user, hadRole.has(user.id))),
      )
    },
  }
}
