import { isUtf8 } from 'node:buffer'

/** Percent-decoded; `undefined` for what is not UTF-8 in the end. */
export function decodedText(text: string, isQuery = true): string | undefined {
  try {
    return decodeURIComponent(isQuery ? text.replaceAll('+', ' ') : text)
  } catch {
    return undefined
  }
}

/** What is not JSON in UTF-8. */
export const unreadable: unique symbol = Symbol('unreadable')

/** A body read, or {@link unreadable}. */
export function jsonOf(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return unreadable
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return unreadable
  }
}
