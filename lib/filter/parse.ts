import { invalidFilter, invalidPath } from '../errors.js'
import type { CompareOperator, ParsedFilter, PathText } from './ast.js'
import { join, negate } from './build.js'
import { readLiteral } from './literal.js'
import {
  countNode,
  enter,
  expectCharacter,
  expectSpaces,
  failure,
  leave,
  type ParseOptions,
  peek,
  quote,
  readWord,
  type Scanner,
  scan,
  skipSpaces,
  unexpected,
} from './scanner.js'

/** A PATCH path: `members`, `name.givenName`, `emails[type eq "work"].value`. */
export interface PatchPath {
  /** The attribute path: up to the value filter, or the whole path. */
  readonly path: PathText
  readonly filter?: ParsedFilter
  /** The sub-attribute after a value filter. */
  readonly sub?: string
}

const operators: ReadonlySet<string> = new Set<CompareOperator>([
  'eq',
  'ne',
  'co',
  'sw',
  'ew',
  'gt',
  'ge',
  'lt',
  'le',
])

const nameSyntax = /^(?:\$ref|[a-z][\w$-]*)$/i
const pathSyntax = /^(?:\$ref|[a-z][\w$-]*(?:\.(?:\$ref|[a-z][\w$-]*))?)$/i
// RFC 8141 §2 allows URNs more than letters and digits. Whether a URN exists is looked up later, in
// the schemas.
const urnPathSyntax = /^urn:[\w.:~!$&'*+,;=@/%-]*[\w$-]$/i
const resourceTypePath = /(?:^|:)meta\.resourceType$/i

/**
 * Parses a filter (RFC 7644 §3.4.2.2, figure 1, with errata 4670, 4690, 7319 and 7322). Time grows
 * linearly with the length. Names are not looked up; `resolveFilter` does that.
 *
 * `emails[type eq "work"].value eq "x"` (Entra ID) comes back as `emails[type eq "work" and value
 * eq "x"]`.
 *
 * @throws ScimError `invalidFilter` (400) naming the position, or when a limit is exceeded
 */
export function parseFilter(text: string, options: ParseOptions = {}): ParsedFilter {
  const scanner = scan(text, options, invalidFilter)
  const filter = parseExpression(scanner, false)
  skipSpaces(scanner)
  if (peek(scanner) !== '') throw unexpected(scanner, '"and", "or" or the end')
  return filter
}

/**
 * Parses the path of a PATCH operation (RFC 7644 §3.5.2, figure 7): an attribute path, or a value
 * path with an optional sub-attribute.
 *
 * @throws ScimError `invalidPath` (400) when the path is malformed, `invalidFilter` (400) when the
 *   filter in it is
 */
export function parsePatchPath(text: string, options: ParseOptions = {}): PatchPath {
  const scanner = scan(text, options, invalidPath)
  const word = readWord(scanner)
  if (!isPathSyntax(word)) throw malformedPath(text)
  const path = { text: word, position: 0 }
  if (peek(scanner) === '') return { path }
  if (peek(scanner) !== '[') throw malformedPath(text)
  const filter = parseBracket(scanner)
  const rest = text.slice(scanner.position)
  if (rest === '') return { path, filter }
  if (!rest.startsWith('.') || !nameSyntax.test(rest.slice(1))) throw malformedPath(text)
  return { path, filter, sub: rest.slice(1) }
}

function malformedPath(text: string) {
  return invalidPath(`The path ${quote(text)} is malformed.`)
}

/** Parses alternatives, each a conjunction of terms, because `or` binds less tightly than `and`. */
function parseExpression(scanner: Scanner, isInBracket: boolean): ParsedFilter {
  const alternatives: ParsedFilter[] = []
  let terms = [parseTerm(scanner, isInBracket)]
  for (let word = nextOperator(scanner); word !== undefined; word = nextOperator(scanner)) {
    if (word === 'or') {
      alternatives.push(join('and', terms))
      terms = []
    }
    terms.push(parseTerm(scanner, isInBracket))
  }
  return join('or', [...alternatives, join('and', terms)])
}

/** Reads `and` or `or` with the spaces around it; `undefined` where the expression ends. */
function nextOperator(scanner: Scanner): 'and' | 'or' | undefined {
  const hadSpaces = skipSpaces(scanner)
  const character = peek(scanner)
  if (character === '' || character === ')' || character === ']') return undefined
  if (!hadSpaces) throw unexpected(scanner, 'a space')
  const start = scanner.position
  const word = readWord(scanner).toLowerCase()
  if (word === '') throw unexpected(scanner, '"and" or "or"')
  if (word !== 'and' && word !== 'or') {
    throw failure(scanner, `Expected "and" or "or", found ${quote(word)}`, start)
  }
  expectSpaces(scanner, `an expression after "${word}"`)
  return word
}

function parseTerm(scanner: Scanner, isInBracket: boolean): ParsedFilter {
  skipSpaces(scanner)
  if (peek(scanner) === '(') return parseGroup(scanner, isInBracket)
  const path = { text: readWord(scanner), position: scanner.position }
  path.position -= path.text.length
  if (path.text === '') throw unexpected(scanner, 'an attribute')
  countNode(scanner)
  if (path.text.toLowerCase() === 'not') {
    skipSpaces(scanner)
    if (peek(scanner) !== '(') throw unexpected(scanner, '"(" after "not"')
    return negate(parseGroup(scanner, isInBracket))
  }
  if (!isPathSyntax(path.text)) {
    throw failure(scanner, `${quote(path.text)} is not an attribute path`, path.position)
  }
  if (peek(scanner) !== '[') return parseAssertion(scanner, path)
  if (isInBracket) throw failure(scanner, 'Value path inside a value path')
  return parseValuePath(scanner, path)
}

function parseGroup(scanner: Scanner, isInBracket: boolean): ParsedFilter {
  expectCharacter(scanner, '(')
  enter(scanner)
  const node = parseExpression(scanner, isInBracket)
  expectCharacter(scanner, ')')
  leave(scanner)
  return node
}

function parseValuePath(scanner: Scanner, path: PathText): ParsedFilter {
  const filter = parseBracket(scanner)
  if (peek(scanner) !== '.' || !scanner.deviations.has('valuePathSubAttribute')) {
    return { kind: 'valuePath', path, filter }
  }
  scanner.position += 1
  const position = scanner.position
  const text = readWord(scanner)
  if (!nameSyntax.test(text)) {
    throw failure(scanner, `${quote(text)} is not a sub-attribute`, position)
  }
  countNode(scanner)
  const assertion = parseAssertion(scanner, { text, position })
  return { kind: 'valuePath', path, filter: join('and', [filter, assertion]) }
}

function parseBracket(scanner: Scanner): ParsedFilter {
  expectCharacter(scanner, '[')
  enter(scanner)
  const filter = parseExpression(scanner, true)
  expectCharacter(scanner, ']')
  leave(scanner)
  return filter
}

/** The rest of an attribute expression: `pr`, or an operator and a value. */
function parseAssertion(scanner: Scanner, path: PathText): ParsedFilter {
  expectSpaces(scanner, 'an operator')
  const start = scanner.position
  const word = readWord(scanner)
  const operator = word.toLowerCase()
  if (operator === '') throw unexpected(scanner, 'an operator')
  if (operator === 'pr') return { kind: 'present', path }
  if (!isOperator(operator)) {
    throw failure(scanner, `Unknown operator ${quote(word)}`, start)
  }
  expectSpaces(scanner, 'a value')
  const valueStart = scanner.position
  const value = readLiteral(scanner, mayBeUnquoted(scanner, path))
  const written = scanner.text.slice(valueStart, scanner.position)
  const isRespelt = typeof value === 'number' && String(value) !== written
  return { kind: 'compare', path, operator, value, ...(isRespelt && { word: written }) }
}

/**
 * RFC 7644 §3.4.2.1 itself omits the quotation marks in `meta.resourceType eq User`; clients omit
 * them elsewhere too.
 */
function mayBeUnquoted({ deviations }: Scanner, { text }: PathText): boolean {
  return deviations.has(resourceTypePath.test(text) ? 'unquotedResourceType' : 'bareFilterValues')
}

function isOperator(word: string): word is CompareOperator {
  return operators.has(word)
}

function isPathSyntax(text: string): boolean {
  return pathSyntax.test(text) || urnPathSyntax.test(text)
}
