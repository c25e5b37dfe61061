import { type Scope, UnavailableError } from '../../../lib/adapter/index.js'
import { unknownPassword } from '../api/admin/credentials.js'
import type { LabelStudioAdmin, LabelStudioApi } from '../api/index.js'
import type { LabelStudioSettings } from '../options.js'
import { passwordNotes } from './password-notes.js'

/**
 * The one place that decides what becomes of the credentials of a deleted person when a new SCIM
 * user gets their account, be it the same person or another one with the same address: they end
 * before the account opens.
 */
export interface FormerCredentials {
  /**
   * Ends password, sessions, legacy token and personal access tokens, once for each new user, so
   * that a password that was set for them meanwhile stays. Safe to repeat.
   */
  end(scope: Scope, userId: string, accountId: number): Promise<void>
  /**
   * To be called before an account is opened. @throws UnavailableError while an access token that
   * the former person may have made from a personal access token is still valid
   */
  mayOpen(scope: Scope, accountId: number): Promise<void>
}

interface FormerParts {
  readonly api: Pick<LabelStudioApi, 'users' | 'revokePersonalTokens'>
  readonly admin: LabelStudioAdmin
  readonly settings: Pick<LabelStudioSettings, 'storage' | 'deprovisioning'>
}

/** For whom the former credentials of an account were ended, and from when on it may open. */
interface Ended {
  readonly userId: string
  readonly opensAt: string
}

/** How long Label Studio accepts an access token: five minutes, and a few seconds for reserve. */
const accessTokenMs = 310_000

const noteOf = (accountId: number) => `labelStudio.successor:${accountId}`

/** Ends credentials with the owner's sign-in, without which Community offers no way. */
export function formerCredentials(parts: FormerParts): FormerCredentials {
  const { access } = parts.settings.storage
  const passwords = passwordNotes(access)
  const ended = async (scope: Scope, accountId: number): Promise<Ended | undefined> => {
    const text = await access.getValue(scope, noteOf(accountId))
    return text === undefined ? undefined : (JSON.parse(text) as Ended)
  }
  const note = (scope: Scope, accountId: number, about: { userId: string; opensAt: number }) => {
    const opensAt = new Date(about.opensAt).toISOString()
    const text: Ended = { userId: about.userId, opensAt }
    return access.setValue(scope, noteOf(accountId), JSON.stringify(text))
  }
  return {
    async end(scope, userId, accountId) {
      if ((await ended(scope, accountId))?.userId === userId) return
      const { hadTokens } = await endCredentials(parts, accountId, scope.signal)
      await passwords.missing(scope, userId)
      await note(scope, accountId, {
        userId,
        opensAt: Date.now() + (hadTokens ? accessTokenMs : 0),
      })
    },
    async mayOpen(scope, accountId) {
      const known = await ended(scope, accountId)
      if (!known) return
      const now = Date.now()
      const opensAt = Math.min(Date.parse(known.opensAt), now + accessTokenMs)
      if (opensAt <= now) return
      // The clock has been set back since, so it waits from now on, and no longer than that.
      if (opensAt < Date.parse(known.opensAt)) await note(scope, accountId, { ...known, opensAt })
      throw new UnavailableError(
        'The account was somebody’s who was deleted. It opens when their last access token has ' +
          'expired, in five minutes at most.',
        { retryAfterSeconds: Math.ceil((opensAt - now) / 1000) },
      )
    },
  }
}

async function endCredentials(
  parts: FormerParts,
  id: number,
  signal: AbortSignal,
): Promise<{ readonly hadTokens: boolean }> {
  const { api, admin, settings } = parts
  if (settings.deprovisioning === 'admin') {
    // It is open if somebody let the person in by hand, or if this was interrupted.
    await admin.change(id, { isActive: false }, signal)
  } else {
    // It stays open, but no session and no access token must read the new legacy token.
    await admin.setPassword(id, unknownPassword(), signal)
    await api.users.leaveOrganization(id, signal)
  }
  const { legacyToken, hadPersonalTokens } = await admin.replaceCredentials(id, signal)
  if (hadPersonalTokens) await endPersonalTokens(parts, { id, legacyToken }, signal)
  return { hadTokens: hadPersonalTokens }
}

/**
 * Label Studio shows personal access tokens only to the person, who must be active. So the account
 * is opened for a moment in which it lets nobody in: its password and its legacy token are new, and
 * outside an organization its access tokens are refused. It stays outside until the next sign-in,
 * like a new account.
 */
async function endPersonalTokens(
  { api, admin }: FormerParts,
  { id, legacyToken }: { readonly id: number; readonly legacyToken: string },
  signal: AbortSignal,
): Promise<void> {
  await api.users.leaveOrganization(id, signal)
  const isShut = (await admin.get(id, signal))?.isActive === false
  try {
    if (isShut) await admin.change(id, { isActive: true }, signal)
    await api.revokePersonalTokens(legacyToken, signal)
  } finally {
    // Without the signal, which may be the reason why the rest failed.
    if (isShut) await admin.change(id, { isActive: false })
  }
}
