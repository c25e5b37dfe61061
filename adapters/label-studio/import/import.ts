import { randomUUID } from 'node:crypto'
import createDebug from 'debug'
import { emptyRecord, type FindByEmail, findByEmail } from '../../../lib/access/index.js'
import type { AccessRecord } from '../../../lib/stores/access-store.js'
import type { User } from '../../../lib/stores/resource.js'
import type { Scope } from '../../../lib/stores/scope.js'
import { referenceTo } from '../accounts/accounts.js'
import { mayAdopt } from '../accounts/claims.js'
import { normalizeEmail } from '../api/index.js'
import { translated } from '../failures.js'
import type { TargetParts } from '../parts.js'
import { census, type Seen } from './census.js'
import { isDrifted } from './drift.js'
import { type ImportedUsers, importedUsers, unlessTaken } from './imported-users.js'

const debug = createDebug('label-studio-scim:import')

/** What one import found. */
export interface ImportReport {
  /** New SCIM users for people who existed in Label Studio only. */
  readonly imported: number
  /** SCIM users that were only ever imported, and say now what Label Studio says: another name, address or standing. */
  readonly updated: number
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
  run(options?: { readonly signal?: AbortSignal }): Promise<ImportReport>
  /** Imports now and again and again. Failures are tried at the next time. */
  start(options?: { readonly intervalMs?: number }): void
  stop(): Promise<void>
}

/** What an import works with. */
interface Parts extends TargetParts {
  readonly find: FindByEmail
  readonly mirror: ImportedUsers
}

type Outcome = keyof ImportReport | undefined

const readWhole = { omit: new Set(['groups']) } as const
const recordsAtOnce = 500
const defaultIntervalMs = 15 * 60_000

/** An importer over the parts of one Label Studio. */
export function importerOf(target: TargetParts): Importer {
  const { settings } = target
  const parts: Parts = {
    ...target,
    find: findByEmail(settings.storage.users),
    mirror: importedUsers(settings),
  }
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let abort = new AbortController()

  const run: Importer['run'] = ({ signal } = {}) =>
    translated(
      importPeople(parts, {
        tenant: settings.tenant,
        actor: 'import',
        requestId: randomUUID(),
        signal: signal ?? abort.signal,
      }),
    )
  return {
    run,
    start({ intervalMs = defaultIntervalMs } = {}) {
      const again = () => {
        running = run()
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
  const everybody = await census(parts, scope)
  const report = { imported: 0, updated: 0, linked: 0, drifted: 0, removed: 0 }
  const count = (outcome: Outcome) => {
    if (outcome) report[outcome] += 1
  }
  for (const seen of everybody) {
    scope.signal.throwIfAborted()
    count(await meet(parts, scope, seen))
  }
  const ids = new Set(everybody.map(({ user }) => String(user.id)))
  for await (const record of recordsOf(parts, scope)) {
    if (!record.account || ids.has(record.account.id)) continue
    count(await miss(parts, scope, record))
  }
  return report
}

/** Somebody in Label Studio: known and as they should be, known and different, known by address, or new. */
async function meet(parts: Parts, scope: Scope, seen: Seen): Promise<Outcome> {
  const { access, users } = parts.settings.storage
  const record = await access.recordByAccount(scope, String(seen.user.id))
  if (!record) {
    const known = (await parts.find(scope, seen.user.email))[0]
    if (known) return link(parts, scope, known, seen)
    return (await parts.mirror.create(scope, seen)) ? 'imported' : undefined
  }
  await noteProtection(parts, scope, record, seen)
  const user = await users.get(scope, record.userId, readWhole)
  if (record.account?.origin === 'imported') {
    return user && (await parts.mirror.refresh(scope, record, user, seen)) ? 'updated' : undefined
  }
  if (!isDrifted({ record, user, seen }, parts.settings)) return undefined
  return markDrifted(parts, scope, record.userId)
}

/** Somebody became a superuser, or is none any more. */
async function noteProtection(
  { settings }: TargetParts,
  scope: Scope,
  { userId, account }: AccessRecord,
  { isSuperuser }: Seen,
): Promise<void> {
  if (!account || Boolean(account.isProtected) === isSuperuser) return
  const { access } = settings.storage
  const record = await access.record(scope, userId)
  if (record?.account?.id !== account.id) return
  const { isProtected: _, ...others } = record.account
  const changed = isSuperuser ? { ...others, isProtected: true as const } : others
  await access.saveRecord(scope, { ...record, account: changed })
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
  const email = normalizeEmail(seen.user.email)
  const account = referenceTo(seen.user, 'adopted')
  // Somebody else may have got the account at the same moment: the next import sees it.
  if (!(await unlessTaken(() => access.saveRecord(scope, { ...record, email, account })))) {
    return undefined
  }
  await access.mark(scope, [user.id])
  return 'linked'
}

/**
 * An account that is not in the list: who is managed gets it again, who was only listed goes. Lists that are read page
 * by page miss people who slip from one page to another, so the account itself is asked for first.
 */
async function miss(parts: Parts, scope: Scope, record: AccessRecord): Promise<Outcome> {
  const user = await parts.settings.storage.users.get(scope, record.userId, readWhole)
  if (!user) return undefined
  const account = await parts.api.users.get(Number(record.account?.id), scope.signal)
  if (account && !account.masked) return undefined
  const now = await parts.settings.storage.access.record(scope, user.id)
  if (now?.account?.origin === 'imported') {
    return (await parts.mirror.remove(scope, user)) ? 'removed' : undefined
  }
  return user.active ? markDrifted(parts, scope, user.id) : undefined
}

/** Who was given up on until somebody acts is not tried again by each import. */
async function markDrifted(
  { settings }: TargetParts,
  scope: Scope,
  userId: string,
): Promise<'drifted' | undefined> {
  const { access } = settings.storage
  const [entry] = await access.pendingOf(scope, [userId])
  if (entry?.parked) return undefined
  await access.mark(scope, [userId])
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
