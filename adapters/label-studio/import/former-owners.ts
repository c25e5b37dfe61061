import { type AccessRecord, omitGroups, type Scope } from '../../../lib/adapter/index.js'
import { referenceTo } from '../accounts/accounts.js'
import { mayAdopt } from '../accounts/adoption.js'
import { logged } from '../accounts/change-log.js'
import { holdForImport } from '../accounts/hold.js'
import { adoptedText } from '../accounts/links.js'
import { normalizeEmail } from '../api/index.js'
import type { LabelStudioSettings } from '../options.js'
import type { TargetParts } from '../target-parts.js'
import type { AccountSnapshot } from './account-snapshots.js'
import { unlessTaken } from './imported-users.js'

/**
 * A person who was deleted through SCIM, had this address, and whose account is not known: they
 * signed up just before or while they were deleted. If the account were listed as somebody new, the
 * gate would let them in again.
 */
export async function formerOwner(
  { settings }: { readonly settings: LabelStudioSettings },
  scope: Scope,
  address: string,
): Promise<AccessRecord | undefined> {
  const { access, users } = settings.storage
  for (const record of await access.recordsByEmail(scope, normalizeEmail(address))) {
    if (record.account) continue
    if (!(await users.get(scope, record.userId, omitGroups))) return record
  }
  return undefined
}

/** Links such a person's account to them, and has it closed. */
export async function linkFormer(
  { settings }: TargetParts,
  scope: Scope,
  { userId }: AccessRecord,
  { user }: AccountSnapshot,
): Promise<'linked' | undefined> {
  const address = normalizeEmail(user.email)
  if (!mayAdopt(settings, address)) return undefined
  const { access } = settings.storage
  const account = referenceTo(user, 'adopted')
  const person = { id: userId, userName: address }
  const change = { event: 'user.adopted', user: person, detail: adoptedText(account) } as const
  const done = await holdForImport(access, scope, userId, async (held) => {
    const record = await access.getRecord(held, userId)
    if (!record || record.account) return false
    return unlessTaken(async () => {
      await logged(settings, held, change, () => access.saveRecord(held, { ...record, account }))
      await access.mark(held, [userId])
      return true
    })
  })
  return done === true ? 'linked' : undefined
}
