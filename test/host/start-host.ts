import { type ChildProcess, execFile, spawn } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const root = path.join(__dirname, '../..')

/** The host in a process of its own, as `npm start` runs it. */
export interface StartedHost {
  /** Everything it printed until it listened. */
  readonly output: string
  readonly origin: string
  readonly pid: number
  /** Everything it has printed so far. */
  log(): string
  /** What it printed, by the words before it: `SCIM token`, `database`, … */
  printed(label: string): string | undefined
  /** Closes this side of its output, as a log reader that has ended. */
  closeOutput(): void
  /** Sends SIGKILL and resolves when the process is gone. */
  kill(): Promise<void>
  /** Sends SIGTERM and resolves with the exit code and everything it printed. */
  stop(): Promise<{ readonly code: number | null; readonly output: string }>
}

/**
 * Builds the library and its program, as `npm start` does first. Quick when nothing has changed.
 */
export async function buildHost(): Promise<void> {
  await promisify(execFile)(process.execPath, ['scripts/build.js'], { cwd: root })
}

/** Another program than the built one, or on another Node. */
export interface HostProgram {
  readonly node?: string
  /** The folder of a project that has the library installed. */
  readonly project?: string
}

/**
 * Starts the built host on a free port and waits until it listens. Rejects with its output when it
 * ends before.
 */
export async function startHost(
  environment: NodeJS.ProcessEnv,
  { node = process.execPath, project }: HostProgram = {},
): Promise<StartedHost> {
  const library = project ? path.join(project, 'node_modules/label-studio-scim') : root
  const child = spawn(node, [path.join(library, 'dist/cli.cjs'), 'serve'], {
    cwd: project ?? root,
    env: { ...cleanEnvironment(), PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const origin = await originOf(child, () => output)
  const before = output
  return {
    output: before,
    origin,
    pid: child.pid ?? 0,
    log: () => output,
    printed: (label) => new RegExp(`^${label} +(\\S+)`, 'm').exec(before)?.[1],
    closeOutput() {
      child.stdout.destroy()
      child.stderr.destroy()
    },
    async kill() {
      const ended = exitOf(child)
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      const ended = exitOf(child)
      child.kill('SIGTERM')
      return { code: await ended, output }
    },
  }
}

/** Without what the developer's own environment may say about a host. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { SCIM_TOKEN, ADMIN_TOKEN, DATABASE_URL, HOST, DEBUG, ...others } = process.env
  return Object.fromEntries(
    Object.entries(others).filter(([name]) => !name.startsWith('LABEL_STUDIO_')),
  )
}

function originOf(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const origin = /^listening on (http:\S+)$/m.exec(output())?.[1]
      if (origin !== undefined) resolve(origin)
    }
    child.stdout?.on('data', look)
    child.once('exit', (code) => reject(new Error(`The host ended with ${code}: ${output()}`)))
  })
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', resolve))
}
