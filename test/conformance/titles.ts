import fs from 'node:fs'
import path from 'node:path'
import { parseSync } from '@swc/core'

/** A test's title, or the name of one row of a table of tests, that cites requirements. */
export interface Title {
  readonly text: string
  /** Path of the file below the root, with slashes. */
  readonly file: string
  /** Ids of the requirements in its parentheses, e.g. `R-READ-02`. */
  readonly ids: readonly string[]
}

const id = /\b(?:R-[A-Z]+|S-[A-Z]+|UC)-\d{2}\b/g
const citation = /\([^()]*\b(?:R-[A-Z]+|S-[A-Z]+|UC)-\d{2}\b[^()]*\)/g
/** The map itself and its programs name tests, and prove nothing. */
const notTests = 'test/conformance/'

/** Titles that cite requirements, of all tests below `test`: those in the sources and those of the rows in `test/cases`. */
export function readTitles(root: string): Title[] {
  const files = fs
    .readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name.split(path.sep).join('/')}`)
  return files
    .filter((file) => !file.startsWith(notTests) && /\.ts$|^test\/cases\/.*\.json$/.test(file))
    .sort()
    .flatMap((file) => titlesOf(file, fs.readFileSync(path.join(root, file), 'utf8')))
}

/** The ids that a title cites. */
export function idsIn(text: string): string[] {
  return (text.match(citation) ?? []).flatMap((part) => part.match(id) ?? [])
}

function titlesOf(file: string, text: string): Title[] {
  if (idsIn(text).length === 0) return []
  const texts = file.endsWith('.json')
    ? textsOf(JSON.parse(text))
    : textsOf(parseSync(text, { syntax: 'typescript', target: 'es2022' }))
  return texts.map((each) => ({ text: each, file, ids: idsIn(each) })).filter(citesSomething)
}

function citesSomething({ ids }: Title): boolean {
  return ids.length > 0
}

/** Every text in a value: strings of JSON, and of a syntax tree the string and template literals. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (typeof value !== 'object' || value === null) return []
  const node = value as Readonly<Record<string, unknown>>
  if (node['type'] === 'StringLiteral') return [String(node['value'])]
  if (node['type'] === 'TemplateLiteral')
    return [templateText(node), ...textsOf(node['expressions'])]
  return Object.values(node).flatMap(textsOf)
}

function templateText({ quasis }: Readonly<Record<string, unknown>>): string {
  const parts = quasis as readonly { readonly cooked: string }[]
  return parts.map(({ cooked }) => cooked).join('…')
}
