import {
  type AccessRecord,
  type AccessStore,
  type AccountReference,
  emailOf,
  emptyRecord,
  type Grant,
  type Scope,
  storeErrorKind,
  type User,
} from '../../../lib/adapter/index.js'
import type { LabelStudioSettings } from '../options.js'
import { logged } from './change-log.js'
import { holdPerson } from './hold.js'

/**
 * Whether a person is only listed by the import, or may be again: a change that makes them managed
 * may be under way. Only who holds their lease knows.
 */
export function mayBeListed(record: AccessRecord | undefined): boolean {
  return record?.account?.origin === 'imported' || record?.account?.isTentative === true
}

/** Makes a person managed whom the import only listed; does nothing for others. */
export async function manage(
  settings: LabelStudioSettings,
  scope: Scope,
  user: User,
): Promise<void> {
  await managing(settings, scope, user, () => Promise.resolve())
}

/**
 * Runs the change that makes a person managed, after {@link manage}. This order ensures that after
 * a crash in between the next import does not revert the change. If the change is refused, the
 * person becomes listed again. Nobody else changes them meanwhile, or that change would be of
 * somebody who is not managed.
 */
export async function managing<T>(
  settings: LabelStudioSettings,
  scope: Scope,
  user: User,
  change: (scope: Scope) => Promise<T>,
): Promise<T> {
  const { access } = settings.storage
  if (!mayBeListed(await access.getRecord(scope, user.id))) return change(scope)
  return holdPerson(access, scope, user.id, async (held) => {
    const record = await access.getRecord(held, user.id)
    if (!record || !mayBeListed(record)) return change(held)
    const done = await tentatively(settings, held, { user, record }, change)
    // The change is stored. If this fails, the next one is made in the same way.
    await decide(access, held, user.id).catch(() => {})
    return done
  })
}

/** A person who may be listed, whose lease is held. */
interface ListedPerson {
  readonly user: User
  readonly record: AccessRecord
}

function tentatively<T>(
  settings: LabelStudioSettings,
  scope: Scope,
  { user, record }: ListedPerson,
  change: (scope: Scope) => Promise<T>,
): Promise<T> {
  const { access } = settings.storage
  const { account } = record
  // The process that made them managed has ended before it could tell.
  if (account?.origin !== 'imported') return change(scope)
  const adoption = { event: 'user.adopted', user, detail: adoptedText(account) } as const
  return logged(settings, scope, adoption, async () => {
    const adopted = { ...account, origin: 'adopted', isTentative: true } as const
    await access.saveRecord(scope, { ...record, account: adopted })
    try {
      return await change(scope)
    } catch (error) {
      // Otherwise nobody knows whether it was stored.
      if (isRefusal(error)) await access.saveRecord(scope, record)
      throw error
    }
  })
}

function isRefusal(error: unknown): boolean {
  const kind = storeErrorKind(error)
  return kind !== undefined && kind !== 'unavailable'
}

async function decide(access: AccessStore, scope: Scope, userId: string): Promise<void> {
  const record = await access.getRecord(scope, userId)
  if (!record?.account) return
  const { isTentative: _, ...account } = record.account
  await access.saveRecord(scope, { ...record, account })
}

/** The note about an account that is about to be linked to a person. */
export interface AccountNote {
  readonly ledger?: readonly Grant[]
  readonly account: AccountReference
  readonly givesRole?: boolean
}

/** Stores the note first, so that the account is known even if the process ends now. */
export async function noteAccount(
  settings: LabelStudioSettings,
  scope: Scope,
  user: User,
  { ledger, account, givesRole = false }: AccountNote,
): Promise<void> {
  const { access } = settings.storage
  const email = emailOf(user)
  await holdPerson(access, scope, user.id, async (held) => {
    const record = (await access.getRecord(held, user.id)) ?? emptyRecord(user.id, new Date())
    const save = () =>
      access.saveRecord(held, {
        ...record,
        account,
        hadRole: record.hadRole || givesRole,
        ...(email !== undefined && { email }),
        ...(ledger && { applied: ledger }),
      })
    const isTakenOver = account.origin === 'adopted' && record.account?.id !== account.id
    if (!isTakenOver) return save()
    const change = { event: 'user.adopted', user, detail: adoptedText(account) } as const
    return logged(settings, held, change, save)
  })
}

/** The log text of an adoption. */
export function adoptedText({ id }: AccountReference): string {
  return `Account ${id} of Label Studio`
}
