import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const root = path.join(__dirname, '../..')
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>
}

/** Files that tests keep between runs; ignored by git. */
export const cacheFolder = path.join(root, '.cache')

/** The supported Express versions to test with: the oldest 4.x, and the one in devDependencies. */
export const expressVersions = ['4.18.0', manifest.devDependencies['express'] ?? '5'] as const

/** Builds and packs the library as for publishing. Returns the path of the tarball. */
export function packLibrary(): string {
  run(process.execPath, ['scripts/build.js'], root)
  // One folder per process, because another suite may pack at the same time.
  const folder = path.join(cacheFolder, 'packed', String(process.pid))
  fs.mkdirSync(folder, { recursive: true })
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  const packed = run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    root,
  )
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  return path.join(folder, filename)
}

/**
 * Installs a tarball of the library as a host does, with that Express version and the optional
 * packages, and copies the host programs of test/package/host into it. Returns the project's
 * folder, which the caller removes. It is outside this repository, so that nothing is loaded from
 * the repository's node_modules.
 */
export function installedProject(tarball: string, expressVersion: string): string {
  const project = fs.mkdtempSync(path.join(os.tmpdir(), `scim-express-${expressVersion}-`))
  fs.cpSync(path.join(root, 'test/package/host'), project, { recursive: true })
  fs.writeFileSync(path.join(project, 'package.json'), projectManifest(tarball, expressVersion))
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], project)
  return project
}

function projectManifest(tarball: string, expressVersion: string): string {
  const pinned = ['libsql', '@types/express', '@types/node'].map((name) => [
    name,
    manifest.devDependencies[name],
  ])
  return JSON.stringify({
    private: true,
    dependencies: {
      'label-studio-scim': `file:${tarball}`,
      express: expressVersion,
      ...Object.fromEntries(pinned),
    },
  })
}

/** Runs a program and returns what it printed. Throws with its output if it fails. */
export function run(command: string, parameters: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, parameters, { cwd, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${parameters.join(' ')} failed:\n${stdout ?? ''}${stderr ?? ''}`, {
      cause: error,
    })
  }
}
