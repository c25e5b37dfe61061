import { randomUUID } from 'node:crypto'
import { notFound, ScimError } from '../../errors.js'
import { auditEntry } from '../../events/audit-entry.js'
import type { AuditEntry } from '../../events/catalogue.js'
import { digestToken, generateToken } from '../../http/bearer-tokens.js'
import type { Scope } from '../../stores/scope.js'
import type { StoredToken, TokenStore } from '../../stores/token-store.js'
import type { SettingsContext } from '../options.js'

/** A token as administrators see it: without its digest. */
export interface TokenSummary {
  /** Absent: the token is given in code; only its name and last use are known. */
  readonly id?: string
  readonly name: string
  readonly createdAt?: string
  readonly createdBy?: string
  /** RFC 3339; when the token expires. Absent: never. */
  readonly expiresAt?: string
  /** `replaced`: it was rotated and works until it expires. */
  readonly state: 'valid' | 'replaced' | 'expired'
  /** RFC 3339, to the minute. Absent: never. */
  readonly lastUsedAt?: string
}

/** A newly made token, which is shown only this once. */
export interface MadeToken {
  readonly token: string
  readonly made: StoredToken
}

/** A token to make. */
export interface TokenWish {
  readonly name: string
  /** RFC 3339. */
  readonly expiresAt?: string | undefined
}

const maxTokens = 100
const maxNameLength = 100

/** How long a rotated token stays valid, to leave time to enter the new one. */
const overlapMs = 86_400_000

/** Tokens made here, then used tokens from code, the most recently used first. */
export async function listTokens(
  context: SettingsContext,
  scope: Scope,
): Promise<readonly TokenSummary[]> {
  const store = requireTokens(context)
  const [tokens, uses] = await Promise.all([store.list(scope), store.listUses(scope)])
  const lastUse = new Map(uses.map(({ token, at }) => [token, at]))
  const made = tokens.map((token) => summaryOf(context, token, lastUse.get(token.id)))
  const ids = new Set(tokens.map(({ id }) => id))
  const inCode = uses.filter(({ token }) => !ids.has(token) && !isId(token))
  return [
    ...made,
    ...inCode.map(({ token, at }) => ({ name: token, state: 'valid' as const, lastUsedAt: at })),
  ]
}

/**
 * Makes a token. Only its digest is stored.
 *
 * @throws ScimError 400 for an invalid name or an expiry in the past, 404 if tokens are given only
 *   in code, 409 for a taken name or too many tokens
 */
export async function createToken(
  context: SettingsContext,
  scope: Scope,
  wish: TokenWish,
): Promise<MadeToken> {
  const store = requireTokens(context)
  const { expiresAt } = wish
  const name = checkedName(wish.name)
  if (expiresAt !== undefined && Date.parse(expiresAt) <= context.clock().getTime()) {
    throw new ScimError(400, 'The token would have expired already.')
  }
  await refuseTakenName(context, scope, name)
  const { token, made } = newToken(context, scope, { name, expiresAt })
  const entry = tokenEntry(context, scope, 'token.created', made)
  await store.create(scope, made, [entry])
  context.emit(entry)
  return { token, made }
}

/** @throws ScimError as `createToken`; 404 also without such a token */
export async function renameToken(
  context: SettingsContext,
  scope: Scope,
  wish: { readonly id: string; readonly name: string },
): Promise<StoredToken> {
  const store = requireTokens(context)
  const before = await tokenWith(store, scope, wish.id)
  const name = checkedName(wish.name)
  if (name === before.name) return before
  await refuseTakenName(context, scope, name)
  const after = { ...before, name }
  const entry = {
    ...tokenEntry(context, scope, 'token.changed', after),
    detail: `was "${before.name}"`,
  }
  if (!(await store.change(scope, { id: before.id, name }, [entry]))) throw noSuchToken()
  context.emit(entry)
  return after
}

/**
 * Replaces a token by a new one with the same name and lifetime. The old one works for another day.
 *
 * @throws ScimError 404 without such a token, 409 if it was rotated already
 */
export async function rotateToken(
  context: SettingsContext,
  scope: Scope,
  id: string,
): Promise<MadeToken> {
  const store = requireTokens(context)
  const before = await tokenWith(store, scope, id)
  if (before.replacedBy !== undefined) throw new ScimError(409, 'This token was rotated already.')
  const { name, createdAt, expiresAt } = before
  const now = context.clock().getTime()
  const lifeMs = expiresAt === undefined ? undefined : Date.parse(expiresAt) - Date.parse(createdAt)
  const until = lifeMs === undefined ? undefined : new Date(now + lifeMs).toISOString()
  const { token, made } = newToken(context, scope, { name, expiresAt: until })
  const madeEntry = tokenEntry(context, scope, 'token.created', made)
  await store.create(scope, made, [madeEntry])
  context.emit(madeEntry)
  const overlap = new Date(now + overlapMs).toISOString()
  const ends = expiresAt !== undefined && expiresAt < overlap ? expiresAt : overlap
  const entry = {
    ...tokenEntry(context, scope, 'token.changed', before),
    detail: `rotated; works until ${ends}`,
  }
  await store.change(scope, { id, expiresAt: ends, replacedBy: made.id }, [entry])
  context.emit(entry)
  return { token, made }
}

/** Deletes a token, so that it is refused at once. @throws ScimError 404 without such a token */
export async function revokeToken(
  context: SettingsContext,
  scope: Scope,
  id: string,
): Promise<StoredToken> {
  const store = requireTokens(context)
  const token = await tokenWith(store, scope, id)
  const entry = tokenEntry(context, scope, 'token.revoked', token)
  if (!(await store.delete(scope, id, [entry]))) throw noSuchToken()
  context.emit(entry)
  return token
}

/** @throws ScimError 404 if tokens are given only in code */
function requireTokens({ tokens }: SettingsContext): TokenStore {
  if (tokens) return tokens
  throw notFound('Tokens are not made here: whoever runs this service gives them in its code.')
}

async function tokenWith(store: TokenStore, scope: Scope, id: string): Promise<StoredToken> {
  const found = (await store.list(scope)).find((token) => token.id === id)
  if (found) return found
  throw noSuchToken()
}

function noSuchToken(): ScimError {
  return notFound('There is no such token any more.')
}

function checkedName(given: string): string {
  const name = given.trim()
  const isFine = name !== '' && name.length <= maxNameLength && !/\p{C}/u.test(name)
  if (isFine && !isId(name)) return name
  throw new ScimError(400, `Give the token a name of at most ${maxNameLength} characters.`)
}

/** The record of uses contains both ids and names of tokens, so a name must not look like an id. */
function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

async function refuseTakenName(
  context: SettingsContext,
  scope: Scope,
  name: string,
): Promise<void> {
  const tokens = await listTokens(context, scope)
  if (tokens.filter(({ id }) => id !== undefined).length >= maxTokens) {
    throw new ScimError(409, `There are ${maxTokens} tokens. Revoke those that nobody uses.`)
  }
  const isTaken = tokens.some((token) => token.name === name && token.state === 'valid')
  if (isTaken) throw new ScimError(409, `There is a token named "${name}" already.`)
}

function newToken(
  { clock }: SettingsContext,
  { actor }: Scope,
  { name, expiresAt }: TokenWish,
): MadeToken {
  const token = generateToken()
  const made: StoredToken = {
    id: randomUUID(),
    name,
    digest: digestToken(token),
    createdAt: clock().toISOString(),
    createdBy: actor,
    ...(expiresAt !== undefined && { expiresAt }),
  }
  return { token, made }
}

function summaryOf(
  { clock }: SettingsContext,
  { digest: _, replacedBy, ...token }: StoredToken,
  lastUsedAt: string | undefined,
): TokenSummary {
  const hasExpired =
    token.expiresAt !== undefined && Date.parse(token.expiresAt) <= clock().getTime()
  return {
    ...token,
    state: hasExpired ? 'expired' : replacedBy === undefined ? 'valid' : 'replaced',
    ...(lastUsedAt !== undefined && { lastUsedAt }),
  }
}

function tokenEntry(
  { clock }: SettingsContext,
  scope: Scope,
  event: AuditEntry['event'],
  { id, name }: Pick<StoredToken, 'id' | 'name'>,
): AuditEntry {
  return auditEntry(scope, clock(), { event, target: { resourceType: 'Token', id, name } })
}
