import type { AccessRecord, HostAccount, Scope } from '../../../lib/adapter/index.js'
import { normalizeEmail } from '../api/index.js'
import type { Installation } from '../installation.js'
import type { TargetParts } from '../target-parts.js'
import { type AccountSnapshot, listAccounts } from './account-snapshots.js'
import { recordsOf } from './records.js'

/**
 * Accounts in Label Studio that the identity provider does not know, and accounts that share an
 * address in different spellings, whether managed or not. In order of id; none for another tenant.
 *
 * @throws UnavailableError when Label Studio does not show everybody
 */
export async function foreignAccounts(
  parts: TargetParts,
  scope: Scope,
): Promise<readonly HostAccount[]> {
  if (scope.tenant !== parts.settings.tenant) return []
  const installation = await parts.installation.get()
  const everybody = await listAccounts(parts, scope)
  const records = new Map<string, AccessRecord>()
  for await (const record of recordsOf(parts.settings.storage.access, scope)) {
    if (record.account) records.set(record.account.id, record)
  }
  const byLook = groupByLook(everybody)
  return everybody
    .map((snapshot) => {
      const alike = (byLook.get(lookOf(snapshot)) ?? []).filter(
        (id) => id !== String(snapshot.user.id),
      )
      return accountOf(snapshot, {
        installation,
        record: records.get(String(snapshot.user.id)),
        alike,
      })
    })
    .filter(({ kind, alike }) => kind !== 'managed' || alike.length > 0)
    .sort((a, b) => Number(a.id) - Number(b.id))
}

/** What SCIM knows about an account. */
interface AccountFacts {
  readonly installation: Installation
  readonly record: AccessRecord | undefined
  readonly alike: readonly string[]
}

function accountOf(
  snapshot: AccountSnapshot,
  { installation, record, alike }: AccountFacts,
): HostAccount {
  const { user, isActive } = snapshot
  const kind = isProtected(snapshot, installation) ? 'protected' : kindOf(record)
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

function isProtected({ user, role, isSuperuser }: AccountSnapshot, known: Installation): boolean {
  const isOwner = user.id === known.ownId || normalizeEmail(user.email) === known.ownerEmail
  return isOwner || isSuperuser || role === 'OW'
}

function groupByLook(everybody: readonly AccountSnapshot[]): Map<string, string[]> {
  const byLook = new Map<string, string[]>()
  for (const snapshot of everybody) {
    const look = lookOf(snapshot)
    byLook.set(look, [...(byLook.get(look) ?? []), String(snapshot.user.id)])
  }
  return byLook
}

/** The look of an address: without capitals, invisible characters and width variants of letters. */
function lookOf({ user }: AccountSnapshot): string {
  return user.email
    .normalize('NFKC')
    .replace(/[\p{C}\p{Z}\s]/gu, '')
    .toLowerCase()
}
