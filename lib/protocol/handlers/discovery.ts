import { forbidden, notFound } from '../../errors.js'
import type { JsonObject } from '../../schema/types.js'
import type { ProtocolContext } from '../context.js'
import {
  resourceTypeDocument,
  schemaDocument,
  serviceProviderConfig,
} from '../discovery-documents.js'
import { listResponse } from '../list-response.js'
import type { ScimRequest, ScimResponse } from '../messages.js'
import type { Handler } from '../route.js'

type Finder = (id: string, baseUrl: string) => JsonObject | undefined

/**
 * GET of `/ServiceProviderConfig`. Parameters are ignored, as at all discovery endpoints, except a
 * filter.
 */
export function serviceProviderConfigHandler({ options }: ProtocolContext): Handler {
  return async (request) => {
    refuseFilter(request)
    return ok(serviceProviderConfig(options, request.baseUrl))
  }
}

/** GET of `/ResourceTypes`. */
export function resourceTypesHandler({ types }: ProtocolContext): Handler {
  return listOf((baseUrl) => types.types.map((type) => resourceTypeDocument(type, baseUrl)))
}

/** GET of `/ResourceTypes/{name}`. */
export function resourceTypeHandler({ types }: ProtocolContext): Handler {
  return one((name, baseUrl) => {
    const type = types.byName.get(name)
    return type && resourceTypeDocument(type, baseUrl)
  })
}

/** GET of `/Schemas`. */
export function schemasHandler({ types }: ProtocolContext): Handler {
  return listOf((baseUrl) => types.schemas.map((schema) => schemaDocument(schema, types, baseUrl)))
}

/** GET of `/Schemas/{urn}`; URNs match in any case. */
export function schemaHandler({ types }: ProtocolContext): Handler {
  return one((urn, baseUrl) => {
    const schema = types.schemas.find(({ id }) => id.toLowerCase() === urn.toLowerCase())
    return schema && schemaDocument(schema, types, baseUrl)
  })
}

function listOf(documents: (baseUrl: string) => JsonObject[]): Handler {
  return async (request) => {
    refuseFilter(request)
    const resources = documents(request.baseUrl)
    return ok(listResponse({ resources, totalResults: resources.length, startIndex: 1 }))
  }
}

function one(find: Finder): Handler {
  return async (request, { id = '' }) => {
    refuseFilter(request)
    const document = find(id, request.baseUrl)
    if (!document) throw notFound()
    return ok(document)
  }
}

/** RFC 7644 §4: a filter must be refused rather than ignored. */
function refuseFilter({ query }: ScimRequest): void {
  if (query.has('filter')) throw forbidden('Discovery endpoints cannot be filtered.')
}

function ok(body: JsonObject): ScimResponse {
  return { status: 200, headers: {}, body }
}
