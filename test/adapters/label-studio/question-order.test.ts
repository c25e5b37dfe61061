import { setImmediate as nextTurn } from 'node:timers/promises'
import { credentialCache } from '../../../adapters/label-studio/api/sessions/credential-cache.js'
import {
  askersOf,
  questionOrder,
} from '../../../adapters/label-studio/api/sessions/question-order.js'

/** Questions whose answers wait for `answer`. */
function waitingQuestions(maxConcurrent = 8, maxQueued = 1_000) {
  const asked: string[] = []
  const answers: (() => void)[] = []
  const inOrder = questionOrder(maxConcurrent, maxQueued)
  return {
    asked,
    answer: () => answers.shift()?.(),
    put: (name: string, socket: { destroyed: boolean } = { destroyed: false }, isKnown = false) => {
      const ask = () => {
        asked.push(name)
        return new Promise<string>((resolve) => answers.push(() => resolve(name)))
      }
      return inOrder({ askers: new Set([{ socket }]), isKnown, ask })
    },
  }
}

describe('questions about credentials', () => {
  it('about known people come before those about strangers', async () => {
    const { put, asked, answer } = waitingQuestions(1)
    void put('stranger 1')
    await nextTurn()
    void put('stranger 2')
    void put('known', undefined, true)
    await nextTurn()
    answer()
    await nextTurn()
    expect(asked).toEqual(['stranger 1', 'known'])
  })

  it('about known people wait even when the queue is full of strangers', async () => {
    const { put, asked, answer } = waitingQuestions(1, 2)
    void put('1')
    await nextTurn()
    void put('2')
    void put('3')
    await expect(put('4')).rejects.toThrow('waiting')
    void put('known', undefined, true)
    await nextTurn()
    answer()
    await nextTurn()
    expect(asked).toEqual(['1', 'known'])
  })

  it('about strangers are asked also while those about known people never end', async () => {
    const { put, asked, answer } = waitingQuestions(1)
    for (let at = 0; at < 10; at++) void put(`known ${at}`, undefined, true)
    void put('stranger 1')
    void put('stranger 2')
    await nextTurn()
    for (let at = 10; asked.length < 10; at++) {
      answer()
      void put(`known ${at}`, undefined, true)
      await nextTurn()
    }
    expect(asked.indexOf('stranger 1')).toBe(4)
    expect(asked.indexOf('stranger 2')).toBe(8)
  })

  it('of one connection leave room for those of others', async () => {
    const { put, asked } = waitingQuestions()
    const socket = { destroyed: false }
    for (let at = 0; at < 50; at++) void put(`${at}`, socket)
    void put('of another')
    await nextTurn()
    expect(asked).toEqual(['0', '1', '2', '3', 'of another'])
  })

  it('are not asked for clients that have left', async () => {
    const { put, asked, answer } = waitingQuestions(1)
    const first = put('first')
    const socket = { destroyed: false }
    const left = [1, 2, 3].map((each) => put(`left ${each}`, socket))
    void put('last')
    await nextTurn()
    socket.destroyed = true
    const outcomes = Promise.allSettled(left)
    answer()
    expect(await first).toBe('first')
    expect((await outcomes).map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
    await nextTurn()
    expect(asked).toEqual(['first', 'last'])
  })

  it('are asked as long as anybody waits for the answer', async () => {
    const inOrder = questionOrder(1, 10)
    const withAskers = askersOf()
    const asker = (destroyed: boolean) => ({ socket: { destroyed } })
    const find = (askers: ReadonlySet<object>) =>
      nextTurn().then(() => inOrder({ askers, isKnown: false, ask: async () => 'answer' }))
    const both = [asker(true), asker(false)].map((each) => withAskers('cookie', each, find))
    expect(await Promise.all(both)).toEqual(['answer', 'answer'])
    await expect(withAskers('cookie', asker(true), find)).rejects.toThrow('left')
  })
})

it('forged credentials push nobody out of the cache', async () => {
  const cache = credentialCache<string>({
    maxEntries: 10,
    clock: () => 0,
    lifetime: (value) => ({ freshMs: 10, isAnybodys: value !== 'ann' }),
  })
  cache.put('hers', 'ann')
  for (let at = 0; at < 100; at++) await cache.find(`forged ${at}`, async () => 'nobody')
  expect(cache.peek('hers')).toBe('ann')
  expect(cache.peek('forged 99')).toBe('nobody')
  expect(cache.peek('forged 80')).toBeUndefined()
})
