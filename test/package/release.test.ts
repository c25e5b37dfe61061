import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { packLibrary, run } from '../support/packed-library.js'

const root = path.join(__dirname, '../..')
/** Another checkout: a release is made there, so that this one's build stays as it is. */
let checkout: string
let folder: string

describe('npm run release', () => {
  beforeAll(() => {
    checkout = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-release-'))
    folder = path.join(checkout, 'build/release')
    const files = run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], root)
    for (const file of files.trim().split('\n').filter(isNeeded)) {
      fs.cpSync(path.join(root, file), path.join(checkout, file))
    }
    fs.symlinkSync(fs.realpathSync(path.join(root, 'node_modules')), `${checkout}/node_modules`)
    run(process.execPath, ['scripts/release.js'], checkout)
  }, 300_000)
  afterAll(() => fs.rmSync(checkout, { recursive: true, force: true }))

  const files = () => fs.readdirSync(folder).sort()
  const read = (ending: string) =>
    fs.readFileSync(path.join(folder, files().find((name) => name.endsWith(ending)) ?? ''))
  const sha512 = (bytes: Buffer) => createHash('sha512').update(bytes).digest('hex')

  it('makes a package that is the same, byte for byte, wherever it is built (S-OPS-05)', () => {
    // The script builds and packs twice, and fails when the two differ; this is a third time.
    expect(sha512(read('.tgz'))).toBe(sha512(fs.readFileSync(packLibrary())))
    expect(files()).toEqual([
      'SHA512SUMS',
      expect.stringMatching(/^label-studio-scim-.*\.cdx\.json$/),
      expect.stringMatching(/^label-studio-scim-.*\.tgz$/),
    ])
    expect(read('SHA512SUMS').toString()).toContain(sha512(read('.tgz')))
  })

  it('lists in CycloneDX what is installed with the package, and the package itself (S-OPS-05)', () => {
    const sbom = JSON.parse(read('.cdx.json').toString())
    expect(sbom).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: {
        component: {
          name: 'label-studio-scim',
          hashes: [{ alg: 'SHA-512', content: sha512(read('.tgz')) }],
        },
      },
    })
    const names = sbom.components.map(({ name }: { name: string }) => name).sort()
    expect(names).toEqual([
      'ajv',
      'debug',
      'fast-deep-equal',
      'fast-uri',
      'json-schema-traverse',
      'ms',
      'require-from-string',
    ])
    const [own] = sbom.dependencies
    expect(own.dependsOn).toEqual([
      expect.stringMatching(/^ajv@/),
      expect.stringMatching(/^debug@/),
    ])
    for (const { hashes, licenses } of sbom.components) {
      expect(hashes.length).toBeGreaterThan(0)
      expect(licenses.length).toBeGreaterThan(0)
    }
  })
})

function isNeeded(file: string): boolean {
  return !/^(test|bench|\.ci|\.github)\//.test(file) && fs.existsSync(path.join(root, file))
}
