import createDebug from 'debug'
import express, { type Request, type Response, type Router } from 'express'
import { ScimError } from '../errors.js'
import type { Adapters } from '../stores/adapters.js'
import { failureAnswer } from './api/answer.js'
import { apiRoutes } from './api/routes.js'
import { guardedAdministrator } from './authorize.js'
import { refuseAmbientCredentials } from './navigation.js'
import { type SettingsContext, type SettingsOptions, settingsContext } from './options.js'
import { mountPage } from './page/mount.js'
import { queryOf, requestIdOf, scopeOf, sendAnswer } from './request.js'

const debug = createDebug('label-studio-scim:settings')

/**
 * The settings API (`/api/scim/…`, `GET` and `POST /api/scim/settings` as Label Studio's own) and the settings page
 * (`/scim/settings`). Mount it at the root of the app, before a proxy to Label Studio; other paths pass through.
 *
 * @throws ConfigurationError `ERR_SCIM_SETTINGS` when the adapters keep no rules, or an option is wrong
 */
export function settingsRouter(adapters: Adapters, options: SettingsOptions): Router {
  const context = settingsContext(adapters, options, (error, { requestId }) =>
    debug('request %s failed: %O', requestId, error),
  )
  const router = express.Router()
  mountApi(router, context)
  mountPage(router, context)
  return router
}

function mountApi(router: Router, context: SettingsContext): void {
  const readBody = express.json({ limit: context.maxPayloadBytes, strict: false })
  for (const [path, handlers] of Object.entries(apiRoutes)) {
    router.all(path, (request, response) => {
      answer(context, request, response, async (scope) => {
        const method = request.method === 'HEAD' ? 'GET' : request.method
        const handler = handlers[method as keyof typeof handlers]
        if (!handler) throw methodNotAllowed(Object.keys(handlers))
        if (method === 'POST') {
          // Forms of other sites cannot send JSON, also from browsers that do not say where they come from.
          if (!request.is('json')) throw new ScimError(415, 'Send the body as application/json.')
          await parsed(readBody, request, response)
        }
        return handler(context, {
          scope,
          query: queryOf(request),
          body: request.body as unknown,
          ifMatch: request.headers['if-match'],
        })
      })
    })
  }
}

type Work = (
  scope: ReturnType<typeof scopeOf>,
) => ReturnType<(typeof apiRoutes)[string]['GET'] & {}>

/** Nobody unauthorized gets as far as a handler, or has a body read. */
function answer(context: SettingsContext, request: Request, response: Response, work: Work): void {
  const run = async () => {
    refuseAmbientCredentials(request)
    const administrator = await guardedAdministrator(request, context)
    await sendAnswer(response, await work(scopeOf(request, response, administrator)))
  }
  run().catch((error: unknown) => {
    const requestId = requestIdOf(request)
    const { answer: failure, isUnexpected } = failureAnswer(error, requestId)
    if (isUnexpected) context.onError(error, { requestId })
    if (response.headersSent) response.destroy()
    else void sendAnswer(response, failure)
  })
}

function parsed(
  parse: ReturnType<typeof express.json>,
  request: Request,
  response: Response,
): Promise<void> {
  return new Promise((resolve, reject) => {
    parse(request, response, (error?: unknown) => (error ? reject(error) : resolve()))
  })
}

function methodNotAllowed(methods: readonly string[]): ScimError {
  const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods
  return new ScimError(405, 'This method is not supported here.', {
    headers: { Allow: allow.join(', ') },
  })
}
