import { invalidValue } from '../errors.js'
import { type AuditEvent, auditEntry, subjectOf } from '../events/audit-entry.js'
import { enterpriseUserUrn } from '../schema/core-schemas.js'
import type { Json } from '../schema/types.js'
import type { Resource, User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { endAccess, endAccessAgain } from './access.js'
import type { Change, TypeRules } from './change.js'
import { writeInSteps } from './durable-write.js'
import { refuseExempt } from './protection.js'
import type { Services } from './stores.js'

/** Rules of the resource type User: exemptions, passwords, and the end of access before the answer. */
export const userRules: TypeRules = {
  check(services, scope, change) {
    const { adapters, options } = services
    const isFree =
      !adapters.users.exemptions &&
      options.unknownManager === 'keep' &&
      !mayBeTooMany(services, scope, change)
    return isFree ? undefined : checkPerson(services, scope, change)
  },

  pending: ({ after, kind }) => (kind === 'deleted' ? [] : [after.id]),

  happenings: (_services, { before, after, kind }) => {
    const list: AuditEvent[] = []
    if (kind !== 'deleted' && before && isActive(before) !== isActive(after)) {
      list.push({ event: isActive(after) ? 'user.activated' : 'user.deactivated' })
    }
    return list
  },

  async handOver(services, scope, { after, secrets }) {
    const password = passwordOf(services, secrets)
    if (password === undefined) return
    const happening = { event: 'user.passwordSet', target: subjectOf(after) } as const
    const audit = [auditEntry(scope, services.clock(), happening)]
    await writeInSteps(services, { scope, effects: { pending: [], audit } }, async () => {
      await services.adapters.users.setPassword?.(scope, after as User, password)
    })
    for (const entry of audit) services.emit(entry)
  },

  afterWrite(services, scope, change) {
    const { before, after } = change
    if (endsAccess(change)) services.brake?.count(scope, { ids: [after.id], kind: 'inactive' })
    if (isActive(after)) return undefined
    return before && !isActive(before)
      ? endAccessAgain(services, scope, after as User)
      : endAccess(services, scope, after as User)
  },

  afterNothing: (services, scope, resource) =>
    isActive(resource) ? undefined : endAccessAgain(services, scope, resource as User),
}

async function checkPerson(services: Services, scope: Scope, change: Change): Promise<void> {
  const { before, after, kind } = change
  await refuseExempt(services, scope, kind === 'deleted' ? [after] : [before, after])
  await checkManager(services, scope, { before, after })
  if (mayBeTooMany(services, scope, change)) {
    const loss = { ids: [after.id], kind: 'inactive', cause: 'Deactivating people' } as const
    await services.brake?.check(scope, loss)
  }
}

function mayBeTooMany({ brake }: Services, scope: Scope, change: Change): boolean {
  return brake !== undefined && endsAccess(change) && brake.isNear(scope, 1)
}

/** Somebody active becomes inactive; a deletion does so first. */
function endsAccess({ before, after, kind }: Change): boolean {
  return kind !== 'deleted' && before !== undefined && isActive(before) && !isActive(after)
}

/** Unassigned is not active: what a client has taken away gives nothing. */
function isActive(user: Resource): boolean {
  return user['active'] === true
}

/** The secrets of a change that the host takes; the others are dropped. */
export function acceptedSecrets(
  services: Services,
  secrets: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const password = passwordOf(services, secrets)
  return password === undefined ? {} : { password }
}

/** The `id` in a user's enterprise `manager`, which need not exist. */
export function managerIdOf(user: Resource): string | undefined {
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

/** Another tenant's user and nobody are refused alike, and only where the host wants managers to exist. */
async function checkManager(
  { adapters, options }: Services,
  scope: Scope,
  { before, after }: { before: Resource | undefined; after: Resource },
): Promise<void> {
  const id = managerIdOf(after)
  if (options.unknownManager === 'keep' || id === undefined) return
  if (before && managerIdOf(before) === id) return
  const manager = await adapters.users.get(scope, id, { omit: new Set(['groups']) })
  if (!manager) throw invalidValue('Attribute "manager.value" names a user that does not exist.')
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}
