import type { Deviations } from '../deviations.js'
import { invalidFilter, type ScimError } from '../errors.js'

/** Bounds on filters. A filter that exceeds one is refused, never truncated. */
export interface FilterLimits {
  /** Maximum size of a filter or PATCH path, in bytes of UTF-8. Default 8192. */
  readonly bytes: number
  /** Maximum nesting of `( )` and `[ ]`. Default 32. */
  readonly depth: number
  /** Maximum number of attribute expressions, value paths and `not`s. Default 200. */
  readonly nodes: number
}

/** The bounds that apply unless the host sets others. */
export const defaultFilterLimits: FilterLimits = { bytes: 8192, depth: 32, nodes: 200 }

/** Limits, and the deviations that are switched on (none unless given). */
export interface ParseOptions extends Partial<FilterLimits> {
  readonly deviations?: Deviations
}

/** A position in a text that is read once from left to right, with the limits used up so far. */
export interface Scanner {
  readonly text: string
  readonly limits: FilterLimits
  readonly deviations: Deviations
  position: number
  depth: number
  nodes: number
}

/**
 * Starts reading a text.
 *
 * @param tooLong makes the error for a text with more bytes than the limit
 */
export function scan(
  text: string,
  { deviations = new Set(), ...limits }: ParseOptions,
  tooLong: (detail: string) => ScimError,
): Scanner {
  const effective = { ...defaultFilterLimits, ...limits }
  if (Buffer.byteLength(text) > effective.bytes) {
    throw tooLong(`More than ${effective.bytes} bytes of text.`)
  }
  return { text, limits: effective, deviations, position: 0, depth: 0, nodes: 0 }
}

/** The character at the current position; an empty string at the end. */
export function peek(scanner: Scanner): string {
  return scanner.text.charAt(scanner.position)
}

/**
 * Skips spaces and returns whether there were any. The grammar has exactly one, but several are
 * harmless.
 */
export function skipSpaces(scanner: Scanner): boolean {
  const start = scanner.position
  while (peek(scanner) === ' ') scanner.position += 1
  return scanner.position > start
}

/**
 * Skips spaces and requires at least one.
 *
 * @param next what has to follow, for the error message if the text ends here
 */
export function expectSpaces(scanner: Scanner, next: string): void {
  if (!skipSpaces(scanner)) throw unexpected(scanner, peek(scanner) === '' ? next : 'a space')
}

/** Skips spaces, then requires this character. */
export function expectCharacter(scanner: Scanner, character: string): void {
  skipSpaces(scanner)
  if (peek(scanner) !== character) throw unexpected(scanner, `"${character}"`)
  scanner.position += 1
}

const word = /[^ ()[\]"]*/y

/**
 * Reads up to the next space, bracket or quotation mark; returns an empty string if one of these
 * comes first.
 */
export function readWord(scanner: Scanner): string {
  word.lastIndex = scanner.position
  const [found = ''] = word.exec(scanner.text) ?? []
  scanner.position += found.length
  return found
}

/** Enters one more level of nesting. The matching {@link leave} comes after the closing bracket. */
export function enter(scanner: Scanner): void {
  scanner.depth += 1
  if (scanner.depth > scanner.limits.depth) {
    throw failure(scanner, `More than ${scanner.limits.depth} levels of nesting`)
  }
}

/** Leaves a level of nesting. */
export function leave(scanner: Scanner): void {
  scanner.depth -= 1
}

/** Counts one more node of the tree. */
export function countNode(scanner: Scanner): void {
  scanner.nodes += 1
  if (scanner.nodes > scanner.limits.nodes) {
    throw failure(scanner, `More than ${scanner.limits.nodes} expressions`)
  }
}

/** The error for an unexpected character at the current position. */
export function unexpected(scanner: Scanner, expected: string): ScimError {
  const found = peek(scanner) === '' ? 'the end' : quote(peek(scanner))
  return failure(scanner, `Expected ${expected}, found ${found}`)
}

/** 400 `invalidFilter` with a position, counted from 0; the current one unless another is given. */
export function failure(
  { position: current }: Scanner,
  message: string,
  position = current,
): ScimError {
  return invalidFilter(`${message} at position ${position}.`)
}

/** Quotes, escapes and shortens a client's text for an error message. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 128 ? `${text.slice(0, 128)}…` : text)
}
