import {
  type AccessRecord,
  type AccountReference,
  emailOf,
  isReused,
  type Scope,
  type User,
} from '../../../lib/adapter/index.js'
import { type LabelStudioUser, normalizeEmail } from '../api/index.js'
import type { LabelStudioSettings } from '../options.js'
import type { holdForImport, holdPerson } from './hold.js'

type ShownAccount = Pick<LabelStudioUser, 'email'> & {
  readonly dateJoined?: string | undefined
  readonly masked?: boolean
}

/**
 * Whether the number of a person's account now is that of another account: Label Studio's database
 * was restored from before theirs was made, and has given the number out again.
 *
 * @param user the person, `undefined` if deleted
 */
export function isReusedNumber(
  known: AccountReference | undefined,
  user: User | undefined,
  { email, dateJoined, masked = false }: ShownAccount,
): boolean {
  const isTheirs = user !== undefined && emailOf(user) === normalizeEmail(email)
  const shown = { email, ...(dateJoined !== undefined && { since: dateJoined }) }
  return !masked && !isTheirs && isReused(known, shown)
}

/** Gives up the link to an account that Label Studio does not have any more. */
export async function giveUp(
  { storage: { access } }: LabelStudioSettings,
  scope: Scope,
  { userId, account: lost }: AccessRecord,
  hold: typeof holdPerson | typeof holdForImport,
): Promise<void> {
  await hold(access, scope, userId, async (held) => {
    const record = await access.getRecord(held, userId)
    if (record?.account?.id !== lost?.id) return
    const { account: _, ...others } = record as AccessRecord
    await access.saveRecord(held, { ...others, applied: [], deferred: [], enforced: undefined })
    await access.mark(held, [userId])
  })
}
