import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { checkScope } from '../configuration/check-scope.js'
import type { AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'
import type { User } from '../stores/resource.js'
import type { Scope } from '../stores/scope.js'
import { emailOf } from './email.js'

/** The query parameter of the link. */
export const invitationParameter = 'scim'

const keyName = 'gate.invitationKey'
const signUpPath = '/user/signup/'
const defaultLifetimeMs = 7 * 24 * 3_600_000

/** A link with which one person can sign up once, under their own address. */
export interface Invitation {
  /** Path and query at the gate. */
  readonly path: string
  readonly email: string
  /** RFC 3339. */
  readonly expires: string
}

/** The person for whom an invitation was made. */
export interface Invited {
  readonly userId: string
  readonly email: string
}

/**
 * A link with which this person can sign up at the gate; `undefined` if the host does not use
 * links, or the person has no access, no address, or an account already.
 *
 * @throws ConfigurationError `ERR_SCIM_SIGN_IN` when the scope has no tenant
 */
export async function createInvitation(
  adapters: Adapters,
  scope: Scope,
  user: User,
  { lifetimeMs = defaultLifetimeMs, clock = () => new Date() } = {},
): Promise<Invitation | undefined> {
  checkScope({ factory: 'createInvitation', code: 'ERR_SCIM_SIGN_IN' }, scope)
  const { access } = adapters
  const email = emailOf(user)
  if (!access || email === undefined || !(await maySignUp(adapters, scope, user))) return undefined
  if ((await adapters.gate?.signUp(scope)) !== 'invited') return undefined
  const expires = new Date(clock().getTime() + lifetimeMs)
  const content = { user: user.id, email, tenant: scope.tenant, until: expires.getTime() }
  const payload = Buffer.from(JSON.stringify(content)).toString('base64url')
  const token = `${payload}.${sign(await keyOf(access, scope), payload)}`
  return {
    path: `${signUpPath}?${invitationParameter}=${token}`,
    email,
    expires: expires.toISOString(),
  }
}

/** Whether this person has access and no account yet. */
export async function maySignUp(adapters: Adapters, scope: Scope, user: User): Promise<boolean> {
  if (!user.active || !(await adapters.groups.resolveAccess(scope, user)).active) return false
  return (await adapters.access?.getRecord(scope, user.id))?.account === undefined
}

/**
 * The person for whom a link's token was made; `undefined` if the token is not genuine, has
 * expired, or belongs to another tenant.
 */
export async function readInvitation(
  { access }: Adapters,
  scope: Scope,
  token: string,
  now: Date,
): Promise<Invited | undefined> {
  const key = await access?.getValue(scope, keyName)
  const [payload = '', signature = '', ...more] = token.split('.')
  if (key === undefined || !isEqual(signature, sign(key, payload))) return undefined
  // Nothing vouches for what follows, and callers pass the whole token on.
  if (more.length > 0) return undefined
  const content = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  if (content.tenant !== scope.tenant || content.until <= now.getTime()) return undefined
  return { userId: content.user, email: content.email }
}

/**
 * The key is stored with the rules, so that every instance has it. It is read again after writing,
 * because another instance may have written first.
 */
async function keyOf(access: AccessStore, scope: Scope): Promise<string> {
  const known = await access.getValue(scope, keyName)
  if (known !== undefined) return known
  const made = randomBytes(32).toString('base64url')
  await access.setValue(scope, keyName, made)
  return (await access.getValue(scope, keyName)) ?? made
}

function sign(key: string, payload: string): string {
  return createHmac('sha256', key).update(payload).digest('base64url')
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
