import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Reference } from '../../adapters/label-studio/policy/read-request.js'
import type { Resolver } from '../../adapters/label-studio/policy/resolve.js'
import { askAll, inTurns } from '../../adapters/label-studio/policy/turns.js'

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

const references = (count: number, prefix = ''): readonly Reference[] =>
  Array.from({ length: count }, (_, at) => ({ kind: 'task', id: `${prefix}${at}` }))

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
