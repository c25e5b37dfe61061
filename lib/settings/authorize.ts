import type { Request } from 'express'
import { forbidden } from '../errors.js'
import { unauthorized } from '../http/challenge.js'

/** Somebody who may see and change the settings of a tenant. */
export interface Administrator {
  /** Never empty. */
  readonly tenant: string
  /** Who acts, for the audit log: the name of the token or person. */
  readonly actor: string
}

/**
 * Decides who may use the settings API and page. To refuse, throw `unauthorized(…)` (401) or `forbidden(…)` (403), or
 * answer `undefined` (401). Whatever else is thrown answers 500: nobody gets in by a failure.
 */
export type Authorize = (
  request: Request,
) => Administrator | undefined | Promise<Administrator | undefined>

/**
 * The administrator behind a request, checked: what is missing never means "every tenant".
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
  return { tenant, actor: typeof actor === 'string' && actor !== '' ? actor : 'administrator' }
}

/** The same request as it would be with this token in its `Authorization` header. */
export function withToken(request: Request, token: string): Request {
  const authorization = `Bearer ${token}`
  return Object.create(request, {
    headers: { value: { ...request.headers, authorization } },
  }) as Request
}
