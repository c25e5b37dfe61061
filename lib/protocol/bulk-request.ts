import type { Deviations } from '../deviations.js'
import { invalidSyntax, invalidValue, ScimError } from '../errors.js'
import { isObject } from '../schema/json.js'
import { requireMessage } from '../schema/message-schemas.js'
import type { Json } from '../schema/types.js'

/** One operation of a bulk request (RFC 7644 §3.7), not yet checked. */
export interface BulkOperation {
  readonly method: Json | undefined
  readonly path: Json | undefined
  readonly bulkId: Json | undefined
  readonly version: Json | undefined
  readonly data: Json | undefined
}

/** A bulk request. */
export interface BulkRequest {
  /** The request stops after this many failures. */
  readonly failOnErrors?: number
  readonly operations: readonly BulkOperation[]
}

/** A valid operation. */
export interface CheckedOperation {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/Users` or `/Users/{id}`, still encoded. */
  readonly path: string
  readonly bulkId?: string
  readonly version?: string
  readonly data?: Json
}

const bulkRequestUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const patchOpUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const methods = ['POST', 'PUT', 'PATCH', 'DELETE'] as const

interface BulkLimits {
  readonly deviations: Deviations
  readonly maxOperations: number
}

/**
 * Reads the body of a bulk request.
 *
 * @throws ScimError `invalidSyntax` (400) when it is malformed; 413 when it has too many operations
 */
export function readBulk(body: Json, { deviations, maxOperations }: BulkLimits): BulkRequest {
  const {
    schemas,
    failOnErrors,
    Operations: operations,
  } = pick(body, 'The body', ['schemas', 'failOnErrors', 'Operations'])
  requireMessage(bulkRequestUrn, schemas, deviations)
  if (!Array.isArray(operations)) throw invalidSyntax('"Operations" must be an array.')
  if (operations.length > maxOperations) {
    throw new ScimError(413, `A bulk request has at most ${maxOperations} operations.`)
  }
  const limit = failOnErrors ?? undefined
  if (limit !== undefined && !Number.isInteger(limit)) {
    throw invalidValue('"failOnErrors" must be an integer.')
  }
  return {
    ...(typeof limit === 'number' && { failOnErrors: Math.max(limit, 1) }),
    operations: operations.map((operation, index) => readOperation(operation, index)),
  }
}

/**
 * Checks one operation. An error concerns this operation only.
 *
 * @throws ScimError `invalidSyntax` (400)
 */
export function checkOperation(
  { method, path, bulkId, version, data }: BulkOperation,
  deviations: Deviations,
): CheckedOperation {
  const known = methods.find((each) => each === method)
  if (!known) throw invalidSyntax(`"method" must be one of ${methods.join(', ')}.`)
  if (typeof path !== 'string') throw invalidSyntax('"path" must be a string.')
  if (bulkId !== undefined && (typeof bulkId !== 'string' || bulkId === '')) {
    throw invalidSyntax('"bulkId" must be a string.')
  }
  if (known === 'POST' && bulkId === undefined) throw invalidSyntax('POST needs a "bulkId".')
  if (version !== undefined && typeof version !== 'string') {
    throw invalidSyntax('"version" must be a string.')
  }
  if (known !== 'DELETE' && data === undefined) throw invalidSyntax(`${known} needs "data".`)
  return {
    method: known,
    path: relativePath(path),
    ...(bulkId !== undefined && { bulkId }),
    ...(version !== undefined && { version }),
    ...(known !== 'DELETE' &&
      data !== undefined && { data: known === 'PATCH' ? patchBody(data, deviations) : data }),
  }
}

/**
 * The RFC's own example of a PATCH has no `schemas` and only the operations as data (§3.7.3,
 * erratum 5050).
 */
function patchBody(data: Json, deviations: Deviations): Json {
  if (!deviations.has('bulkPatchBareOperations')) return data
  if (Array.isArray(data)) return { schemas: [patchOpUrn], Operations: data }
  if (!isObject(data) || Object.keys(data).some((key) => key.toLowerCase() === 'schemas')) {
    return data
  }
  return { schemas: [patchOpUrn], ...data }
}

function readOperation(input: Json, index: number): BulkOperation {
  const names = ['method', 'path', 'bulkId', 'version', 'data'] as const
  const { method, path, bulkId, version, data } = pick(input, `Operations[${index}]`, names)
  return {
    method,
    path,
    bulkId: bulkId ?? undefined,
    version: version ?? undefined,
    data: data ?? undefined,
  }
}

function pick<Name extends string>(
  input: Json,
  what: string,
  names: readonly Name[],
): { readonly [name in Name]?: Json } {
  if (!isObject(input)) throw invalidSyntax(`${what} must be an object.`)
  const picked: { [name in Name]?: Json } = {}
  for (const [key, value] of Object.entries(input)) {
    const name = names.find((known) => known.toLowerCase() === key.toLowerCase())
    if (name === undefined) continue
    if (Object.hasOwn(picked, name)) throw invalidSyntax(`${what} has "${name}" more than once.`)
    picked[name] = value
  }
  return picked
}

/**
 * Normalizes a path: one leading slash, no trailing slash, as over HTTP. Query parameters are
 * removed; they have no effect, because the answer of an operation contains no resource.
 */
function relativePath(path: string): string {
  const [bare = ''] = path.split(/[?#]/, 1)
  return `/${bare.replace(/^\//, '').replace(/\/$/, '')}`
}
