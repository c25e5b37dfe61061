import { rememberAddresses } from '../access/standing.js'
import { notFound } from '../errors.js'
import type { Read } from '../stores/query.js'
import type { Resource, User } from '../stores/resource.js'
import { endAccessOfRoleless, endAccount } from './access.js'
import { type Change, noMembers } from './change.js'
import { type Effects, writeDurably } from './durable-write.js'
import { groupRules } from './group-rules.js'
import { checkGroupLoss } from './losing.js'
import { memberIds } from './members.js'
import { plainRules } from './plain-rules.js'
import { refuseProtectedMembers } from './protection.js'
import { retryRaces } from './races.js'
import { type Services, storeOf } from './stores.js'
import { userRules } from './user-rules.js'
import {
  announce,
  changeResource,
  effectsOf,
  isConditional,
  isRefusal,
  readTarget,
  type Target,
  tellUndone,
  unhurried,
  writeOf,
} from './write-service.js'

const everything: Read = { omit: new Set() }
const withoutMembers: Read = { omit: new Set(['members']) }

/**
 * Deletes a resource (RFC 7644 §3.6). Of a person, access ends first and the resource goes last: whatever fails in
 * between, the client gets an error, the person is inactive with a pending mark, and the same DELETE can be sent again.
 */
export async function removeResource(services: Services, target: Target): Promise<void> {
  await retryRaces(services, () => {
    switch (target.type.name) {
      case 'User':
        return removeUser(services, target)
      case 'Group':
        return removeGroup(services, target)
      default:
        return removePlain(services, target)
    }
  })
}

async function removeUser(services: Services, target: Target): Promise<void> {
  const { resource } = await changeResource(services, target, {
    rules: userRules,
    read: everything,
    next: async (before) => {
      // Before anything changes, also for somebody who is inactive already.
      await userRules.check(services, target.scope, deletionOf(before))
      const attributes = before['active'] === false ? [] : ['active']
      const after = { ...before, active: false }
      return { kind: 'patched', before, after, secrets: {}, members: noMembers, attributes }
    },
  })
  const change = deletionOf(resource)
  await endAccount(services, target.scope, resource as User)
  await rememberAddresses(services.adapters, target.scope, resource as User)
  await removeStored(services, target, {
    effects: effectsOf(services, target.scope, { rules: userRules, change }),
    expectedVersion: resource.meta.version,
  })
}

async function removeGroup(services: Services, target: Target): Promise<void> {
  const { adapters } = services
  const group = await readTarget(
    services,
    target,
    needsMembers(services) ? everything : withoutMembers,
  )
  const members = memberIds(group)
  await refuseProtectedMembers(services, target.scope, {
    ids: members,
    effective: (concerned) => concerned,
  })
  const cause = `Deleting the group "${String(group['displayName'])}"`
  await checkGroupLoss(services, target.scope, { id: group.id, leaving: members, cause })
  const change = deletionOf(group)
  const effects = effectsOf(services, target.scope, { rules: groupRules, change })
  // A store that marks on its own does so before the group is gone; `mark` afterwards would find nobody in it.
  const pending = adapters.groups.supports?.alongside
    ? effects.pending
    : [...effects.pending, ...members]
  await removeStored(services, target, {
    effects: { ...effects, pending },
    expectedVersion: isConditional(target) ? group.meta.version : undefined,
  })
  await endAccessOfRoleless(services, target.scope, members).catch(async (error: unknown) => {
    if (isRefusal(error)) await restoreGroup(services, target, group)
    throw error
  })
}

/** The host refuses after all to touch somebody: a refused request leaves the group as it was. */
async function restoreGroup(
  services: Services,
  { type, scope }: Target,
  group: Resource,
): Promise<void> {
  const own = unhurried(scope)
  await storeOf(services, type)
    .create(own, group, writeOf(type, group, undefined))
    .catch(() => undefined)
  await tellUndone(services, own, group, 'The host refused; the group was restored.')
}

/** Whose access may change with the group, and who must not be touched. */
function needsMembers({ adapters: { access, users } }: Services): boolean {
  return access !== undefined || users.exemptions !== undefined
}

async function removePlain(services: Services, target: Target): Promise<void> {
  const resource = await readTarget(services, target, everything)
  const change = deletionOf(resource)
  await removeStored(services, target, {
    effects: effectsOf(services, target.scope, { rules: plainRules, change }),
    expectedVersion: isConditional(target) ? resource.meta.version : undefined,
  })
}

async function removeStored(
  services: Services,
  { type, scope, id }: Target,
  { effects, expectedVersion }: { effects: Effects; expectedVersion: string | undefined },
): Promise<void> {
  const store = storeOf(services, type)
  const isDeleted = await writeDurably(services, { scope, store, effects }, (alongside) =>
    store.delete(scope, id, { expectedVersion, alongside }),
  )
  if (!isDeleted) throw notFound()
  announce(services, scope, effects)
}

function deletionOf(resource: Resource): Change {
  return {
    kind: 'deleted',
    after: resource,
    secrets: {},
    members: noMembers,
    attributes: [],
  }
}
