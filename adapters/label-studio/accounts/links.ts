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

/** Makes somebody managed whom the import only listed; does nothing for everybody else. */
export async function manage(
  settings: LabelStudioSettings,
  scope: Scope,
  user: User,
): Promise<void> {
  await managing(settings, scope, user, () => Promise.resolve())
}

/**
 * {@link manage} together with the change that makes somebody managed. It is noted first: a process
 * that ends in between must not leave a change that the next import takes back. When the change is
 * refused, the person is only listed as before.
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

/** What to keep of an account that is about to be somebody's. */
export interface AccountNote {
  readonly ledger?: readonly Grant[]
  readonly account: AccountReference
  readonly givesRole?: boolean
}

/** Keeps what is about to be ours, so that it is known even if the process ends now. */
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

/** Of an adoption, for the log. */
export function adoptedText({ id }: AccountReference): string {
  return `Account ${id} of Label Studio`
}
