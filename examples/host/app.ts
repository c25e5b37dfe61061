import express, { type Express } from 'express'
import type { Adapters } from 'label-studio-scim'
import { bearerTokens, digestToken, scimRouter } from 'label-studio-scim'

/** What the application is made of. */
export interface AppParts {
  readonly adapters: Adapters
  readonly scimToken: string
  /** Called when a change needs the reconciler. */
  readonly onPending: () => void
}

/** The host's Express application: SCIM at `/scim/v2`, a health check at `/healthz`. */
export function createApp({ adapters, scimToken, onPending }: AppParts): Express {
  const app = express()
  app.disable('x-powered-by')
  // Behind a reverse proxy: app.set('trust proxy', '<its address>').

  app.get('/healthz', (_request, response) => {
    response.type('text/plain').send('ok\n')
  })

  // Before any body parser: the router reads bodies itself, after it has checked the token.
  app.use(
    '/scim/v2',
    scimRouter(adapters, {
      authenticate: bearerTokens([{ name: 'idp', digest: digestToken(scimToken) }]),
      onPending,
      onError: (error, { requestId }) => console.error(`request ${requestId} failed:`, error),
    }),
  )
  return app
}
