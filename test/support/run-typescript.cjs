// Runs a program that loads the library's source: `node test/support/run-typescript.cjs program.ts …`.
const fs = require('node:fs')
const Module = require('node:module')
const { transformSync } = require('@swc/core')

const resolve = Module._resolveFilename
Module._resolveFilename = function (request, parent, ...rest) {
  const isSource = request.startsWith('.') && parent?.filename.endsWith('.ts')
  return resolve.call(this, isSource ? request.replace(/\.js$/, '.ts') : request, parent, ...rest)
}

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(fs.readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  })
  module._compile(code, filename)
}

process.argv.splice(1, 1)
require(process.argv[1])
