import express, {
  type Express,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express'
import type { Adapters, AuditEntry, Reconciler } from 'label-studio-scim'
import { bearerTokens, scimRouter } from 'label-studio-scim'
import { adminTokens, type SettingsOptions, settingsRouter } from 'label-studio-scim/settings'
import { UsageError } from '../command.js'
import { failureLog } from './failure-log.js'
import { type Checks, readiness } from './ready.js'

/** The parts of the application. */
export interface AppParts {
  readonly adapters: Adapters
  readonly reconciler: Reconciler
  /** Digests of tokens of identity providers. */
  readonly scimDigests: readonly string[]
  /** Digests of tokens of administrators. */
  readonly adminDigests: readonly string[]
  /** Shared by the hosts of one address, for sign-ins to the page and cursors. */
  readonly secret?: string
  /** Trusted reverse proxies, in Express's format. Default: none. */
  readonly trustProxy?: string
  /** The checks of `/readyz`. */
  readonly checks?: Checks
  /** What a Label Studio has, if there is one. */
  readonly choices?: Pick<SettingsOptions, 'projects' | 'workspaces' | 'accounts'>
  /** The settings are served by a separate application: {@link createSettingsApp}. */
  readonly hasOwnSettings?: boolean
}

/**
 * The host's Express application: SCIM at `/scim/v2`, `/healthz` (the process), `/readyz` (its
 * dependencies), and the settings unless they have a separate application.
 */
export function createApp(parts: AppParts): Express {
  const { adapters, reconciler, scimDigests, secret } = parts
  const failures = failureLog()
  const app = plainApp(parts, failures.watch)

  app.get('/healthz', (_request, response) => {
    response.type('text/plain').send('ok\n')
  })
  app.get('/readyz', readiness(parts.checks ?? {}))

  // Before any body parser: both routers read bodies themselves, after they have checked the token.
  app.use(
    '/scim/v2',
    scimRouter(adapters, {
      authenticate: bearerTokens(
        named('idp', scimDigests),
        adapters.tokens && { store: adapters.tokens },
      ),
      ...(secret !== undefined && { cursorSecret: secret }),
      onPending: () => reconciler.wake(),
      onError: logFailure,
      onEvent: (event) => {
        failures.note(event)
        warnOfMassLoss(event)
      },
    }),
  )
  if (!parts.hasOwnSettings) app.use(settingsOf(parts))
  // With a Label Studio, this is its place.
  if (!parts.hasOwnSettings && !parts.choices) app.get('/', leadToSettings)
  app.use(scimEndpoints, tellBaseUrl)
  return app
}

/** An application with only the settings page and API, for a port not shared with Label Studio. */
export function createSettingsApp(parts: AppParts): Express {
  const app = plainApp(parts, failureLog().watch)
  app.use(settingsOf(parts))
  app.get('/', leadToSettings)
  return app
}

/** Relative, because a proxy in front may serve this below a path. */
function leadToSettings(_request: Request, response: Response): void {
  response.redirect('scim/settings')
}

/** Answers 503 to every request that `app` has no answer for. */
export function closeTheRest(app: Express): void {
  app.use((_request, response) => {
    response
      .status(503)
      .set({ 'Retry-After': '60', 'Cache-Control': 'no-store' })
      .type('text/plain')
      .send('Label Studio is closed for maintenance. Try again later.\n')
  })
}

function plainApp({ trustProxy }: AppParts, first: RequestHandler): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(first)
  if (trustProxy !== undefined) trust(app, trustProxy)
  return app
}

function trust(app: Express, proxies: string): void {
  try {
    app.set('trust proxy', proxies)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`TRUST_PROXY cannot be used: ${reason}.`)
  }
}

function named(name: string, digests: readonly string[]) {
  return digests.map((digest, index) => ({
    name: index === 0 ? name : `${name}-${index + 1}`,
    digest,
  }))
}

function settingsOf(parts: AppParts): Router {
  const { adapters, reconciler, adminDigests, choices, hasOwnSettings, secret } = parts
  return settingsRouter(adapters, {
    authorize: adminTokens(named('admin', adminDigests)),
    ...choices,
    ...(secret !== undefined && { sessionSecret: secret }),
    ...(!hasOwnSettings && { scimUrl: '/scim/v2' }),
    ...(choices && !hasOwnSettings && { labelStudioUrl: '/' }),
    ...(adapters.tokens && { tokens: adapters.tokens }),
    reconciler,
    onError: logFailure,
  })
}

/** The paths that a client requests if its base URL lacks `/scim/v2`. */
const scimEndpoints = ['/Users', '/Groups', '/ServiceProviderConfig', '/ResourceTypes', '/Schemas']

function tellBaseUrl(_request: Request, response: Response): void {
  response
    .status(404)
    .type('application/scim+json')
    .send({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '404',
      detail: 'SCIM is served under /scim/v2 here. Add it to the base URL in the client.',
    })
}

/** Logs mass losses, because nobody looks at a status page while everything seems fine. */
function warnOfMassLoss({ event, detail }: AuditEntry): void {
  if (event === 'access.massLoss') console.error(`WARNING: ${detail}`)
}

function logFailure(error: unknown, { requestId }: { readonly requestId: string }): void {
  console.error(`request ${requestId} failed:`, error)
}
