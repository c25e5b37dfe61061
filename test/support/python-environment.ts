import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const cache = path.join(__dirname, '../../.cache/python')

/**
 * Installs a Python package into a virtual environment of its own, once, and answers the folder of
 * its executables.
 *
 * @param requirement what pip installs, separated by blanks, e.g. `scim2-tester[httpx2]==0.5.2`
 * @throws Error when there is no `python3` with `venv`, or pip cannot reach its index
 */
export function pythonEnvironment(name: string, requirement: string): string {
  const folder = path.join(cache, name)
  const mark = path.join(folder, 'installed')
  const bin = path.join(folder, 'bin')
  if (fs.existsSync(mark) && fs.readFileSync(mark, 'utf8') === requirement) return bin
  fs.rmSync(folder, { recursive: true, force: true })
  run('python3', ['-m', 'venv', folder])
  const parameters = [
    'install',
    '--quiet',
    '--disable-pip-version-check',
    ...requirement.split(' '),
  ]
  run(path.join(bin, 'pip'), parameters)
  fs.writeFileSync(mark, requirement)
  return bin
}

function run(command: string, parameters: readonly string[]) {
  try {
    execFileSync(command, parameters, { stdio: 'pipe' })
  } catch (error) {
    const needs = 'This suite needs python3 with venv, and a package index that pip can reach.'
    throw new Error(`${needs} ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}
