import {
  auditEntry,
  type EventName,
  type Outbox,
  type OutboxCall,
  type Scope,
  type User,
  writeDurably,
  writeInSteps,
} from '../../../lib/adapter/index.js'
import type { LabelStudioSettings } from '../options.js'

/** A change of a SCIM user by the import or by adoption, without a SCIM request. */
export interface AccountChange {
  readonly event: EventName
  readonly user: Pick<User, 'id' | 'userName'>
  /** A sentence for the log. */
  readonly detail?: string
}

const retryAfterSeconds = 10

/**
 * Writes to the user store, with an entry in the audit log: in the same step if the store supports
 * it; otherwise after the write, or before it with `audit: 'required'`. Then emits the event.
 *
 * @throws ScimError 503 when a required entry cannot be stored; then nothing was written
 */
export async function writeLogged<T>(
  settings: LabelStudioSettings,
  scope: Scope,
  change: AccountChange,
  write: (outbox: Outbox | undefined) => Promise<T>,
): Promise<T> {
  const effects = effectsOf(scope, change)
  const store = settings.storage.users
  const result = await writeDurably({ ...callOf(settings, scope), store }, effects, write)
  for (const entry of effects.audit) settings.emit(entry)
  return result
}

/** Like {@link writeLogged}, for a write to the access store, which has no outbox. */
export async function logged<T>(
  settings: LabelStudioSettings,
  scope: Scope,
  change: AccountChange,
  write: () => Promise<T>,
): Promise<T> {
  const effects = effectsOf(scope, change)
  const result = await writeInSteps(callOf(settings, scope), effects, write)
  for (const entry of effects.audit) settings.emit(entry)
  return result
}

function callOf({ storage, audit }: LabelStudioSettings, scope: Scope): OutboxCall {
  return { services: { adapters: storage, options: { audit, retryAfterSeconds } }, scope }
}

function effectsOf(scope: Scope, { event, user, detail }: AccountChange) {
  const target = { resourceType: 'User', id: user.id, name: user.userName }
  const said = { event, target, ...(detail !== undefined && { detail }) }
  return { pending: [], audit: [auditEntry(scope, new Date(), said)] }
}
