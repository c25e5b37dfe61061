import { isDeepStrictEqual } from 'node:util'
import { storeErrorKind } from '../stores/index.js'

/**
 * Fails unless `found` equals `wanted`. Objects are compared by content; absent and undefined
 * members are equal.
 */
export function expectEqual(found: unknown, wanted: unknown, what: string): void {
  if (isDeepStrictEqual(plain(found), plain(wanted))) return
  throw new Error(`${what}: expected ${show(wanted)}, found ${show(found)}.`)
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

function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown)
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 600 ? `${text.slice(0, 600)}…` : text
}
