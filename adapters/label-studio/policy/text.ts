import { isUtf8 } from 'node:buffer'

/** Percent-decodes a text; `undefined` if the result is not UTF-8. */
export function decodedText(text: string, isQuery = true): string | undefined {
  try {
    return decodeURIComponent(isQuery ? text.replaceAll('+', ' ') : text)
  } catch {
    return undefined
  }
}

/** The decoded path of a request; `undefined` if it is not UTF-8. */
export function decodedPath(url = '/'): string | undefined {
  return decodedText(url.split('?', 1)[0] ?? '', false)
}

/** Some servers in between resolve dots and double or backward slashes; others do not. */
export function isTricky(path: string): boolean {
  return /\/\/|\\|\p{Cc}|(?:^|\/)\.{1,2}(?:\/|$)/u.test(path)
}

/** Stands for a body that is not JSON in UTF-8. */
export const unreadable: unique symbol = Symbol('unreadable')

/** Parses a body; {@link unreadable} if that fails. */
export function jsonOf(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return unreadable
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return unreadable
  }
}
