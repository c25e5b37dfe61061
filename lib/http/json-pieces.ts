import { partsOfList } from '../protocol/long-list.js'
import { isObject } from '../schema/json.js'
import type { Json } from '../schema/types.js'

const pieceLength = 65_536
const longList = 500

/**
 * The JSON of a value in pieces of some 64 kB, each made when it is asked for: the JSON of a group
 * with 100,000 members takes too long to be made at once.
 */
export function* jsonPieces(value: Json): Generator<string> {
  let piece = ''
  for (const part of partsOf(value)) {
    piece += part
    if (piece.length < pieceLength) continue
    yield piece
    piece = ''
  }
  yield piece
}

function* partsOf(value: Json): Generator<string> {
  const parts = partsOfList(value)
  if (parts) yield* listParts(parts)
  else if (!isLong(value)) yield JSON.stringify(value)
  else if (Array.isArray(value)) yield* listParts(slicesOf(value))
  else yield* objectParts(value as { [name: string]: Json })
}

function* slicesOf(list: readonly Json[]): Generator<readonly Json[]> {
  for (let start = 0; start < list.length; start += longList) {
    yield list.slice(start, start + longList)
  }
}

function* listParts(parts: Iterable<readonly Json[]>): Generator<string> {
  let before = '['
  for (const part of parts) {
    if (part.some(isLong)) {
      for (const element of part) {
        yield before
        yield* partsOf(element)
        before = ','
      }
    } else {
      yield before + JSON.stringify(part).slice(1, -1)
      before = ','
    }
  }
  yield ']'
}

function* objectParts(object: { readonly [name: string]: Json }): Generator<string> {
  let before = '{'
  for (const [name, member] of Object.entries(object)) {
    yield `${before}${JSON.stringify(name)}:`
    yield* partsOf(member)
    before = ','
  }
  yield '}'
}

/** Whether this is a long list, or something with a long list in it. */
function isLong(value: Json): boolean {
  if (Array.isArray(value)) return value.length > longList || value.some(isLong)
  if (!isObject(value)) return false
  if (partsOfList(value)) return true
  // No list of the values is made: this runs for each of thousands of members.
  for (const name in value) if (isLong(value[name] ?? null)) return true
  return false
}
