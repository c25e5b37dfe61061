/**
 * A server to measure, in its own process, which `start-server.ts` starts: `node server.js bare`,
 * `node server.js memory`, `node server.js sql URL` or `node server.js driver URL`; for the gate,
 * `upstream`, `proxy '' TARGET` or `gated proxy URL TARGET`.
 */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import express from 'express'
import {
  type AccessStore,
  type Adapters,
  bearerTokens,
  createReconciler,
  scimRouter,
} from 'label-studio-scim'
import { memoryAdapters } from 'label-studio-scim/adapters/memory'
import { type SqlAdapters, sqlAdapters } from 'label-studio-scim/adapters/sql'
import { bareApp } from './bare.js'
import { driverApp } from './driver/app.js'
import { recordDrivers } from './driver/record.js'
import type { Template } from './driver/template.js'
import { gatedProxy, plainProxy } from './gate/proxy.js'
import { labelStudio } from './gate/world.js'

/** What the parent process may ask. */
export type Question =
  | { readonly ask: 'usage' | 'collect' | 'record' | 'recorded' }
  | { readonly ask: 'replay'; readonly template: Template }

/** What the process has used so far. */
export interface Usage {
  readonly cpuMicroseconds: number
  readonly heapBytes: number
  readonly rssBytes: number
}

/** The bearer token of all servers here. */
const token = 'token-of-the-benchmark'
const [kind = '', url = '', target = ''] = process.argv.slice(2)

let closeAdapters = async () => {}
const recorder = process.env['BENCH_RECORD'] === 'yes' ? await recordDrivers() : undefined
const isOfGate = kind === 'upstream' || kind.endsWith('proxy')
const driver = kind === 'driver' ? driverApp(url) : undefined
const server = createServer(driver?.app ?? (await appOf()))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ port, path: isOfGate ? '' : '/scim/v2' })
})
process.on('message', (question: Question) => process.send?.(answerTo(question)))
// Runs when the parent has exited. An orderly exit also writes the profile for --cpu-prof, and
// leaves a database of one file, which can be copied.
process.on('disconnect', () => void closeAdapters().finally(() => process.exit(0)))

function answerTo(question: Question): object {
  if (question.ask === 'collect') collectGarbage()
  if (question.ask === 'record') recorder?.begin()
  if (question.ask === 'recorded') return recorder?.end() ?? []
  if (question.ask === 'replay') driver?.replay(question.template)
  return usage()
}

async function appOf(): Promise<RequestListener> {
  if (kind === 'upstream') return labelStudio
  if (kind === 'proxy') return plainProxy(target)
  if (kind === 'gated proxy') return gatedProxy(target, url)
  if (kind === 'bare') return bareApp()
  const adapters = kind === 'memory' ? memoryAdapters() : await openDatabase()
  const onPending = process.env['BENCH_RECONCILE'] === 'yes' ? startReconciler(adapters) : () => {}
  const app = express()
  const authenticate = bearerTokens([{ name: 'bench', token }])
  app.use('/scim/v2', scimRouter(adapters, { authenticate, onPending }))
  return app
}

async function openDatabase(): Promise<SqlAdapters> {
  const adapters = await sqlAdapters({ url })
  closeAdapters = adapters.close
  return adapters
}

function startReconciler(adapters: Adapters & { readonly access: AccessStore }): () => void {
  const reconciler = createReconciler(adapters)
  reconciler.start()
  return () => reconciler.wake()
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

/** With `--expose-gc`, collects garbage first, so that the heap contains only what is in use. */
function usage(): Usage {
  globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  const { heapUsed, rss } = process.memoryUsage()
  return { cpuMicroseconds: user + system, heapBytes: heapUsed, rssBytes: rss }
}
