import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Reference } from '../../adapters/label-studio/policy/read-request.js'
import type { Resolver } from '../../adapters/label-studio/policy/resolve.js'
import { askAll, inTurns } from '../../adapters/label-studio/policy/turns.js'
import { ownerToken, startEverything } from './everything.js'
import { askAs } from './requests.js'
import { openRoom } from './room.js'

/** A resolver whose answers wait for `answer`. */
function waitingResolver() {
  const answers: (() => void)[] = []
  const asked: string[] = []
  const ask = ({ id }: Reference) => {
    asked.push(id)
    return new Promise((resolve) => answers.push(() => resolve({ projects: [1] })))
  }
  const resolver = { ask, known: () => undefined } as unknown as Resolver
  return { resolver, asked, answer: () => answers.shift()?.() }
}

const references = (count: number): readonly Reference[] =>
  Array.from({ length: count }, (_, at) => ({ kind: 'task', id: `${at}` }))

describe('questions of people to Label Studio', () => {
  it('wait for those of the same person, not for those of others', async () => {
    const { resolver, asked, answer } = waitingResolver()
    const resolverFor = inTurns(resolver)
    const first = references(50).map((each) => resolverFor(7).ask(each))
    const other = resolverFor(8).ask({ kind: 'task', id: 'of another' })
    await nextTurn()
    expect(asked).toEqual(['0', '1', '2', '3', 'of another'])
    for (let at = 0; at < 51; at++) {
      answer()
      await nextTurn()
    }
    await Promise.all([...first, other])
    expect(asked).toHaveLength(51)
  })

  it('fail when too many of one person wait', async () => {
    const { resolver, asked } = waitingResolver()
    const resolverFor = inTurns(resolver)
    const waiting = references(1_004).map((each) => resolverFor(7).ask(each))
    await expect(resolverFor(7).ask({ kind: 'task', id: 'x' })).rejects.toThrow('waiting')
    void resolverFor(8).ask({ kind: 'task', id: 'of another' })
    await nextTurn()
    expect(asked).toEqual(['0', '1', '2', '3', 'of another'])
    void Promise.allSettled(waiting)
  })

  it('are not asked any more once one of a request has failed', async () => {
    const asked: string[] = []
    const failing = async ({ id }: Reference) => {
      asked.push(id)
      await nextTurn()
      if (id === '2') throw new Error('no answer')
    }
    await expect(askAll(references(100), failing)).rejects.toThrow('no answer')
    for (let at = 0; at < 5; at++) await nextTurn()
    expect(asked.length).toBeLessThan(10)
  })
})

it('the questions of one person’s request wait in no one else’s way', async () => {
  const application = await startEverything()
  const waiting: (() => void)[] = []
  const held: typeof fetch = async (address, init) => {
    if (/views\/1\d{3}\//.test(`${address}`)) {
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    return fetch(address, init)
  }
  const room = await openRoom({ url: application.url, token: ownerToken }, { fetch: held })
  const projects = { 1: 'Inherit' as const }
  for (const account of [7, 17]) {
    await room.know(`person${account}@example.com`, { role: 'Annotator', projects })
  }
  const order = async (account: number, ids: readonly number[]) => {
    const body = { project: 1, ids }
    return (await askAs(room.url, account, { method: 'POST', path: '/api/dm/views/order/', body }))
      .status
  }
  const many = order(
    7,
    Array.from({ length: 20 }, (_, at) => at + 1_000),
  )
  while (waiting.length < 4) await nextTurn()
  expect(await order(17, [17])).toBe(403)
  expect(waiting).toHaveLength(4)
  let isDone = false
  void many.then(() => {
    isDone = true
  })
  while (!isDone) {
    waiting.shift()?.()
    await nextTurn()
  }
  expect(await many).toBe(403)
  await room.close()
  await application.stop()
})
