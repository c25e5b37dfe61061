import { ScimError } from '../errors.js'
import type { JsonObject } from '../schema/types.js'

/**
 * The body of an error response, and the `response` of a failed bulk operation (RFC 7644 §3.12,
 * §3.7.3).
 */
export function errorBody({ status, scimType, message }: ScimError): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType !== undefined && { scimType }),
    detail: message,
  }
}

/** 500 for an unexpected failure; operators find the original error by the request id. */
export function unexpectedFailure(requestId: string): ScimError {
  return new ScimError(
    500,
    `The service provider failed. Its operator finds the cause under request id ${requestId}.`,
  )
}
