import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Step, Template } from './driver/template.js'
import type { Question, Usage } from './server.js'

/** A server in its own process. */
export interface RunningServer {
  readonly baseUrl: string
  /** CPU and memory that the process has used. */
  usage(): Promise<Usage>
  /** Frees what remains from filling the server. Otherwise the first measure would pay for it. */
  collectGarbage(): Promise<void>
  /** Notes what the adapter does on its database during `work`; needs `records`. */
  record(work: () => Promise<unknown>): Promise<readonly Step[]>
  /** Says what a `driver` does for each request. */
  replay(template: Template): Promise<void>
  stop(): Promise<void>
}

/** How a server is started. */
export interface ServerSpec {
  readonly kind: 'bare' | 'memory' | 'sql' | 'driver' | 'upstream' | 'proxy' | 'gated proxy'
  /** For `sql`, `driver` and `gated proxy`: the database. */
  readonly url?: string
  /** For proxies: where they send to. */
  readonly target?: string
  /** Options for Node. */
  readonly nodeOptions?: readonly string[]
  /** A reconciler runs in the same process. */
  readonly reconciles?: boolean
  /** The server can note what it does on its database, which makes it slower. */
  readonly records?: boolean
}

export const authorization = 'Bearer token-of-the-benchmark'

const program = fileURLToPath(new URL('./server.js', import.meta.url))

export async function startServer(spec: ServerSpec): Promise<RunningServer> {
  const child = fork(program, [spec.kind, spec.url ?? '', spec.target ?? ''], {
    execArgv: [...(spec.nodeOptions ?? [])],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      BENCH_RECONCILE: spec.reconciles ? 'yes' : '',
      BENCH_RECORD: spec.records ? 'yes' : '',
    },
  })
  const { port, path } = (await nextMessage(child)) as { port: number; path: string }
  const ask = (question: Question) => {
    const answer = nextMessage(child)
    child.send(question)
    return answer
  }
  return {
    baseUrl: `http://127.0.0.1:${port}${path}`,
    usage: async () => (await ask({ ask: 'usage' })) as Usage,
    async collectGarbage() {
      await ask({ ask: 'collect' })
    },
    async record(work) {
      await ask({ ask: 'record' })
      await work()
      return (await ask({ ask: 'recorded' })) as readonly Step[]
    },
    async replay(template) {
      await ask({ ask: 'replay', template })
    },
    async stop() {
      const exit = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await exit
    },
  }
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('The server ended.'))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}
