import fs from 'node:fs'
import path from 'node:path'
import { parseSync } from '@swc/core'

/** A text in a test that may be its title, or the name of one row of a table of tests. */
export interface Text {
  readonly text: string
  /** Path of the file below the root, with slashes. */
  readonly file: string
}

/** A title that cites requirements. */
export interface Title extends Text {
  /** The title without its citation, so that citing more changes no name. */
  readonly name: string
  /** Ids of the requirements in its parentheses, e.g. `R-READ-02`. */
  readonly ids: readonly string[]
}

const id = /\b(?:R-[A-Z]+|S-[A-Z]+|UC)-\d{2}\b/g
const citation = /\([^()]*\b(?:R-[A-Z]+|S-[A-Z]+|UC)-\d{2}\b[^()]*\)/g
/** The map names tests and proves nothing. */
const mapFile = 'test/conformance/requirements.json'

/** Every string in the sources and tables below `test`. A placeholder in a template is `…`. */
export function readTexts(root: string): Text[] {
  return filesOfTests(root).flatMap((file) => textsIn(root, file))
}

/** Paths of the sources and tables below `test`, in the order of their names. */
export function filesOfTests(root: string): string[] {
  return fs
    .readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name.split(path.sep).join('/')}`)
    .filter((file) => file !== mapFile && /\.(?:ts|json)$/.test(file))
    .sort()
}

/** The titles among texts: those that cite requirements. */
export function titlesAmong(texts: readonly Text[]): Title[] {
  return texts
    .map((each) => ({ ...each, name: nameOf(each.text), ids: idsIn(each.text) }))
    .filter(({ ids }) => ids.length > 0)
}

/** Numbers of faults that a test keeps mended, e.g. `(R17, F11)`. */
const faults = /\((?:[A-Z]\d+(?:, )?)+\)/g

/** A title without what it cites. */
export function nameOf(text: string): string {
  return text.replace(citation, '').replace(faults, '').replace(/ {2,}/g, ' ').trim()
}

/** The ids that a title cites. */
export function idsIn(text: string): string[] {
  return (text.match(citation) ?? []).flatMap((part) => part.match(id) ?? [])
}

function textsIn(root: string, file: string): Text[] {
  const source = fs.readFileSync(path.join(root, file), 'utf8')
  const tree: unknown = file.endsWith('.json')
    ? JSON.parse(source)
    : parseSync(source, { syntax: 'typescript', target: 'es2022' })
  return textsOf(tree).map((text) => ({ text, file }))
}

/**
 * Every text in a value: strings of JSON, and of a syntax tree the string and template literals.
 */
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
