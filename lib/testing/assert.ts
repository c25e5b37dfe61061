import { isDeepStrictEqual, types } from 'node:util'
import { isObject } from '../schema/json.js'
import { storeErrorKind } from '../stores/index.js'

/**
 * Fails unless `found` equals `wanted`. Objects are compared by content; absent and undefined
 * members are equal. A `Date`, or another object that only becomes JSON, equals no JSON.
 */
export function expectEqual(found: unknown, wanted: unknown, what: string): void {
  const difference = differenceOf(plain(found), plain(wanted), [])
  if (difference === undefined) return
  const { path, ...values } = difference
  const where = path.length > 0 ? ` at "${path.join('.')}"` : ''
  throw new Error(`${what}${where}: expected ${show(values.wanted)}, found ${show(values.found)}.`)
}

/** Fails unless these are the wanted ids, in any order, each once. Says how many there are. */
export function expectIds(
  found: readonly { readonly id: string }[],
  wanted: readonly { readonly id: string }[],
  what: string,
): void {
  const [inFound, inWanted] = [found, wanted].map((all) => new Set(all.map(({ id }) => id)))
  const missing = wanted.filter(({ id }) => !inFound?.has(id)).map(({ id }) => id)
  const wrong = found.filter(({ id }) => !inWanted?.has(id)).map(({ id }) => id)
  if (missing.length + wrong.length === 0 && found.length === wanted.length) return
  throw new Error(
    `${what}: expected ${wanted.length}, found ${found.length}; ` +
      `missing: ${show(missing.slice(0, 3))}, wrong: ${show(wrong.slice(0, 3))}.`,
  )
}

/** Fails unless the condition holds. */
export function expectThat(condition: boolean, what: string): void {
  if (!condition) throw new Error(`${what}.`)
}

/** Fails unless the promise rejects with this store error. Returns the error. */
export async function expectStoreError(
  kind: NonNullable<ReturnType<typeof storeErrorKind>>,
  action: () => Promise<unknown>,
  what: string,
): Promise<Error> {
  const error = await rejection(action)
  if (error === undefined) throw new Error(`${what}: expected a store error "${kind}", found none.`)
  if (storeErrorKind(error) === kind) return error
  throw new Error(`${what}: expected a store error "${kind}", found ${show(String(error))}.`, {
    cause: error,
  })
}

/** The error that the action rejects with, or `undefined` if it resolves. */
export async function rejection(action: () => Promise<unknown>): Promise<Error | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

interface Difference {
  /** Names of members and numbers of elements, from outside to inside. */
  readonly path: readonly string[]
  readonly found: unknown
  readonly wanted: unknown
}

/** The innermost place of the first difference of two plain values; `undefined` if they are equal. */
function differenceOf(
  found: unknown,
  wanted: unknown,
  path: readonly string[],
): Difference | undefined {
  if (isDeepStrictEqual(found, wanted)) return undefined
  const [inFound, inWanted] = [membersOf(found), membersOf(wanted)]
  if (!inFound || !inWanted || Array.isArray(found) !== Array.isArray(wanted)) {
    return { path, found, wanted }
  }
  for (const name of new Set([...inWanted.keys(), ...inFound.keys()])) {
    const inside = differenceOf(inFound.get(name), inWanted.get(name), [...path, name])
    if (inside) return inside
  }
  return { path, found, wanted }
}

/** Named members of an object, or of a list of objects. Other lists are clearer as a whole. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  const isWhole = Array.isArray(value) ? !value.every(isObject) : !isObject(value)
  return isWhole ? undefined : new Map(Object.entries(value as object))
}

/** Copies of arrays and objects, as those of another realm have other prototypes. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, plain)
  if (types.isMap(value)) return { Map: Array.from(value, plain) }
  if (typeof value === 'bigint') return `[bigint ${value}]`
  if (typeof value === 'function') return '[function]'
  if (typeof value !== 'object' || value === null) return value
  if ('toJSON' in value) return `[${value.constructor.name} ${JSON.stringify(value)}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]))
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, each) => shortened(each)) ?? 'nothing'
  return text.length > 800 ? `${text.slice(0, 800)}…` : text
}

function shortened(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= 100) return value
  return `${value.slice(0, 60)}… (${value.length} characters)`
}
