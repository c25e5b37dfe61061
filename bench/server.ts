/**
 * A server to measure, in its own process, which `start-server.ts` starts: `node server.js bare`,
 * `node server.js memory`, or `node server.js sql URL`.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import express, { type Express } from 'express'
import {
  type AccessStore,
  type Adapters,
  bearerTokens,
  createReconciler,
  scimRouter,
} from 'label-studio-scim'
import { memoryAdapters } from 'label-studio-scim/adapters/memory'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'
import { bareApp } from './bare.js'

/** What the process has used so far. */
export interface Usage {
  readonly cpuMicroseconds: number
  readonly heapBytes: number
  readonly rssBytes: number
}

/** The bearer token of all servers here. */
const token = 'token-of-the-benchmark'
const [kind = '', url = ''] = process.argv.slice(2)

const server = createServer(await appOf())
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('message', (question) => {
  if (question === 'collect') collectGarbage()
  process.send?.(usage())
})
// Runs when the parent has exited. An orderly exit also writes the profile for --cpu-prof.
process.on('disconnect', () => process.exit(0))

async function appOf(): Promise<Express> {
  if (kind === 'bare') return bareApp()
  const adapters = kind === 'memory' ? memoryAdapters() : await sqlAdapters({ url })
  const onPending = process.env['BENCH_RECONCILE'] === 'yes' ? startReconciler(adapters) : () => {}
  const app = express()
  const authenticate = bearerTokens([{ name: 'bench', token }])
  app.use('/scim/v2', scimRouter(adapters, { authenticate, onPending }))
  return app
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
