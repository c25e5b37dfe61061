import { ScimError } from '../errors.js'

/** Error codes of RFC 6750 §3.1. */
export type BearerError = 'invalid_request' | 'invalid_token' | 'insufficient_scope'

/** Parameters of a challenge, besides the realm. */
export interface ChallengeParameters {
  readonly error?: BearerError
  readonly description?: string
  readonly scope?: string
}

/** Name of the protection space, the same for every router. */
const realm = 'SCIM'

/**
 * Value of `WWW-Authenticate` (RFC 6750 §3). Characters that its attributes must not contain are
 * removed, so that no text can end a quoted string or a header line.
 */
export function challenge(parameters: ChallengeParameters = {}): string {
  const attributes = [
    ['realm', realm],
    ['error', parameters.error],
    ['error_description', parameters.description],
    ['scope', parameters.scope],
  ].filter(([, value]) => value !== undefined)
  return (
    'Bearer ' +
    `${attributes.map(([name, value]) => `${name}="${permitted(String(value))}"`).join(', ')}`
  )
}

/** Only the characters RFC 6750 §3 permits in `scope` and `error_description`. */
function permitted(text: string): string {
  return text.replace(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, '')
}

/**
 * 401: no credentials, or unknown ones. For authenticators.
 *
 * @param detail a sentence that is safe to send; never any part of the credentials
 * @param error `invalid_token` if credentials were sent; omitted if there were none (RFC 6750 §3.1)
 */
export function unauthorized(detail: string, error?: 'invalid_token'): ScimError {
  const parameters = error === undefined ? {} : { error, description: detail }
  return new ScimError(401, detail, { headers: { 'WWW-Authenticate': challenge(parameters) } })
}

/** 400 `invalid_request`: the credentials are malformed (RFC 6750 §3.1). */
export function malformedCredentials(detail: string): ScimError {
  const header = challenge({ error: 'invalid_request', description: detail })
  return new ScimError(400, detail, { headers: { 'WWW-Authenticate': header } })
}

/** 403 `insufficient_scope`, naming the missing scope (RFC 6750 §3.1). */
export function insufficientScope(scope: string): ScimError {
  const header = challenge({ error: 'insufficient_scope', scope })
  return new ScimError(403, `This needs credentials with the scope "${scope}".`, {
    headers: { 'WWW-Authenticate': header },
  })
}
