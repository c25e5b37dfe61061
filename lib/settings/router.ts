import createDebug from 'debug'
import express, { type Request, type Response, type Router } from 'express'
import { notFound, ScimError } from '../errors.js'
import { expressNeeded } from '../http/base-url.js'
import type { Exchange } from '../http/exchange.js'
import { readBody } from '../http/read-body.js'
import type { Adapters } from '../stores/adapters.js'
import type { Scope } from '../stores/scope.js'
import { type Answer, failureAnswer } from './api/answer.js'
import { apiRoutes } from './api/routes.js'
import { guardedAdministrator } from './authorize.js'
import { refuseAmbientCredentials } from './navigation.js'
import { type SettingsContext, type SettingsOptions, settingsContext } from './options.js'
import { mountPage } from './page/mount.js'
import { answerWith, queryOf, scopeOf, sendAnswer } from './request.js'

const debug = createDebug('label-studio-scim:settings')
const names = new Set(Object.keys(apiRoutes).map((path) => path.split('/')[3]))
/** Below the known names alone: a host may serve SCIM under `/api/scim` too. */
const anyEndpoint = new RegExp(`^/api/scim/(${[...names].join('|')})/`)
const jsonLimits = { maxJsonDepth: 20, maxArrayItems: 1_000_000, maxObjectMembers: 10_000 }

/**
 * The settings API (`/api/scim/…`, with `GET` and `POST /api/scim/settings` as in Label Studio) and
 * the settings page (`/scim/settings`). Mount it at the root of the app, before a proxy to Label
 * Studio; other paths pass through.
 *
 * @throws ConfigurationError `ERR_SCIM_SETTINGS` if the adapters store no rules or an option is
 *   wrong
 */
export function settingsRouter(adapters: Adapters, options: SettingsOptions): Router {
  const context = settingsContext(adapters, options, (error, { requestId }) =>
    debug('request %s failed: %O', requestId, error),
  )
  const router = express.Router()
  const withoutExpress = expressNeeded('settingsRouter')
  router.use(['/api/scim', '/scim/settings'], (request, _response, next) => {
    next(withoutExpress(request))
  })
  mountApi(router, context)
  mountPage(router, context)
  return router
}

function mountApi(router: Router, context: SettingsContext): void {
  const { maxPayloadBytes } = context
  for (const [path, handlers] of Object.entries(apiRoutes)) {
    router.all(path, (request, response) => {
      answer(context, request, response, async (exchange, scope) => {
        const method = request.method === 'HEAD' ? 'GET' : request.method
        const handler = handlers[method as keyof typeof handlers]
        if (!handler) throw methodNotAllowed(Object.keys(handlers))
        if (method === 'POST') {
          // Forms on other sites cannot send JSON, even from browsers that send no origin.
          if (!request.is('json')) throw new ScimError(415, 'Send the body as application/json.')
        }
        const body =
          method === 'POST'
            ? await readBody(exchange, { ...jsonLimits, maxPayloadBytes })
            : undefined
        return handler(context, {
          scope,
          query: queryOf(request),
          body: body?.value,
          ifMatch: request.headers['if-match'],
        })
      })
    })
  }
  router.all(anyEndpoint, (request, response) => {
    answer(context, request, response, async () => {
      throw notFound('There is no such endpoint.')
    })
  })
}

type Work = (exchange: Exchange, scope: Scope) => Promise<Answer>

/** Authorizes the request before it reads the body or calls a handler. */
function answer(context: SettingsContext, request: Request, response: Response, work: Work): void {
  answerWith(
    context,
    { request, response },
    {
      work: async (exchange) => {
        refuseAmbientCredentials(request)
        const administrator = await guardedAdministrator(request, context)
        return work(exchange, scopeOf(exchange, administrator))
      },
      fail: (error, { requestId }) => {
        const { answer: failure, isUnexpected } = failureAnswer(error, requestId)
        if (isUnexpected) context.onError(error, { requestId })
        return failure
      },
      send: sendAnswer,
    },
  ).catch((error: unknown) => {
    context.onError(error, { requestId: '' })
    response.destroy()
  })
}

function methodNotAllowed(methods: readonly string[]): ScimError {
  const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods
  return new ScimError(405, 'This method is not supported here.', {
    headers: { Allow: allow.join(', ') },
  })
}
