import { randomInt } from 'node:crypto'
import { randomRequests } from './random.js'
import { type Sent, sendAsItIs } from './requests.js'
import { canary, type OpenTarget, openWorld, type World } from './world.js'

/** What came of a run. */
export interface RandomRun {
  readonly sent: number
  /** Requests by the status of their answers. */
  readonly statuses: ReadonlyMap<number, number>
  /** Answers with something of the other project, and changes to it. None is right. */
  readonly breaches: readonly string[]
}

interface Options {
  readonly requests: number
  readonly seed: number
  /** Told now and then. */
  readonly onProgress?: (sent: number) => void
  /** Told at once, for runs that somebody ends early. */
  readonly onBreach?: (breach: string) => void
}

const atOnce = 8
/** After so many requests the other project is compared with what it was. */
const batch = 1000

/** Sends requests by chance, and looks at each answer and at what changed. */
export async function runRandom(world: World, options: Options): Promise<RandomRun> {
  const { requests, seed, onProgress, onBreach } = options
  const source = randomRequests(world, seed)
  const statuses = new Map<number, number>()
  const breaches: string[] = []
  const report = (breach: string) => {
    breaches.push(breach)
    onBreach?.(breach)
  }
  const before = JSON.stringify(world.state())
  let sent = 0

  async function sendNext(): Promise<void> {
    const next = source.next().value
    if (!next) return
    const { headers } = world.people[next.attacker as keyof World['people']]
    const one: Sent = { ...next.sent, headers: { ...headers, ...next.sent.headers } }
    const { status, text } = await sendAsItIs(world.room.url, one).catch(unanswered)
    if (status === noAnswer) report(`${describeRequest(next)} had no answer`)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (text.includes(canary)) report(`${status} ${describeRequest(next)} read ${around(text)}`)
  }

  while (sent < requests && breaches.length < 20) {
    const now = Math.min(batch, requests - sent)
    let left = now
    const sender = async () => {
      while (left > 0) {
        left -= 1
        await sendNext()
      }
    }
    await Promise.all(Array.from({ length: atOnce }, sender))
    sent += now
    const lost = await world.lost()
    if (lost.length > 0) throw new Error(`${lost} cannot go on: signed out, or without a project`)
    const after = JSON.stringify(world.state())
    if (after !== before) {
      report(`changed within ${now} requests before ${sent}: ${firstDifference(before, after)}`)
      break
    }
    onProgress?.(sent)
  }
  return { sent, statuses, breaches }
}

const [isClosed, noAnswer] = [0, -1]

/** Some requests are so wrong that the connection is closed; but none may wait for ever. */
function unanswered(error: Error): { status: number; text: string } {
  return { status: error.name === 'AbortError' ? noAnswer : isClosed, text: '' }
}

function describeRequest(request: unknown): string {
  return JSON.stringify(request, (_name, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  )
}

function around(text: string): string {
  const at = text.indexOf(canary)
  return JSON.stringify(text.slice(Math.max(0, at - 100), at + 100))
}

function firstDifference(before: string, after: string): string {
  let at = 0
  while (before[at] === after[at]) at += 1
  const part = (text: string) => text.slice(Math.max(0, at - 200), at + 200)
  return `${part(before)} -> ${part(after)}`
}

/** A few hundred requests by chance; `npm run test:hostile` sends more. */
export function describeRandom(name: string, start: () => Promise<OpenTarget>): void {
  describe(name, () => {
    const seed = Number(process.env['HOSTILE_SEED'] ?? randomInt(2 ** 31))
    let world: World

    beforeAll(async () => {
      world = await openWorld(start)
    })
    afterAll(() => world?.close())

    it(`nothing of another project is read or changed (HOSTILE_SEED=${seed})`, async () => {
      const { statuses, breaches } = await runRandom(world, { requests: 600, seed })
      expect(breaches).toEqual([])
      // Some must get through, or nothing is shown.
      expect(statuses.get(200)).toBeGreaterThan(20)
    })
  })
}
