// Writes docs/api.md: the exports of each entry of the package with the docstrings of the sources.
// `node scripts/api.js --check` only checks whether it is up to date.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'rolldown/parseAst'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const target = path.join(root, 'docs/api.md')
const entries = {
  'label-studio-scim': 'lib/index.ts',
  'label-studio-scim/settings': 'lib/settings/index.ts',
  'label-studio-scim/adapters/sql': 'adapters/sql/index.ts',
  'label-studio-scim/adapters/memory': 'adapters/memory/index.ts',
  'label-studio-scim/adapters/label-studio': 'adapters/label-studio/index.ts',
  'label-studio-scim/testing': 'lib/testing/index.ts',
  'label-studio-scim/adapter': 'lib/adapter/index.ts',
}

const modules = new Map()
const text = reference()
const hidden = hiddenTypes()
if (hidden.length > 0) {
  console.error(`Public signatures name types that no entry exports:\n${hidden.join('\n')}`)
  process.exitCode = 1
}
if (!process.argv.includes('--check')) fs.writeFileSync(target, text)
else if (fs.readFileSync(target, 'utf8') !== text) {
  console.error('docs/api.md is out of date. Run: node scripts/api.js')
  process.exitCode = 1
}

function reference() {
  const told = new Map()
  const sections = Object.entries(entries).map(([name, file]) => {
    const exported = [...exportsOf(path.join(root, file))].sort(([a], [b]) => (a < b ? -1 : 1))
    return `## \`${name}\`\n\n${exported.map((each) => entryOf(each, name, told)).join('\n')}`
  })
  const intro =
    'This page lists what each entry exports, with the docstrings of the sources. ' +
    '`node scripts/api.js` writes it,\nand a test compares it with the sources. ' +
    '[options.md](options.md) has the options with their defaults.'
  return `# API reference\n\n${intro}\n\n${sections.join('\n')}`
}

// Exports of several entries are described only once.
function entryOf([name, declaration], entry, told) {
  const key = `${declaration.file} ${declaration.name}`
  const first = told.get(key)
  if (first) return `### \`${name}\`\n\nSee \`${first}\`.\n`
  told.set(key, entry)
  const { comment, code } = declaration
  return `### \`${name}\`\n\n${comment}${comment && '\n\n'}\`\`\`typescript\n${code}\n\`\`\`\n`
}

function moduleOf(file) {
  const known = modules.get(file)
  if (known) return known
  const code = fs.readFileSync(file, 'utf8')
  const { body } = parseAst(code, { lang: 'ts' })
  const read = { file, code, body }
  modules.set(file, read)
  return read
}

function exportsOf(file) {
  const module = moduleOf(file)
  const found = new Map()
  for (const node of module.body) {
    if (node.type === 'ExportAllDeclaration') {
      for (const [name, each] of exportsOf(beside(file, node))) found.set(name, each)
    } else if (node.type === 'ExportNamedDeclaration' && node.source) {
      const theirs = exportsOf(beside(file, node))
      for (const { local, exported } of node.specifiers) {
        found.set(exported.name, theirs.get(local.name))
      }
    } else if (node.type === 'ExportNamedDeclaration' && node.declaration) {
      for (const name of namesOf(node.declaration))
        found.set(name, declarationOf(module, node, name))
    }
  }
  return found
}

function beside(file, { source }) {
  return path.join(path.dirname(file), source.value.replace(/\.js$/, '.ts'))
}

function namesOf(declaration) {
  if (declaration.declarations) return declaration.declarations.map(({ id }) => id.name)
  return [declaration.id.name]
}

function declarationOf({ file, code }, node, name) {
  return { file, name, comment: commentBefore(code, node.start), code: signature(code, node) }
}

// The declaration without its body.
function signature(code, { start, declaration }) {
  const end = declaration.type === 'FunctionDeclaration' ? declaration.body.start : declaration.end
  const isClass = declaration.type === 'ClassDeclaration'
  const text = isClass ? classSignature(code, declaration) : code.slice(start, end)
  return text.replace(/^export /, '').trim()
}

function classSignature(code, { start, body }) {
  const members = body.body.map((member) => {
    const comment = commentLines(code, member.start)
    const end = member.value?.body?.start ?? member.end
    return `${comment}  ${code.slice(member.start, end).trim()}`
  })
  return `${code.slice(start, body.start)}{\n${members.join('\n')}\n}`
}

function commentLines(code, at) {
  const found = rawComment(code, at)
  return found === undefined ? '' : `  ${found}\n`
}

function rawComment(code, at) {
  const before = code.slice(0, at).trimEnd()
  if (!before.endsWith('*/')) return undefined
  const comment = before.slice(before.lastIndexOf('/*'))
  return comment.startsWith('/**') ? comment : undefined
}

// Converts a comment to Markdown: tags become words, links become code.
function commentBefore(code, at) {
  const comment = rawComment(code, at)
  if (comment === undefined) return ''
  return comment
    .replace(/^\/\*\*\s?|\s*\*\/$/g, '')
    .replace(/^ *\* ?/gm, '')
    .trim()
    .replace(/\{@link (\w+)[^}]*\}/g, '`$1`')
    .replace(/^@param (\S+)/gm, '- `$1`:')
    .replace(/(^|\s)@throws /g, '$1Throws: ')
    .replace(/(^|\s)@returns? /g, '$1Returns: ')
    .replace(/(^|\s)@see /g, '$1See ')
    .replace(/</g, '&lt;')
}

// The types that exported declarations name, directly or by way of others, and no entry exports.
function hiddenTypes() {
  const declared = Object.values(entries)
    .flatMap((file) => [...exportsOf(path.join(root, file)).values()])
    .map(({ file, name }) => `${file}#${name}`)
  const exported = new Set(declared)
  const reached = new Map(declared.map((key) => [key, undefined]))
  for (const key of reached.keys()) {
    for (const next of typesNamedBy(key)) if (!reached.has(next)) reached.set(next, key)
  }
  const short = (key) => path.relative(root, key).replace('#', ' ')
  return [...reached]
    .filter(([key]) => !exported.has(key))
    .map(([key, user]) => `${short(key)}, named by ${short(user)}`)
}

function typesNamedBy(key) {
  const [file, name] = key.split('#')
  const node = moduleOf(file).body.find((each) => {
    const declaration = each.declaration ?? each
    return declaration.id?.name === name
  })
  return [...typeNames(node)].flatMap((each) => originOf(file, each) ?? [])
}

function typeNames(node, found = new Set()) {
  if (node === null || typeof node !== 'object' || node.type === 'BlockStatement') return found
  const names = { TSTypeReference: node.typeName, TSInterfaceHeritage: node.expression }
  const named = names[node.type]
  if (named?.type === 'Identifier') found.add(named.name)
  for (const child of Object.values(node)) typeNames(child, found)
  return found
}

function originOf(file, name) {
  for (const node of moduleOf(file).body) {
    const declaration = node.declaration ?? node
    if (declaration.id?.name === name) return `${file}#${name}`
    if (node.type !== 'ImportDeclaration' || !node.source.value.startsWith('.')) continue
    const specifier = node.specifiers.find(({ local }) => local.name === name)
    const origin = specifier && exportsOf(beside(file, node)).get(specifier.imported.name)
    if (origin) return `${origin.file}#${origin.name}`
  }
  return undefined
}
