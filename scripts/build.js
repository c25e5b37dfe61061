// Bundles the library into dist/ (see bundle.js) and, with --programs, examples and bench into
// build/, using that dist. Skips outputs that are newer than their sources. If several processes
// call it at once, one builds and the others wait.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundle } from './bundle.js'

const run = promisify(execFile)
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
const buildFolder = path.join(root, 'build')
const lock = path.join(buildFolder, '.lock')
const libraryInputs = [
  'lib',
  'adapters',
  'command',
  'examples/label-studio-proxy',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts',
]
const programInputs = [
  'examples',
  'bench',
  'test/conformance',
  'test/support',
  'tsconfig.programs.json',
]

await main().catch((error) => {
  console.error(error.stdout || error.message)
  process.exitCode = 1
})

async function main() {
  fs.mkdirSync(buildFolder, { recursive: true })
  await takeLock()
  process.on('exit', releaseLock)
  await unlessFresh('library', libraryInputs, 'dist/index.cjs', buildLibrary)
  if (process.argv.includes('--programs')) {
    await unlessFresh('programs', [...libraryInputs, ...programInputs], 'build', buildPrograms)
  }
}

// Builds next to dist and moves the result into place, so that a running program never sees half a
// build.
async function buildLibrary() {
  const modules = path.join(buildFolder, 'library')
  const next = path.join(buildFolder, 'dist.next')
  for (const folder of [modules, next]) fs.rmSync(folder, { recursive: true, force: true })
  await compile('tsconfig.build.json', modules)
  copyAssets('lib/settings/page/assets', modules)
  await bundle(modules, next)
  const dist = path.join(root, 'dist')
  const previous = path.join(buildFolder, 'dist.previous')
  fs.rmSync(previous, { recursive: true, force: true })
  if (fs.existsSync(dist)) fs.renameSync(dist, previous)
  fs.renameSync(next, dist)
}

async function buildPrograms() {
  await compile('tsconfig.programs.json', buildFolder)
}

function copyAssets(folder, modules) {
  fs.cpSync(path.join(root, folder), path.join(modules, folder), { recursive: true })
}

async function compile(project, outDir) {
  await run(process.execPath, [tsc, '-p', path.join(root, project), '--outDir', outDir], {
    cwd: root,
  })
}

async function unlessFresh(name, inputs, output, build) {
  const stamp = path.join(buildFolder, `.${name}.stamp`)
  const startedAt = new Date()
  const newest = Math.max(...inputs.map((input) => newestChange(path.join(root, input))))
  const builtAt =
    fs.existsSync(stamp) && fs.existsSync(path.join(root, output)) ? fs.statSync(stamp).mtimeMs : 0
  if (builtAt > newest) return
  await build()
  fs.writeFileSync(stamp, '')
  fs.utimesSync(stamp, startedAt, startedAt)
}

// Includes folders: their time changes when a file in them is removed or renamed.
function newestChange(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  const inside = fs.readdirSync(file).map((name) => newestChange(path.join(file, name)))
  return Math.max(stat.mtimeMs, ...inside)
}

async function takeLock() {
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (!isAlive(Number(readOrEmpty(lock)))) fs.rmSync(lock, { force: true })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

function releaseLock() {
  if (readOrEmpty(lock) === String(process.pid)) fs.rmSync(lock, { force: true })
}

function readOrEmpty(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid) {
  if (!pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
