// Runs a TypeScript file of this repository in its own process:
// node run-typescript.cjs <file> [parameters]
const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')
const { transformSync } = require('@swc/core')

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(fs.readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  })
  module._compile(code, filename)
}

// The files of the settings page are imported as text, see scripts/bundle.js.
const load = require.extensions['.js']
for (const extension of ['.css', '.js', '.svg']) {
  require.extensions[extension] = (module, filename) => {
    if (!isAsset(filename)) return load(module, filename)
    module.exports = fs.readFileSync(filename, 'utf8')
  }
}

function isAsset(filename) {
  return path.basename(path.dirname(filename)) === 'assets' && !filename.includes('node_modules')
}

// Sources import `./name.ts` as `./name.js`.
const resolve = Module._resolveFilename
Module._resolveFilename = (request, parent, ...rest) => {
  const isOurs = request.startsWith('.') && request.endsWith('.js')
  const source = isOurs && path.resolve(path.dirname(parent.filename), `${request.slice(0, -3)}.ts`)
  return source && fs.existsSync(source) ? source : resolve(request, parent, ...rest)
}

process.argv.splice(1, 1)
require(path.resolve(process.argv[1]))
