import type { Deviations } from '../deviations.js'
import { invalidFilter, type ScimError } from '../errors.js'

/** Bounds on filters. A filter beyond one of them is refused, never cut. */
export interface FilterLimits {
  /** Most bytes of a filter or PATCH path in UTF-8. Default 8192. */
  readonly bytes: number
  /** Most nested `( )` and `[ ]`. Default 32. */
  readonly depth: number
  /** Most attribute expressions, value paths and `not`s together. Default 200. */
  readonly nodes: number
}

/** The bounds that apply unless a host chooses others. */
export const defaultFilterLimits: FilterLimits = { bytes: 8192, depth: 32, nodes: 200 }

/** Limits, and the deviations that are switched on (none unless given). */
export interface ParseOptions extends Partial<FilterLimits> {
  readonly deviations?: Deviations
}

/**
 * A place in a text that is read once from left to right, and what has been used up of the limits.
 */
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
 * Skips spaces; the grammar has exactly one, but several are harmless. Says whether there were any.
 */
export function skipSpaces(scanner: Scanner): boolean {
  const start = scanner.position
  while (peek(scanner) === ' ') scanner.position += 1
  return scanner.position > start
}

/**
 * Skips spaces where there has to be one.
 *
 * @param next what comes after them, for the error message when the text ends here
 */
export function expectSpaces(scanner: Scanner, next: string): void {
  if (!skipSpaces(scanner)) throw unexpected(scanner, peek(scanner) === '' ? next : 'a space')
}

/** Skips spaces, then one particular character. */
export function expectCharacter(scanner: Scanner, character: string): void {
  skipSpaces(scanner)
  if (peek(scanner) !== character) throw unexpected(scanner, `"${character}"`)
  scanner.position += 1
}

const delimiters = new Set([' ', '(', ')', '[', ']', '"', ''])

/**
 * Reads up to the next space, bracket or quotation mark; an empty string when one of these comes
 * first.
 */
export function readWord(scanner: Scanner): string {
  const start = scanner.position
  while (!delimiters.has(peek(scanner))) scanner.position += 1
  return scanner.text.slice(start, scanner.position)
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

/** The error for something else at the current position than what the grammar asks for. */
export function unexpected(scanner: Scanner, expected: string): ScimError {
  const found = peek(scanner) === '' ? 'the end' : quote(peek(scanner))
  return failure(scanner, `Expected ${expected}, found ${found}`)
}

/** 400 `invalidFilter` with a position, from 0; of the current place unless another is given. */
export function failure(
  { position: current }: Scanner,
  message: string,
  position = current,
): ScimError {
  return invalidFilter(`${message} at position ${position}.`)
}

/** Text of a client for an error message: quoted, escaped and short. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 128 ? `${text.slice(0, 128)}…` : text)
}
