import type { Deviations } from '../deviations.js'
import { invalidSyntax, invalidValue, noTarget, tooMany } from '../errors.js'
import { type JsonCheck, jsonCheck } from '../schema/ajv.js'
import { isObject } from '../schema/json.js'
import { requireMessage } from '../schema/message-schemas.js'
import type { Json, JsonObject } from '../schema/types.js'
import { asAttributes } from '../schema/wrapped-value.js'
import {
  defaultPatchLimits,
  type PatchLimits,
  type PatchOp,
  type PatchOperation,
  type PatchOptions,
} from './operation.js'

const messageUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const ops: readonly PatchOp[] = ['add', 'remove', 'replace']

const envelopeNames = ['schemas', 'Operations']
const operationNames = ['op', 'path', 'value']

const isEnvelope = jsonCheck<{ schemas?: Json; Operations: JsonObject[] }>({
  type: 'object',
  required: ['Operations'],
  properties: {
    Operations: { type: 'array', items: { type: 'object' } },
  },
})
const isOperation = jsonCheck<{ op: string; path?: string | null; value?: Json }>({
  type: 'object',
  required: ['op'],
  properties: { op: { type: 'string' }, path: { type: ['string', 'null'] } },
})

/**
 * Reads the body of a PATCH request (RFC 7644 §3.5.2): its operations, in order. Member names match
 * regardless of case (RFC 7643 §2.1), and unknown members are ignored. Paths and values are not
 * checked.
 *
 * @param body the parsed JSON body
 * @throws ScimError `invalidSyntax` (400) when the body is not a PatchOp message; `noTarget` (400)
 *   for a remove without `path`; `invalidValue` (400) for an add or replace without `value`;
 *   `tooMany` (400) beyond a limit
 */
export function readPatch(
  body: Json,
  options: Pick<PatchOptions, 'deviations' | 'limits'>,
): PatchOperation[] {
  const { deviations } = options
  const limits = { ...defaultPatchLimits, ...options.limits }
  const envelope = withOperations(pickMembers(body, envelopeNames, 'The body'), body, deviations)
  if (!isEnvelope.accepts(envelope))
    throw invalidSyntax(`The body is no PATCH: ${reason(isEnvelope)}.`)
  requireMessage(messageUrn, envelope.schemas, deviations)
  const { Operations: operations } = envelope
  if (operations.length === 0 && !deviations.has('emptyOperations')) {
    throw invalidSyntax('"Operations" is empty.')
  }
  if (operations.length > limits.operations) {
    throw tooMany(`A PATCH has at most ${limits.operations} operations.`)
  }
  checkValueCount(operations, limits)
  return operations.map((operation, index) => readOperation(operation, index, deviations))
}

/** A body with only `schemas` has no operations (sent by the SCIM connector of Apache Syncope). */
function withOperations(envelope: JsonObject, body: Json, deviations: Deviations): JsonObject {
  const isBare = Object.hasOwn(envelope, 'schemas') && Object.keys(body as JsonObject).length === 1
  return isBare && deviations.has('emptyOperations') ? { ...envelope, Operations: [] } : envelope
}

function readOperation(input: JsonObject, index: number, deviations: Deviations): PatchOperation {
  const name = `Operations[${index}]`
  const operation = pickMembers(input, operationNames, name)
  if (!isOperation.accepts(operation)) throw invalidSyntax(`${name}: ${reason(isOperation)}.`)
  const op = readOp(operation.op, name, deviations)
  const isNone = operation.path === '' && deviations.has('emptyStringClears')
  const path = isNone ? undefined : (operation.path ?? undefined)
  const value = Object.hasOwn(operation, 'value') ? operation.value : undefined
  if (op === 'remove') {
    if (path === undefined) throw noTarget(`${name}: a remove operation needs a "path".`)
    return value === undefined ? { op, path } : { op, path, value }
  }
  if (value === undefined) throw invalidValue(`${name}: "${op}" needs a "value".`)
  return path === undefined
    ? { op, value: asAttributes(value, { deviations }) }
    : { op, path, value }
}

function readOp(text: string, name: string, deviations: Deviations): PatchOp {
  const wanted = deviations.has('opCase') ? text.toLowerCase() : text
  const op = ops.find((known) => known === wanted)
  if (op === undefined) throw invalidSyntax(`${name}: "op" must be add, remove or replace.`)
  return op
}

/**
 * The named members of an object, spelled as in `names`.
 *
 * @throws ScimError `invalidSyntax` when it is not an object, or has one of them twice in different
 *   case
 */
function pickMembers(input: Json, names: readonly string[], what: string): JsonObject {
  if (!isObject(input)) throw invalidSyntax(`${what} must be an object.`)
  const picked: JsonObject = {}
  for (const [key, value] of Object.entries(input)) {
    const name = nameAmong(names, key)
    if (name === undefined) continue
    if (Object.hasOwn(picked, name)) throw invalidSyntax(`${what} has "${name}" more than once.`)
    picked[name] = value
  }
  return picked
}

function nameAmong(names: readonly string[], key: string): string | undefined {
  if (names.includes(key)) return key
  return names.find((known) => known.toLowerCase() === key.toLowerCase())
}

function checkValueCount(operations: readonly JsonObject[], { values }: PatchLimits): void {
  const count = operations.reduce((sum, operation) => sum + countValues(operation), 0)
  if (count > values) throw tooMany(`A PATCH has at most ${values} values in its operations.`)
}

/** Counts the elements of all arrays in a value, down to the depth that an attribute can have. */
function countValues(value: Json, depth = 6): number {
  if (depth === 0 || typeof value !== 'object' || value === null) return 0
  let count = Array.isArray(value) ? value.length : 0
  for (const item of Object.values(value)) count += countValues(item, depth - 1)
  return count
}

/** The first problem that ajv found, e.g. `Operations/3 must be object`. */
function reason({ error }: JsonCheck<unknown>): string {
  return `${error?.instancePath.slice(1) ?? ''} ${error?.message ?? 'is malformed'}`.trim()
}
