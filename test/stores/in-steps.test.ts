import { inSteps, inTurns } from '../../lib/stores/in-steps.js'

const numbers = Array.from({ length: 2_600 }, (_, index) => index)

it('works on each in order', async () => {
  const done: number[] = []
  await inSteps(new Set(numbers), (each) => done.push(each))
  expect(done).toEqual(numbers)
})

it('lets others have their turn while it works on thousands', async () => {
  const seen: number[] = []
  let done = 0
  const look = () => {
    seen.push(done)
    if (done < numbers.length) setImmediate(look)
  }
  setImmediate(look)
  await inSteps(numbers, () => {
    done += 1
  })
  expect(seen.length).toBeGreaterThan(4)
  expect(seen.slice(0, 4).every((count, index) => count - (seen[index - 1] ?? 0) <= 500)).toBe(true)
})

it('ends with what its work throws', async () => {
  const failing = inSteps(numbers, (each) => {
    if (each === 1_700) throw new Error('No.')
  })
  await expect(failing).rejects.toThrow('No.')
})

describe('work in turns', () => {
  const never = { signal: new AbortController().signal }
  const until = (time: number) => {
    while (performance.now() < time);
  }
  function* slow(steps: number): Generator<void, string> {
    for (let step = 0; step < steps; step += 1) {
      until(performance.now() + 6)
      yield
    }
    return 'done'
  }

  it('ends with its result', async () => {
    expect(await inTurns(slow(3), never)).toBe('done')
    expect(await inTurns(slow(0), never)).toBe('done')
  })

  it('lets others have their turn between long steps', async () => {
    let turns = 0
    let isOver = false
    const look = () => {
      turns += 1
      if (!isOver) setImmediate(look)
    }
    setImmediate(look)
    await inTurns(slow(10), never)
    isOver = true
    expect(turns).toBeGreaterThan(7)
  })

  it('stops when its time is up', async () => {
    const late = new AbortController()
    setImmediate(() => late.abort(new Error('Late.')))
    await expect(inTurns(slow(10_000), late)).rejects.toThrow('Late.')
  })
})
