import { isUtf8 } from 'node:buffer'
import { invalidSyntax } from '../errors.js'
import type { JsonObject } from '../schema/types.js'
import { checkJson, type JsonLimits } from './check-json.js'

/**
 * The JSON object in a request body. A byte order mark before it is ignored.
 *
 * @throws ScimError 400 `invalidSyntax` when it is empty, malformed, not UTF-8 or not an object,
 *   and for everything `checkJson` refuses
 */
export function parseJson(bytes: Buffer, limits: JsonLimits): JsonObject {
  if (!isUtf8(bytes)) throw invalidSyntax('The request body is not UTF-8.')
  const text = bytes.toString('utf8')
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (json.trim() === '') throw invalidSyntax('The request has no body.')
  checkJson(json, limits)
  const value = parse(json)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidSyntax('The request body must be a JSON object.')
  }
  return value as JsonObject
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // V8's message quotes the text, which may contain a password, so only the position is used.
    const position = /at position (\d+)/.exec(String(error))?.[1]
    throw invalidSyntax(
      'The request body is not valid ' +
        `JSON${position === undefined ? '' : ` (at character ${position})`}.`,
    )
  }
}
