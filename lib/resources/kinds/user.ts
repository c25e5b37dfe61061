import { recordEnd } from '../../access/enforce.js'
import { noteRolesByRule } from '../../access/had-role.js'
import { rememberAddresses } from '../../access/standing.js'
import { invalidValue } from '../../errors.js'
import { type AuditEvent, auditEntry, subjectOf } from '../../events/audit-entry.js'
import { userValues } from '../../mapping/index.js'
import type { Projection } from '../../projection/index.js'
import { enterpriseUserUrn } from '../../schema/core-schemas.js'
import { extended } from '../../schema/json.js'
import type { Json, JsonObject } from '../../schema/types.js'
import { endsInLedger } from '../../stores/access-target.js'
import { emptyRecord } from '../../stores/empty-record.js'
import type { UserWithGroups } from '../../stores/group-store.js'
import { readMany } from '../../stores/read-many.js'
import { omitGroups, omitNothing } from '../../stores/reads.js'
import type { Resource, User } from '../../stores/resource.js'
import type { Scope } from '../../stores/scope.js'
import type { Call, Services } from '../call.js'
import type { Change, Kind } from '../kind.js'
import { writeInSteps } from '../outbox.js'
import {
  deprovisionUserWithoutRole,
  endAccess,
  endAccessAgain,
  endAccount,
  repeatEndAccess,
} from '../people/access.js'
import type { Loss } from '../people/brake.js'
import { refuseExempt } from '../people/protection.js'
import { stillIn } from '../people/still-in.js'
import { type Computed, referenceTo } from '../represent.js'
import { changedAttributes } from '../state.js'
import { write } from '../write.js'
import { changeOf, deletionOf, plain, present } from './plain.js'

/** Users: exemptions, passwords, and ending access before the answer. */
export const user: Kind = {
  ...plain,
  noun: 'user',
  storeIn: (adapters) => adapters.users,
  required: [
    { name: 'userName', types: ['string'] },
    { name: 'active', types: ['boolean', 'undefined'] },
  ],
  // Clients that omit it do not mean to deactivate or reactivate the user (RFC 7644 §3.5.1).
  keptByPut: ['active'],

  // New users are active unless the client says otherwise (RFC 7644 §3.3).
  withDefaults: (resource) =>
    typeof resource['active'] === 'boolean' ? resource : extended(resource, { active: true }),

  acceptedSecrets(services, secrets) {
    const password = passwordOf(services, secrets)
    return password === undefined ? {} : { password }
  },

  withdrawal({ services }, change) {
    const { before } = change
    const part: JsonObject = {
      ...(endsAccess(change) && { active: false }),
      ...(takesValues(services, change) && valuesLeft(change)),
    }
    if (before === undefined) return undefined
    const next = withoutEmptyLists(extended(before, part))
    const taken = changedAttributes(before, next)
    return taken.length === 0
      ? undefined
      : changeOf('patched', before, next, { secrets: {}, attributes: taken })
  },

  check(call, change) {
    const { adapters, options } = call.services
    // First, because what it holds must count before anything is waited for.
    const isFree =
      !(endsAccess(change) && areMany(call, change)) &&
      !adapters.users.exemptions &&
      options.unknownManager === 'keep' &&
      !takesValues(call.services, change) &&
      !changesAddresses(call.services, change)
    return isFree ? undefined : checkPerson(call, change)
  },

  pending: ({ services }, change) => (leavesWork(services, change) ? [change.after.id] : []),

  ledger({ services, scope }, change) {
    const { adapters, clock, options } = services
    const isOnlyRecorded = adapters.users.deprovision === endsInLedger && !options.gateIsOnlyWayIn
    if (!isOnlyRecorded || !(endsAccess(change) || isBornInactive(change))) return undefined
    const user = change.after as User
    return (known) =>
      recordEnd({ clock }, scope, { user, record: known ?? emptyRecord(user.id, clock()) })
  },

  events: ({ before, after, kind }) => {
    const list: AuditEvent[] = []
    if (kind !== 'deleted' && before && isActive(before) !== isActive(after)) {
      list.push({ event: isActive(after) ? 'user.activated' : 'user.deactivated' })
    }
    return list
  },

  refusal: ({ services, scope }, refused) => stillIn(services, scope, refused),

  async handOver(call, { after, secrets }) {
    const { services, scope } = call
    const password = passwordOf(services, secrets)
    if (password === undefined) return
    const event = { event: 'user.passwordSet', target: subjectOf(after) } as const
    const audit = [auditEntry(scope, services.clock(), event)]
    const setPassword = async () =>
      (await services.adapters.users.setPassword?.(scope, after as User, password)) !== false
    const isSet = await writeInSteps(call, { pending: [], audit }, setPassword, (done) => done)
    if (isSet) for (const entry of audit) services.emit(entry)
  },

  settle({ services, scope }, change, isRecorded) {
    const { before, after, kind } = change
    if (kind === 'deleted') return undefined
    if (endsAccess(change)) services.brake?.count(scope, { ids: [after.id], kind: 'inactive' })
    if (isRecorded) return undefined
    if (isActive(after)) {
      return takesValues(services, change)
        ? deprovisionUserWithoutRole(services, scope, after.id)
        : undefined
    }
    return before && !isActive(before)
      ? endAccessAgain(services, scope, after as User)
      : endAccess(services, scope, after as User)
  },

  // This may be the repetition of a request that did not reach the host in time, or of one whose
  // effect was undone there by hand.
  settleUnchanged({ services, scope }, resource) {
    if (!isActive(resource)) return repeatEndAccess(services, scope, resource as User)
    return givesByValues(services)
      ? deprovisionUserWithoutRole(services, scope, resource.id)
      : undefined
  },

  /**
   * Access ends first and the resource is deleted last. Whatever fails in between, the person is
   * inactive and marked pending.
   */
  async beforeDeletion(call) {
    const { services, scope } = call
    const { resource } = await write(call, {
      read: omitNothing,
      decide: async (current) => {
        const before = present(current)
        // Before anything changes, also for people who are already inactive.
        await checkPerson(call, deletionOf(before))
        const attributes = before['active'] === false ? [] : ['active']
        const after = { ...before, active: false }
        return changeOf('patched', before, after, { secrets: {}, attributes })
      },
    })
    await endAccount(services, scope, resource as User)
    await rememberAddresses(services.adapters, scope, resource as User)
    return deletionOf(resource)
  },

  readShown({ services, scope, id }, { omit }) {
    if (omit.has('groups')) return undefined
    return services.adapters.groups
      .userWithGroups?.(scope, id)
      .then((found) => found && { resource: found.user, computed: groupsIn(found) })
  },

  // A host that replaces `groupsOf` removes `userWithGroups`.
  wantsGroups: ({ services }, omit) =>
    !omit.has('groups') && services.adapters.groups.userWithGroups !== undefined,

  // Nobody knows the user's id yet, so no group can name it.
  computedAtFirst: { groups: new Map() },

  readComputed(services, scope, users, { view, known }) {
    const isKnown = known.groups !== undefined || view.omit.has('groups')
    const ids = users.map(({ id }) => id)
    const wantedGroups = isKnown ? undefined : services.adapters.groups.groupsOf(scope, ids)
    const managerIds = wantsManager(view.projection) ? managersAmong(users) : []
    if (managerIds.length === 0) return wantedGroups?.then((groups) => ({ groups }))
    const wantedManagers = readById(services, scope, managerIds)
    return Promise.all([wantedGroups, wantedManagers]).then(([groups, managers]) => ({
      managers,
      ...(groups && { groups }),
    }))
  },

  compute: (resource, computed) => ({
    groups: shownGroups(resource, computed) ?? null,
    ...enterpriseShown(resource, computed),
  }),

  showsOthers(resource, { projection, omit }) {
    const hasManager = managerIdOf(resource) !== undefined && wantsManager(projection)
    return hasManager || !omit.has('groups')
  },
}

/** Attributes that always affect access. */
const accessAttributes: readonly string[] = [
  'active',
  'userName',
  'emails',
  'roles',
  'entitlements',
]

/** Whether a change leaves work for the reconciler. */
function leavesWork(
  { adapters, options }: Services,
  { kind, attributes, secrets }: Change,
): boolean {
  // Behind the gate, the account of a deleted person still has to be closed.
  if (kind === 'deleted') return options.gateIsOnlyWayIn
  const { accessAttributes: more } = adapters.users
  // The same state may come from an earlier change whose mark was lost.
  if (kind === 'created' || more === undefined || attributes.length === 0) return true
  const isRead = (name: string) => accessAttributes.includes(name) || more.includes(name)
  return Object.keys(secrets).length > 0 || attributes.some(isRead)
}

async function checkPerson(call: Call, change: Change): Promise<void> {
  const { services, scope } = call
  const { before, after, kind } = change
  await refuseExempt(services, scope, kind === 'deleted' ? [after] : [before, after])
  await checkManager(call, before, after)
  const { access } = services.adapters
  if (access && takesValues(services, change)) {
    await noteRolesByRule({ ...services.adapters, access }, scope, [before as User])
  }
  if (changesAddresses(services, change)) {
    await rememberAddresses(services.adapters, scope, before as User, after as User)
  }
  const loss = await lossOf(call, change)
  if (loss) await services.brake?.check(scope, loss)
}

/**
 * The loss of access by a change, if so many have lost it recently that one more may be a mass
 * loss.
 */
async function lossOf(call: Call, change: Change): Promise<Loss | undefined> {
  const who = { change, ids: [change.after.id] }
  if (endsAccess(change) && areMany(call, change))
    return { ...who, kind: 'inactive', cause: 'Deactivating people' }
  const isMany = takesValues(call.services, change) && areMany(call, change)
  return isMany && (await losesRole(call, change))
    ? { ...who, kind: 'withoutRole', cause: 'Taking roles from people' }
    : undefined
}

/** Whether an active person has access now and none after the change. */
async function losesRole({ services, scope }: Call, { before, after }: Change): Promise<boolean> {
  const { groups } = services.adapters
  if (!isActive(after) || !(await groups.resolveAccess(scope, before as User)).active) return false
  return !(await groups.resolveAccess(scope, after as User)).active
}

/** Whether `roles` and `entitlements` of users give roles here. */
function givesByValues({ adapters: { policy } }: Services): boolean {
  return (policy?.roles_users?.length ?? 0) > 0
}

/** Whether the user loses a value that may have given a role. */
function takesValues(services: Services, { before, after, kind }: Change): boolean {
  if (!givesByValues(services) || before === undefined || kind === 'deleted') return false
  const left = new Set(userValues(after))
  return userValues(before).some((value) => !left.has(value))
}

/** `roles` and `entitlements` as they were, without the values that a change takes. */
function valuesLeft({ before, after }: Change): JsonObject {
  const left = new Set(userValues(after))
  const isLeft = (entry: Json) => left.has(String(memberOf(entry, 'value')))
  const lists = ['roles', 'entitlements'].map((name) => [name, before?.[name]] as const)
  return Object.fromEntries(
    lists.flatMap(([name, list]) => (Array.isArray(list) ? [[name, list.filter(isLeft)]] : [])),
  )
}

function withoutEmptyLists(user: Resource): Resource {
  const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0
  const entries = Object.entries(user).filter(([, value]) => !isEmpty(value))
  return Object.fromEntries(entries) as unknown as Resource
}

/** Whether the user may lose an address under which an account exists. */
function changesAddresses({ adapters }: Services, change: Change): boolean {
  const { before, kind, attributes } = change
  if (!adapters.access || before === undefined || kind === 'deleted') return false
  return attributes.includes('emails') || attributes.includes('userName')
}

/** Whether the change has to be checked, because many have lost access. */
function areMany({ services: { brake }, scope }: Call, change: Change): boolean {
  return brake !== undefined && !brake.few(scope, { change, ids: [change.after.id] })
}

/** Whether an active user becomes inactive; a deletion starts with that. */
function endsAccess({ before, after, kind }: Change): boolean {
  return kind !== 'deleted' && before !== undefined && isActive(before) && !isActive(after)
}

function isBornInactive({ kind, after }: Change): boolean {
  return kind === 'created' && !isActive(after)
}

/** Unassigned counts as inactive: a client that removes `active` gives no access. */
function isActive(user: Resource): boolean {
  return user['active'] === true
}

/** The `id` in a user's enterprise `manager`, which need not exist. */
function managerIdOf(user: Resource): string | undefined {
  const value = memberOf(memberOf(user[enterpriseUserUrn], 'manager'), 'value')
  return typeof value === 'string' && value !== '' ? value : undefined
}

function passwordOf(
  { adapters, options }: Services,
  secrets: Readonly<Record<string, Json>>,
): string | undefined {
  const password = Object.hasOwn(secrets, 'password') ? secrets['password'] : undefined
  const isTaken = options.features.changePassword && adapters.users.setPassword !== undefined
  return isTaken && typeof password === 'string' ? password : undefined
}

/** Refuses unknown managers, if the host wants that. A user of another tenant counts as unknown. */
async function checkManager(
  { services: { adapters, options }, scope }: Call,
  before: Resource | undefined,
  after: Resource,
): Promise<void> {
  const id = managerIdOf(after)
  if (options.unknownManager === 'keep' || id === undefined) return
  if (before && managerIdOf(before) === id) return
  const manager = await adapters.users.get(scope, id, omitGroups)
  if (!manager) throw invalidValue('Attribute "manager.value" names a user that does not exist.')
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

function shownGroups(user: Resource, computed: Computed): Json[] | undefined {
  const groups = computed.groups?.get(user.id) ?? []
  if (groups.length === 0) return undefined
  return groups.map(({ id, displayName, direct }) => ({
    value: id,
    $ref: referenceTo(computed, 'Group', id) ?? null,
    display: displayName,
    type: direct ? 'direct' : 'indirect',
  }))
}

/**
 * The enterprise extension, by its URN, of somebody with a manager. A manager who is not a user of
 * this tenant stays as the client sent it: text, never a link.
 */
function enterpriseShown(user: Resource, computed: Computed): JsonObject | undefined {
  const enterprise = user[enterpriseUserUrn] as JsonObject | undefined
  const manager = enterprise?.['manager'] as JsonObject | undefined
  const value = manager?.['value']
  if (!enterprise || !manager || typeof value !== 'string') return undefined
  const known = computed.managers?.get(value)
  const $ref = known && referenceTo(computed, 'User', value)
  const displayName = known?.['displayName']
  const shown: JsonObject = {
    value,
    ...($ref !== undefined && { $ref }),
    ...(typeof displayName === 'string' && { displayName }),
  }
  return { [enterpriseUserUrn]: { ...enterprise, manager: shown } }
}

function groupsIn({ user, groups }: UserWithGroups): Partial<Computed> {
  return { groups: new Map([[user.id, groups]]) }
}

function managersAmong(users: readonly Resource[]): readonly string[] {
  return users.map(managerIdOf).filter((id) => id !== undefined)
}

async function readById(
  { adapters }: Services,
  scope: Scope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Resource>> {
  const resources = await readMany(adapters.users, scope, ids)
  return new Map(resources.map((resource) => [resource.id, resource]))
}

/** A cheap estimate: it may load managers that are not shown, but never misses any that are. */
function wantsManager(projection: Projection): boolean {
  const named = projection.names?.get(enterpriseUserUrn)
  return projection.kind === 'only' ? named !== undefined : !named?.isWhole
}
