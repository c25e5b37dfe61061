import type { StoredToken } from '../../stores/token-store.js'
import type { SettingsContext } from '../options.js'
import {
  createToken,
  listTokens,
  type MadeToken,
  renameToken,
  revokeToken,
  rotateToken,
} from '../rules/tokens.js'
import type { Answer, Call } from './answer.js'
import { fieldsOf, instantIn, textIn } from './fields.js'

/**
 * `GET /api/scim/tokens`: which tokens may use SCIM and when they did; never a token or its digest.
 */
export async function getTokens(context: SettingsContext, { scope }: Call): Promise<Answer> {
  return { status: 200, body: { tokens: await listTokens(context, scope) } }
}

/**
 * `POST /api/scim/tokens`: makes a token, `{ "name": …, "expiresAt": … }`. Only this answer
 * contains it.
 */
export async function postToken(context: SettingsContext, { scope, body }: Call): Promise<Answer> {
  const { name, expiresAt } = fieldsOf(body, ['name', 'expiresAt'])
  const wish = { name: textIn('name', name), expiresAt: instantIn('expiresAt', expiresAt) }
  return { status: 201, body: shownOnce(await createToken(context, scope, wish)) }
}

/** `POST /api/scim/tokens/rename`: `{ "id", "name" }`. */
export async function postTokenName(
  context: SettingsContext,
  { scope, body }: Call,
): Promise<Answer> {
  const { id, name } = fieldsOf(body, ['id', 'name'])
  const wish = { id: textIn('id', id), name: textIn('name', name) }
  return { status: 200, body: withoutDigest(await renameToken(context, scope, wish)) }
}

/**
 * `POST /api/scim/tokens/rotate`: `{ "id" }`; makes a new token, and the old one works for another
 * day.
 */
export async function postTokenRotation(
  context: SettingsContext,
  { scope, body }: Call,
): Promise<Answer> {
  const { id } = fieldsOf(body, ['id'])
  return { status: 201, body: shownOnce(await rotateToken(context, scope, textIn('id', id))) }
}

/**
 * `POST /api/scim/tokens/revoke`: `{ "id" }`; every host refuses the token from the next request
 * on.
 */
export async function postTokenRevocation(
  context: SettingsContext,
  { scope, body }: Call,
): Promise<Answer> {
  const { id } = fieldsOf(body, ['id'])
  await revokeToken(context, scope, textIn('id', id))
  return { status: 200, body: { revoked: true } }
}

function shownOnce({ token, made }: MadeToken) {
  return { ...withoutDigest(made), token }
}

function withoutDigest({ digest: _, ...token }: StoredToken) {
  return token
}
