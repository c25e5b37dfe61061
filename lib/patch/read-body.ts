import { invalidSyntax, ScimError } from '../errors.js'
import { checkResource } from '../schema/check-resource.js'
import { isObject } from '../schema/json.js'
import { valuesAt } from '../schema/lookups.js'
import type { ReadContext } from '../schema/read-context.js'
import { type ReadResource, readResource } from '../schema/read-resource.js'
import { knownUrn } from '../schema/read-schemas.js'
import type { AttributePath, Json, JsonObject, ResourceType } from '../schema/types.js'
import { asAttributes } from '../schema/wrapped-value.js'
import { applyPatch } from './apply.js'
import { createContext, type PatchContext } from './context.js'
import type { PatchOptions } from './operation.js'
import { readLongLists } from './read-lists.js'
import type { Steps } from './steps.js'
import { isUnknown, resolveTarget } from './target.js'

/** A resource sent by a client, split by how its attributes are named. */
interface SplitBody {
  /** The resource without the attributes in `byPath`. */
  readonly rest: JsonObject
  /** Values by the paths of their attributes, e.g. `name.givenName`. */
  readonly byPath: JsonObject
  /** The targets of those paths. */
  readonly paths: readonly AttributePath[]
}

/**
 * Reads the body of a POST or PUT. If the deviation `pathlessDottedKeys` is on, a key may be a
 * path, with the same meaning as in a PATCH without a path.
 *
 * @throws ScimError as `readResource` and `applyPatch`; `invalidSyntax` (400) when an attribute is
 *   given in two places
 */
export function* readBody(
  type: ResourceType,
  body: Json,
  given: PatchOptions & Pick<ReadContext, 'passedOver'>,
): Steps<ReadResource> {
  const options = { ...given, lists: yield* readLongLists(type, body, given) }
  const { rest, byPath, paths } = isObject(body)
    ? takeApart(type, body, options)
    : { rest: body, byPath: {}, paths: [] }
  if (paths.length === 0) return readResource(type, body, options)
  const read = readResource(type, rest, { ...options, mayBeIncomplete: true })
  refuseTwice(read.attributes, paths)
  const operations = [{ op: 'add', value: byPath }] as const
  const patched = yield* applyPatch(type, read.attributes, operations, {
    ...options,
    isRest: true,
  })
  checkResource(type, patched.resource)
  return {
    attributes: patched.resource,
    secrets: { ...read.secrets, ...patched.secrets },
    passedOver: [...read.passedOver, ...patched.passedOver],
    names: new Set([...read.names, ...paths.map(nameOf)]),
  }
}

function takeApart(type: ResourceType, body: JsonObject, options: PatchOptions): SplitBody {
  if (!options.deviations.has('pathlessDottedKeys')) return { rest: body, byPath: {}, paths: [] }
  const context = createContext(type, options)
  const taken: Taken[] = []
  const rest = withoutPaths(body, context, '', taken)
  for (const [key, value] of Object.entries(rest)) {
    const urn = key.includes(':') ? knownUrn(type, key, context) : undefined
    const attributes = urn === undefined ? undefined : asAttributes(value, context)
    if (isObject(attributes)) rest[key] = withoutPaths(attributes, context, `${urn}:`, taken)
  }
  return {
    rest,
    byPath: Object.fromEntries(taken.map(({ key, value }) => [key, value])),
    paths: taken.map(({ path }) => path),
  }
}

interface Taken {
  readonly key: string
  readonly value: Json
  readonly path: AttributePath
}

/** Moves the keys that are paths from an object to `taken`. */
function withoutPaths(
  object: JsonObject,
  context: PatchContext,
  prefix: string,
  taken: Taken[],
): JsonObject {
  const entries = Object.entries(object).filter(([key, value]) => {
    const path = pathOf(key, context, prefix)
    if (path !== undefined) taken.push({ key: prefix + key, value, path })
    return path === undefined
  })
  return Object.fromEntries(entries)
}

/** The target of a key that is a path; `undefined` if it is a plain name or no schema has it. */
function pathOf(key: string, context: PatchContext, prefix: string): AttributePath | undefined {
  if (!/[.:[]/.test(key) || (prefix !== '' && key.includes(':'))) return undefined
  try {
    const target = resolveTarget(prefix + key, context)
    return isUnknown(target) || target.path.attribute === undefined ? undefined : target.path
  } catch (error) {
    // A key that is not a path counts as an unknown name.
    if (error instanceof ScimError) return undefined
    throw error
  }
}

function refuseTwice(attributes: JsonObject, paths: readonly AttributePath[]): void {
  const twice = paths.find((path) => !path.sub && valuesAt(path, attributes).length > 0)
  if (twice === undefined) return
  throw invalidSyntax(`Attribute "${twice.attribute?.name}" is given more than once.`)
}

function nameOf({ extension, attribute }: AttributePath): string {
  return (extension ?? attribute?.name ?? '').toLowerCase()
}
