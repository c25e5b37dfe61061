import { stopwatch } from '../../../../lib/adapter/index.js'
import { jwtLifetimeMs, tokenForm } from './token.js'

/** Gives each request its `Authorization` value. */
export interface Credentials {
  authorization(): Promise<string>
  /**
   * Called when Label Studio refused `authorization`; returns whether to try once more with another
   * value.
   */
  refused(authorization: string): boolean
}

/** An access token is renewed when less than this is left of its lifetime. */
const marginMs = 15_000

/** Credentials that never change: a legacy token or a ready access token. */
export function fixedCredentials(token: string): Credentials {
  const value = tokenForm(token) === 'legacy' ? `Token ${token}` : `Bearer ${token}`
  return { authorization: async () => value, refused: () => false }
}

/**
 * Credentials from a personal access token, which is exchanged for an access token when needed.
 * Parallel calls share one exchange. Lifetimes count from the token's own `iat`, so the clock need
 * not agree with Label Studio's.
 *
 * @param exchange asks Label Studio for an access token
 * @param clock    milliseconds, only differences are used
 */
export function refreshingCredentials(
  exchange: () => Promise<string>,
  clock: () => number,
): Credentials {
  let current: { authorization: string; isValid: () => boolean } | undefined
  let pending: Promise<string> | undefined

  const renew = async () => {
    const age = stopwatch(clock)
    const access = await exchange()
    const lifetimeMs = jwtLifetimeMs(access) - marginMs
    current = { authorization: `Bearer ${access}`, isValid: () => age() < lifetimeMs }
    return current.authorization
  }

  return {
    async authorization() {
      if (current?.isValid()) return current.authorization
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
