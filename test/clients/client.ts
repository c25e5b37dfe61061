import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** How the program of a client is started. */
export interface ClientProgram {
  readonly name: string
  readonly command: string
  readonly parameters: readonly string[]
  /** Where SCIM is; the program reads it from `SCIM_URL`. */
  readonly baseUrl: string
  /** The bearer token; the program reads it from `SCIM_TOKEN`. */
  readonly token: string
}

/** A client of somebody else's making in a process of its own. */
export interface Client {
  /**
   * Lets the client do something and answers what it believes afterwards.
   *
   * @throws Error with the client's own trace when it throws something that is no answer
   */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  do(command: string, parameters?: object): Promise<any>
  stop(): Promise<void>
}

/**
 * Starts a program that answers each line of JSON on its standard input with one on its standard
 * output.
 */
export function startClient(program: ClientProgram): Client {
  const { baseUrl, token, command, parameters } = program
  const child = spawn(command, [...parameters], {
    env: { ...process.env, SCIM_URL: baseUrl, SCIM_TOKEN: token },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk) => {
    log += chunk
  })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async do(name, values = {}) {
      child.stdin.write(`${JSON.stringify({ command: name, ...values })}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error(`${program.name} ended at "${name}": ${log}`)
      const { result, failure } = JSON.parse(value)
      if (failure !== undefined) throw new Error(`${program.name} failed at "${name}": ${failure}`)
      return result
    },
    stop: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.stdin?.end()
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(late)
}
