import { heldBytes } from '../../lib/gate/held-bytes.js'

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
