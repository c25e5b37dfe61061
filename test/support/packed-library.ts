import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const root = path.join(__dirname, '../..')
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>
}

/** What tests keep between runs; ignored by git. */
export const cacheFolder = path.join(root, '.cache')

/**
 * The Express versions the library promises to run on: the oldest of each line's peer range it is
 * tested with.
 */
export const expressVersions = ['4.18.0', manifest.devDependencies['express'] ?? '5'] as const

/** Builds the library and packs it as for publishing; answers the tarball's path. */
export function packLibrary(): string {
  run(process.execPath, ['scripts/build.js'], root)
  // Of this process: another suite may pack at the same moment.
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
 * Installs a tarball of the library as a host does, beside that Express and the optional packages,
 * and copies the host programs of test/package/host into it; answers the project's folder, which
 * the caller removes. It stands outside this repository, so that nothing is found in the
 * repository's own node_modules.
 */
export function installedProject(tarball: string, expressVersion: string): string {
  const project = fs.mkdtempSync(path.join(os.tmpdir(), `scim-express-${expressVersion}-`))
  fs.cpSync(path.join(root, 'test/package/host'), project, { recursive: true })
  fs.writeFileSync(path.join(project, 'package.json'), projectManifest(tarball, expressVersion))
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], project)
  return project
}

function projectManifest(tarball: string, expressVersion: string): string {
  const pinned = ['kysely', 'libsql', '@types/express', '@types/node'].map((name) => [
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

/** Runs a program to its end and answers what it printed; throws with its output when it fails. */
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
