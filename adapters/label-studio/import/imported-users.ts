import { randomUUID } from 'node:crypto'
import { emptyRecord } from '../../../lib/access/index.js'
import { comparableOf } from '../../../lib/schema/comparable.js'
import { compileResourceTypes } from '../../../lib/schema/compile.js'
import { lookupKeys } from '../../../lib/schema/lookups.js'
import type { AccessRecord } from '../../../lib/stores/access-store.js'
import { storeErrorKind } from '../../../lib/stores/errors.js'
import type { User } from '../../../lib/stores/resource.js'
import type { Scope } from '../../../lib/stores/scope.js'
import { referenceTo } from '../accounts/accounts.js'
import { normalizeEmail } from '../api/index.js'
import type { LabelStudioSettings } from '../options.js'
import type { Seen } from './census.js'
import { logChange } from './import-log.js'

/** SCIM users that only mirror who is in Label Studio: nothing of them is ever carried out there. */
export interface ImportedUsers {
  /** Brings somebody in; `false` when another host did at the same moment. */
  create(scope: Scope, seen: Seen): Promise<boolean>
  /** Makes the SCIM user say what Label Studio says now; `false` when it did already. */
  refresh(scope: Scope, record: AccessRecord, user: User, seen: Seen): Promise<boolean>
  /** Takes somebody out again; `false` when they were changed meanwhile. */
  remove(scope: Scope, user: User): Promise<boolean>
}

/** Imported users in this storage. */
export function importedUsers({ storage }: LabelStudioSettings): ImportedUsers {
  const { users, access } = storage
  const write = writer()
  return {
    async create(scope, seen) {
      const user = newUser(seen)
      return unlessTaken(async () => {
        await users.create(scope, user, write(user))
        await access.saveRecord(scope, recordOf(user, seen))
        await logChange(storage, scope, 'user.created', user)
      })
    },
    async refresh(scope, record, user, seen) {
      const shown = { ...withoutShown(user), ...shownBy(seen) }
      if (JSON.stringify(sorted(shown)) === JSON.stringify(sorted(user))) return false
      const { meta } = user
      const changed = { ...meta, lastModified: new Date().toISOString(), version: randomUUID() }
      const next: User = { ...shown, meta: changed }
      return unlessTaken(async () => {
        await users.replace(scope, next, { ...write(next), expectedVersion: meta.version })
        await access.saveRecord(scope, { ...record, ...recordOf(next, seen) })
        await logChange(storage, scope, 'user.replaced', next)
      })
    },
    remove: (scope, { id, userName, meta }) =>
      unlessTaken(async () => {
        await users.delete(scope, id, { expectedVersion: meta.version })
        await access.deleteRecord(scope, id)
        await logChange(storage, scope, 'user.deleted', { id, userName })
      }),
  }
}

/** Somebody else brought the person in, or changed them, at the same moment: the next import sees it. */
export async function unlessTaken(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    const kind = storeErrorKind(error)
    if (kind === 'uniqueness' || kind === 'versionMismatch') return false
    throw error
  }
}

function recordOf(user: User, seen: Seen): AccessRecord {
  return {
    ...emptyRecord(user.id, new Date()),
    email: normalizeEmail(seen.user.email),
    account: referenceTo(seen.user, 'imported', seen.isSuperuser),
    enforced: user.active ? 'active' : 'deprovisioned',
  }
}

function newUser(seen: Seen): User {
  const at = new Date().toISOString()
  const meta = { resourceType: 'User', created: at, lastModified: at, version: randomUUID() }
  return { id: randomUUID(), ...shownBy(seen), meta }
}

/** What Label Studio knows of somebody, in SCIM's attributes. */
function shownBy({ user, isActive }: Seen) {
  const email = normalizeEmail(user.email)
  const formatted = `${user.firstName} ${user.lastName}`.trim()
  const name = {
    ...(user.firstName !== '' && { givenName: user.firstName }),
    ...(user.lastName !== '' && { familyName: user.lastName }),
    ...(formatted !== '' && { formatted }),
  }
  return {
    userName: email,
    active: isActive ?? true,
    ...(formatted !== '' && { displayName: formatted, name }),
    emails: [{ value: email, type: 'work', primary: true }],
  }
}

function withoutShown(user: User): User {
  const { displayName: _displayName, name: _name, ...others } = user
  return others as User
}

/** For comparing: the order of members says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, each]) => [name, sorted(each)]))
}

function writer() {
  const type = compileResourceTypes().byName.get('User')
  if (!type) throw new TypeError('There is no resource type User.')
  return (user: User) => ({
    keys: lookupKeys(type, user),
    comparable: () => comparableOf(type, user),
  })
}
