import type { Request } from 'express'
import { forbidden, ScimError } from '../errors.js'
import { unauthorized } from '../http/challenge.js'
import type { Guard } from '../http/guard.js'

/** A person or program that may see and change the settings of a tenant. */
export interface Administrator {
  /** Never empty. */
  readonly tenant: string
  /** Name of the token or person for the audit log. */
  readonly actor: string
}

/**
 * Decides who may use the settings API and page. To refuse, throw `unauthorized(…)` (401) or
 * `forbidden(…)` (403), or return `undefined` (401). Any other error answers 500, so that a failure
 * never lets anyone in.
 */
export type Authorize = (
  request: Request,
) => Administrator | undefined | Promise<Administrator | undefined>

/**
 * The administrator who sent a request. A missing tenant is an error and never means "every
 * tenant".
 *
 * @throws ScimError 401 or 403
 */
export async function administratorOf(
  request: Request,
  authorize: Authorize,
): Promise<Administrator> {
  const found: Partial<Administrator> | undefined = await authorize(request)
  if (!found || typeof found !== 'object') throw unauthorized('Sign in as an administrator.')
  const { tenant, actor } = found
  if (typeof tenant !== 'string' || tenant === '') {
    throw forbidden('These credentials belong to no tenant.')
  }
  // The SCIM router's authenticators return no actor: their clients may read people, but not write
  // rules.
  if (typeof actor !== 'string' || actor === '') {
    throw forbidden('These credentials name no administrator: "authorize" must answer an actor.')
  }
  return { tenant, actor }
}

interface GuardedAuthorize {
  readonly authorize: Authorize
  readonly guard: Guard
}

/**
 * Like {@link administratorOf}, but counts failures: an address that failed too often has to wait,
 * except with credentials that worked before.
 *
 * @throws ScimError 401, 403 or 429
 */
export async function guardedAdministrator(
  request: Request,
  { authorize, guard }: GuardedAuthorize,
): Promise<Administrator> {
  if (request.headers.authorization === undefined) return administratorOf(request, authorize)
  guard.admit(request)
  try {
    const administrator = await administratorOf(request, authorize)
    guard.remember(request, true)
    return administrator
  } catch (error) {
    if (error instanceof ScimError && error.status === 401) guard.remember(request, false)
    throw error
  }
}

/** The same request with this token in its `Authorization` header. */
export function withToken(request: Request, token: string): Request {
  const authorization = `Bearer ${token}`
  return Object.create(request, {
    headers: { value: { ...request.headers, authorization } },
  }) as Request
}
