import { createHash } from 'node:crypto'
import type { GatePolicy, Scope } from '../../../lib/adapter/index.js'
import { normalizeEmail } from '../api/index.js'
import { translated } from '../failures.js'
import type { TargetParts } from '../target-parts.js'

/**
 * Requests that Community allows to every member and Enterprise only to administrators: reading and
 * changing the invite link.
 */
const ofAdministrators = /\/api\/(?:invite(?:\/[^/]+)?|organizations\/[^/]+)$/

/** The gate's policy for Label Studio. `token` is the adapter's own. */
export function gatePolicyOf(
  { api, installation, settings }: Omit<TargetParts, 'admin' | 'invite'>,
  token: string,
): GatePolicy {
  const isCommunity = async (scope: Scope) =>
    (await installation.remembered(scope)).edition === 'community'
  const own = digestOf(token)
  return {
    async signUp(scope) {
      // Enterprise sends its own invitations, each bound to an address.
      if (!(await isCommunity(scope))) return 'open'
      return settings.firstSignIn === 'password' ? 'closed' : 'invited'
    },
    // The organization's invite link is never shown: with it, anybody could sign up under any
    // address.
    async signUpQuery(scope) {
      if (!(await isCommunity(scope))) return {}
      return { token: await translated(api.settings.inviteToken(scope.signal)) }
    },
    isOwnSecret: (text) => text.length === token.length && digestOf(text) === own,
    async isReserved(scope, { path }) {
      return ofAdministrators.test(path) && (await isCommunity(scope))
    },
    async isOwner(scope, { accountId, email }) {
      const { ownId, ownerEmail } = await installation.remembered(scope)
      return Number(accountId) === ownId || (ownerEmail !== '' && email === ownerEmail)
    },
    async emailOfAccount(scope, accountId) {
      if (!/^\d+$/.test(accountId)) return undefined
      const account = await translated(api.users.get(Number(accountId), scope.signal))
      return account && !account.masked ? normalizeEmail(account.email) : undefined
    },
  }
}

/** Compared as digests, so that the time reveals only the length. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
