import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

export interface PostgresServer {
  /** Connection string of a superuser, e.g. `postgres://scim@127.0.0.1:41234/postgres`. */
  readonly url: string
  stop(): Promise<void>
}

/** What tests that run side by side may need for their databases. */
const enoughBytes = 3 * 2 ** 30

/**
 * A folder in memory if that has room, otherwise one on disk. Making and removing the hundreds of
 * files of a database takes longer on a disk than most tests, even without waiting for it.
 */
export function fastFolder(): string {
  const memory = '/dev/shm'
  if (!fs.existsSync(memory)) return os.tmpdir()
  const { bavail, bsize } = fs.statfsSync(memory)
  return bavail * bsize < enoughBytes ? os.tmpdir() : memory
}

/** The account of a process. PostgreSQL refuses to run as root. */
export type Account = { readonly uid?: number; readonly gid?: number }

/**
 * A PostgreSQL for tests: the one in `TEST_POSTGRES_URL`, else a new one in a temporary directory
 * on a free loopback port, which `stop()` ends. `undefined` if there is neither a URL nor a
 * PostgreSQL on this machine.
 *
 * @throws Error with PostgreSQL's own message if it is installed but does not start
 */
export async function startPostgres(): Promise<PostgresServer | undefined> {
  const url = process.env['TEST_POSTGRES_URL']
  if (url) return { url, stop: async () => {} }
  const binaries = findBinaries()
  return binaries === undefined ? undefined : await startIn(binaries)
}

/**
 * Jest's global set-up of `npm run test:postgres`: one PostgreSQL for all test files, which read
 * its URL from `TEST_POSTGRES_URL`. It is in this file because Jest does not map `.js` to `.ts` for
 * the imports of a set-up.
 */
export default async function setUp(): Promise<void> {
  const server = await startPostgres()
  if (server === undefined) {
    throw new Error(
      'No PostgreSQL found. Install one (Debian: apt-get install postgresql) or set ' +
        'TEST_POSTGRES_URL.',
    )
  }
  process.env['TEST_POSTGRES_URL'] = server.url
  Object.assign(globalThis, { stopPostgres: server.stop })
}

/** The folder with `initdb` and `postgres` of the newest installed version. */
function findBinaries(): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter)
  const packaged = ['/usr/lib/postgresql', '/usr/local/pgsql', '/opt/homebrew/opt'].flatMap(
    (folder) => [path.join(folder, 'bin'), ...versionsIn(folder)],
  )
  return [...packaged, ...onPath].find((folder) =>
    ['initdb', 'postgres'].every((name) => fs.existsSync(path.join(folder, name))),
  )
}

function versionsIn(folder: string): string[] {
  if (!fs.existsSync(folder)) return []
  return fs
    .readdirSync(folder)
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((version) => path.join(folder, version, 'bin'))
}

/** A PostgreSQL that keeps what it has acknowledged and can be killed. */
export interface DurablePostgres extends PostgresServer {
  /** The account it runs as, for folders it must write to; `{}` is the account of this process. */
  readonly account: Account
  /** Ends it with SIGKILL and starts it again on the same data and port. */
  crash(): Promise<void>
  /** Ends it with SIGKILL. */
  kill(): Promise<void>
  /** Starts it again after `kill`. */
  restart(): Promise<void>
  /** Pauses all of its processes. */
  freeze(): void
  /** Resumes them after `freeze`. */
  thaw(): void
}

/**
 * Starts a separate PostgreSQL that flushes to disk as in production.
 *
 * @param over settings of the server
 * @throws Error if no PostgreSQL is installed
 */
export async function startDurablePostgres(
  over: Readonly<Record<string, string | number>> = {},
): Promise<DurablePostgres> {
  const binaries = findBinaries()
  if (binaries === undefined) throw new Error('No PostgreSQL found.')
  const place = createCluster(binaries, os.tmpdir())
  const port = await freePort()
  const options = { port, fsync: 'on', synchronous_commit: 'on', ...over }
  let server = await launch(binaries, place, options)
  const abandon = () => server.kill('SIGQUIT')
  process.once('exit', abandon)
  const kill = async () => {
    const exit = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGKILL')
    await exit
  }
  const restart = async () => {
    // The child processes of a killed server need a moment to exit.
    server = await retried(() => launch(binaries, place, options))
  }
  return {
    url: `postgres://scim@127.0.0.1:${port}/postgres`,
    account: place.account,
    async crash() {
      await kill()
      await restart()
    },
    kill,
    restart,
    freeze: () => signalAll(server, 'SIGSTOP'),
    thaw: () => signalAll(server, 'SIGCONT'),
    async stop() {
      process.off('exit', abandon)
      await stopped(server)
      fs.rmSync(place.folder, { recursive: true, force: true })
    },
  }
}

/** Signals a server and its child processes. Only Linux lists the children in /proc. */
function signalAll({ pid: parent }: ChildProcess, signal: NodeJS.Signals): void {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const children = pids.filter((pid) => parentOf(pid) === parent)
  for (const pid of [...children, parent]) process.kill(Number(pid), signal)
}

function parentOf(pid: string): number | undefined {
  try {
    // The program's name is in parentheses and may contain spaces.
    return Number(fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
  } catch {
    // The process has ended meanwhile.
    return undefined
  }
}

/** Tries until it works, for ten seconds at least. */
export async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (attempts === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** The data directory and the account of a server. */
interface Cluster {
  readonly folder: string
  readonly data: string
  readonly account: Account
}

function createCluster(binaries: string, parent: string): Cluster {
  const account = unprivilegedAccount()
  const folder = fs.mkdtempSync(path.join(parent, 'scim-postgres-'))
  const data = path.join(folder, 'data')
  fs.mkdirSync(data, { mode: 0o700 })
  for (const owned of [folder, data]) {
    if (account.uid !== undefined) fs.chownSync(owned, account.uid, account.gid ?? account.uid)
  }
  const options = ['-D', data, '-U', 'scim', '-E', 'UTF8', '--locale=C', '-A', 'trust', '-N']
  execFileSync(path.join(binaries, 'initdb'), options, { ...account, cwd: folder, stdio: 'pipe' })
  return { folder, data, account }
}

async function launch(
  binaries: string,
  { folder, data, account }: Cluster,
  over: Readonly<Record<string, string | number>>,
): Promise<ChildProcess> {
  const server = spawn(path.join(binaries, 'postgres'), ['-D', data, ...settings(over)], {
    ...account,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await untilReady(server)
  return server
}

async function startIn(binaries: string): Promise<PostgresServer> {
  const place = createCluster(binaries, fastFolder())
  const port = await freePort()
  const server = await launch(binaries, place, { port })
  const abandon = () => server.kill('SIGQUIT')
  process.once('exit', abandon)
  return {
    url: `postgres://scim@127.0.0.1:${port}/postgres`,
    stop: async () => {
      process.off('exit', abandon)
      await stopped(server)
      fs.rmSync(place.folder, { recursive: true, force: true })
    },
  }
}

// Durability is off unless a test needs it: these databases live for one test run.
function settings(over: Readonly<Record<string, string | number>>): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    ...over,
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** An account to run servers as that refuse to run as root; `{}` for any other than root. */
export function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return {}
  const accounts = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const found =
    accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody')
  if (found === undefined) throw new Error('PostgreSQL cannot run as root; no other account found.')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

/** A free port of the loopback address. */
export async function freePort(): Promise<number> {
  const probe = net.createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as net.AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

async function untilReady(server: ChildProcess): Promise<void> {
  let log = ''
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)))
    server.stderr?.on('data', (chunk: Buffer) => {
      // Keep reading after start-up: a full pipe would block the server. Keep the end of the log:
      // clients that connect too early fill it.
      log = (log + chunk.toString()).slice(-10_000)
      if (log.includes('ready to accept connections')) resolve()
    })
  })
  server.removeAllListeners('exit')
}

/** Ends a server and waits until it has. */
export async function stopped(
  server: ChildProcess,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<void> {
  const isRunning = server.exitCode === null && server.signalCode === null
  if (server.pid === undefined || !isRunning) return
  const exit = new Promise((resolve) => server.once('exit', resolve))
  server.kill(signal)
  await exit
}
