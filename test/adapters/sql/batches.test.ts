import { inBatches } from '../../../adapters/sql/batches.js'
import { UnavailableError } from '../../../lib/stores/errors.js'

/** Answers its questions when `go` is called; fails if `bad` is among them. */
function aStatement(failure: Error) {
  const batches: (readonly string[])[] = []
  let go = () => {}
  const isOpen = new Promise<void>((resolve) => {
    go = resolve
  })
  const ask = inBatches(async (questions: readonly string[]) => {
    batches.push(questions)
    await isOpen
    if (questions.includes('bad')) throw failure
    return questions.map((each) => each.toUpperCase())
  })
  return { ask, batches, go: () => go() }
}

it('answers those whose questions were asked together with one that fails', async () => {
  const { ask, go } = aStatement(new Error('no such text'))
  const first = ask('first')
  const others = ['one', 'bad', 'two'].map((each) => ask(each))
  go()
  expect(await first).toBe('FIRST')
  expect(await Promise.allSettled(others)).toEqual([
    { status: 'fulfilled', value: 'ONE' },
    { status: 'rejected', reason: new Error('no such text') },
    { status: 'fulfilled', value: 'TWO' },
  ])
})

it('asks nothing again while the database does not answer', async () => {
  const { ask, batches, go } = aStatement(new UnavailableError('not now'))
  const first = ask('first')
  const others = ['one', 'bad', 'two'].map((each) => ask(each))
  go()
  await first
  const outcomes = await Promise.allSettled(others)
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(batches).toEqual([['first'], ['one', 'bad', 'two']])
})
