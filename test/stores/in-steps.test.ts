import { inSteps } from '../../lib/stores/in-steps.js'

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
