import { emailOf, emptyRecord } from '../../../lib/access/index.js'
import type { AccountReference, Grant } from '../../../lib/mapping/index.js'
import type { AccessRecord, AccessStore } from '../../../lib/stores/access-store.js'
import type { User } from '../../../lib/stores/resource.js'
import type { Scope } from '../../../lib/stores/scope.js'

/** Makes somebody managed whom the import only listed. */
export async function manage(
  access: AccessStore,
  scope: Scope,
  record: AccessRecord,
): Promise<void> {
  if (!record.account) return
  await access.saveRecord(scope, { ...record, account: { ...record.account, origin: 'adopted' } })
}

/** Keeps what is about to be ours, so that it is known even if the process ends now. */
export async function noteAccount(
  access: AccessStore,
  scope: Scope,
  user: User,
  {
    ledger,
    account,
    givesRole = false,
  }: {
    readonly ledger?: readonly Grant[]
    readonly account: AccountReference
    readonly givesRole?: boolean
  },
): Promise<void> {
  const record = (await access.record(scope, user.id)) ?? emptyRecord(user.id, new Date())
  const email = emailOf(user)
  await access.saveRecord(scope, {
    ...record,
    account,
    hadRole: record.hadRole || givesRole,
    ...(email !== undefined && { email }),
    ...(ledger && { applied: ledger }),
  })
}
