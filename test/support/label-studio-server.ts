import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fastFolder } from './postgres-server.js'
import { installPython } from './python-environment.js'

/** A real Label Studio Community edition on a loopback port, with its own data directory. */
export interface LabelStudioServer {
  url: string
  ownerEmail: string
  ownerPassword: string
  /** The owner's legacy token. */
  token: string
  /** Path of its SQLite file. */
  database: string
  /** Ends the process immediately, like a crash. The data remains. */
  kill(): Promise<void>
  /** Starts it again on the same port and data. Ends it first if it is running. */
  restart(): Promise<void>
  /** Ends it and deletes its data. */
  stop(): Promise<void>
}

const usualRelease = '1.23.2'
/** The release under test. `TEST_LABEL_STUDIO=1.20.0` tests another one. */
export const release = process.env['TEST_LABEL_STUDIO'] ?? usualRelease
const cache = resolve('.cache/label-studio')
const venv = join(cache, release === usualRelease ? 'venv' : `venv-${release}`)
const program = join(venv, 'bin', 'label-studio')
const startUpMs = 280_000
const databaseName = 'label_studio.sqlite3'
/**
 * Data after the first start, because the migrations take half a minute. If the initial data
 * changes, this needs a new name.
 */
const template = join(cache, `template-${release}-1`)
const pythonPath = resolve('test/support/label-studio-python')

const owner = {
  email: 'owner@example.com',
  password: 'Owner-passw0rd!',
  token: '0123456789abcdef0123456789abcdef01234567',
}

/** Starts Label Studio. Installs it first if it is missing (about 1 GB, a minute). */
export async function startLabelStudio(): Promise<LabelStudioServer> {
  await installLabelStudio()
  const dataDir = await mkdtemp(join(fastFolder(), 'label-studio-'))
  if (existsSync(template)) cpSync(template, dataDir, { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  let running: ChildProcess | undefined

  const start = async () => {
    running = spawnServer(dataDir, port)
    await healthy(url, running, join(dataDir, 'server.log'))
  }
  const kill = async () => {
    const process = running
    running = undefined
    if (process === undefined || process.exitCode !== null) return
    const gone = once(process, 'exit')
    process.kill('SIGKILL')
    await gone
  }

  const stop = async () => {
    await kill()
    rmSync(dataDir, { recursive: true, force: true })
  }
  await start().catch(async (error) => {
    await stop()
    throw error
  })
  keepTemplate(dataDir)
  return {
    url,
    ownerEmail: owner.email,
    ownerPassword: owner.password,
    token: owner.token,
    database: join(dataDir, databaseName),
    kill,
    async restart() {
      await kill()
      await start()
    },
    stop,
  }
}

/** Renames the finished copy, because other processes may keep a template at the same time. */
function keepTemplate(dataDir: string) {
  if (existsSync(template)) return
  const mine = `${template}-${process.pid}`
  const isKept = (path: string) => !path.endsWith('.log')
  cpSync(dataDir, mine, { recursive: true, filter: isKept })
  try {
    renameSync(mine, template)
  } catch {
    rmSync(mine, { recursive: true, force: true })
  }
}

/**
 * A Python that can import `label_studio_sdk` and Django, which Label Studio uses. Installs all of
 * them if they are missing.
 */
export async function pythonWithSdk(): Promise<string> {
  await installLabelStudio()
  return join(venv, 'bin', 'python')
}

/** Installs Label Studio if it is missing. */
export async function installLabelStudio(): Promise<void> {
  if (existsSync(program)) return
  mkdirSync(cache, { recursive: true })
  try {
    await installPython(venv, `label-studio==${release}`)
  } catch (error) {
    // The next run would mistake a partial installation for a complete one.
    rmSync(venv, { recursive: true, force: true })
    throw error
  }
}

function spawnServer(dataDir: string, port: number): ChildProcess {
  const log = openSync(join(dataDir, 'server.log'), 'a')
  return spawn(
    program,
    ['start', '--no-browser', '--internal-host', '127.0.0.1', '--port', String(port)],
    { cwd: dataDir, env: environment(dataDir), stdio: ['ignore', log, log] },
  )
}

/**
 * Label Studio also reads names without a prefix such as `HOST`, `PORT` and `USERNAME`, so no other
 * variables are passed on.
 */
function environment(dataDir: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: dataDir,
    PYTHONPATH: pythonPath,
    LANG: 'C.UTF-8',
    LABEL_STUDIO_BASE_DATA_DIR: dataDir,
    LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK: 'true',
    LABEL_STUDIO_USERNAME: owner.email,
    LABEL_STUDIO_PASSWORD: owner.password,
    LABEL_STUDIO_USER_TOKEN: owner.token,
    LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN: 'true',
    COLLECT_ANALYTICS: 'false',
    LATEST_VERSION_CHECK: 'false',
    // The tests run ML backends and webhooks on this machine.
    USE_DEFAULT_BANNED_SUBNETS: 'false',
    SENTRY_DSN: '',
    FRONTEND_SENTRY_DSN: '',
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No free port.')
  return address.port
}

async function healthy(url: string, process: ChildProcess, log: string): Promise<void> {
  const end = Date.now() + startUpMs
  while (Date.now() < end) {
    if (process.exitCode !== null) break
    if (await isUp(url)) return
    await delay(250)
  }
  process.kill('SIGKILL')
  const tail = readFileSync(log, 'utf8').slice(-2000)
  throw new Error(`Label Studio did not become healthy at ${url}:\n${tail}`)
}

async function isUp(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) })
    return response.ok && (await response.text()).includes('UP')
  } catch {
    return false
  }
}
