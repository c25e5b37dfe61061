import type { IncomingMessage } from 'node:http'
import { type Invited, invitationParameter, maySignUp, readInvitation } from '../access/index.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'
import { type Identity, isOwnAddress, type PersonStatus } from './decide.js'
import { forbidden, pass, type Verdict } from './verdict.js'

const cookieName = 'scim_invitation'
const cookieSeconds = 3_600

/** Decides about the sign-up form of the application. */
export interface SignUps {
  /**
   * Handles an opened link: its token goes into a cookie, because the URL of the form does not
   * carry it.
   */
  open(scope: Scope, request: IncomingMessage): Promise<Verdict | undefined>
  /**
   * Decides about a form submitted with these addresses. The query parameters that the application
   * requires are added.
   */
  submit(
    scope: Scope,
    request: IncomingMessage,
    applicants: readonly { readonly identity: Identity; readonly status: PersonStatus }[],
  ): Promise<Verdict>
}

const notGiven = 'Only people whom your organization has given access can sign up.'
const notInvited =
  'To sign up, open the link that your administrator has for you. ' +
  'It is made for one address and expires.'

/** Sign-ups for the people of these adapters. */
export function signUpsOf(adapters: Adapters, clock: () => Date): SignUps {
  return {
    async open(scope, request) {
      const { path, query } = partsOf(request)
      const token = query.get(invitationParameter)
      if (token === null) return undefined
      const invited = await readInvitation(adapters, scope, token, clock())
      if (!invited) return forbidden('This link is no longer valid. Ask for a new one.')
      query.delete(invitationParameter)
      const rest = query.size > 0 ? `?${query}` : ''
      const secure = isSecure(request) ? '; Secure' : ''
      const cookie =
        `${cookieName}=${token}; Path=/; Max-Age=${cookieSeconds}; HttpOnly; ` +
        `SameSite=Lax${secure}`
      const base = (request as { baseUrl?: string }).baseUrl ?? ''
      return { kind: 'redirect', location: `${base}${onThisHost(path)}${rest}`, cookie }
    },

    async submit(scope, request, applicants) {
      const mode = (await adapters.gate?.signUp(scope)) ?? 'open'
      if (mode === 'closed') {
        return forbidden('Sign-up is closed: your organization creates the accounts.')
      }
      const invited =
        mode === 'invited' ? await invitationIn(adapters, scope, request, clock()) : undefined
      if (mode === 'invited' && !invited) return forbidden(notInvited)
      for (const { identity, status } of applicants) {
        const { standing, user } = status
        const isTheirs = user !== undefined && isOwnAddress(user, identity.email ?? '')
        if (standing !== 'active' || !isTheirs) return forbidden(notGiven)
        if (!(await maySignUp(adapters, scope, user))) {
          return forbidden('An account with this address already exists. Sign in.')
        }
        if (invited && !isFor(invited, user.id, identity)) return forbidden(notInvited)
      }
      addToQuery(request, (await adapters.gate?.signUpQuery?.(scope)) ?? {})
      return pass
    },
  }
}

/** Browsers read two slashes at the beginning, of either kind, as the name of another host. */
function onThisHost(path: string): string {
  return `/${path.replace(/^[\\/]+/, '')}`
}

function isFor({ userId, email }: Invited, user: string, identity: Identity): boolean {
  return userId === user && email === identity.email?.toLowerCase()
}

async function invitationIn(
  adapters: Adapters,
  scope: Scope,
  { headers }: IncomingMessage,
  now: Date,
): Promise<Invited | undefined> {
  const token = new RegExp(`(?:^|;\\s*)${cookieName}=([^;\\s]*)`).exec(headers.cookie ?? '')?.[1]
  return token === undefined ? undefined : readInvitation(adapters, scope, token, now)
}

function addToQuery(request: IncomingMessage, parameters: Readonly<Record<string, string>>): void {
  const { path, query } = partsOf(request)
  for (const [name, value] of Object.entries(parameters)) query.set(name, value)
  request.url = query.size > 0 ? `${path}?${query}` : path
}

function partsOf({ url = '' }: IncomingMessage) {
  const [path = '', ...query] = url.split('?')
  return { path, query: new URLSearchParams(query.join('?')) }
}

function isSecure(request: IncomingMessage): boolean {
  const { encrypted } = request.socket as { encrypted?: boolean }
  return encrypted === true || request.headers['x-forwarded-proto'] === 'https'
}
