import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Client, startClient } from './client.js'

const cache = path.join(__dirname, '../../.cache/clients')
/** Pinned, so that the same plugin copies the jars wherever this runs. */
const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/**
 * Starts the client that `<name>/pom.xml` and the Java sources beside it describe, in one JVM. What
 * it needs is fetched by Maven and compiled once, below `.cache/clients`.
 *
 * @param baseUrl where SCIM is, e.g. `http://127.0.0.1:3000/scim/v2`
 * @throws Error when there is no `mvn` or no JDK 17, Maven cannot fetch a jar, or a source does not
 *   compile
 */
export async function startJavaClient(
  name: string,
  baseUrl: string,
  token: string,
): Promise<Client> {
  const { jars, classes } = await installJavaClient(name)
  // One compiler thread and no large heap: the client is short-lived, and the machine is small.
  const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx256m']
  const parameters = [...options, '-cp', [classes, path.join(jars, '*')].join(':'), 'Main']
  return startClient({ name, command: 'java', parameters, baseUrl, token })
}

/** Fetches and compiles what a client is made of, where it is missing. */
export async function installJavaClient(name: string): Promise<{ jars: string; classes: string }> {
  const jars = await fetchJars(name)
  return { jars, classes: await compile(name, jars) }
}

/** The folder of the jars that the pom names, fetched again when the pom has changed. */
async function fetchJars(name: string): Promise<string> {
  const pom = path.join(__dirname, name, 'pom.xml')
  const folder = path.join(cache, name, 'jars')
  await once(folder, [pom], () =>
    run('mvn', [
      ...['--batch-mode', '--quiet', '--file', pom, `-Dmaven.repo.local=${cache}/maven`],
      ...[copyDependencies, `-DoutputDirectory=${folder}`],
    ]),
  )
  return folder
}

/** The folder of the compiled sources, compiled again when one of them or the pom has changed. */
async function compile(name: string, jars: string): Promise<string> {
  const folder = path.join(cache, name, 'classes')
  const sources = [path.join(__dirname, 'java'), path.join(__dirname, name)].flatMap(sourcesIn)
  await once(folder, [path.join(__dirname, name, 'pom.xml'), ...sources], () =>
    run('javac', ['-encoding', 'UTF-8', '-d', folder, '-cp', path.join(jars, '*'), ...sources]),
  )
  return folder
}

function sourcesIn(folder: string): string[] {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.java'))
  return names.map((name) => path.join(folder, name))
}

/** Makes a folder anew unless it was made whole of the same files. */
async function once(folder: string, files: string[], make: () => Promise<void>): Promise<void> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(fs.readFileSync(file))
  const digest = hash.digest('hex')
  const mark = path.join(folder, 'made-of')
  if (fs.existsSync(mark) && fs.readFileSync(mark, 'utf8') === digest) return
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  await make()
  fs.writeFileSync(mark, digest)
}

async function run(command: string, parameters: string[]): Promise<void> {
  try {
    await promisify(execFile)(command, parameters, { maxBuffer: 16 * 1024 * 1024 })
  } catch (error) {
    throw new Error(explain(command, error as Failure), { cause: error })
  }
}

interface Failure {
  readonly code?: string | number
  readonly stdout?: string
  readonly stderr?: string
}

function explain(command: string, { code, stdout = '', stderr = '' }: Failure): string {
  if (code === 'ENOENT') {
    return `test:clients needs JDK 17 and Maven, and there is no "${command}" on the PATH.`
  }
  const what = command === 'mvn' ? 'Maven could not fetch the jars' : `${command} failed`
  return `${what}:\n${(stdout + stderr).slice(0, 4000)}`
}
