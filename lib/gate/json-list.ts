/** Reads a JSON array whose bytes arrive in parts. */
export interface ListReader {
  /** @throws Error when an item is too long, or this is no array */
  push(bytes: Buffer): void
  /** Whether the array is complete. */
  isWhole(): boolean
}

const [quote, backslash, comma, space] = [0x22, 0x5c, 0x2c, 0x20]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Whether this is the beginning of a JSON array. */
export function beginsList(bytes: Buffer): boolean {
  return bytes[0] === openArray
}

/**
 * Tells each item's JSON once it is complete, so that no more than one is kept.
 *
 * @param mayKeep whether an item of so many bytes may be kept
 */
export function listReader(
  onItem: (json: Buffer) => void,
  mayKeep: (bytes: number) => boolean,
): ListReader {
  const isInString = stringReader()
  const item = itemCollector(mayKeep)
  let depth = 0
  let isDone = false
  let count = 0

  function endItem(bytes: Buffer): void {
    const json = item.end(bytes)
    const isEmptyArray = isDone && count === 0 && isBlank(json)
    count += 1
    if (!isEmptyArray) onItem(json)
  }

  /** Whether an item ends before this byte, which stands outside of strings. */
  function ends(byte: number): boolean {
    if (byte === openArray || byte === openObject) depth += 1
    else if (byte === closeArray || byte === closeObject) depth -= 1
    isDone = depth === 0
    if (isDone && byte !== closeArray) throw new Error('This is not an array.')
    return isDone || (byte === comma && depth === 1)
  }

  return {
    isWhole: () => isDone,
    push(bytes) {
      let start = depth === 0 && !isDone ? 1 : 0
      for (let at = 0; at < bytes.length && !isDone; at++) {
        at = isInString.after(bytes, at)
        if (at >= bytes.length || !ends(bytes[at] as number)) continue
        endItem(bytes.subarray(start, at))
        start = at + 1
      }
      const rest = bytes.subarray(start)
      if (!isDone) item.add(rest)
      else if (!isBlank(rest)) throw new Error('Something follows the array.')
    },
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte <= space)
}

/** Parts of one item. */
function itemCollector(mayKeep: (bytes: number) => boolean) {
  let parts: Buffer[] = []
  let size = 0
  const add = (bytes: Buffer) => {
    size += bytes.length
    if (!mayKeep(size)) throw new Error('An item is too long.')
    parts.push(bytes)
  }
  return {
    add,
    end(bytes: Buffer): Buffer {
      add(bytes)
      const whole = Buffer.concat(parts)
      parts = []
      size = 0
      return whole
    },
  }
}

/** Passes over strings, by the search of the runtime, which is fast. */
function stringReader() {
  let isString = false
  let isEscaped = false

  /** Where the string ends whose inside begins at `from`; the length where it does not yet. */
  function closing(bytes: Buffer, from: number): number {
    for (let at = from; ; ) {
      const found = bytes.indexOf(quote, at)
      const end = found === -1 ? bytes.length : found
      let slashes = 0
      while (end - slashes > from && bytes[end - slashes - 1] === backslash) slashes += 1
      // Slashes from the beginning on belong to those at the end of the part before.
      const isOdd = (slashes % 2 === 1) !== (slashes === end - from && isEscaped)
      isEscaped = found === -1 && isOdd
      if (found === -1 || !isOdd) return end
      at = end + 1
    }
  }

  return {
    /** The next byte outside of strings, `at` or later. */
    after(bytes: Buffer, at: number): number {
      let next = at
      while (next < bytes.length && (isString || bytes[next] === quote)) {
        const end = closing(bytes, isString ? next : next + 1)
        isString = end === bytes.length
        next = end + 1
      }
      return next
    },
  }
}
