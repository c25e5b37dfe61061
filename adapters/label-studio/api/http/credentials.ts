import { jwtLifetimeMs, tokenForm } from './token.js'

/** Gives each request its `Authorization` value. */
export interface Credentials {
  authorization(): Promise<string>
  /**
   * Called when Label Studio refused `authorization`; whether another value is worth one more try.
   */
  refused(authorization: string): boolean
}

/** An access token is renewed when less than this is left of its life. */
const marginMs = 15_000

/** Credentials that never change: a legacy token or a ready access token. */
export function fixedCredentials(token: string): Credentials {
  const value = tokenForm(token) === 'legacy' ? `Token ${token}` : `Bearer ${token}`
  return { authorization: async () => value, refused: () => false }
}

/**
 * Credentials from a personal access token: exchanges it for an access token when one is needed.
 * Calls made in parallel share one exchange. Lifetimes are counted from the token's own `iat`, so a
 * clock that differs from Label Studio's does no harm.
 *
 * @param exchange asks Label Studio for an access token
 * @param clock    milliseconds, only differences are used
 */
export function refreshingCredentials(
  exchange: () => Promise<string>,
  clock: () => number,
): Credentials {
  let current: { authorization: string; until: number } | undefined
  let pending: Promise<string> | undefined

  const renew = async () => {
    const startedAt = clock()
    const access = await exchange()
    current = {
      authorization: `Bearer ${access}`,
      until: startedAt + Math.max(0, jwtLifetimeMs(access) - marginMs),
    }
    return current.authorization
  }

  return {
    async authorization() {
      if (current !== undefined && clock() < current.until) return current.authorization
      pending ??= renew().finally(() => {
        pending = undefined
      })
      return pending
    },
    refused(authorization) {
      if (current?.authorization === authorization) current = undefined
      return true
    },
  }
}
