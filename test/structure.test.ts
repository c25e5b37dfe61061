import fs from 'node:fs'
import path from 'node:path'
import { parseSync } from '@swc/core'

const root = path.join(__dirname, '..')
const { dependencies, peerDependencies } = JSON.parse(
  fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
) as Record<'dependencies' | 'peerDependencies', Record<string, string>>

/**
 * The way of a request, top to bottom. A folder may import the ones after it; the pure modules come
 * last.
 */
const layers = [
  'settings',
  'http',
  'gate',
  'protocol',
  'resources',
  'access',
  'workspaces',
  'stores',
] as const
const pureModules =
  'errors events schema filter patch projection sort pagination version mapping'.split(' ')

const impureMembers = ['Date.now', 'Math.random', 'performance.now', 'crypto.randomUUID']

interface Import {
  readonly file: string
  /** A path in this repository, or a package's name. */
  readonly target: string
  readonly isTypeOnly: boolean
  readonly isDynamic: boolean
}

const sources = ['lib', 'adapters', 'command', 'examples', 'bench'].flatMap(sourceFiles)
const modules = new Map(sources.map((file) => [file, readModule(file)]))
const imports = [...modules.values()].flatMap((module) => module.imports)
const library = imports.filter(({ file }) => file.startsWith('lib/'))
const adapters = imports.filter(({ file }) => file.startsWith('adapters/'))

describe('the structure of the source', () => {
  it('has nothing in lib that imports adapters', () => {
    expect(
      report(library.filter(({ target }) => !isPackage(target) && !isIn('lib', target))),
    ).toEqual([])
  })

  it('imports express in lib/http and lib/settings only', () => {
    const allowed = ['lib/http', 'lib/settings', 'command', 'examples', 'bench']
    const offending = imports.filter(
      ({ file, target }) => target === 'express' && !allowed.some((folder) => isIn(folder, file)),
    )
    expect(report(offending)).toEqual([])
  })

  it('lets each layer import only the layers below it', () => {
    expect(report(library.filter(goesUp))).toEqual([])
  })

  it('keeps the pure modules free of async, clock, randomness and outer packages', () => {
    const impure = sources.filter((file) => isPure(file) && modules.get(file)?.isImpure)
    const outside = library.filter(
      ({ file, target }) =>
        isPure(file) &&
        isPackage(target) &&
        !['ajv', 'node:crypto', 'node:buffer'].includes(target),
    )
    expect([...impure, ...report(outside)]).toEqual([])
  })

  it('lets an adapter import the entry for adapters, itself, and of another adapter only its index', () => {
    const offending = adapters.filter(
      ({ file, target }) =>
        !isPackage(target) &&
        target !== 'lib/adapter/index.ts' &&
        !isIn(adapterOf(file), target) &&
        !/^adapters\/[^/]+\/index\.ts$/.test(target),
    )
    expect(report(offending)).toEqual([])
  })

  it('has no cycles of imports', () => {
    expect(cycles()).toEqual([])
  })

  it('imports only packages that package.json declares, optional ones dynamically and in adapters/sql', () => {
    const optional = ['pg', 'better-sqlite3', 'libsql']
    const published = [...library, ...adapters].filter(({ target }) => isPackage(target))
    const undeclared = published.filter(
      ({ target }) =>
        !target.startsWith('node:') &&
        !(packageOf(target) in { ...dependencies, ...peerDependencies }),
    )
    const tooEager = published.filter(
      ({ file, target, isDynamic, isTypeOnly }) =>
        optional.includes(packageOf(target)) &&
        !(isIn('adapters/sql', file) && (isDynamic || isTypeOnly)),
    )
    expect(report([...undeclared, ...tooEager])).toEqual([])
  })

  it('has no module-level mutable state in lib and adapters', () => {
    const mutable = sources.filter(
      (file) => /^(lib|adapters)\//.test(file) && modules.get(file)?.hasTopLevelLet,
    )
    expect(mutable).toEqual([])
  })

  it('has examples and benchmarks that use the library by its name, as a host does', () => {
    const offending = imports.filter(
      ({ file, target }) => /^(examples|bench)\//.test(file) && /^(lib|adapters)\//.test(target),
    )
    expect(report(offending)).toEqual([])
  })
})

/**
 * A lib import from a layer to one above it. Types of `stores` are data that every layer may name.
 */
function goesUp({ file, target, isTypeOnly }: Import): boolean {
  if (isPackage(target)) return false
  const [from, to] = [rank(file), rank(target)]
  if (from === undefined || to === undefined) return false
  return to < from && !(isTypeOnly && isIn('lib/stores', target))
}

/**
 * Position in the layers; `undefined` for lib/index.ts, lib/testing and what else stands beside the
 * layers.
 */
function rank(file: string): number | undefined {
  const index = layers.findIndex((layer) => isIn(`lib/${layer}`, file))
  if (index >= 0) return index
  return isPure(file) ? layers.length : undefined
}

function isPure(file: string): boolean {
  return pureModules.some((name) => isIn(`lib/${name}`, file) || file === `lib/${name}.ts`)
}

function isIn(folder: string, file: string): boolean {
  return file.startsWith(`${folder}/`)
}

function isPackage(target: string): boolean {
  return !/^(lib|adapters|command|examples|bench|test)\//.test(target)
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
}

function adapterOf(file: string): string {
  return file.split('/').slice(0, 2).join('/')
}

function report(found: readonly Import[]): string[] {
  return found.map(({ file, target }) => `${file} imports ${target}`)
}

/** Files on a cycle of imports that exist at run time, each cycle once, as `a > b > a`. */
function cycles(): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      found.push([...trail.slice(trail.indexOf(file)), file].join(' > '))
      return
    }
    if (done.has(file)) return
    for (const next of modules.get(file)?.imports ?? []) {
      if (!next.isTypeOnly && modules.has(next.target)) visit(next.target, [...trail, file])
    }
    done.add(file)
  }
  for (const file of sources) visit(file, [])
  return found
}

function sourceFiles(folder: string): string[] {
  if (!fs.existsSync(path.join(root, folder))) return []
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.split(path.sep).join('/')}`)
}

type Node = { readonly type?: string; readonly [key: string]: unknown }

function readModule(file: string) {
  const program = parseSync(fs.readFileSync(path.join(root, file), 'utf8'), {
    syntax: 'typescript',
    target: 'es2022',
  })
  const nodes = [...walk(program)]
  return {
    imports: nodes.flatMap((node) => importsOf(node, file)),
    hasTopLevelLet: program.body.some(isMutableDeclaration),
    isImpure: nodes.some(isImpureNode),
  }
}

function* walk(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item)
  } else if (typeof value === 'object' && value !== null) {
    yield value as Node
    for (const item of Object.values(value)) yield* walk(item)
  }
}

function importsOf(node: Node, file: string): Import[] {
  const source = sourceOf(node)
  if (source === undefined) return []
  const target = source.startsWith('.')
    ? path.posix.join(path.posix.dirname(file), source).replace(/\.js$/, '.ts')
    : source
  const isTypeOnly = node.type === 'TsImportType' || node['typeOnly'] === true
  return [{ file, target, isTypeOnly, isDynamic: node.type === 'CallExpression' }]
}

function sourceOf(node: Node): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return (node['source'] as { value: string } | null)?.value
    case 'TsImportType':
      return (node['argument'] as { value: string }).value
    case 'CallExpression': {
      if ((node['callee'] as Node).type !== 'Import') return undefined
      const [argument] = node['arguments'] as { expression: { value?: unknown } }[]
      return typeof argument?.expression.value === 'string' ? argument.expression.value : undefined
    }
    default:
      return undefined
  }
}

function isMutableDeclaration(statement: object): boolean {
  const declaration = ('declaration' in statement ? statement.declaration : statement) as Node
  return declaration.type === 'VariableDeclaration' && declaration['kind'] !== 'const'
}

function isImpureNode(node: Node): boolean {
  if (node['async'] === true || node['isAsync'] === true || node.type === 'AwaitExpression')
    return true
  if (node.type === 'NewExpression') {
    const isDate = (node['callee'] as { value?: string }).value === 'Date'
    return isDate && ((node['arguments'] as unknown[] | null) ?? []).length === 0
  }
  if (node.type !== 'MemberExpression') return false
  const object = (node['object'] as { value?: string }).value
  const property = (node['property'] as { value?: string }).value
  return impureMembers.includes(`${object}.${property}`)
}
