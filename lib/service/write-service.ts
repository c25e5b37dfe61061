import { forbidden, notFound, preconditionFailed } from '../errors.js'
import { comparableOf } from '../schema/comparable.js'
import { lookupKeys } from '../schema/lookups.js'
import type { ResourceType } from '../schema/types.js'
import type { MemberChange } from '../stores/group-store.js'
import type { Read } from '../stores/query.js'
import type { Resource } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import type { Alongside, Write } from '../stores/write.js'
import { matchesEtag } from '../version/etag.js'
import { auditEntries, auditEntry, targetOf } from './audit.js'
import { type Change, eventOf, type TypeRules } from './change.js'
import { nextMeta } from './changes.js'
import { appendAudit, type Effects, markPending, writeDurably } from './durable-write.js'
import { retryInTurn } from './races.js'
import { toScimError } from './store-errors.js'
import { checkStored } from './stored.js'
import { type Services, storeOf } from './stores.js'

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
  await rules.beforeWrite(services, scope, change)
  const store = storeOf(services, type)
  const effects = effectsOf(services, scope, { rules, change })
  const stored = await writeDurably(services, { scope, store, effects }, (alongside) =>
    store.create(scope, change.after, writeOf(type, change.after, alongside)),
  )
  const resource = checkStored(type, stored)
  if (resource.id !== change.after.id) await markPending(services, scope, [resource.id])
  announce(services, scope, effects)
  await rules.afterWrite(services, scope, { ...change, after: resource })
  return resource
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
    const prepared = plan.rules.beforeWrite(services, target.scope, change)
    if (prepared !== undefined) await prepared
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
  const target = targetOf(change.after)
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
  const options = { scope, store: resourceStore, effects }
  const stored = await writeDurably(services, options, (alongside) => {
    const expectedVersion = before.meta.version
    const write = { expectedVersion, ...writeOf(type, next, alongside) }
    const members = resourceStore.supports?.memberDeltas ? changeIn(change.members) : undefined
    return resourceStore.replace(scope, next, members ? withMembers(write, members) : write)
  })
  const resource = checkStored(type, stored, before.id)
  announce(services, scope, effects)
  const done = rules.afterWrite(services, scope, { ...change, after: resource })
  if (done !== undefined) {
    await done.catch((error) => undoRefused(services, { type, scope }, { before, resource, error }))
  }
  return resource
}

/**
 * The host refused after all to touch the person: puts the state before back, so that 403 means nothing has changed.
 * Whatever goes wrong here, the mark stays and the refusal is reported.
 */
async function undoRefused(
  services: Services,
  { type, scope }: Pick<Target, 'type' | 'scope'>,
  { before, resource, error }: { before: Resource; resource: Resource; error: unknown },
): Promise<never> {
  if (toScimError(error)?.status === 403) {
    const restored = {
      ...before,
      meta: nextMeta(resource.meta, services.clock(), services.newId()),
    }
    const expectedVersion = resource.meta.version
    await storeOf(services, type)
      .replace(scope, restored, { expectedVersion, ...writeOf(type, restored, undefined) })
      .catch(() => undefined)
    const entry = auditEntry(scope, services.clock(), {
      event: 'request.refused',
      outcome: 'refused',
      target: targetOf(restored),
      detail: 'The host refused; the state before was restored.',
    })
    await appendAudit(services, scope, [entry])
  }
  throw error
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
