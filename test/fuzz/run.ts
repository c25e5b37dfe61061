import { format, inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import createDebug from 'debug'
import type { Adapters, AuditStore, Resource, ResourceStore } from '../../lib/stores/index.js'
import { aScope } from '../adapters/support.js'
import { randomOf } from '../support/random.js'
import {
  type NamedAdapters,
  numberFrom,
  openStores,
  type StoreName,
} from '../support/three-stores.js'
import { type RawAnswer, type RawClient, rawClient } from './client.js'
import { anyRequest, type FuzzRequest, secrets } from './generate.js'
import { type FuzzWorld, openWorld } from './world.js'

/**
 * Memory is fastest and takes most of them, in a process of its own beside that of the others: both
 * take about as long.
 */
const shares = { memory: 0.8, SQLite: 0.15, PostgreSQL: 0.05 } as const
const clients = 8
/** `FUZZ_LONGEST_MS=10000` where other work takes the cores from a long run. */
const longestMs = numberFrom('FUZZ_LONGEST_MS', 1_000)
const maxGrowthMb = 60

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** What could be polluted: the members of every built-in prototype. */
function prototypes(): string {
  const builtIns = [
    Object,
    Array,
    String,
    Number,
    Boolean,
    Function,
    Map,
    Set,
    Promise,
    Error,
    Date,
  ]
  return JSON.stringify(
    builtIns.map(({ prototype }) => Reflect.ownKeys(prototype).map((key) => String(key))),
  )
}

const pristine = prototypes()

/** @throws Error with the request as it was sent, when its answer breaks a promise */
export async function judge(client: RawClient, { bytes, isHead }: FuzzRequest): Promise<RawAnswer> {
  const answer = await client.send(bytes, isHead)
  const complaint = complaintAbout(answer)
  if (complaint)
    throw new Error(`${complaint}\n${shown(bytes)}\n--- answer\n${answer.text.slice(0, 600)}`)
  // Other work of the machine makes anything slow once; what is slow by itself stays so.
  if (answer.silentMs > longestMs && (await isSlowAgain(client, bytes, isHead))) {
    throw new Error(`Nothing of the answer arrives for ${longestMs} ms.\n${shown(bytes)}`)
  }
  return answer
}

function complaintAbout({ status, text }: RawAnswer): string | undefined {
  if (status >= 500 && status !== 501) return `The answer is ${status}.`
  const told = Object.values(secrets).find((secret) => text.includes(secret))
  return told && `The answer tells the secret ${told}.`
}

/**
 * Whether a request is slow each of three times when the machine is not: a small request, sent just
 * before on the same connection, tells whether it is.
 */
async function isSlowAgain(client: RawClient, bytes: Buffer, isHead: boolean): Promise<boolean> {
  for (let slow = 0; slow < 3; ) {
    if ((await client.send(smallRequest, false)).silentMs > longestMs / 10) continue
    if ((await client.send(bytes, isHead)).silentMs < longestMs) return false
    slow += 1
  }
  return true
}

const smallRequest = Buffer.from('OPTIONS /scim/v2/Users HTTP/1.1\r\nHost: fuzz.example\r\n\r\n')

function shown(bytes: Buffer): string {
  return `--- request (${bytes.length} bytes)\n${bytes.toString('latin1').slice(0, 3_000)}`
}

interface Log {
  readonly lines: string[]
  end(): void
}

/** Everything that is written to the log. */
function collectLog(): Log {
  const lines: string[] = []
  const log = createDebug.log
  createDebug.log = (...values: unknown[]) => void lines.push(format(...values))
  return {
    lines,
    end() {
      createDebug.disable()
      createDebug.log = log
    },
  }
}

interface Run {
  readonly world: FuzzWorld
  readonly random: () => number
  readonly count: number
  /** Ids of what is there, for requests that shall find something. */
  readonly ids: readonly string[]
}

async function fuzz({ world, random, count, ids }: Run): Promise<void> {
  let left = count
  const connections = Array.from({ length: clients }, () => rawClient(world.port))
  const work = async (client: RawClient) => {
    while (left > 0) {
      left -= 1
      await judge(client, anyRequest(random, ids, world.session))
    }
  }
  try {
    await Promise.all(connections.map(work))
  } finally {
    for (const connection of connections) connection.close()
  }
}

async function idsOf({ users, groups }: Adapters): Promise<readonly string[]> {
  const stores = [users, groups] as unknown as readonly ResourceStore<Resource>[]
  return (await Promise.all(stores.map(idsIn))).flat()
}

async function idsIn(store: ResourceStore<Resource>): Promise<readonly string[]> {
  const page = { kind: 'index', offset: 0, limit: 50 } as const
  const { resources } = await store.query(aScope('default'), { omit: new Set(['members']), page })
  return resources.map(({ id }) => id)
}

function heapMb(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed / 2 ** 20
}

/** What to send, and to which stores. */
export interface Fuzzing {
  readonly names: readonly StoreName[]
  /** All requests together, of which each store gets its share. */
  readonly requests: number
  readonly seed: number
}

/** @throws Error with the first answer that breaks a promise, or with what else was broken */
export async function fuzzStores({ names, requests, seed }: Fuzzing): Promise<void> {
  process.stderr.write(`test:fuzz: FUZZ_SEED=${seed} FUZZ_REQUESTS=${requests}\n`)
  const stores = await openStores(names)
  const random = randomOf(seed)
  const log = collectLog()
  try {
    for (const store of stores) {
      const count = Math.ceil(requests * shares[store.name])
      await fuzzStore(store, { random, count }, log)
    }
  } finally {
    log.end()
    for (const { close } of stores) await close()
  }
}

const fewestSteps = 6
const mostInStep = 20_000
const stepsUntilTold = 10

type Share = Pick<Run, 'random' | 'count'>

async function fuzzStore(
  { name, adapters }: NamedAdapters,
  { random, count }: Share,
  log: Log,
): Promise<void> {
  const world = await openWorld(adapters)
  const startedAt = performance.now()
  const heaps: number[] = []
  const steps = Math.max(fewestSteps, Math.ceil(count / mostInStep))
  for (let step = 1; step <= steps; step += 1) {
    // Formatting all of the log would take most of the time.
    if (step === steps) createDebug.enable('label-studio-scim*')
    await fuzz({ world, random, count: Math.ceil(count / steps), ids: await idsOf(adapters) })
    requireIntact(world)
    await requireSilence(world, adapters, log)
    await world.settle()
    heaps.push(heapMb())
    if (step % stepsUntilTold === 0) tell(name, `step ${step} of ${steps}`, startedAt)
  }
  const growth = (heaps.at(-1) ?? 0) - (heaps[Math.floor(steps / 3)] ?? 0)
  if (growth >= maxGrowthMb) throw new Error(`The heap grew by ${growth} MB.`)
  const each = Math.round((count * 1000) / (performance.now() - startedAt))
  tell(name, `${each} requests/s, heap grew by ${Math.round(growth)} MB`, startedAt)
  createDebug.disable()
  await world.close()
}

function tell(name: string, what: string, startedAt: number): void {
  const minutes = Math.round((performance.now() - startedAt) / 60_000)
  process.stderr.write(`${name}: ${what}, after ${minutes} minutes\n`)
}

/** @throws Error when a built-in was changed, or something failed that nobody expected */
export function requireIntact({ failures }: FuzzWorld): void {
  if (prototypes() !== pristine) throw new Error(`A prototype was changed: ${prototypes()}`)
  if (failures.length > 0) throw new Error(`Failed: ${inspect(failures.slice(0, 3))}`)
}

/** @throws Error when a secret was told in an event, the audit log or the log for people */
async function requireSilence(world: FuzzWorld, adapters: Adapters, log: Log): Promise<void> {
  const audit = await (adapters.audit as AuditStore).query(aScope('default'), { limit: 1000 })
  const all = inspect([world.told.splice(0), audit, log.lines.splice(0)], {
    depth: 10,
    maxArrayLength: null,
    maxStringLength: null,
  })
  const told = Object.values(secrets).find((secret) => all.includes(secret))
  if (told) throw new Error(`An event, the audit log or the log tells the secret ${told}.`)
}
