/**
 * Provisioning for an application that has its own users, sessions and single sign-on: SCIM next to
 * its routes, a hook at sign-in, a target that ends sessions, and the settings page for its
 * administrators.
 */
import express, { type Express, type Request } from 'express'
import {
  type AccessTarget,
  type Adapters,
  type Authenticator,
  onSignIn,
  scimRouter,
} from 'label-studio-scim'
import { type SettingsOptions, settingsRouter } from 'label-studio-scim/settings'

/** What the application already has. */
export interface ExistingApp {
  /** The person who sent this request, from the application's own session. */
  sessionOf(request: Request): { readonly email: string; readonly isAdmin: boolean } | undefined
  /** Redeems the code from the identity provider (OpenID Connect, SAML). */
  redeem(code: string): Promise<{ readonly email: string }>
  /** Starts a session; returns its cookie. */
  startSession(email: string): string
  /** Ends every session, token and other way in of this person. */
  endSessions(email: string): Promise<void>
}

const scope = { tenant: 'default' }

/**
 * Gives and ends access in the application, for `sqlAdapters({ url, target: targetOf(existing) })`.
 * The library calls it before the client gets its 2xx, and again until it succeeds.
 */
export function targetOf(existing: ExistingApp): Pick<AccessTarget, 'deprovision' | 'applyAccess'> {
  return {
    deprovision: (_scope, user) => existing.endSessions(user.userName),
    // This application has no roles. If yours has, apply what `plan` says, and return what is in
    // force now.
    applyAccess: async () => ({ applied: [] }),
  }
}

/** The application with provisioning. Nothing may read bodies before the SCIM router. */
export function withProvisioning(
  existing: ExistingApp,
  adapters: Adapters,
  authenticate: Authenticator,
): Express {
  const app = express()
  app.use('/scim/v2', scimRouter(adapters, { authenticate }))
  app.use(settingsRouter(adapters, { authorize: administratorOf(existing) }))

  // The application's own middleware and routes follow.
  app.use(express.json())
  app.get('/sign-in/callback', async (request, response) => {
    const { email } = await existing.redeem(String(request.query['code']))
    const { allowed } = await onSignIn(adapters, scope, email, { unknownPeople: 'refuse' })
    if (!allowed) {
      response.status(403).send('Ask your administrator to assign you to this application.')
      return
    }
    response.setHeader('Set-Cookie', existing.startSession(email)).redirect('/')
  })
  app.get('/', (request, response) => {
    const session = existing.sessionOf(request)
    response.status(session ? 200 : 401).send(session ? `Hello, ${session.email}.` : 'Sign in.')
  })
  return app
}

/** Lets administrators of the application change the settings. */
function administratorOf({ sessionOf }: ExistingApp): SettingsOptions['authorize'] {
  return (request) => {
    const session = sessionOf(request)
    return session?.isAdmin ? { ...scope, actor: session.email } : undefined
  }
}
