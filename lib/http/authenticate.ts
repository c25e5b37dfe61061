import type { Request } from 'express'
import { forbidden, unavailable } from '../errors.js'
import { isThenable } from '../events/emitter.js'
import type { Principal } from '../protocol/messages.js'
import { insufficientScope, malformedCredentials, unauthorized } from './challenge.js'

/**
 * Turns the credentials of a request into a principal. Called before the body is read; it gets the
 * web framework's request (`headers`, `originalUrl`, `params` of the mount path, `socket`) and must
 * not change it.
 *
 * To refuse, throw `unauthorized(…)` (401) or `forbidden(…)` (403). Any other error answers 500,
 * and a timeout 503, so that a failure never lets anybody in.
 */
export type Authenticator = (request: Request) => Principal | Promise<Principal>

/** How requests are authenticated. */
export interface AuthenticationOptions {
  readonly authenticate: Authenticator
  readonly authenticateTimeoutMs: number
  readonly retryAfterSeconds: number
}

/** The principal at open endpoints. It has no tenant, so it can reach no store. */
export const anonymous: Principal = Object.freeze({ tenant: '', name: 'anonymous', scopes: [] })

/** Whether a request has an `Authorization` header. */
export function sendsCredentials(request: Request): boolean {
  return request.headers.authorization !== undefined
}

/**
 * The principal of a request, checked: it has a tenant, a name and a list of scopes.
 *
 * @throws ScimError 400 for two `Authorization` headers, 401, 403 without a tenant; 503 when it
 *   takes too long
 */
export function principalOf(
  request: Request,
  options: AuthenticationOptions,
): Principal | Promise<Principal> {
  if (authorizationHeaders(request) > 1) {
    throw malformedCredentials('More than one Authorization header was sent.')
  }
  const result = options.authenticate(request)
  return isThenable(result) ? inTime(result, options).then(checkPrincipal) : checkPrincipal(result)
}

/** Requires the scope for a kind of request: 403 `insufficient_scope` without it. */
export function requireScope(principal: Principal, write: boolean): void {
  const scope = write ? 'scim:write' : 'scim:read'
  if (!principal.scopes.includes(scope)) throw insufficientScope(scope)
}

// Node keeps only the first in `headers`.
function authorizationHeaders(request: Request): number {
  let count = 0
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]
    // Most names differ in length, which is known without reading them.
    if (name?.length === 13 && name.toLowerCase() === 'authorization') count += 1
  }
  return count
}

function inTime(work: PromiseLike<Principal>, options: AuthenticationOptions): Promise<Principal> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          unavailable(
            'The credentials could not be checked in time. Try again later.',
            options.retryAfterSeconds,
          ),
        ),
      options.authenticateTimeoutMs,
    )
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}

/**
 * Authenticators are the host's code, possibly plain JavaScript: a missing member must never mean
 * "everything".
 */
function checkPrincipal(principal: Partial<Principal> | null | undefined): Principal {
  if (principal === null || typeof principal !== 'object') {
    throw unauthorized('The credentials are not valid.', 'invalid_token')
  }
  const { tenant, name, scopes, userId, tokenId } = principal
  if (typeof tenant !== 'string' || tenant === '') {
    throw forbidden('These credentials belong to no tenant.')
  }
  return {
    tenant,
    name: typeof name === 'string' && name !== '' ? name : 'unnamed',
    scopes: Array.isArray(scopes) ? scopes : [],
    ...(typeof userId === 'string' && userId !== '' && { userId }),
    ...(typeof tokenId === 'string' && { tokenId }),
  }
}
