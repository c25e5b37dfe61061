import { ConfigurationError } from '../errors.js'
import { type BearerToken, bearerTokens } from '../http/bearer-tokens.js'
import { type Authorize, withToken } from './authorize.js'

/** An administrator's token; see `BearerToken`. */
export type AdminToken = Omit<BearerToken, 'scopes'>

/** The scheme that Label Studio's API and SDK use. */
const labelStudioScheme = /^Token +(\S.*)$/i

/**
 * An `authorize` for administrators with tokens, sent as `Authorization: Bearer <token>` or, as
 * Label Studio's SDK does, `Authorization: Token <token>`. Give `digest` (see `digestToken`) where
 * the token itself must not be stored.
 *
 * @throws ConfigurationError `ERR_SCIM_TOKENS` for tokens under 16 characters and other mistakes.
 *   It names the entry and the mistake, never the token
 */
export function adminTokens(tokens: readonly AdminToken[]): Authorize {
  const authenticate = named(() => bearerTokens(tokens))
  return async (request) => {
    const [, token] = labelStudioScheme.exec(request.headers.authorization ?? '') ?? []
    const principal = await authenticate(
      token === undefined ? request : withToken(request, token.trim()),
    )
    return { tenant: principal.tenant, actor: principal.name }
  }
}

/** Makes errors of the shared token code name the function that the host called. */
function named<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    throw new ConfigurationError(
      error.code,
      error.message.replaceAll('bearerTokens', 'adminTokens'),
    )
  }
}
