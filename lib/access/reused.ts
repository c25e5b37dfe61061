import type { AccountReference } from '../mapping/types.js'
import type { AccountIdentity } from '../stores/gate-policy.js'

/**
 * Whether the host has given the id of a known account to another one, as it does when its database
 * was restored from before the known one was made. Only if both differ: people may change the date
 * of their account in Label Studio, administrators its address.
 */
export function isReused(
  known: Pick<AccountReference, 'email' | 'since'> | undefined,
  { email, since }: Pick<AccountIdentity, 'email' | 'since'>,
): boolean {
  if (known?.email === undefined || email === undefined) return false
  const [before, now] = [secondsOf(known.since), secondsOf(since)]
  const isOtherDate = before !== undefined && now !== undefined && before !== now
  return isOtherDate && known.email !== email.toLowerCase()
}

/** Django's admin site stores no fractions of a second. */
function secondsOf(date: string | undefined): number | undefined {
  const ms = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000)
}
