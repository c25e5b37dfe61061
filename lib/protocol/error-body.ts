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

/**
 * 500 for a failure nobody expected: the request id leads whoever operates the service to the
 * original error.
 */
export function unexpectedFailure(requestId: string): ScimError {
  return new ScimError(
    500,
    `The service provider failed. Its operator finds the cause under request id ${requestId}.`,
  )
}
