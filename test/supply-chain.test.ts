import fs from 'node:fs'
import path from 'node:path'

const root = path.join(__dirname, '..')
const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>
}
const { allowScripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  allowScripts: Record<string, boolean>
}

/** What the lockfile says of one package. */
interface LockedPackage {
  readonly version: string
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly license?: string
  readonly dev?: boolean
  readonly peer?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
}

const locked = Object.entries(packages)
  .filter(([place]) => place !== '')
  .map(([place, about]) => ({ ...about, name: place.split('node_modules/').at(-1) ?? '' }))
const installed = locked.filter(({ dev, peer }) => !dev && !peer)

/** What is installed with the library. One more is a decision, and a change of this line. */
const reviewed = [
  'ajv',
  'debug',
  'fast-deep-equal',
  'fast-uri',
  'json-schema-traverse',
  'ms',
  'require-from-string',
]

const permissive = ['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Zlib']
/** For tools alone: nothing of them is published. */
const forTools = [...permissive, 'BlueOak-1.0.0', 'CC0-1.0', 'MPL-2.0', 'CC-BY-4.0']

/** Whether a licence expression of SPDX asks for nothing that is not in the list. */
function isAllowed(expression: string, list: readonly string[]): boolean {
  const alternatives = expression.replace(/[()]/g, '').split(' OR ')
  return alternatives.some((each) => each.split(' AND ').every((id) => list.includes(id)))
}

describe('what this library depends on', () => {
  it('is what was reviewed, and nothing else (S-OPS-05)', () => {
    expect([...new Set(installed.map(({ name }) => name))].sort()).toEqual(reviewed)
  })

  it('comes from the registry, with a digest for each package (S-OPS-05)', () => {
    const odd = locked.filter(
      ({ integrity, resolved, link }) =>
        !integrity?.startsWith('sha512-') || link || /^(git|file|http:)/.test(resolved ?? ''),
    )
    expect(odd.map(({ name }) => name)).toEqual([])
  })

  it('runs no program when it is installed, but for what package.json decides on (S-OPS-05)', () => {
    const running = locked.filter(({ hasInstallScript }) => hasInstallScript)
    expect(running.filter(({ name }) => !(name in allowScripts)).map(({ name }) => name)).toEqual(
      [],
    )
    expect(installed.filter(({ hasInstallScript }) => hasInstallScript)).toEqual([])
  })

  it('has licences that allow what is done with it (S-OPS-05)', () => {
    const refused = locked.filter(
      ({ license = 'none', dev, peer }) => !isAllowed(license, dev || peer ? forTools : permissive),
    )
    expect(refused.map(({ name, license }) => `${name}: ${license}`)).toEqual([])
  })
})
