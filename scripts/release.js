// Creates a release in build/release: the package, its SBOM (CycloneDX), and their digests. With
// `npm run release -- --publish` it publishes that package. npm attests where it was built
// (provenance), which works only in a CI system that npm knows. With `--dry-run` as well, it does
// everything except the last step, without an attestation.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const folder = path.join(root, 'build/release')
const { name, version, description, license } = readJson('package.json')
const isPublishing = process.argv.includes('--publish')

if (isPublishing) {
  requireCleanCheckout()
  // A known vulnerability in a production dependency stops the release.
  run('npm', ['audit', '--omit=dev', '--audit-level=low'], 'inherit')
}
fs.rmSync(folder, { recursive: true, force: true })
const file = packTwice()
writeSbom(file)
writeDigests()
console.log(fs.readFileSync(path.join(folder, 'SHA512SUMS'), 'utf8').trimEnd())
if (isPublishing) {
  const how = process.argv.includes('--dry-run') ? '--dry-run' : '--provenance'
  run('npm', ['publish', file, how, '--access', 'public'], 'inherit')
}

function run(program, parameters, stdio = 'pipe') {
  return execFileSync(program, parameters, { cwd: root, encoding: 'utf8', stdio })
}

function readJson(place) {
  return JSON.parse(fs.readFileSync(path.join(root, place), 'utf8'))
}

function requireCleanCheckout() {
  if (run('git', ['status', '--porcelain']).trim() === '') return
  throw new Error(
    'There are uncommitted changes. Commit them: a release contains what a commit contains.',
  )
}

/**
 * Builds and packs twice. Fails if the bytes differ, because nobody could verify the package then.
 *
 * @returns the path of the package
 */
function packTwice() {
  const [first, second] = ['', 'again'].map((place) => pack(path.join(folder, place)))
  const isSame = digestOf(first) === digestOf(second)
  fs.rmSync(path.dirname(second), { recursive: true })
  if (!isSame) throw new Error('The two builds of the package differ.')
  return first
}

function pack(place) {
  fs.mkdirSync(place, { recursive: true })
  fs.rmSync(path.join(root, 'build/.library.stamp'), { force: true })
  run(process.execPath, ['scripts/build.js'])
  const parameters = ['pack', '--ignore-scripts', '--json', '--pack-destination', place]
  const [{ filename }] = JSON.parse(run('npm', parameters))
  return path.join(place, filename)
}

/**
 * Writes the SBOM from the lockfile, because `npm sbom --omit=dev` omits packages that tools need
 * as well (`debug`). It contains no time or serial number, so the same commit gives the same bytes.
 */
function writeSbom(file) {
  const { packages } = readJson('package-lock.json')
  const installed = Object.entries(packages)
    .filter(([place, { dev, peer }]) => place !== '' && !dev && !peer)
    .map(([place, about]) => ({ ...about, name: place.split('node_modules/').at(-1) }))
  const reference = (each) => `${each.name}@${each.version}`
  const referencesOf = ({ dependencies = {} }) =>
    installed.filter((each) => each.name in dependencies).map(reference)
  const own = { name, version, license, dependencies: readJson('package.json').dependencies }
  const sbom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { ...componentOf(own, digestOf(file)), description } },
    components: installed.map((each) => componentOf(each, digestIn(each.integrity))),
    dependencies: [own, ...installed].map((each) => ({
      ref: reference(each),
      dependsOn: referencesOf(each),
    })),
  }
  const target = path.join(folder, `${name}-${version}.cdx.json`)
  fs.writeFileSync(target, `${JSON.stringify(sbom, null, 2)}\n`)
}

function componentOf({ name, version, license }, digest) {
  return {
    'bom-ref': `${name}@${version}`,
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    hashes: [{ alg: 'SHA-512', content: digest }],
    licenses: [{ license: { id: license } }],
  }
}

function digestIn(integrity) {
  return Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
}

function writeDigests() {
  const lines = fs
    .readdirSync(folder)
    .sort()
    .map((each) => `${digestOf(path.join(folder, each))}  ${each}\n`)
  fs.writeFileSync(path.join(folder, 'SHA512SUMS'), lines.join(''))
}

function digestOf(file) {
  return createHash('sha512').update(fs.readFileSync(file)).digest('hex')
}
