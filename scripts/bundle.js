// Bundles one CommonJS file per entry, with its declarations. The ESM entries re-export from these
// bundles, so a process that both imports and requires the library loads it once and has one set of
// error classes and stores.
import fs from 'node:fs'
import path from 'node:path'
import { rolldown } from 'rolldown'
import { parseAst } from 'rolldown/parseAst'
import { minifySync } from 'rolldown/utils'
import { dts } from 'rolldown-plugin-dts'

const entries = {
  index: 'lib/index',
  adapter: 'lib/adapter/index',
  memory: 'adapters/memory/index',
  sql: 'adapters/sql/index',
  'label-studio': 'adapters/label-studio/index',
  settings: 'lib/settings/index',
  testing: 'lib/testing/index',
}
const program = { cli: 'command/cli' }

/** Bundles the compiled modules and declarations of the folder `modules` into `dist`. */
export async function bundle(modules, dist) {
  const chunks = await bundleModules(modules, dist)
  await bundleDeclarations(modules, dist)
  // A shared chunk may have the same name as an entry.
  const own = chunks.filter(({ isEntry, name }) => isEntry && name in entries)
  for (const chunk of own) writeEsmEntry(dist, chunk)
  fs.chmodSync(path.join(dist, 'cli.cjs'), 0o755)
}

// Small shared files that are bundled together, because each file adds a header to the package.
const shared = [
  {
    name: 'command',
    test: /\/command\/(command|database|label-studio|migrate|needing|progress)\.js$/,
  },
  {
    name: 'options',
    test: /\/lib\/(access\/import-state|stores\/(in-steps|record-pages|token-store)|options)\.js$/,
  },
]

async function bundleModules(modules, dist) {
  const build = await rolldown({
    input: filesOf({ ...entries, ...program }, modules, '.js'),
    external: isPackage,
    platform: 'node',
    plugins: [{ name: 'text', load: readAsText }],
    // The comments with paths would show where this was built.
    experimental: { attachDebugInfo: 'none' },
  })
  // Comments are kept only in declarations, where editors show them.
  const minify = {
    compress: true,
    mangle: { toplevel: true, keepNames: false },
    codegen: { removeWhitespace: true },
  }
  const output = {
    dir: dist,
    ...named('cjs', 'cjs'),
    comments: false,
    minify,
    codeSplitting: { groups: shared },
  }
  const chunks = (await build.write(output)).output
  for (const { fileName } of chunks) {
    shortenExports(path.join(dist, fileName))
    if (fileName.startsWith('sql.')) joinSql(path.join(dist, fileName))
    breakLines(path.join(dist, fileName))
  }
  return chunks
}

const property = 'Object\\.defineProperty\\(exports,["`]([\\w$]+)["`],'
const getter = `${property}\\{enumerable:!0,get:function\\(\\)\\{return ([\\w$.]+)\\}\\}\\)`
const getters = new RegExp(`(?:${getter}[,;])+`, 'g')

// Defines the exports of a shared file in one loop: each has a getter, because files may need each
// other. The names of the loop are those of a function, so that no getter sees them.
function shortenExports(file) {
  const code = fs.readFileSync(file, 'utf8')
  const short = code.replace(getters, (all) => {
    const found = [...all.matchAll(new RegExp(getter, 'g'))]
    const object = `{${found.map(([, name, value]) => `${name}:()=>${value}`).join(',')}}`
    const define = 'Object.defineProperty(exports,n,{enumerable:!0,get})'
    return `Object.entries(${object}).forEach(([n,get])=>${define});`
  })
  fs.writeFileSync(file, short)
}

// Joins the lines of SQL, which has no comments.
function joinSql(file) {
  const code = fs.readFileSync(file, 'utf8')
  const parts = []
  collectSql(parseAst(code), parts)
  const joined = parts
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end }) => {
      const part = text.slice(start, end).replace(/\n +/g, ' ')
      return text.slice(0, start) + part + text.slice(end)
    }, code)
  fs.writeFileSync(file, joined)
}

function collectSql(node, parts) {
  if (typeof node !== 'object' || node === null) return
  // The file has no other tagged templates.
  if (node.type === 'TaggedTemplateExpression') parts.push(...node.quasi.quasis)
  for (const child of Object.values(node)) collectSql(child, parts)
}

// Puts each statement on its own line, because Node prints the whole line that throws.
function breakLines(file) {
  const code = fs.readFileSync(file, 'utf8')
  const [shebang = ''] = /^#!.*\n/.exec(code) ?? []
  const starts = []
  collectStatements(parseAst(code.slice(shebang.length)), starts)
  const breaks = [...new Set(starts)]
    .sort((a, b) => a - b)
    .map((at) => at + shebang.length)
    // The first statement of a block stays on its line: a break there adds more bytes than it
    // helps.
    .filter((at) => code[at - 1] !== '{')
  const lines = breaks.map((at, index) => code.slice(at, breaks[index + 1]))
  fs.writeFileSync(file, code.slice(0, breaks[0]) + lines.join('\n'))
}

function collectStatements(node, starts) {
  if (typeof node !== 'object' || node === null) return
  const isList = ['Program', 'BlockStatement', 'FunctionBody'].includes(node.type)
  if (isList) starts.push(...node.body.map(({ start }) => start))
  for (const child of Object.values(node)) collectStatements(child, starts)
}

async function bundleDeclarations(modules, dist) {
  const build = await rolldown({
    input: filesOf(entries, modules, '.d.ts'),
    external: isPackage,
    plugins: [dts({ dtsInput: true, emitDtsOnly: true, sourcemap: false, tsconfig: false })],
    experimental: { attachDebugInfo: 'none' },
  })
  // One file for all that entries share.
  const codeSplitting = { groups: [{ name: 'types', minShareCount: 2 }] }
  const { output } = await build.write({ dir: dist, ...named('esm', 'd.cts'), codeSplitting })
  for (const { fileName } of output) joinLines(path.join(dist, fileName))
}

// Joins the lines of each paragraph in docstrings; editors show them the same. Saves a kilobyte.
function joinLines(file) {
  const text = fs.readFileSync(file, 'utf8')
  const joined = text.replace(/\/\*\*.*?\*\//gs, (comment) =>
    comment.includes('```')
      ? comment
      : comment.replace(/(?<=\S)\n\s*(\* (?=[^\s@|-])|(?=\*\/))/g, ' '),
  )
  fs.writeFileSync(file, joined)
}

// Imports the style sheet, script and icon of the settings page as text, without comments and extra
// space to keep the package small.
function readAsText(id) {
  if (!/\/page\/assets\/[^/]+$/.test(id)) return null
  const text = fs.readFileSync(id, 'utf8')
  const short = shorten[path.extname(id)]?.(text) ?? text
  return { code: `export default ${JSON.stringify(short)}`, moduleType: 'js' }
}

const shorten = {
  '.css': (text) =>
    text
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\s+/g, ' ')
      .replace(/ ?([{};,]) ?/g, '$1')
      .replace(/(\w): /g, '$1:')
      .replace(/;}/g, '}')
      .trim(),
  '.js': (text) => minifySync('script.js', text, { mangle: { toplevel: true } }).code,
}

function named(format, ending) {
  const shared = `shared/[name].${ending}`
  return { format, entryFileNames: `[name].${ending}`, chunkFileNames: shared, exports: 'named' }
}

function writeEsmEntry(dist, { name, exports }) {
  const bundled = `'./${name}.cjs'`
  const names = exports.toSorted().join(', ')
  fs.writeFileSync(path.join(dist, `${name}.js`), `export { ${names} } from ${bundled}\n`)
  fs.writeFileSync(path.join(dist, `${name}.d.ts`), `export * from ${bundled}\n`)
}

function filesOf(list, folder, ending) {
  const files = Object.entries(list).map(([name, module]) => [
    name,
    path.join(folder, `${module}${ending}`),
  ])
  return Object.fromEntries(files)
}

// Runtime helpers of the bundler are not a dependency.
function isPackage(id) {
  return !id.startsWith('.') && !path.isAbsolute(id) && !id.startsWith('@oxc-project/runtime')
}
