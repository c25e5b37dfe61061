import { isObject } from '../schema/json.js'
import { printPath, resolvePath } from '../schema/paths.js'
import type { Json, JsonObject, ResourceType } from '../schema/types.js'

/**
 * The attributes that a request's body sets, by canonical path: those with `returned: request` come
 * back in its answer (RFC 7643 §7). For a PATCH: the attributes named by its operations.
 */
export function requestAttributes(type: ResourceType, body: Json | undefined): ReadonlySet<string> {
  const texts = isObject(body)
    ? [...keysOf(type, body), ...operationsOf(body).flatMap(namesOf)]
    : []
  const names = texts.flatMap((text) => {
    const path = resolvePath(type, text)
    return path?.attribute ? [printPath(withoutSub(path))] : []
  })
  return new Set(names)

  function namesOf({ path, value }: JsonObject): string[] {
    if (typeof path === 'string') return [path.replace(/\[.*$/s, '')]
    return isObject(value) ? keysOf(type, value) : []
  }
}

/**
 * {@link requestAttributes} if answers depend on it, which they do only for types with `returned:
 * request` attributes. Those of RFC 7643 have none.
 */
export function requestReader(
  type: ResourceType,
): (body: Json | undefined) => ReadonlySet<string> | undefined {
  const extensions = [...type.extensionAttributes.values()]
  const definitions = [type.attributes, ...extensions.map(({ attributes }) => attributes)].flatMap(
    (attributes) => [...attributes.values()],
  )
  const isNeeded = definitions.some(
    ({ returned, subAttributes = [] }) =>
      returned === 'request' || subAttributes.some((sub) => sub.returned === 'request'),
  )
  return isNeeded ? (body) => requestAttributes(type, body) : () => undefined
}

function keysOf(type: ResourceType, object: JsonObject): string[] {
  return Object.entries(object).flatMap(([key, value]) =>
    type.extensionAttributes.has(key.toLowerCase()) && isObject(value)
      ? Object.keys(value).map((name) => `${key}:${name}`)
      : [key],
  )
}

function operationsOf(body: JsonObject): JsonObject[] {
  const key = Object.keys(body).find((name) => name.toLowerCase() === 'operations')
  const operations = key === undefined ? undefined : body[key]
  return Array.isArray(operations) ? operations.filter((each) => isObject(each)) : []
}

function withoutSub<P extends { sub?: unknown }>({ sub: _, ...path }: P): Omit<P, 'sub'> {
  return path
}
