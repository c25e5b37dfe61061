import type { RequestHandler } from 'express'
import { contactRecorder } from '../access/index.js'
import { createEmitter } from '../events/emitter.js'
import type { ScimOptions } from '../options.js'
import { scimRoutes } from '../protocol/routes.js'
import { createRecorder } from '../recorder/index.js'
import type { ServiceContext } from '../resources/options.js'
import { createBrake } from '../resources/people/brake.js'
import { requireCodeGeneration } from '../schema/ajv.js'
import { compileResourceTypes } from '../schema/compile.js'
import type { Adapters } from '../stores/adapters.js'
import { checkAdapters } from '../stores/check-adapters.js'
import { type ResolvedOptions, resolveOptions } from './resolve-options.js'
import { scimTransport, type TransportOptions } from './transport.js'

/**
 * A SCIM 2.0 service provider (RFC 7643, 7644, 9865) to mount in an Express app (Express 5, or 4.18
 * and newer).
 *
 * Mount it before body parsers, which would otherwise answer malformed bodies themselves:
 * `app.use('/scim/v2', scimRouter(adapters, { authenticate: bearerTokens([…]) }))`. It answers
 * every request below its mount path. Its state is private: two routers in one process do not
 * affect each other.
 *
 * @throws ConfigurationError for options, schemas or stores that cannot work
 */
export function scimRouter(adapters: Adapters, options: ScimOptions): RequestHandler {
  checkAdapters('scimRouter', adapters)
  requireCodeGeneration('scimRouter')
  const resolved = resolveOptions(options, adapters)
  const { emit } = createEmitterFor(options, resolved)
  const { clock, newId, onPending } = resolved
  const types = compileResourceTypes(resolved)
  const onError: ServiceContext['onError'] = (error, { requestId, principal: { tenant } }) =>
    resolved.onError(error, { requestId, method: 'POST', path: '/Bulk', tenant })
  const brake = createBrake({ adapters, options: resolved, clock, emit })
  const context = {
    types,
    adapters,
    options: resolved,
    clock,
    newId,
    brake,
    emit,
    onPending,
    onError,
  }
  const recorder = options.record && createRecorder(types, options.record)
  const onContact = rememberContact(adapters, resolved)
  return scimTransport(scimRoutes(context), { ...resolved, emit, onContact, recorder })
}

/**
 * Records when the identity provider last called, for the status page; no request waits for this or
 * fails because of it.
 */
function rememberContact(
  adapters: Adapters,
  { clock }: ResolvedOptions,
): TransportOptions['onContact'] {
  if (!adapters.access && !adapters.tokens) return undefined
  const remember = contactRecorder(adapters, clock)
  return (principal, requestId) => {
    remember(principal, requestId)?.catch(() => {})
  }
}

function createEmitterFor({ onEvent }: ScimOptions, { onError }: ResolvedOptions) {
  const report = { requestId: '', method: '', path: '', tenant: '' }
  const emitter = createEmitter((error) => onError(error, report))
  if (onEvent !== undefined) emitter.on(onEvent)
  return emitter
}
