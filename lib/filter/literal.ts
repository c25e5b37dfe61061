import type { CompareValue } from './ast.js'
import { failure, peek, quote, readWord, type Scanner, unexpected } from './scanner.js'

const constants = new Map<string, CompareValue>([
  ['true', true],
  ['false', false],
  ['null', null],
])

const numberSyntax = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/
const likeNumber = /^(?:[0-9.]+(?:e[+-]?[0-9]*)?|0[xob][0-9a-f]*|[0-9_]+n?)$/i
const bareString = /^[\p{L}0-9_][^\s"\\(){}[\]<>,;\p{Cc}\p{Surrogate}]*$/u
/** Neither a quotation mark nor a backslash nor a control character. */
const ordinary = /[ !#-[\]-\uffff]+/y
const escapeSyntax = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/

/**
 * Reads a JSON literal (RFC 7644 §3.4.2.2 `compValue`, RFC 8259): a string in double quotes, a
 * number, `true`, `false` or `null`.
 *
 * @param bareWord whether a word without quotation marks counts as a string here
 * @throws ScimError `invalidFilter`
 */
export function readLiteral(scanner: Scanner, bareWord: boolean): CompareValue {
  if (peek(scanner) === '"') return readString(scanner)
  const start = scanner.position
  const word = readWord(scanner)
  if (word === '') throw unexpected(scanner, 'a value')
  const constant = readConstant(scanner, word)
  if (constant !== undefined) return constant
  if (numberSyntax.test(word)) return readNumber(scanner, word, start)
  if (bareWord && isBareString(word)) return word
  throw failure(
    scanner,
    'Expected a value (a string in double quotes, a number, true, false or null), found ' +
      `${quote(word)}`,
    start,
  )
}

/**
 * Whether a word can only mean a string: not a number, not a malformed number, and not `null` in
 * another case.
 */
function isBareString(word: string): boolean {
  return bareString.test(word) && !/^(?:null|nan|infinity)$/i.test(word) && !likeNumber.test(word)
}

function readConstant(scanner: Scanner, word: string): CompareValue | undefined {
  const folded = word.toLowerCase()
  const isFoldedBoolean = folded !== 'null' && scanner.deviations.has('stringBooleans')
  return constants.get(isFoldedBoolean ? folded : word)
}

function readNumber(scanner: Scanner, word: string, start: number): number {
  const value = Number(word)
  if (!Number.isFinite(value)) throw failure(scanner, 'Number out of range', start)
  return value === 0 ? 0 : value
}

/**
 * Reads a JSON string. Characters that no stored value can have (NUL, half of a surrogate pair) are
 * refused.
 */
function readString(scanner: Scanner): string {
  const start = scanner.position
  scanner.position += 1
  while (peek(scanner) !== '"') skipCharacters(scanner, start)
  scanner.position += 1
  const value = JSON.parse(scanner.text.slice(start, scanner.position)) as string
  if (value.includes('\0') || /\p{Surrogate}/u.test(value)) {
    throw failure(scanner, 'String with a character that no value can have', start)
  }
  return value
}

/** Skips an escape sequence, or all ordinary characters up to something else. */
function skipCharacters(scanner: Scanner, start: number): void {
  const { text, position } = scanner
  const character = peek(scanner)
  if (character === '') throw failure(scanner, 'String without a closing quotation mark', start)
  if (character < ' ') throw failure(scanner, 'Control character in a string')
  if (character !== '\\') {
    ordinary.lastIndex = position
    ordinary.test(text)
    scanner.position = ordinary.lastIndex
    return
  }
  const match = escapeSyntax.exec(text.slice(position, position + 6))
  if (match === null) throw failure(scanner, 'Unknown escape sequence')
  scanner.position += match[0].length
}
