import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const cache = path.resolve('.cache/python')

/** A virtual environment with a Python package in it. */
export interface PythonEnvironment {
  readonly python: string
  /**
   * The parameters of `python` that run a program of the package. Its own first line would have the
   * wrong path after the folder has moved.
   */
  program(name: string): string
}

/**
 * Installs a Python package once, into its own virtual environment.
 *
 * @param requirement the requirements for pip, separated by spaces, e.g.
 *   `scim2-tester[httpx2]==0.5.2`
 * @throws Error if there is no `python3` with `venv`, or pip cannot reach its index
 */
export async function pythonEnvironment(
  name: string,
  requirement: string,
): Promise<PythonEnvironment> {
  const folder = path.join(cache, name)
  const mark = path.join(folder, 'installed')
  const bin = path.join(folder, 'bin')
  const environment = {
    python: path.join(bin, 'python'),
    program: (program: string) => path.join(bin, program),
  }
  if (fs.existsSync(mark) && fs.readFileSync(mark, 'utf8') === requirement) return environment
  fs.rmSync(folder, { recursive: true, force: true })
  await installPython(folder, requirement)
  fs.writeFileSync(mark, requirement)
  return environment
}

/**
 * Makes a virtual environment and installs into it. Modules are compiled only when imported,
 * because most are never used.
 *
 * @throws Error with the message of `venv` or pip
 */
export async function installPython(folder: string, requirement: string): Promise<void> {
  const flags = ['--quiet', '--disable-pip-version-check', '--no-compile']
  await run(process.env['PYTHON'] ?? 'python3', ['-m', 'venv', folder])
  await run(path.join(folder, 'bin', 'pip'), ['install', ...flags, ...requirement.split(' ')])
}

async function run(command: string, parameters: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(command, parameters)
  } catch (error) {
    const needs = 'This suite needs python3 with venv, and a package index that pip can reach.'
    throw new Error(`${needs} ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}
