import { randomInt } from 'node:crypto'
import { format, inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import createDebug from 'debug'
import type { AuditStore, Resource, ResourceStore } from '../../lib/stores/index.js'
import { aScope } from '../adapters/support.js'
import { randomOf } from '../support/random.js'
import { numberFrom, threeStores } from '../support/three-stores.js'
import cases from './cases.json' with { type: 'json' }
import { type RawAnswer, type RawClient, rawClient } from './client.js'
import { anyRequest, type FuzzRequest, secrets } from './generate.js'
import { type FuzzWorld, openWorld } from './world.js'

/** All requests together; `FUZZ_REQUESTS=10000000 npm run test:fuzz` for a long run. */
const requests = numberFrom('FUZZ_REQUESTS', 40_000)
const seed = numberFrom('FUZZ_SEED', randomInt(2 ** 31))
/** Memory is fastest and takes most of them. */
const shares = { memory: 0.8, SQLite: 0.1, PostgreSQL: 0.1 } as const
const clients = 8
const longestMs = 1_000
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
async function judge(client: RawClient, { bytes, isHead }: FuzzRequest): Promise<RawAnswer> {
  const startedAt = performance.now()
  const answer = await client.send(bytes, isHead)
  const complaint = complaintAbout(answer)
  if (complaint)
    throw new Error(`${complaint}\n${shown(bytes)}\n--- answer\n${answer.text.slice(0, 600)}`)
  // Other work of the machine makes anything slow once; what is slow by itself stays so.
  if (performance.now() - startedAt > longestMs && (await isSlowAgain(client, bytes, isHead))) {
    throw new Error(`The answer takes longer than ${longestMs} ms.\n${shown(bytes)}`)
  }
  return answer
}

function complaintAbout({ status, text }: RawAnswer): string | undefined {
  if (status >= 500 && status !== 501) return `The answer is ${status}.`
  const told = Object.values(secrets).find((secret) => text.includes(secret))
  return told && `The answer tells the secret ${told}.`
}

async function isSlowAgain(client: RawClient, bytes: Buffer, isHead: boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const startedAt = performance.now()
    await client.send(bytes, isHead)
    if (performance.now() - startedAt < longestMs) return false
  }
  return true
}

function shown(bytes: Buffer): string {
  return `--- request (${bytes.length} bytes)\n${bytes.toString('latin1').slice(0, 3_000)}`
}

/** Everything that is said beside answers: log and failures. */
function collectLog() {
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

async function idsIn(store: ResourceStore<Resource>): Promise<readonly string[]> {
  const page = { kind: 'index', offset: 0, limit: 50 } as const
  const { resources } = await store.query(aScope('default'), { omit: new Set(['members']), page })
  return resources.map(({ id }) => id)
}

function heapMb(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed / 2 ** 20
}

describe('the HTTP interfaces', () => {
  it(
    'survive any request: no 5xx, no hang, no growth, no pollution, no secret told (S-INP-01)',
    async () => {
      process.stderr.write(`test:fuzz: FUZZ_SEED=${seed} FUZZ_REQUESTS=${requests}\n`)
      const stores = await threeStores()
      const random = randomOf(seed)
      const log = collectLog()
      try {
        for (const { name, adapters } of stores) {
          const world = await openWorld(adapters)
          const startedAt = performance.now()
          const steps = 6
          const heaps: number[] = []
          for (let step = 1; step <= steps; step += 1) {
            const ids = [
              ...(await idsIn(adapters.users as ResourceStore<Resource>)),
              ...(await idsIn(adapters.groups as ResourceStore<Resource>)),
            ]
            // Formatting all of the log would take most of the time.
            if (step === steps) createDebug.enable('label-studio-scim*')
            await fuzz({ world, random, count: Math.ceil((requests * shares[name]) / steps), ids })
            expect(prototypes()).toBe(pristine)
            expect(world.failures).toEqual([])
            const audit = await (adapters.audit as AuditStore).query(aScope('default'), {
              limit: 1000,
            })
            const told = inspect([world.told.splice(0), audit, log.lines.splice(0)], {
              depth: 10,
              maxArrayLength: null,
              maxStringLength: null,
            })
            for (const secret of Object.values(secrets)) expect(told.includes(secret)).toBe(false)
            heaps.push(heapMb())
          }
          const growth = (heaps.at(-1) ?? 0) - (heaps[Math.floor(steps / 3)] ?? 0)
          expect(growth).toBeLessThan(maxGrowthMb)
          const seconds = (performance.now() - startedAt) / 1000
          const each = Math.round((requests * shares[name]) / seconds)
          process.stderr.write(
            `${name}: ${each} requests/s, heap grew by ${Math.round(growth)} MB\n`,
          )
          createDebug.disable()
          await world.close()
        }
      } finally {
        log.end()
        for (const { close } of stores) await close()
      }
    },
    24 * 3_600_000,
  )

  it.each(cases)('still survive what was found: $name', async ({ method, target, token, body }) => {
    for (const { adapters, close: closeStore } of await threeStores()) {
      const world = await openWorld(adapters)
      const headers = [
        `Authorization: Bearer ${secrets[token as keyof typeof secrets]}`,
        'Content-Type: application/json',
        `Content-Length: ${Buffer.byteLength(body ?? '')}`,
      ]
      const text =
        `${method} ${target} HTTP/1.1\r\nHost: ` +
        `x\r\n${headers.join('\r\n')}\r\n\r\n${body ?? ''}`
      const client = rawClient(world.port)
      await judge(client, { bytes: Buffer.from(text), isHead: false })
      client.close()
      expect([prototypes(), world.failures]).toEqual([pristine, []])
      await world.close()
      await closeStore()
    }
  })
})
