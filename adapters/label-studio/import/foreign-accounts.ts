import type { AccessRecord, HostAccount, Scope } from '../../../lib/adapter/index.js'
import { normalizeEmail } from '../api/index.js'
import type { Installation } from '../installation.js'
import type { TargetParts } from '../parts.js'
import { census, type Seen } from './census.js'
import { recordsOf } from './records.js'

/**
 * Accounts of Label Studio that the identity provider does not know, and those whose address other accounts have in
 * another spelling, whoever manages them. In order of id; none for another tenant.
 *
 * @throws UnavailableError when Label Studio does not show everybody
 */
export async function foreignAccounts(
  parts: TargetParts,
  scope: Scope,
): Promise<readonly HostAccount[]> {
  if (scope.tenant !== parts.settings.tenant) return []
  const installation = await parts.installation.get()
  const everybody = await census(parts, scope)
  const records = new Map<string, AccessRecord>()
  for await (const record of recordsOf(parts.settings.storage.access, scope)) {
    if (record.account) records.set(record.account.id, record)
  }
  const byLook = groupByLook(everybody)
  return everybody
    .map((seen) => {
      const alike = (byLook.get(lookOf(seen)) ?? []).filter((id) => id !== String(seen.user.id))
      return accountOf(seen, { installation, record: records.get(String(seen.user.id)), alike })
    })
    .filter(({ kind, alike }) => kind !== 'managed' || alike.length > 0)
    .sort((a, b) => Number(a.id) - Number(b.id))
}

/** What is known of an account beside what Label Studio shows. */
interface Known {
  readonly installation: Installation
  readonly record: AccessRecord | undefined
  readonly alike: readonly string[]
}

function accountOf(seen: Seen, { installation, record, alike }: Known): HostAccount {
  const { user, isActive } = seen
  const kind = isProtected(seen, installation) ? 'protected' : kindOf(record)
  return {
    id: String(user.id),
    email: user.email,
    kind,
    ...(isActive !== undefined && { isActive }),
    ...(record && { userId: record.userId }),
    alike,
  }
}

function kindOf(record: AccessRecord | undefined): HostAccount['kind'] {
  if (!record) return 'unlisted'
  return record.account?.origin === 'imported' ? 'listed' : 'managed'
}

function isProtected({ user, role, isSuperuser }: Seen, known: Installation): boolean {
  const isOwner = user.id === known.ownId || normalizeEmail(user.email) === known.ownerEmail
  return isOwner || isSuperuser || role === 'OW'
}

function groupByLook(everybody: readonly Seen[]): Map<string, string[]> {
  const byLook = new Map<string, string[]>()
  for (const seen of everybody) {
    const look = lookOf(seen)
    byLook.set(look, [...(byLook.get(look) ?? []), String(seen.user.id)])
  }
  return byLook
}

/** What an address looks like: without capitals, invisible characters and other widths of the same letters. */
function lookOf({ user }: Seen): string {
  return user.email
    .normalize('NFKC')
    .replace(/[\p{C}\p{Z}\s]/gu, '')
    .toLowerCase()
}
