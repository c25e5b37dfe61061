import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const root = path.join(__dirname, '..')
const reference = fs.readFileSync(path.join(root, 'docs/api.md'), 'utf8')
const { exports } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>
}

describe('docs/api.md', () => {
  it('is what the docstrings of the sources say', () => {
    const script = path.join(root, 'scripts/api.js')
    expect(() => execFileSync(process.execPath, [script, '--check'])).not.toThrow()
  })

  it('has every entry of the package', () => {
    const entries = Object.keys(exports).filter((name) => name !== './package.json')
    for (const entry of entries) {
      expect(reference).toContain(`## \`${path.posix.join('label-studio-scim', entry)}\``)
    }
  })

  it('tells of the functions that a host calls first', () => {
    for (const text of [
      'function scimRouter(adapters: Adapters, options: ScimOptions)',
      'RFC 6750',
    ]) {
      expect(reference).toContain(text)
    }
  })
})
