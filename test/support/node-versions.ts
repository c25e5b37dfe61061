import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { cacheFolder, run } from './packed-library.js'

/** The supported Node versions: the oldest of `engines`, and each later release line. */
export const nodeVersions = ['20.19', '22', '24', '26'] as const

/** Path of that Node's executable, from the npm package `node`. Kept in .cache between runs. */
export function nodeExecutable(version: (typeof nodeVersions)[number]): string {
  const folder = path.join(cacheFolder, `node-${version}`)
  const executable = path.join(folder, 'node_modules/node/bin/node')
  if (fs.existsSync(executable)) return executable
  // Another worker of Jest may do the same: what is in `folder` is whole.
  const own = `${folder}-${process.pid}`
  fs.mkdirSync(own, { recursive: true })
  // npm runs this package's script, which downloads the executable, only if it is allowed to.
  const manifest = { private: true, allowScripts: { node: true } }
  fs.writeFileSync(path.join(own, 'package.json'), JSON.stringify(manifest))
  execFileSync('npm', ['install', '--no-audit', '--no-fund', `node@${version}`], {
    cwd: own,
    stdio: 'pipe',
  })
  try {
    fs.renameSync(own, folder)
  } catch (error) {
    if (!fs.existsSync(executable)) throw error
    fs.rmSync(own, { recursive: true })
  }
  return executable
}

/** Runs a shell command in a folder with that Node, by which npm chooses versions. */
export function shellWith(node: string, folder: string): (command: string) => string {
  return (command) => run('sh', ['-c', `PATH="${path.dirname(node)}:$PATH"; ${command}`], folder)
}
