import type { JsonObject } from '../schema/types.js'

const listResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

interface ListPage {
  readonly resources: readonly JsonObject[]
  readonly totalResults: number
  readonly startIndex?: number
  readonly nextCursor?: string
}

/**
 * A page of a result (RFC 7644 §3.4.2). `Resources` is present even if empty, because clients
 * expect it; `itemsPerPage` is its length. Pages by cursor have no `startIndex` (RFC 9865 §2).
 */
export function listResponse({
  resources,
  totalResults,
  startIndex,
  nextCursor,
}: ListPage): JsonObject {
  return {
    schemas: [listResponseUrn],
    totalResults,
    ...(startIndex !== undefined && { startIndex }),
    itemsPerPage: resources.length,
    ...(nextCursor !== undefined && { nextCursor }),
    Resources: [...resources],
  }
}
