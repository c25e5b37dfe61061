import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { memoryAdapters } from '../../adapters/memory/index.js'
import type { AnswerChange } from '../../lib/gate/answers.js'
import { heldBytes } from '../../lib/gate/held-bytes.js'
import { accessGate } from '../../lib/gate/index.js'
import { type CleanUps, listen, policyOf } from './guarded.js'

const cleanUps: CleanUps = []
afterAll(() => {
  for (const cleanUp of cleanUps) cleanUp()
})

const ann = [{ accountId: 1 }]
const bob = [{ email: 'bob@example.com' }]

describe('what the gate keeps in memory', () => {
  it('is limited for each person', () => {
    const heldFor = heldBytes(100)
    const [first, second] = [heldFor(ann), heldFor(ann)]
    expect(first.take(60)).toBe(true)
    expect(second.take(41)).toBe(false)
    expect(second.take(40)).toBe(true)
    expect(heldFor(bob).take(100)).toBe(true)
    first.release()
    first.release()
    expect(second.take(61)).toBe(false)
    expect(second.take(60)).toBe(true)
  })

  it('is nothing any more for a request that has ended, whatever comes of it later', () => {
    const heldFor = heldBytes(100)
    const ended = heldFor(ann)
    ended.take(50)
    ended.release()
    expect(ended.take(50)).toBe(false)
    expect(heldFor(ann).take(100)).toBe(true)
  })

  it('counts people without credentials together', () => {
    const heldFor = heldBytes(100)
    expect(heldFor([]).take(100)).toBe(true)
    expect(heldFor([]).take(1)).toBe(false)
  })
})

/** An application behind the gate, whose answers begin with `body` and end with `end`. */
async function applicationOf(answer: AnswerChange, { body, end }: { body: Buffer; end: string }) {
  const { policy } = policyOf({ kind: 'allow', answer })
  const gate = accessGate(memoryAdapters(), {
    identify: async ({ headers }) => ({
      identities: [{ accountId: headers.from === 'ann' ? 1 : 2 }],
      isComplete: true,
    }),
    enforce: policy,
  })
  cleanUps.push(gate.close)
  const unfinished: ServerResponse[] = []
  const application = createServer((request, response) => {
    gate(request, response, () => {
      response.setHeader('Content-Type', 'application/json')
      response.write(body)
      if (request.url === '/unfinished') unfinished.push(response)
      else response.end(end)
    })
  })
  const url = await listen(application, cleanUps)
  /** The status, or `cut` for an answer that does not end. */
  const outcomeFor = async (from: string) => {
    try {
      const answer = await fetch(url, { headers: { from } })
      await answer.arrayBuffer()
      return answer.status
    } catch {
      return 'cut'
    }
  }
  return { url, unfinished, outcomeFor }
}

const megabytes = (count: number, first = '') => {
  const bytes = Buffer.alloc(count * 1024 * 1024, ' ')
  bytes.write(first)
  return bytes
}

it.each([
  ['answers', { change: (body: unknown) => body }, { body: megabytes(60), end: '{}' }, 502],
  ['items of lists', { keep: () => true }, { body: megabytes(40, '["'), end: '"]' }, 'cut'],
])(
  'one person’s %s fill no memory, and are in the way of nobody else',
  async (_, answer, sent, refused) => {
    const { url, unfinished, outcomeFor } = await applicationOf(answer, sent)
    expect(await outcomeFor('ann')).toBe(200)
    const client = new AbortController()
    const options = { headers: { from: 'ann' }, signal: client.signal }
    const left = fetch(`${url}/unfinished`, options).catch(() => 'left')
    while (unfinished.length === 0) await nextTurn()
    expect([await outcomeFor('ann'), await outcomeFor('bob')]).toEqual([refused, 200])
    client.abort()
    await Promise.all([left, ...unfinished.map((each) => once(each, 'close'))])
    expect(await outcomeFor('ann')).toBe(200)
  },
)
