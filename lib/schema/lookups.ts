import type { LookupKey } from '../stores/write.js'
import { isPresent, toComparable } from './comparable.js'
import { enterpriseUserUrn } from './core-schemas.js'
import { printPath } from './paths.js'
import type { AttributePath, Json, JsonObject, Lookup, ResourceType } from './types.js'

/** Attributes by which provisioning clients look up resources, besides unique ones. */
const lookedUp: ReadonlySet<string> = new Set([
  'userName',
  'displayName',
  'externalId',
  'emails.value',
  `${enterpriseUserUrn}:manager.value`,
])

/**
 * The name under which values of this attribute are indexed, or `undefined`. `id` is not among
 * them: it is the primary key.
 */
export function lookupName(path: AttributePath): string | undefined {
  const leaf = path.sub ?? path.attribute
  if (!leaf || leaf.type === 'complex') return undefined
  const name = printPath(path)
  if (name === 'id') return undefined
  return leaf.uniqueness !== 'none' || lookedUp.has(name) ? name : undefined
}

/** The indexed attributes among these, for a resource type that is being compiled. */
export function lookupsAmong(paths: readonly AttributePath[]): Lookup[] {
  return paths.flatMap((path) => {
    const name = lookupName(path)
    const unique = (path.sub ?? path.attribute)?.uniqueness !== 'none'
    return name === undefined ? [] : [{ name, path, unique }]
  })
}

/** The lookup keys of a resource, each once. */
export function lookupKeys(type: ResourceType, resource: object): LookupKey[] {
  const keys: LookupKey[] = []
  for (const { name, path, unique } of type.lookups) {
    const definition = path.sub ?? path.attribute
    if (!definition) continue
    const values = valuesAt(path, resource as JsonObject)
    const texts = values.map((value) => String(toComparable(definition, value)))
    for (const key of texts.length > 1 ? new Set(texts) : texts) {
      keys.push({ attribute: name, key, unique })
    }
  }
  return keys
}

/** All present values at a path of a resource. */
export function valuesAt(path: AttributePath, resource: JsonObject): Json[] {
  const container = path.extension === undefined ? resource : resource[path.extension]
  if (!path.attribute || typeof container !== 'object' || container === null) return []
  const value = (container as JsonObject)[path.attribute.name]
  if (value === undefined) return []
  const { sub } = path
  if (!sub && !Array.isArray(value)) return isPresent(value) ? [value] : []
  const values = Array.isArray(value) ? value : [value]
  const leaves = sub ? values.map((each) => memberOf(each, sub.name)) : values
  return (sub?.multiValued ? (leaves.flat() as Json[]) : leaves).filter((leaf) => isPresent(leaf))
}

function memberOf(value: Json, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return value[name] ?? null
}
