// One bundle of CommonJS per entry, with its declarations. The ESM entries hand on the names of
// these bundles, so that a process that both imports and requires the library has it once: the same
// classes of errors, the same stores.
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
  // What entries share may have the name of one of them.
  const own = chunks.filter(({ isEntry, name }) => isEntry && name in entries)
  for (const chunk of own) writeEsmEntry(dist, chunk)
  fs.chmodSync(path.join(dist, 'cli.cjs'), 0o755)
}

// Small files that several share are one: each costs the package a header.
const shared = [
  {
    name: 'command',
    test: /\/command\/(command|database|label-studio|needing|progress)\.js$/,
  },
  {
    name: 'options',
    test: /\/lib\/(access\/import-state|stores\/token-store|options)\.js$/,
  },
]

async function bundleModules(modules, dist) {
  const build = await rolldown({
    input: filesOf({ ...entries, ...program }, modules, '.js'),
    external: isPackage,
    platform: 'node',
    plugins: [{ name: 'text', load: readAsText }],
    // Paths in comments would tell where this was built.
    experimental: { attachDebugInfo: 'none' },
  })
  // Declarations keep the comments, where editors show them.
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
  for (const { fileName } of chunks) breakLines(path.join(dist, fileName))
  return chunks
}

// One line for each statement: Node prints the line that throws, and all of it.
function breakLines(file) {
  const code = fs.readFileSync(file, 'utf8')
  const [shebang = ''] = /^#!.*\n/.exec(code) ?? []
  const starts = []
  collectStatements(parseAst(code.slice(shebang.length)), starts)
  const breaks = [...new Set(starts)]
    .sort((a, b) => a - b)
    .map((at) => at + shebang.length)
    // What opens a block stays on its line: a break there costs the package more than it shows.
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
  await build.write({ dir: dist, ...named('esm', 'd.cts') })
}

// The style sheet, the script and the icon of the settings page are text for the browser. Without
// comments and space the package is smaller.
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

// What the bundler itself adds to the code is no dependency.
function isPackage(id) {
  return !id.startsWith('.') && !path.isAbsolute(id) && !id.startsWith('@oxc-project/runtime')
}
