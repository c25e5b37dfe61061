import { fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { parseArgs } from 'node:util'
import setUpPostgres from '../support/postgres-server.js'
import tearDownPostgres from '../support/postgres-tear-down.js'
import type { StoreName } from '../support/three-stores.js'
import { type Fuzzing, fuzzStores } from './run.js'

/** The stores of each process. */
const processes = ['memory', 'SQLite,PostgreSQL']

/**
 * `npm run test:fuzz:long -- --requests 10000000 [--seed N]`: a long run without Jest, whose module
 * system makes each request a third slower. Two processes share it.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '10000000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      stores: { type: 'string' },
    },
  })
  const fuzzing = { requests: Number(values.requests), seed: Number(values.seed) }
  if (values.stores !== undefined) {
    await fuzzStores({ ...fuzzing, names: values.stores.split(',') as StoreName[] })
    process.exit()
  }
  await setUpPostgres()
  const exitCodes = await Promise.all(processes.map((stores) => exitCodeOf(stores, fuzzing)))
  await tearDownPostgres()
  process.exitCode = exitCodes.every((code) => code === 0) ? 0 : 1
}

async function exitCodeOf(
  stores: string,
  { requests, seed }: Omit<Fuzzing, 'names'>,
): Promise<number | null> {
  const runner = path.join(__dirname, '../support/run-typescript.cjs')
  const parameters = ['--requests', `${requests}`, '--seed', `${seed}`, '--stores', stores]
  const [code] = await once(fork(runner, [__filename, ...parameters]), 'exit')
  return code as number | null
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
