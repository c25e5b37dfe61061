import { randomUUID } from 'node:crypto'
import createDebug from 'debug'
import {
  type AccessRecord,
  callback,
  type FindByEmail,
  findByEmail,
  type ImportState,
  isGivenUp,
  omitGroups,
  optionTable,
  readOptions,
  type Scope,
  type User,
  whole,
} from '../../../lib/adapter/index.js'
import { referenceTo } from '../accounts/accounts.js'
import { mayAdopt } from '../accounts/adoption.js'
import { logged } from '../accounts/change-log.js'
import { holdForImport } from '../accounts/hold.js'
import { noteAccount } from '../accounts/links.js'
import { giveUp, isReusedNumber } from '../accounts/reused-numbers.js'
import { normalizeEmail } from '../api/index.js'
import { translated } from '../failures.js'
import type { TargetParts } from '../target-parts.js'
import { type AccountSnapshot, listAccounts } from './account-snapshots.js'
import { isDrifted } from './drift.js'
import { formerOwner, linkFormer } from './former-owners.js'
import { type ImportedUsers, importedUsers, unlessTaken } from './imported-users.js'
import { type ImportStep, withProgress } from './progress.js'
import { recordsOf } from './records.js'

const debug = createDebug('label-studio-scim:import')

/** The result of one import. */
export interface ImportReport {
  /** New SCIM users for people who existed only in Label Studio. */
  readonly imported: number
  /** Listed SCIM users that were updated from Label Studio: another name, address or standing. */
  readonly updated: number
  /** SCIM users whose account was found. */
  readonly linked: number
  /** People marked pending because Label Studio differs from what it should be. */
  readonly drifted: number
  /** Listed SCIM users that were removed because their account is gone. */
  readonly removed: number
}

/** Options of an import run. */
export interface ImportOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (state: ImportState) => void
}

/** Options of `importer.start`. */
export interface RegularImportOptions extends Omit<ImportOptions, 'signal'> {
  /** Time between two imports, in milliseconds. Default 15 minutes. */
  readonly intervalMs?: number
}

/** The options of `importer.start`. */
export const importTable = optionTable<RegularImportOptions>()(
  'importer.start',
  'ERR_SCIM_LABEL_STUDIO_OPTION',
  {
    intervalMs: { type: whole(1_000, 86_400_000), default: 15 * 60_000 },
    onProgress: { type: callback<NonNullable<ImportOptions['onProgress']>>(), shown: 'none' },
  },
)

/** Keeps SCIM's list of people in step with Label Studio's. */
export interface Importer {
  /**
   * Runs one import. `onProgress` is called about once a second.
   *
   * @throws UnavailableError when Label Studio cannot be asked; nothing is removed then
   */
  run(options?: ImportOptions): Promise<ImportReport>
  /**
   * Imports now and then regularly. After a failure, the next run tries again. A second call
   * changes nothing.
   *
   * @throws ConfigurationError when an option cannot work
   */
  start(options?: RegularImportOptions): void
  stop(): Promise<void>
}

/** The dependencies of an import. */
interface ImportParts extends TargetParts {
  readonly find: FindByEmail
  readonly mirror: ImportedUsers
}

type Outcome = keyof ImportReport | undefined

/** Makes the importer of one Label Studio. */
export function importerOf(target: TargetParts): Importer {
  const { settings } = target
  const parts: ImportParts = {
    ...target,
    find: findByEmail(settings.storage.users),
    mirror: importedUsers(settings),
  }
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let abort = new AbortController()
  let isStarted = false

  const run: Importer['run'] = ({ signal = abort.signal, onProgress } = {}) => {
    const { tenant, storage } = settings
    const scope = { tenant, actor: 'import', requestId: randomUUID(), signal }
    const work = (step: ImportStep) => importPeople(parts, scope, step)
    target.invite.resume()
    return translated(withProgress(storage.access, scope, work, onProgress))
  }
  return {
    run,
    start(given = {}) {
      const { intervalMs, onProgress } = readOptions(importTable, given)
      if (isStarted) return
      isStarted = true
      abort = new AbortController()
      // Its own: it may be stopped and started again while it runs.
      const { signal } = abort
      const again = () => {
        running = run({ signal, ...(onProgress && { onProgress }) })
          .catch((error: unknown) => debug('import failed: %O', error))
          .finally(() => {
            if (!signal.aborted) timer = setTimeout(again, intervalMs).unref()
          })
      }
      again()
    },
    async stop() {
      isStarted = false
      abort.abort()
      clearTimeout(timer)
      await running
    },
  }
}

async function importPeople(
  parts: ImportParts,
  scope: Scope,
  step: ImportStep,
): Promise<ImportReport> {
  const everybody = await listAccounts(parts, scope)
  const report = { imported: 0, updated: 0, linked: 0, drifted: 0, removed: 0 }
  const count = (outcome: Outcome) => {
    if (outcome) report[outcome] += 1
  }
  for (const [index, snapshot] of everybody.entries()) {
    scope.signal.throwIfAborted()
    count(await syncAccount(parts, scope, snapshot))
    await step(index + 1, everybody.length)
  }
  const ids = new Set(everybody.map(({ user }) => String(user.id)))
  for await (const record of recordsOf(parts.settings.storage.access, scope)) {
    if (!record.account || ids.has(record.account.id)) continue
    count(await handleMissing(parts, scope, record))
  }
  return report
}

/**
 * Handles an account in Label Studio: known and correct, known and different, known by address, a
 * deleted person's, or new.
 */
async function syncAccount(
  parts: ImportParts,
  scope: Scope,
  snapshot: AccountSnapshot,
): Promise<Outcome> {
  const { users } = parts.settings.storage
  const record = await holderOf(parts, scope, snapshot)
  if (record === 'busy') return undefined
  if (!record) {
    const known = (await parts.find(scope, snapshot.user.email))[0]
    if (known) return link(parts, scope, known, snapshot)
    const former = await formerOwner(parts, scope, snapshot.user.email)
    if (former) return linkFormer(parts, scope, former, snapshot)
    const { access } = parts.settings.storage
    if (await isGivenUp(access, scope, normalizeEmail(snapshot.user.email))) return undefined
    return (await parts.mirror.create(scope, snapshot)) ? 'imported' : undefined
  }
  const isNoted = Boolean(record.account?.isProtected) === snapshot.isSuperuser
  if (!isNoted || record.account?.since !== snapshot.user.dateJoined) {
    await noteAccountFacts(parts, scope, record.userId, snapshot)
  }
  if (record.account?.origin === 'imported') {
    return (await parts.mirror.refresh(scope, record, snapshot)) ? 'updated' : undefined
  }
  const user = await users.get(scope, record.userId, omitGroups)
  if (isDrifted({ record, user, snapshot }, parts.settings)) {
    return markDrifted(parts, scope, record.userId, user?.userName ?? snapshot.user.email)
  }
  const heir = user ? undefined : await heirOf(parts, scope, snapshot)
  return heir && markDrifted(parts, scope, heir.id, heir.userName)
}

/** The record of the person who has an account. One whose own account is gone gives it up. */
async function holderOf(
  { settings, mirror }: ImportParts,
  scope: Scope,
  { user: account }: AccountSnapshot,
): Promise<AccessRecord | 'busy' | undefined> {
  const { access, users } = settings.storage
  const record = await access.recordByAccount(scope, String(account.id))
  if (!isReusedNumber(record?.account, undefined, account)) return record
  const person = record && (await users.get(scope, record.userId, omitGroups))
  if (!record || !isReusedNumber(record.account, person, account)) return record
  if (record.account?.origin === 'imported') await mirror.remove(scope, record.userId)
  else await giveUp(settings, scope, record, holdForImport)
  return (await access.recordByAccount(scope, String(account.id))) && 'busy'
}

/** Records when an account was made, and whether it is a superuser's. */
async function noteAccountFacts(
  { settings }: TargetParts,
  scope: Scope,
  userId: string,
  { user, isSuperuser }: AccountSnapshot,
): Promise<void> {
  const { access } = settings.storage
  await holdForImport(access, scope, userId, async (held) => {
    const record = await access.getRecord(held, userId)
    if (!record?.account || record.account.id !== String(user.id)) return
    const { isProtected: _, since: _before, ...others } = record.account
    const account = {
      ...others,
      ...(user.dateJoined !== undefined && { since: user.dateJoined }),
      ...(isSuperuser && { isProtected: true as const }),
    }
    await access.saveRecord(held, { ...record, account })
  })
}

/**
 * A person who has the address of a deleted person's account and none of their own: they were
 * created again before the account was known. They may take it over.
 */
async function heirOf(
  { find, settings }: ImportParts,
  scope: Scope,
  { user: { email } }: AccountSnapshot,
): Promise<User | undefined> {
  if (!mayAdopt(settings, normalizeEmail(email))) return undefined
  const [heir] = await find(scope, email)
  if (!heir?.active) return undefined
  const record = await settings.storage.access.getRecord(scope, heir.id)
  return record?.account ? undefined : heir
}

/** Links a person whom the IdP pushed before the account existed or was known. */
async function link(
  { settings }: TargetParts,
  scope: Scope,
  user: User,
  snapshot: AccountSnapshot,
): Promise<'linked' | undefined> {
  if (!mayAdopt(settings, normalizeEmail(snapshot.user.email))) return undefined
  const { access } = settings.storage
  const done = await holdForImport(access, scope, user.id, async (held) => {
    if ((await access.getRecord(held, user.id))?.account) return false
    const account = referenceTo(snapshot.user, 'adopted')
    // Another person may have got the account at the same moment; the next import will see that.
    return unlessTaken(async () => {
      await noteAccount(settings, held, user, { account })
      await access.mark(held, [user.id])
      return true
    })
  })
  return done === true ? 'linked' : undefined
}

/**
 * Handles an account that is missing from the list: a managed person gets it again, a listed one is
 * removed. Paged lists can miss people who move from one page to another, so the account itself is
 * read first.
 */
async function handleMissing(
  parts: ImportParts,
  scope: Scope,
  { userId, account: known }: AccessRecord,
): Promise<Outcome> {
  const account = await parts.api.users.get(Number(known?.id), scope.signal)
  if (account && !account.masked) return undefined
  const { users, access } = parts.settings.storage
  if ((await access.getRecord(scope, userId))?.account?.origin === 'imported') {
    return (await parts.mirror.remove(scope, userId)) ? 'removed' : undefined
  }
  const user = await users.get(scope, userId, omitGroups)
  return user?.active ? markDrifted(parts, scope, userId, user.userName) : undefined
}

/**
 * Marks a person pending and reports the drift, unless they are pending already. A failed entry is
 * not retried by each import.
 */
async function markDrifted(
  { settings }: TargetParts,
  scope: Scope,
  userId: string,
  userName: string,
): Promise<'drifted' | undefined> {
  const { access } = settings.storage
  const [entry] = await access.pendingOf(scope, [userId])
  if (entry?.failed) return undefined
  const mark = () => access.mark(scope, [userId])
  const change = { event: 'access.drifted', user: { id: userId, userName } } as const
  await (entry ? mark() : logged(settings, scope, change, mark))
  return 'drifted'
}
