import { setImmediate as nextTurn } from 'node:timers/promises'
import { forbidden, notFound, preconditionFailed, ScimError, versionExcluded } from '../errors.js'
import { auditEntries, subjectOf } from '../events/audit-entry.js'
import { storeErrorKind } from '../stores/errors.js'
import type { Read } from '../stores/query.js'
import type { Resource } from '../stores/resource.js'
import type { LedgerEntry } from '../stores/write.js'
import { matchesEtag } from '../version/etag.js'
import { type Call, type ResourceCall, within } from './call.js'
import type { Change, Shown, View, WriteSpec } from './kind.js'
import { type Effects, markPending, writeDurably } from './outbox.js'
import { holdingPerson } from './people/access.js'
import { isCreationUndone } from './people/creation.js'
import { passingOverUnknown, retryInTurn, retryRaces } from './races.js'
import { nextMeta } from './state.js'
import { isRefusal, toScimError } from './store-errors.js'
import { type Outcome, storeChange } from './store-input.js'
import { checkStored } from './store-output.js'
import { undo } from './undo.js'

/** Result of a write: the stored resource, and whether anything was stored. */
export interface WriteResult {
  readonly resource: Resource
  readonly hasChanged: boolean
}

/** A change ready to be stored, with its marks and audit entries. */
interface Prepared {
  readonly change: Change
  readonly effects: Effects
}

/**
 * Creates or changes a resource: load, decide, permit, check, prepare, store, announce, settle. If
 * another write comes first, it starts again from the new state, up to `options.maxRetries` times,
 * then answers 503; with `If-Match` it answers 412. If the store or the host refuses, nothing has
 * changed, except for access that the change takes (see `withdrawAnyway`).
 */
export function write(call: ResourceCall, spec: WriteSpec): Promise<WriteResult> {
  const mayWithdraw = call.kind.withdrawal !== undefined && spec.read !== undefined
  const isOn = call.services.options.deviations.has('accessEndsDespiteConflict')
  const written = writeWhole(call, spec)
  return mayWithdraw && isOn ? written.catch((error) => withdrawAnyway(call, spec, error)) : written
}

function writeWhole(call: ResourceCall, spec: WriteSpec): Promise<WriteResult> {
  const attempt = (ignored: ReadonlySet<string>) =>
    spec.read === undefined
      ? create(call, spec, ignored)
      : retryInTurn(call.services, call.id, () => steps(call, spec, ignored))
  return call.kind.namesOthers ? passingOverUnknown(call, attempt) : attempt(nobody)
}

/** Creates a resource, and tries once more if another creation of it was undone meanwhile. */
function create(
  call: ResourceCall,
  spec: WriteSpec,
  ignored: ReadonlySet<string>,
): Promise<WriteResult> {
  return steps(call, spec, ignored).catch(async (error: unknown) => {
    if (storeErrorKind(error) !== 'uniqueness' || !call.kind.handOver) throw error
    const { after } = await spec.decide(undefined, ignored)
    if (!(await isCreationUndone(call, after))) throw error
    return steps(call, spec, ignored)
  })
}

/**
 * Carries out what a change that conflicts with another resource says of access that ends, and
 * nothing else of it; then throws the conflict. A client that wants a name which is taken sends it
 * again with each change, also with the one that shall end the person's access.
 */
async function withdrawAnyway(call: ResourceCall, spec: WriteSpec, error: unknown): Promise<never> {
  const conflict = toScimError(error)
  if (conflict?.status !== 409) throw error
  const decide: WriteSpec['decide'] = async (current, ignored) => {
    const part = call.kind.withdrawal?.(call, await spec.decide(current, ignored))
    if (part === undefined) throw error
    return part
  }
  await writeWhole(call, { ...spec, decide }).catch((other) => {
    throw isRefusal(other) ? error : other
  })
  const { status, message, scimType } = conflict
  const detail = `${message} The access that this request takes has ended all the same.`
  throw new ScimError(status, detail, { ...(scimType && { scimType }), cause: error })
}

const nobody: ReadonlySet<string> = new Set()

async function steps(
  call: ResourceCall,
  spec: WriteSpec,
  ignored: ReadonlySet<string>,
): Promise<WriteResult> {
  const current = spec.read && (await loadToWrite(call, spec.read))
  const decided = spec.decide(current, ignored)
  // Skip absent steps: an extra `await` costs as much as the step itself.
  const change = decided instanceof Promise ? await decided : decided
  permit(call, change)
  if (current !== undefined && isNothing(change)) return leave(call, current, change)
  try {
    const checked = call.kind.check?.(call, change)
    if (checked !== undefined) await checked
    if (isLong(change)) await nextTurn()
    const stored = await carryOut(call, change, store)
    return { resource: stored.resource, hasChanged: hasChanged(stored) }
  } finally {
    release(call, change)
  }
}

/** Prepares, stores, announces, settles. */
async function carryOut(call: ResourceCall, change: Change, storing: typeof put): Promise<Outcome> {
  const prepared = prepare(call, change)
  const stored = await storing(call, prepared)
  announce(call, prepared, stored)
  const settled = settle(call, prepared.change, stored)
  if (settled !== undefined) await settled
  return stored
}

/**
 * Deletes a resource (RFC 7644 §3.6): what its kind does first, then check, prepare, store,
 * announce, settle. If something fails in between, the client gets an error and can send the same
 * DELETE again.
 */
export function remove(call: ResourceCall): Promise<void> {
  const { beforeDeletion } = call.kind
  let hasEnded = false
  return retryRaces(call.services, async () => {
    const change = await (beforeDeletion ?? checkedDeletion)(call).catch((error: unknown) => {
      throw hasEnded ? afterEnd(error) : error
    })
    hasEnded = beforeDeletion !== undefined && change.after['active'] === false
    await carryOut(call, change, put).finally(() => release(call, change))
  })
}

/** A condition that held when access was ended, and not any more when the person was deleted. */
function afterEnd(error: unknown): unknown {
  const refusal = toScimError(error)
  if (refusal?.status !== 412) return error
  const detail = `${refusal.message} The access of this person was ended first.`
  return new ScimError(412, detail, { cause: error })
}

/** Loads a resource and checks its deletion. */
export async function checkedDeletion(call: ResourceCall): Promise<Change> {
  const { read, decide } = call.kind.deletion(call)
  const change = await decide(read && (await loadToWrite(call, read)), nobody)
  try {
    await call.kind.check?.(call, change)
  } catch (error) {
    release(call, change)
    throw error
  }
  return change
}

/** Nobody has to count any more whom the change takes access from: it has failed or been counted. */
function release({ services, scope }: ResourceCall, change: Change): void {
  services.brake?.release(scope, change)
}

/** Also an answer that the resource is gone may be the second to the same DELETE. */
async function loadToWrite(call: ResourceCall, read: Read): Promise<Resource> {
  return load(call, read).catch(async (error: unknown) => {
    await call.store.durable?.()
    throw error
  })
}

/** The current resource, if it meets the client's conditions; 404 or 412 otherwise. */
async function load(call: ResourceCall, read: Read): Promise<Resource> {
  const { store, scope, id } = call
  return requireCurrent(call, await store.get(scope, id, read))
}

/** Like `load`, for an answer. */
export async function loadShown(call: ResourceCall, view: View): Promise<Shown> {
  const reading = call.kind.readShown?.(call, view)
  if (reading === undefined) return { resource: await load(call, { omit: view.omit }) }
  const found = await reading
  return { ...found, resource: requireCurrent(call, found?.resource) }
}

function requireCurrent(call: ResourceCall, resource: Resource | undefined): Resource {
  const { id, ifMatch, ifNoneMatch } = call
  if (!resource) throw notFound()
  const current = checkStored(call, resource, id)
  const { version } = current.meta
  const isMet = ifMatch === undefined || matchesEtag(ifMatch, version)
  const isExcluded = ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, version)
  if (!isMet) throw preconditionFailed()
  if (isExcluded) throw versionExcluded()
  return current
}

function permit({ allowed }: ResourceCall, { attributes, secrets }: Change): void {
  if (!allowed) return
  const refused = [...attributes, ...Object.keys(secrets)].find((name) => !allowed.has(name))
  if (refused !== undefined) throw forbidden(`You cannot change your own "${refused}".`)
}

/**
 * Stores nothing, but finishes what an earlier request with the same content may have left. That
 * request may not even be on the disk yet.
 */
async function leave(call: ResourceCall, current: Resource, change: Change): Promise<WriteResult> {
  await call.kind.settleUnchanged?.(call, current)
  await call.store.durable?.()
  if (!call.store.supports?.outbox) {
    // The mark after an earlier write may have been lost with the process.
    await markPending(call, call.kind.pending?.(call, change) ?? [])
  }
  return { resource: current, hasChanged: false }
}

/** Gives the new state its version, and makes its marks and audit entries. */
function prepare(call: Call, change: Change): Prepared {
  const { before, after, kind } = change
  const { clock, newId } = call.services
  const isNew = before !== undefined && kind !== 'deleted'
  const next = isNew
    ? { ...change, after: { ...after, meta: nextMeta(before.meta, clock(), newId()) } }
    : change
  return { change: next, effects: effectsOf(call, next) }
}

function effectsOf(call: Call, change: Change): Effects {
  const { kind, after, attributes } = change
  const event = `${call.kind.noun}.${kind}` as const
  const own = kind === 'deleted' ? { event } : { event, attributes }
  const events = [own, ...(call.kind.events?.(change) ?? [])]
  const audit = auditEntries(call.scope, call.services.clock(), events, subjectOf(after))
  return { pending: call.kind.pending?.(call, change) ?? [], audit }
}

/**
 * Stores the change, then passes its secrets to the host: never those of a resource that is not
 * stored. Both happen under the person's lease, so that the reconciler does not create the account
 * meanwhile.
 */
function store(call: ResourceCall, prepared: Prepared): Promise<Outcome> {
  const { change } = prepared
  if (!call.kind.handOver || Object.keys(change.secrets).length === 0) return put(call, prepared)
  const { services, scope } = call
  return holdingPerson(services, scope, change.after.id, async (held) => {
    const leased = within(call, held)
    const stored = await put(leased, prepared)
    try {
      await call.kind.handOver?.(leased, { ...change, after: stored.resource })
    } catch (error) {
      // A change is kept if the host may accept it later: a deactivation must not be lost because
      // of a password.
      if (change.kind === 'created' || isRefusal(error)) await undo(call, change, stored)
      else announce(call, prepared, stored)
      throw error
    }
    return stored
  })
}

/** Writes to the store, with marks and audit entries. */
async function put(call: ResourceCall, { change, effects }: Prepared): Promise<Outcome> {
  let entry: LedgerEntry | undefined
  const next = call.kind.ledger?.(call, change)
  const done = (recorded: LedgerEntry) => {
    entry = recorded
  }
  const all = next ? { ...effects, ledger: { userId: change.after.id, next, done } } : effects
  const written = await writeDurably(call, all, (outbox) => storeChange(call, change, outbox))
  if (!written) throw notFound()
  const stored = entry ? { ...written, ledger: entry } : written
  if (change.kind === 'deleted') return stored
  const { resource } = stored
  checkStored(call, resource, change.kind === 'created' ? undefined : call.id)
  // A store may choose another id for a new resource.
  if (resource.id !== change.after.id) await markPending(call, [resource.id])
  return stored
}

/** Emits the events, now that the change is durable. */
function announce(call: Call, { change, effects }: Prepared, stored: Outcome): void {
  if (!hasChanged(stored)) return
  const { members, resource, ledger } = stored
  const actual = members ? effectsOf(call, { ...change, members, after: resource }) : effects
  for (const entry of actual.audit) call.services.emit(entry)
  for (const entry of ledger?.audit ?? []) call.services.emit(entry)
  if (effects.pending.length > 0 && !ledger) call.services.onPending(call.scope.tenant)
}

/**
 * Carries out the host's part while the client waits; if the host refuses, restores the previous
 * state.
 */
function settle(call: Call, change: Change, stored: Outcome): Promise<void> | undefined {
  const isRecorded = stored.ledger !== undefined
  const settled = call.kind.settle?.(call, { ...change, after: stored.resource }, isRecorded)
  return settled?.catch(async (error) => {
    if (isRefusal(error)) await undo(call, change, stored)
    throw error
  })
}

function hasChanged({ members }: Outcome): boolean {
  return members === undefined || members.add.length + members.remove.length > 0
}

/** Whether to find out what changes has kept other requests waiting. */
function isLong({ members }: Change): boolean {
  return members.add.length + members.remove.length > 1_000
}

function isNothing({ attributes, members, secrets }: Change): boolean {
  return (
    attributes.length === 0 &&
    members.add.length === 0 &&
    members.remove.length === 0 &&
    Object.keys(secrets).length === 0
  )
}
