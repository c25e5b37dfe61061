import { notFound } from '../../errors.js'
import type { Services } from '../../resources/call.js'
import type { ResourceType } from '../../schema/types.js'
import type { ProtocolOptions } from '../context.js'
import { notSupported } from '../read-request.js'
import type { Handler } from '../route.js'
import { getHandler, patchHandler, replaceHandler } from './resources.js'

/**
 * `/Me`: the user behind the credentials, never one named by the request (RFC 7644 §3.11). A
 * machine token has no user: 404. People may only change the attributes in
 * `options.selfServiceAttributes`.
 */
export function meHandlers(
  services: Services & { readonly options: ProtocolOptions },
  type: ResourceType,
): Readonly<Record<'GET' | 'PUT' | 'PATCH', Handler>> {
  const allowed = new Set(services.options.selfServiceAttributes)
  return {
    GET: asUser(getHandler(services, type)),
    PUT: asUser(replaceHandler(services, type, allowed)),
    PATCH: asUser(patchHandler(services, type, allowed)),
  }
}

/** Answers 501 to every method if `/Me` is switched off. */
export const noMe: Handler = async () => {
  throw notSupported('/Me')
}

function asUser(handler: Handler): Handler {
  return async (request) => {
    const { userId } = request.principal
    if (userId === undefined) throw notFound('These credentials do not belong to a user.')
    return handler(request, { id: userId })
  }
}
