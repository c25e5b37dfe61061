import { randomUUID } from 'node:crypto'
import createDebug from 'debug'
import { emailOf, emptyRecord, type FindByEmail, findByEmail } from '../../lib/access/index.js'
import { comparableOf } from '../../lib/schema/comparable.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { lookupKeys } from '../../lib/schema/lookups.js'
import type { AccessRecord } from '../../lib/stores/access-store.js'
import { storeErrorKind, UnavailableError } from '../../lib/stores/errors.js'
import type { User } from '../../lib/stores/resource.js'
import type { Scope } from '../../lib/stores/scope.js'
import { mayAdopt, referenceTo } from './accounts.js'
import { type LabelStudioUser, normalizeEmail, type RoleCode } from './api/index.js'
import { translated } from './failures.js'
import { changedNames, namesOf } from './names.js'
import type { TargetParts } from './target.js'

const debug = createDebug('label-studio-scim:import')

/** What one import found. */
export interface ImportReport {
  /** New SCIM users for people who existed in Label Studio only. */
  readonly imported: number
  /** SCIM users whose account was found. */
  readonly linked: number
  /** People marked pending because Label Studio shows something else than it should. */
  readonly drifted: number
  /** SCIM users that were only ever imported, and whose account is gone. */
  readonly removed: number
}

/** Keeps SCIM's list of people up to date with Label Studio's. */
export interface Importer {
  /** One import. @throws UnavailableError when Label Studio cannot be asked; nothing is removed then */
  run(options?: { readonly tenant?: string; readonly signal?: AbortSignal }): Promise<ImportReport>
  /** Imports now and again and again. Failures are tried at the next time. */
  start(options?: { readonly tenant?: string; readonly intervalMs?: number }): void
  stop(): Promise<void>
}

/** What an import works with. */
interface Parts extends TargetParts {
  readonly find: FindByEmail
}

/** An account with what only Enterprise tells. */
interface Seen {
  readonly user: LabelStudioUser
  readonly role: RoleCode | undefined
}

const readWhole = { omit: new Set(['groups']) } as const
const recordsAtOnce = 500
const defaultIntervalMs = 15 * 60_000

/** An importer over the parts of one Label Studio. */
export function importerOf(target: TargetParts): Importer {
  const parts: Parts = { ...target, find: findByEmail(target.settings.storage.users) }
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let abort = new AbortController()

  const run: Importer['run'] = ({ tenant = 'default', signal } = {}) =>
    translated(
      importPeople(parts, {
        tenant,
        actor: 'import',
        requestId: randomUUID(),
        signal: signal ?? abort.signal,
      }),
    )
  return {
    run,
    start({ tenant = 'default', intervalMs = defaultIntervalMs } = {}) {
      const again = () => {
        running = run({ tenant })
          .catch((error: unknown) => debug('import failed: %O', error))
          .finally(() => {
            if (!abort.signal.aborted) timer = setTimeout(again, intervalMs).unref()
          })
      }
      abort = new AbortController()
      again()
    },
    async stop() {
      abort.abort()
      clearTimeout(timer)
      await running
    },
  }
}

async function importPeople(parts: Parts, scope: Scope): Promise<ImportReport> {
  const everybody = await listEverybody(parts, scope)
  const report = { imported: 0, linked: 0, drifted: 0, removed: 0 }
  for (const seen of everybody.filter(({ user }) => !user.masked && user.email !== '')) {
    scope.signal.throwIfAborted()
    const outcome = await meet(parts, scope, seen)
    if (outcome) report[outcome] += 1
  }
  const ids = new Set(everybody.map(({ user }) => String(user.id)))
  for await (const record of recordsOf(parts, scope)) {
    if (!record.account || ids.has(record.account.id)) continue
    const outcome = await miss(parts, scope, record)
    if (outcome) report[outcome] += 1
  }
  return report
}

/** A list without the token's own account is none to draw conclusions from. */
async function listEverybody({ api, installation }: TargetParts, scope: Scope): Promise<Seen[]> {
  const { edition, organization, ownId } = await installation.get()
  const everybody: Seen[] = []
  if (edition === 'community') {
    const users = await api.users.list(scope.signal)
    everybody.push(...users.map((user) => ({ user, role: undefined })))
  } else {
    for await (const { user, role } of api.members(organization).list({}, scope.signal)) {
      everybody.push({ user, role })
    }
  }
  if (everybody.some(({ user }) => user.id === ownId)) return everybody
  throw new UnavailableError('Label Studio gave an incomplete list of people.')
}

/** Somebody in Label Studio: known and as they should be, known and different, known by address, or new. */
async function meet(
  parts: Parts,
  scope: Scope,
  seen: Seen,
): Promise<keyof ImportReport | undefined> {
  const { access, users } = parts.settings.storage
  const record = await access.recordByAccount(scope, String(seen.user.id))
  if (record) {
    const user = await users.get(scope, record.userId, readWhole)
    if (!isDrifted(record, user, seen)) return undefined
    await access.mark(scope, [record.userId])
    return 'drifted'
  }
  const known = (await parts.find(scope, seen.user.email))[0]
  if (known) return link(parts, scope, known, seen)
  return create(parts, scope, seen)
}

function isDrifted(record: AccessRecord, user: User | undefined, { user: account, role }: Seen) {
  if (record.account?.origin === 'imported') return false
  if (record.enforced === 'deprovisioned' || !user?.active) {
    const wasThere = account.lastActivity !== undefined && account.lastActivity > record.at
    return wasThere || (role !== undefined && role !== 'DI')
  }
  const names = changedNames(namesOf(user), account)
  const email = emailOf(user)
  return (
    Object.keys(names).length > 0 ||
    (email !== undefined && email !== normalizeEmail(account.email)) ||
    role === 'DI'
  )
}

async function link(
  { settings }: TargetParts,
  scope: Scope,
  user: User,
  seen: Seen,
): Promise<'linked' | undefined> {
  const { access } = settings.storage
  const record = (await access.record(scope, user.id)) ?? emptyRecord(user.id, new Date())
  if (record.account || !mayAdopt(settings, normalizeEmail(seen.user.email))) return undefined
  await access.saveRecord(scope, {
    ...record,
    email: normalizeEmail(seen.user.email),
    account: referenceTo(seen.user, 'adopted'),
  })
  await access.mark(scope, [user.id])
  return 'linked'
}

async function create(
  { settings }: TargetParts,
  scope: Scope,
  seen: Seen,
): Promise<'imported' | undefined> {
  const { users, access } = settings.storage
  const user = toScimUser(seen)
  const type = userType()
  const record: AccessRecord = {
    ...emptyRecord(user.id, new Date()),
    email: normalizeEmail(seen.user.email),
    account: referenceTo(seen.user, 'imported'),
    enforced: user.active ? 'active' : 'deprovisioned',
  }
  try {
    await users.create(scope, user, {
      keys: lookupKeys(type, user),
      comparable: () => comparableOf(type, user),
    })
    await access.saveRecord(scope, record)
    return 'imported'
  } catch (error) {
    // Somebody else brought the person in at the same moment: the next import links them.
    if (storeErrorKind(error) === 'uniqueness') return undefined
    throw error
  }
}

/** An account that is not there any more: who is managed gets it again, who was only listed goes. */
async function miss(
  { settings }: TargetParts,
  scope: Scope,
  record: AccessRecord,
): Promise<'drifted' | 'removed' | undefined> {
  const { users, access } = settings.storage
  const user = await users.get(scope, record.userId, readWhole)
  if (!user) return undefined
  if (record.account?.origin === 'imported') {
    await users.delete(scope, user.id, {})
    await access.deleteRecord(scope, user.id)
    return 'removed'
  }
  if (!user.active) return undefined
  await access.mark(scope, [user.id])
  return 'drifted'
}

async function* recordsOf({ settings }: TargetParts, scope: Scope): AsyncGenerator<AccessRecord> {
  const { access } = settings.storage
  let afterUserId: string | undefined
  for (;;) {
    const page = await access.listRecords(scope, {
      limit: recordsAtOnce,
      ...(afterUserId !== undefined && { afterUserId }),
    })
    yield* page
    afterUserId = page.at(-1)?.userId
    if (page.length < recordsAtOnce) return
  }
}

function toScimUser({ user, role }: Seen): User {
  const email = normalizeEmail(user.email)
  const at = new Date().toISOString()
  const formatted = `${user.firstName} ${user.lastName}`.trim()
  const name = {
    ...(user.firstName !== '' && { givenName: user.firstName }),
    ...(user.lastName !== '' && { familyName: user.lastName }),
    ...(formatted !== '' && { formatted }),
  }
  return {
    id: randomUUID(),
    userName: email,
    active: role !== 'DI',
    ...(formatted !== '' && { displayName: formatted, name }),
    emails: [{ value: email, type: 'work', primary: true }],
    meta: { resourceType: 'User', created: at, lastModified: at, version: '1' },
  }
}

function userType() {
  const type = compileResourceTypes().byName.get('User')
  if (!type) throw new TypeError('There is no resource type User.')
  return type
}
