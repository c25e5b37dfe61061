import { randomUUID } from 'node:crypto'
import {
  type AccessRecord,
  comparableOf,
  compileResourceTypes,
  emptyRecord,
  isHalfListed,
  lookupKeys,
  omitGroups,
  type Scope,
  storeErrorKind,
  type User,
} from '../../../lib/adapter/index.js'
import { referenceTo } from '../accounts/accounts.js'
import { writeLogged } from '../accounts/change-log.js'
import { holdForImport } from '../accounts/hold.js'
import { normalizeEmail } from '../api/index.js'
import type { LabelStudioSettings } from '../options.js'
import type { AccountSnapshot } from './account-snapshots.js'
import { unlist } from './unlist.js'

/**
 * SCIM users that only mirror accounts in Label Studio; changes of them are never carried out
 * there.
 */
export interface ImportedUsers {
  /**
   * Creates a listed user, or continues where an interrupted process stopped.
   * @returns `false` if another user has the account or the login name
   */
  create(scope: Scope, snapshot: AccountSnapshot, userId?: string): Promise<boolean>
  /**
   * Updates the SCIM user from Label Studio; `false` if it was up to date, or if the person was
   * changed or became managed meanwhile.
   */
  refresh(scope: Scope, record: AccessRecord, snapshot: AccountSnapshot): Promise<boolean>
  /** Removes a listed user; `false` if they were changed or became managed meanwhile. */
  remove(scope: Scope, userId: string): Promise<boolean>
}

/** The stored user and record of a listed person. */
interface Listed {
  readonly record: AccessRecord
  readonly user: User | undefined
}

/** Imported users in this storage. A user's lease is held while they are read and written. */
export function importedUsers(settings: LabelStudioSettings): ImportedUsers {
  const { users } = settings.storage
  const tools = { settings, write: writer() }

  return {
    create: (scope, snapshot) => createListed(tools, scope, snapshot),
    async refresh(scope, record, snapshot) {
      // Compared first without a lease, because nearly everybody is unchanged.
      const known = await users.get(scope, record.userId, omitGroups)
      if (known && isShown(known, snapshot) && !isHalfListed(record)) return false
      return whileListed(settings, scope, record.userId, (held, listed) =>
        refreshListed(tools, held, listed, snapshot),
      )
    },
    remove: (scope, userId) =>
      whileListed(settings, scope, userId, async (held, { record, user }) => {
        const { userName = record.email ?? userId, meta } = user ?? {}
        await unlist(settings, held, record, { userName, ...(meta && { version: meta.version }) })
        return user !== undefined
      }),
  }
}

/**
 * Works on the current state of a listed person; skips managed people and those under another
 * lease.
 */
async function whileListed(
  { storage: { users, access } }: LabelStudioSettings,
  scope: Scope,
  userId: string,
  work: (scope: Scope, listed: Listed) => Promise<boolean>,
): Promise<boolean> {
  const done = await holdForImport(access, scope, userId, async (held) => {
    const record = await access.getRecord(held, userId)
    if (record?.account?.origin !== 'imported') return false
    const user = await users.get(held, userId, omitGroups)
    return unlessTaken(() => work(held, { record, user }))
  })
  return done === true
}

/** The dependencies of writing a listed person. */
interface Tools {
  readonly settings: LabelStudioSettings
  readonly write: ReturnType<typeof writer>
}

async function createListed(
  tools: Tools,
  scope: Scope,
  snapshot: AccountSnapshot,
  userId: string = randomUUID(),
): Promise<boolean> {
  const { access } = tools.settings.storage
  const user = newUser(snapshot, userId)
  const record = recordOf(user, snapshot)
  const done = await holdForImport(access, scope, userId, (held) =>
    unlessTaken(async () => {
      // The account is recorded first, so that the user never looks like a managed one, whatever
      // happens next.
      await access.saveRecord(held, { ...record, enforced: undefined })
      await createUser(tools, held, user)
      await access.saveRecord(held, record)
      return true
    }),
  )
  return done === true
}

async function createUser({ settings, write }: Tools, scope: Scope, user: User): Promise<void> {
  const { users, access } = settings.storage
  const change = { event: 'user.created', user } as const
  try {
    await writeLogged(settings, scope, change, (outbox) =>
      users.create(scope, user, { ...write(user), outbox }),
    )
  } catch (error) {
    // Another user has the login name, so there is no user for this record.
    if (storeErrorKind(error) === 'uniqueness') await access.deleteRecord(scope, user.id)
    throw error
  }
}

async function refreshListed(
  tools: Tools,
  scope: Scope,
  { record, user }: Listed,
  snapshot: AccountSnapshot,
): Promise<boolean> {
  if (!user) return isHalfListed(record) && createListed(tools, scope, snapshot, record.userId)
  const next = isShown(user, snapshot) ? user : { ...shownAs(user, snapshot), meta: nextMeta(user) }
  if (next !== user) await replaceUser(tools, scope, user, next)
  await tools.settings.storage.access.saveRecord(scope, { ...record, ...recordOf(next, snapshot) })
  return next !== user
}

async function replaceUser(
  { settings, write }: Tools,
  scope: Scope,
  { meta: { version: expectedVersion } }: User,
  next: User,
): Promise<void> {
  const change = { event: 'user.replaced', user: next } as const
  await writeLogged(settings, scope, change, (outbox) =>
    settings.storage.users.replace(scope, next, { ...write(next), expectedVersion, outbox }),
  )
}

/** The user, updated from Label Studio. */
function shownAs(user: User, snapshot: AccountSnapshot): User {
  return { ...withoutShown(user), ...shownBy(snapshot) }
}

function isShown(user: User, snapshot: AccountSnapshot): boolean {
  return JSON.stringify(sorted(shownAs(user, snapshot))) === JSON.stringify(sorted(user))
}

function nextMeta({ meta }: User): User['meta'] {
  return { ...meta, lastModified: new Date().toISOString(), version: randomUUID() }
}

/**
 * Ignores a conflict: another writer created or changed the person at the same moment, and the next
 * import will see it.
 */
export async function unlessTaken(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work()
  } catch (error) {
    const kind = storeErrorKind(error)
    if (kind === 'uniqueness' || kind === 'versionMismatch') return false
    throw error
  }
}

function recordOf(user: User, snapshot: AccountSnapshot): AccessRecord {
  return {
    ...emptyRecord(user.id, new Date()),
    email: normalizeEmail(snapshot.user.email),
    account: referenceTo(snapshot.user, 'imported', snapshot.isSuperuser),
    enforced: user.active ? 'active' : 'deprovisioned',
  }
}

function newUser(snapshot: AccountSnapshot, id: string): User {
  const at = new Date().toISOString()
  const meta = { resourceType: 'User', created: at, lastModified: at, version: randomUUID() }
  return { id, ...shownBy(snapshot), meta }
}

/** Label Studio's data about a person, as SCIM attributes. */
function shownBy({ user, isActive }: AccountSnapshot) {
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

/** For comparison: the order of members has no meaning. */
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
