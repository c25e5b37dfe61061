import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expressVersions, installedProject, packLibrary, run } from '../support/packed-library.js'

const root = path.join(__dirname, '../..')
const life = { created: 201, found: 1, active: false, deleted: 204, gone: 404 }

let tarball: string
beforeAll(() => {
  tarball = packLibrary()
})

describe('the packed library', () => {
  it('holds what is published and nothing else', () => {
    const files = run('tar', ['-tzf', tarball], root).trim().split('\n')
    const published =
      /^package\/(dist\/.*|docs\/.*\.md|package\.json|(README|SECURITY)\.md|LICENSE)$/
    expect(files.filter((file) => !published.test(file))).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining(['package/README.md', 'package/LICENSE', 'package/docs/okta.md']),
    )
  })

  it('is small: under 100 files and 430 kB, without source maps', () => {
    const files = run('tar', ['-tzf', tarball], root).trim().split('\n')
    expect(files.length).toBeLessThan(100)
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([])
    expect(fs.statSync(tarball).size).toBeLessThan(430_000)
  })

  it('names nothing that bundles of ES modules lack', () => {
    const dist = path.join(root, 'dist')
    const lacking = fs
      .readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.cjs') && !name.endsWith('cli.cjs'))
      .filter((name) => /__(?:file|dir)name/.test(fs.readFileSync(path.join(dist, name), 'utf8')))
    expect(lacking).toEqual([])
  })

  it('passes publint', () => {
    expect(run(tool('publint'), ['run', tarball, '--strict'], root)).toContain('All good!')
  })

  it('gives the right types to every resolution that attw knows', () => {
    // It exits with a failure when it finds a problem.
    const parameters = [tarball, '--no-emoji', '--format', 'ascii']
    expect(run(tool('attw'), parameters, root)).toContain('No problems found')
  })
})

describe.each(expressVersions)('a project with the packed library and Express %s', (express) => {
  let project: string
  beforeAll(() => {
    project = installedProject(tarball, express)
  })
  afterAll(() => fs.rmSync(project, { recursive: true, force: true }))

  it.each(['memory', 'sqlite'])('serves one person’s life from an ESM host on %s', (adapter) => {
    expect(JSON.parse(run(process.execPath, ['host.mjs', adapter], project))).toEqual(life)
  })

  it.each(['memory', 'sqlite'])(
    'serves one person’s life from a CommonJS host on %s',
    (adapter) => {
      expect(JSON.parse(run(process.execPath, ['host.cjs', adapter], project))).toEqual(life)
    },
  )

  it('gives the same names to import and to require at every entry point', () => {
    for (const { import: imported, require: required } of Object.values(namesIn(project))) {
      expect(required.length).toBeGreaterThan(0)
      expect(imported).toEqual(required)
    }
  })

  it.each(['mts', 'cts'])('declares the values that exist at run time, in a .%s file', (ending) => {
    const names = Object.entries(namesIn(project))
    const checks = names.map(([entry, { import: present }], index) => {
      const values = present.map((name) => `'${name}'`).join(' | ')
      const declared = `keyof typeof m${index}`
      return [
        `import * as m${index} from 'label-studio-scim${entry.slice(1)}'`,
        `declare const missing${index}: Exclude<${declared}, ${values}>`,
        `export const isThere${index}: never = missing${index}`,
        `declare const untyped${index}: Exclude<${values}, ${declared}>`,
        `export const isTyped${index}: never = untyped${index}`,
      ].join('\n')
    })
    const file = `values.${ending}`
    fs.writeFileSync(path.join(project, file), checks.join('\n'))
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext']
    expect(run(tool('tsc'), [...options, '--types', 'node', file], project)).toBe('')
  })

  it('serves one person’s life from a bundle of ES modules', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-bundle-'))
    const target = path.join(folder, 'host.mjs')
    const options = ['--format', 'esm', '--platform', 'node', '--external', 'libsql']
    run(tool('rolldown'), ['host.mjs', '--file', target, ...options], project)
    expect(JSON.parse(run(process.execPath, [target, 'memory'], folder))).toEqual(life)
    fs.rmSync(folder, { recursive: true, force: true })
  })

  it('shows a mistake of configuration with one line of code, not with a whole bundle', () => {
    const program = "require('label-studio-scim').bearerTokens([{ name: 'idp', token: '' }])"
    const start = () => run(process.execPath, ['--eval', program], project)
    expect(start).toThrow(/ConfigurationError: bearerTokens\[0\]: option "token" is empty/)
    expect(start).not.toThrow(/^.{1000,}$/m)
  })

  it('is there once for a process that imports and requires it', () => {
    const program = `
      import { createRequire } from 'node:module'
      import { ScimError } from 'label-studio-scim'
      const required = createRequire(import.meta.url)('label-studio-scim')
      console.log(required.ScimError === ScimError)`
    const parameters = ['--input-type=module', '--eval', program]
    expect(run(process.execPath, parameters, project).trim()).toBe('true')
  })

  it.each([
    ['an ESM project', ['--module', 'nodenext'], 'types.mts'],
    ['a CommonJS project', ['--module', 'nodenext'], 'types.cts'],
    ['a bundled project', ['--module', 'esnext', '--moduleResolution', 'bundler'], 'types.ts'],
  ])('type-checks in %s', (_project, options, file) => {
    const source = path.join(project, 'types.ts')
    if (file !== 'types.ts') fs.copyFileSync(source, path.join(project, file))
    const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022']
    const parameters = [...strict, '--types', 'node', ...options, file]
    expect(run(tool('tsc'), parameters, project)).toBe('')
  })
})

/** The names that each entry point gives at run time. */
function namesIn(project: string): Record<string, Record<'import' | 'require', string[]>> {
  return JSON.parse(run(process.execPath, ['names.mjs'], project))
}

/** One of the repository's development tools. */
function tool(name: string): string {
  return path.join(root, 'node_modules/.bin', name)
}
