import { forbidden, notFound, preconditionFailed } from '../errors.js'
import { auditEntries, auditEntry, subjectOf } from '../events/audit-entry.js'
import { comparableOf } from '../schema/comparable.js'
import { lookupKeys } from '../schema/lookups.js'
import type { ResourceType } from '../schema/types.js'
import type { MemberChange } from '../stores/group-store.js'
import type { Read } from '../stores/query.js'
import type { Resource } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { Alongside, Write } from '../stores/write.js'
import { matchesEtag } from '../version/etag.js'
import { holdingPerson } from './access.js'
import { type Change, eventOf, type TypeRules } from './change.js'
import { nextMeta } from './changes.js'
import { appendAudit, type Effects, markPending, writeDurably } from './durable-write.js'
import { retryInTurn } from './races.js'
import { toScimError } from './store-errors.js'
import { checkStored } from './stored.js'
import { type Services, storeOf } from './stores.js'

const undoMs = 10_000

/** One resource a request wants to change. */
export interface Target {
  readonly type: ResourceType
  readonly scope: Scope
  readonly id: string
  /** Raw `If-Match` header; the change happens only to a version it names. */
  readonly ifMatch?: string
  /** Raw `If-None-Match` header; the change happens only to a version it does not name (RFC 9110 §13.1.2). */
  readonly ifNoneMatch?: string
  /** Attributes that may change; all unless given. Names as in the schema, extensions by URN. */
  readonly allowed?: ReadonlySet<string>
}

/** How a request's next state is made. */
export interface Plan {
  readonly rules: TypeRules
  /** What must be known of the present state. */
  readonly read: Read
  readonly next: (current: Resource) => Change | Promise<Change>
}

/** Result of a write: the stored resource, and whether anything was stored. */
export interface Written {
  readonly resource: Resource
  readonly hasChanged: boolean
}

/** A resource as it is now, if its version is one the client accepts. */
export async function readTarget(
  services: Services,
  { type, scope, id, ifMatch, ifNoneMatch }: Target,
  read: Read,
): Promise<Resource> {
  const resource = await storeOf(services, type).get(scope, id, read)
  if (!resource) throw notFound()
  const current = checkStored(type, resource, id)
  const { version } = current.meta
  const isMet = ifMatch === undefined || matchesEtag(ifMatch, version)
  const isExcluded = ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, version)
  if (!isMet || isExcluded) throw preconditionFailed()
  return current
}

/** Whether a change depends on the version there is. */
export function isConditional({ ifMatch, ifNoneMatch }: Target): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined
}

/** Stores a new resource. */
export async function createResource(
  services: Services,
  { type, scope }: Pick<Target, 'type' | 'scope'>,
  { rules, change }: { rules: TypeRules; change: Change },
): Promise<Resource> {
  await rules.check(services, scope, change)
  const store = storeOf(services, type)
  const effects = effectsOf(services, scope, { rules, change })
  const create = async (within: Scope) => {
    const options = { scope: within, store, effects }
    const stored = await writeDurably(services, options, (alongside) =>
      store.create(within, change.after, writeOf(type, change.after, alongside)),
    )
    return checkStored(type, stored)
  }
  const undo = (resource: Resource) => undoCreation(services, { type, scope }, resource)
  const resource = await withSecrets(services, scope, { rules, change, write: create, undo })
  if (resource.id !== change.after.id) await markPending(services, scope, [resource.id])
  announce(services, scope, effects)
  await rules.afterWrite(services, scope, { ...change, after: resource })?.catch(async (error) => {
    if (isRefusal(error)) await undo(resource)
    throw error
  })
  return resource
}

/**
 * Writes, then hands the secrets over to the host: only those of resources that are stored. Both happen under the
 * person's lease, so that the reconciler does not make the account meanwhile. What the host refuses is undone, and so is
 * a creation after any failure, so that the client can send it again.
 */
async function withSecrets(
  services: Services,
  scope: Scope,
  {
    rules,
    change,
    write,
    undo,
    keep,
  }: {
    rules: TypeRules
    change: Change
    write: (scope: Scope) => Promise<Resource>
    undo: (resource: Resource) => Promise<void>
    keep?: () => void
  },
): Promise<Resource> {
  if (!rules.handOver || Object.keys(change.secrets).length === 0) return write(scope)
  const handOver = rules.handOver
  return holdingPerson(services, scope, change.after.id, async (leased) => {
    const resource = await write(leased)
    try {
      await handOver(services, leased, { ...change, after: resource })
    } catch (error) {
      // A change goes on where the host may take it later: a deactivation must not be lost for a password.
      if (change.kind === 'created' || isRefusal(error)) await undo(resource)
      else keep?.()
      throw error
    }
    return resource
  })
}

/**
 * Changes a resource to what `plan.next` makes of its present state. When another write comes first, starts again from
 * the new state, as often as `options.maxRetries` allows, then 503; with `If-Match` that ends in 412.
 */
export function changeResource(services: Services, target: Target, plan: Plan): Promise<Written> {
  return retryInTurn(services, target.id, async () => {
    const current = await readTarget(services, target, plan.read)
    const next = plan.next(current)
    const change = next instanceof Promise ? await next : next
    requireAllowed(target, change)
    if (isNothing(change)) return changeNothing(services, target, { plan, current })
    // Nothing is awaited that is not there: each time costs as much as the step itself.
    const checked = plan.rules.check(services, target.scope, change)
    if (checked !== undefined) await checked
    return {
      resource: await store(services, target, { rules: plan.rules, change }),
      hasChanged: true,
    }
  })
}

/** Tells everybody who listens, now that the change is durable. */
export function announce(services: Services, scope: Scope, effects: Effects): void {
  for (const entry of effects.audit) services.emit(entry)
  if (effects.pending.length > 0) services.onPending(scope.tenant)
}

/** Marks and audit entries of a change. */
export function effectsOf(
  services: Services,
  scope: Scope,
  { rules, change }: { rules: TypeRules; change: Change },
): Effects {
  const target = subjectOf(change.after)
  const event = eventOf(target.resourceType, change.kind)
  const own = change.kind === 'deleted' ? { event } : { event, attributes: change.attributes }
  const audit = auditEntries(
    scope,
    services.clock(),
    [own, ...rules.happenings(services, change)],
    target,
  )
  return { pending: rules.pending(change), audit }
}

/** What a store needs to know beside the resource. */
export function writeOf(
  type: ResourceType,
  resource: Resource,
  alongside: Alongside | undefined,
): Write {
  return {
    keys: lookupKeys(type, resource),
    comparable: () => comparableOf(type, resource),
    alongside,
  }
}

async function store(
  services: Services,
  { type, scope }: Target,
  { rules, change }: { rules: TypeRules; change: Change },
): Promise<Resource> {
  const resourceStore = storeOf(services, type)
  const { before, after } = change
  if (!before) throw new Error('A change needs a state before it.')
  const next = { ...after, meta: nextMeta(before.meta, services.clock(), services.newId()) }
  const effects = effectsOf(services, scope, { rules, change: { ...change, after: next } })
  const replace = async (within: Scope) => {
    const options = { scope: within, store: resourceStore, effects }
    const stored = await writeDurably(services, options, (alongside) => {
      const expectedVersion = before.meta.version
      const write = { expectedVersion, ...writeOf(type, next, alongside) }
      const members = resourceStore.supports?.memberDeltas ? changeIn(change.members) : undefined
      return resourceStore.replace(within, next, members ? withMembers(write, members) : write)
    })
    return checkStored(type, stored, before.id)
  }
  const undo = (resource: Resource) =>
    undoChange(services, { type, scope }, { before, resource, members: change.members })
  const tell = () => announce(services, scope, effects)
  const secrets = { rules, change, write: replace, undo, keep: tell }
  const resource = await withSecrets(services, scope, secrets)
  tell()
  const done = rules.afterWrite(services, scope, { ...change, after: resource })
  if (done !== undefined) {
    await done.catch(async (error) => {
      if (isRefusal(error)) await undo(resource)
      throw error
    })
  }
  return resource
}

/** The host will never do it: nothing may have changed. After any other failure the change is kept and goes on. */
export function isRefusal(error: unknown): boolean {
  const status = toScimError(error)?.status
  return status !== undefined && status < 500
}

/**
 * Puts the state before back, so that a refusal means that nothing has changed. Whatever goes wrong here, the mark stays
 * and the refusal is reported.
 */
async function undoChange(
  services: Services,
  { type, scope }: Pick<Target, 'type' | 'scope'>,
  { before, resource, members }: { before: Resource; resource: Resource; members: MemberChange },
): Promise<void> {
  const restored = { ...before, meta: nextMeta(resource.meta, services.clock(), services.newId()) }
  const expectedVersion = resource.meta.version
  const own = unhurried(scope)
  const store = storeOf(services, type)
  const write = { expectedVersion, ...writeOf(type, restored, undefined) }
  const back = store.supports?.memberDeltas ? changeIn(inverseOf(members)) : undefined
  await store.replace(own, restored, back ? withMembers(write, back) : write).catch(() => undefined)
  await tellUndone(services, own, restored, 'The host refused; the state before was restored.')
}

async function undoCreation(
  services: Services,
  { type, scope }: Pick<Target, 'type' | 'scope'>,
  resource: Resource,
): Promise<void> {
  const own = unhurried(scope)
  await storeOf(services, type)
    .delete(own, resource.id, { expectedVersion: resource.meta.version, alongside: undefined })
    .catch(() => undefined)
  await tellUndone(services, own, resource, 'The host refused; the new resource was removed.')
}

export async function tellUndone(
  services: Services,
  scope: Scope,
  resource: Resource,
  detail: string,
): Promise<void> {
  const refused = { event: 'request.refused', outcome: 'refused' } as const
  const entry = auditEntry(scope, services.clock(), {
    ...refused,
    target: subjectOf(resource),
    detail,
  })
  await appendAudit(services, scope, [entry])
}

/** Back to the members before. */
export function inverseOf({ add, remove }: MemberChange): MemberChange {
  return { add: remove, remove: add }
}

/** For what must be put right even when the client has gone or the deadline has passed. */
export function unhurried({ tenant, actor, requestId }: Scope): Scope {
  return { tenant, actor, requestId, signal: AbortSignal.timeout(undoMs) }
}

async function changeNothing(
  services: Services,
  { type, scope }: Target,
  { plan, current }: { plan: Plan; current: Resource },
): Promise<Written> {
  await plan.rules.afterNothing(services, scope, current)
  if (!storeOf(services, type).supports?.alongside) {
    // The mark after an earlier write may have been lost with the process.
    await markPending(services, scope, plan.rules.pending(await plan.next(current)))
  }
  return { resource: current, hasChanged: false }
}

function isNothing({ attributes, members, secrets }: Change): boolean {
  return (
    attributes.length === 0 &&
    members.add.length === 0 &&
    members.remove.length === 0 &&
    Object.keys(secrets).length === 0
  )
}

function requireAllowed({ allowed }: Target, { attributes, secrets }: Change): void {
  if (!allowed) return
  const refused = [...attributes, ...Object.keys(secrets)].find((name) => !allowed.has(name))
  if (refused !== undefined) throw forbidden(`You cannot change your own "${refused}".`)
}

/** What stores of groups take beside what every store takes. */
function withMembers<W>(write: W, members: MemberChange): W {
  return { members, ...write }
}

function changeIn(members: MemberChange): MemberChange | undefined {
  return members.add.length + members.remove.length > 0 ? members : undefined
}
