import { type Expectation, type Person, requireKept } from '../crash/traffic.js'

const person: Person = { token: 'x', active: true, isMember: true }
const acknowledged = new Map([['ann', person]])
const without = new Map<string, Person>()
const expectation: Expectation = { client: 'ann', acknowledged, underWay: [without] }

describe('the driver of test:crash', () => {
  it('accepts what was acknowledged, with the request under way or without it', () => {
    expect(() => requireKept(expectation, acknowledged)).not.toThrow()
    expect(() => requireKept(expectation, without)).not.toThrow()
  })

  it.each<[string, ReadonlyMap<string, Person>]>([
    ['a lost person', new Map()],
    ['a lost change', new Map([['ann', { ...person, token: 'y' }]])],
    ['a lost membership', new Map([['ann', { ...person, isMember: false }]])],
    ['somebody let in again', new Map([['ann', { ...person, active: false }]])],
    ['somebody nobody created', new Map([...acknowledged, ['bob', person]])],
  ])('finds %s', (_, found) => {
    expect(() => requireKept({ ...expectation, underWay: [] }, found)).toThrow(/acknowledged/)
  })
})
