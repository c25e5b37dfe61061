import { invalidSyntax, invalidValue } from '../errors.js'

/** Limits of a JSON text. */
export interface JsonLimits {
  readonly maxJsonDepth: number
  readonly maxArrayItems: number
  readonly maxObjectMembers: number
}

/** An array or object that the scan is inside. */
interface Frame {
  /** For an object: its names so far, as spelled, by their lower-cased form. */
  readonly names: Map<string, string> | undefined
  /** For an object: whether the next string is a name. */
  expectsName: boolean
  name: string
  commas: number
}

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
const stepLength = 50_000

/**
 * Names that plain objects inherit, alone or as part of a path (`constructor.prototype`,
 * `urn:…:__proto__`).
 */
const builtIns = [...Object.getOwnPropertyNames(Object.prototype), 'prototype'].join('|')
const builtInName = new RegExp(`(?:^|[.:[\\]\\s])(?:${builtIns})(?:$|[.:[\\]\\s])`)

/**
 * Checks what `JSON.parse` does not: nesting depth, length of arrays, number of members of objects,
 * duplicate members (names that differ only in case are the same attribute, RFC 7643 §2.1), names
 * of JavaScript built-ins, NUL and unpaired surrogates.
 *
 * It makes one pass without recursion, so it can run before `JSON.parse`. It does not detect all
 * malformed JSON; `JSON.parse` does. It stops after each 50 kB, so that other requests can have
 * their turn.
 *
 * @throws ScimError 400 `invalidSyntax` or `invalidValue` naming the attribute
 */
export function* checkJson(text: string, limits: JsonLimits): Generator<void> {
  const frames: Frame[] = []
  let position = 0
  let end = stepLength
  while (position < text.length) {
    if (position > end) {
      yield
      end += stepLength
    }
    const code = text.charCodeAt(position)
    if (code === quote) {
      const close = endOfString(text, position + 1)
      takeString(text.slice(position + 1, close), frames)
      position = close
    } else if (code === openBrace || code === openBracket) {
      frames.push(newFrame(code === openBrace))
      if (frames.length > limits.maxJsonDepth) throw tooDeep(limits)
    } else if (code === closeBrace || code === closeBracket) {
      frames.pop()
    } else if (code === comma) {
      takeComma(frames, limits)
    }
    position += 1
  }
}

function newFrame(isObject: boolean): Frame {
  return {
    names: isObject ? new Map() : undefined,
    expectsName: isObject,
    name: '',
    commas: 0,
  }
}

/** Position of the closing quotation mark, or the end of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start)
  while (end >= 0 && isEscaped(text, start, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

function isEscaped(text: string, start: number, position: number): boolean {
  let first = position
  while (first > start && text[first - 1] === '\\') first -= 1
  return (position - first) % 2 === 1
}

function takeString(raw: string, frames: readonly Frame[]): void {
  const value = raw.includes('\\') ? decoded(raw, frames) : raw
  const frame = frames.at(-1)
  if (!frame?.expectsName || frame.names === undefined) return
  frame.expectsName = false
  frame.name = value
  if (builtInName.test(value)) throw invalidSyntax(`"${shown(value)}" is no attribute name.`)
  const folded = value.toLowerCase()
  const earlier = frame.names.get(folded)
  if (earlier !== undefined) {
    const spelling = earlier === value ? '' : `, also as "${shown(value)}"`
    throw invalidSyntax(`Attribute "${shown(earlier)}" is given twice${spelling}.`)
  }
  frame.names.set(folded, value)
}

function decoded(raw: string, frames: readonly Frame[]): string {
  const value = parsedString(raw)
  if (/\0|\p{Surrogate}/u.test(value)) {
    const name = frames.findLast((frame) => frame.names !== undefined)?.name ?? ''
    throw invalidValue(`The value of "${shown(name)}" has a NUL or an unpaired surrogate in it.`)
  }
  return value
}

function parsedString(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`)
  } catch {
    // Malformed: JSON.parse of the whole text will report the position.
    return raw
  }
}

function takeComma(frames: readonly Frame[], limits: JsonLimits): void {
  const frame = frames.at(-1)
  if (frame === undefined) return
  frame.expectsName = frame.names !== undefined
  frame.commas += 1
  const { maxArrayItems, maxObjectMembers } = limits
  if (frame.names === undefined && frame.commas >= maxArrayItems) {
    throw invalidValue(`An array has more than ${maxArrayItems} elements, the most allowed.`)
  }
  if (frame.names !== undefined && frame.commas >= maxObjectMembers) {
    throw invalidValue(
      `An object can have at most ${maxObjectMembers} members (limit "maxObjectMembers").`,
    )
  }
}

function tooDeep({ maxJsonDepth }: JsonLimits) {
  return invalidSyntax(`The body nests deeper than ${maxJsonDepth} levels, the most allowed.`)
}

function shown(name: string): string {
  return name.slice(0, 100)
}
