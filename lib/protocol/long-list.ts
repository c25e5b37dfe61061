import type { Json, JsonObject } from '../schema/types.js'

const parts = Symbol('parts')

/** A list in a representation whose elements are made in parts, while it is written. */
interface LongList {
  readonly [parts]: () => Iterable<readonly Json[]>
  /** The whole list, for those who do not write it. */
  toJSON(): Json[]
}

/**
 * Makes a list whose parts are made when they are asked for, so that it is never in memory as a
 * whole.
 *
 * @param makeParts the parts of its elements, none of them empty
 */
export function longList(makeParts: () => Iterable<readonly Json[]>): JsonObject {
  const list: LongList = { [parts]: makeParts, toJSON: () => [...makeParts()].flat() }
  return list as unknown as JsonObject
}

/** The parts of a list from {@link longList}; `undefined` for any other value. */
export function partsOfList(value: Json): Iterable<readonly Json[]> | undefined {
  return typeof value === 'object' && value !== null
    ? (value as unknown as Partial<LongList>)[parts]?.()
    : undefined
}
