import type { AuditEvent } from '../../events/audit-entry.js'
import { subjectOf } from '../../events/audit-entry.js'
import { isObject } from '../../schema/json.js'
import type { Json, JsonObject } from '../../schema/types.js'
import { omitGroups } from '../../stores/reads.js'
import type { Scope } from '../../stores/scope.js'
import type { Services } from '../call.js'

/** A request that was answered with an error. */
export interface Refused {
  readonly id: string
  readonly method: string
  readonly body: Json | undefined
  readonly status: number
  readonly message: string
}

/**
 * What is told of a request that would have ended somebody's access and was refused, while they are
 * active: whoever sent it may believe that they are out.
 */
export async function stillIn(
  { adapters }: Services,
  scope: Scope,
  { id, method, body, status, message }: Refused,
): Promise<AuditEvent | undefined> {
  if (id === '' || !(method === 'DELETE' || deactivates(method, body))) return undefined
  const user = await adapters.users.get(scope, id, omitGroups)
  if (user?.active !== true) return undefined
  return {
    event: 'access.notEnded',
    outcome: status >= 500 ? 'failed' : 'refused',
    target: subjectOf(user),
    detail: `${method}: ${message}`,
    status,
  }
}

/** Whether a body takes `active` away, in whatever spelling. In a PUT no value means silence. */
function deactivates(method: string, body: Json | undefined): boolean {
  if (!isObject(body)) return false
  if (method === 'PUT') return activeIn(body).some((value) => value !== null && !isTrue(value))
  const operations = valuesOf(body, /^operations$/i).flatMap((list) =>
    Array.isArray(list) ? list : [],
  )
  return operations.some((operation) => isObject(operation) && takesActive(operation))
}

function takesActive(operation: JsonObject): boolean {
  const [path] = valuesOf(operation, /^path$/i)
  const [value] = valuesOf(operation, /^value$/i)
  if (typeof path !== 'string') {
    return isObject(value) && activeIn(value).some((each) => !isTrue(each))
  }
  return isActive.test(path) && !isTrue(value)
}

const isActive = /(?:^|:)active$/i

const activeIn = (object: JsonObject) => valuesOf(object, isActive)

function valuesOf(object: JsonObject, name: RegExp): Json[] {
  return Object.entries(object).flatMap(([key, value]) => (name.test(key) ? [value] : []))
}

function isTrue(value: Json | undefined): boolean {
  return String(value).toLowerCase() === 'true'
}
