import type { Services } from '../resources/call.js'
import { resolveEndpoints } from '../resources/kinds/index.js'
import { createPassedOverNotes } from '../resources/passed-over.js'
import { createTurns } from '../resources/races.js'
import { comparableOf } from '../schema/comparable.js'
import { lookupKeys } from '../schema/lookups.js'
import type { ResourceType } from '../schema/types.js'
import type { WriteHandlers } from './bulk-job.js'
import type { ProtocolContext } from './context.js'
import { bulkHandler, bulkWindUpMs } from './handlers/bulk.js'
import {
  resourceTypeHandler,
  resourceTypesHandler,
  schemaHandler,
  schemasHandler,
  serviceProviderConfigHandler,
} from './handlers/discovery.js'
import { meHandlers, noMe } from './handlers/me.js'
import { queryHandler, searchHandler } from './handlers/query.js'
import {
  createHandler,
  deleteHandler,
  getHandler,
  patchHandler,
  replaceHandler,
} from './handlers/resources.js'
import { reporting } from './report-refusal.js'
import type { Handler, ScimRoute } from './route.js'

export type { Handler, PathParameters, ScimRoute } from './route.js'

type RouterServices = Services & ProtocolContext

/**
 * The routes of one router, more specific ones first (`/Users/.search` before `/Users/:id`).
 *
 * @throws ConfigurationError when the adapters have no store for a resource type
 */
export function scimRoutes(context: ProtocolContext): readonly ScimRoute[] {
  const endpoints = resolveEndpoints(context.types, context.adapters)
  for (const { type, store } of endpoints.values()) {
    store.useKeys?.(
      type.lookups,
      (resource) => lookupKeys(type, resource),
      (resource) => comparableOf(type, resource),
    )
  }
  const services: RouterServices = {
    ...context,
    endpoints,
    turns: createTurns(),
    onPassedOver: createPassedOverNotes(context),
  }
  const { types } = context.types
  const writers = types.map((type) => writeHandlers(services, type))
  return [
    read('GET', [], queryHandler(services, types)),
    read('POST', ['.search'], searchHandler(services, types)),
    ...discoveryRoutes(context),
    { ...write('POST', ['Bulk'], bulkHandler(services, writers)), windUpMs: bulkWindUpMs },
    ...meRoutes(services),
    ...writers.flatMap((writer) => resourceRoutes(services, writer)),
  ]
}

function resourceRoutes(
  services: RouterServices,
  { type, handlers }: WriteHandlers,
): readonly ScimRoute[] {
  const endpoint = type.endpoint.split('/').filter((segment) => segment !== '')
  const one = [...endpoint, ':id']
  return [
    read('GET', endpoint, queryHandler(services, [type])),
    read('POST', [...endpoint, '.search'], searchHandler(services, [type])),
    reporter('POST', endpoint, handlers.POST),
    read('GET', one, getHandler(services, type)),
    reporter('PUT', one, handlers.PUT),
    reporter('PATCH', one, handlers.PATCH),
    reporter('DELETE', one, handlers.DELETE),
  ]
}

function writeHandlers(services: RouterServices, type: ResourceType): WriteHandlers {
  const handlers = {
    POST: createHandler(services, type),
    PUT: replaceHandler(services, type),
    PATCH: patchHandler(services, type),
    DELETE: deleteHandler(services, type),
  }
  return {
    type,
    handlers: {
      POST: reporting(services, type, handlers.POST),
      PUT: reporting(services, type, handlers.PUT),
      PATCH: reporting(services, type, handlers.PATCH),
      DELETE: reporting(services, type, handlers.DELETE),
    },
  }
}

function meRoutes(services: RouterServices): readonly ScimRoute[] {
  const me = ['Me']
  const user = services.types.byName.get('User')
  if (!services.options.features.me || !user) {
    return [
      read('GET', me, noMe),
      ...(['POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method) => write(method, me, noMe)),
    ]
  }
  const handlers = meHandlers(services, user)
  return [
    read('GET', me, handlers.GET),
    reporter('PUT', me, reporting(services, user, handlers.PUT)),
    reporter('PATCH', me, reporting(services, user, handlers.PATCH)),
  ]
}

function discoveryRoutes(context: ProtocolContext): readonly ScimRoute[] {
  const discovery = true
  return [
    { ...read('GET', ['ServiceProviderConfig'], serviceProviderConfigHandler(context)), discovery },
    { ...read('GET', ['ResourceTypes'], resourceTypesHandler(context)), discovery },
    { ...read('GET', ['ResourceTypes', ':id'], resourceTypeHandler(context)), discovery },
    { ...read('GET', ['Schemas'], schemasHandler(context)), discovery },
    { ...read('GET', ['Schemas', ':id'], schemaHandler(context)), discovery },
  ]
}

function read(
  method: ScimRoute['method'],
  pattern: readonly string[],
  handler: Handler,
): ScimRoute {
  return { method, pattern, handler, write: false }
}

function write(
  method: ScimRoute['method'],
  pattern: readonly string[],
  handler: Handler,
): ScimRoute {
  return { method, pattern, handler, write: true }
}

/** Makes routes with a handler wrapped by `reporting`. */
function reporter(
  method: ScimRoute['method'],
  pattern: readonly string[],
  handler: Handler,
): ScimRoute {
  return { ...write(method, pattern, handler), reports: true }
}
