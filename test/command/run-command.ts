import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const root = path.join(__dirname, '../..')
const program = path.join(root, 'dist/cli.cjs')

/** How the program ended and what it printed. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Builds what `npx label-studio-scim` runs. Quick when nothing has changed. */
export async function buildCommand(): Promise<void> {
  await promisify(execFile)(process.execPath, ['scripts/build.js'], { cwd: root })
}

/** Runs the program to its end as `npx label-studio-scim` would, with no other variables. */
export function runCommand(
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const env = { PATH: process.env.PATH, ...environment }
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}
