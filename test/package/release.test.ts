import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { run } from '../support/packed-library.js'

const root = path.join(__dirname, '../..')
const folder = path.join(root, 'build/release')

describe('npm run release', () => {
  beforeAll(() => run(process.execPath, ['scripts/release.js'], root), 300_000)

  const files = () => fs.readdirSync(folder).sort()
  const read = (ending: string) =>
    fs.readFileSync(path.join(folder, files().find((name) => name.endsWith(ending)) ?? ''))
  const sha512 = (bytes: Buffer) => createHash('sha512').update(bytes).digest('hex')

  it('makes a package that is the same, byte for byte, when it is built again (S-OPS-05)', () => {
    // The script builds and packs twice, and fails when the two differ.
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
    const names = sbom.components.map(({ name }: { name: string }) => name)
    expect(names).toEqual(expect.arrayContaining(['ajv', 'debug', 'ms', 'fast-uri']))
    expect(names).not.toContain('jest')
    for (const { hashes, licenses } of sbom.components) {
      expect(hashes.length).toBeGreaterThan(0)
      expect(licenses.length).toBeGreaterThan(0)
    }
  })
})
