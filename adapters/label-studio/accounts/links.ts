import {
  type AccountReference,
  emailOf,
  emptyRecord,
  type Grant,
  type Scope,
  type User,
} from '../../../lib/adapter/index.js'
import type { LabelStudioSettings } from '../options.js'
import { logged } from './change-log.js'
import { holdPerson } from './hold.js'

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
 * person becomes listed again.
 */
export async function managing<T>(
  settings: LabelStudioSettings,
  scope: Scope,
  user: User,
  change: (scope: Scope) => Promise<T>,
): Promise<T> {
  const { access } = settings.storage
  if ((await access.getRecord(scope, user.id))?.account?.origin !== 'imported') return change(scope)
  return holdPerson(access, scope, user.id, async (held) => {
    const record = await access.getRecord(held, user.id)
    const { account } = record ?? {}
    if (!record || account?.origin !== 'imported') return change(held)
    const adoption = { event: 'user.adopted', user, detail: adoptedText(account) } as const
    return logged(settings, held, adoption, async () => {
      await access.saveRecord(held, { ...record, account: { ...account, origin: 'adopted' } })
      try {
        return await change(held)
      } catch (error) {
        await access.saveRecord(held, record)
        throw error
      }
    })
  })
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
