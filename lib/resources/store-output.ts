import { isObject } from '../schema/json.js'
import type { Page } from '../stores/query.js'
import type { Resource } from '../stores/resource.js'
import type { Endpoint } from './call.js'

const metaAttributes = ['resourceType', 'created', 'lastModified', 'version'] as const

/**
 * Checks that a resource from a store can be sent to clients, and returns it.
 *
 * @param id the requested id, if any
 * @throws Error when the store broke its contract; the client gets a 500 without any data
 */
export function checkStored<R extends Resource>(endpoint: Endpoint, resource: R, id?: string): R {
  const problem = problemOf(endpoint, resource, id)
  if (problem === undefined) return resource
  throw new Error(`The store of "${endpoint.type.name}" returned a resource ${problem}.`)
}

/** {@link checkStored} for a page. */
export function checkPage(endpoint: Endpoint, page: Page<Resource>, limit: number): Page<Resource> {
  if (!Number.isInteger(page.totalResults) || page.totalResults < 0) {
    throw new Error(
      `The store of "${endpoint.type.name}" returned a page without a "totalResults" number.`,
    )
  }
  if (page.resources.length > limit) {
    throw new Error(
      `The store of "${endpoint.type.name}" returned more resources than were asked for.`,
    )
  }
  for (const resource of page.resources) checkStored(endpoint, resource)
  return page
}

function problemOf(
  { type, kind }: Endpoint,
  resource: unknown,
  id: string | undefined,
): string | undefined {
  if (!isObject(resource)) return 'that is not an object'
  if (typeof resource['id'] !== 'string' || resource['id'] === '') return 'without an "id"'
  if (/bulkid/i.test(resource['id'])) return 'whose "id" contains "bulkId"'
  if (id !== undefined && resource['id'] !== id) return 'with another "id" than was asked for'
  const meta = resource['meta']
  if (!isObject(meta)) return 'without "meta"'
  const missing = metaAttributes.find((name) => typeof meta[name] !== 'string' || meta[name] === '')
  if (missing !== undefined) return `without "meta.${missing}"`
  if (meta['resourceType'] !== type.name) return 'of another resource type'
  const wrong = kind.required.find(({ name, types }) => !types.includes(typeof resource[name]))
  return wrong && `whose "${wrong.name}" is not a ${wrong.types[0]}`
}
