import type { Json, JsonObject } from '../../lib/schema/types.js'
import { patch, refusal, resources } from './fixtures.js'

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

const group = (size: number): JsonObject => ({
  ...resources['Group'],
  members: many(size, (index) => ({ value: `m${index}`, type: 'User', display: `Name ${index}` })),
})
const members = (from: number, to: number): Json =>
  many(to - from, (index) => ({ value: `m${from + index}` }))
const countMembers = (resource: JsonObject): number => (resource['members'] as Json[]).length

// How often values are looked at is counted, so that these tests do not depend on a clock.
describe('the cost of PATCH', () => {
  it('grows with the members added plus the members there, not with their product (P3)', () => {
    const operations = [{ op: 'add', path: 'members', value: members(5000, 15_000) }]
    const options = { resource: group(10_000), limits: { comparisons: 10_000 } }
    expect(countMembers(patch('Group', operations, options).resource)).toBe(15_000)
  })

  it('grows with the members listed for removal plus the members there (S16)', () => {
    const operations = [{ op: 'Remove', path: 'members', value: members(0, 5000) }]
    const options = { resource: group(10_000), limits: { comparisons: 10_000 } }
    expect(countMembers(patch('Group', operations, options).resource)).toBe(5000)
  })

  it('does not look at a group again for each operation that adds a member (R-PATCH-50)', () => {
    const operations = many(1000, (index) => ({
      op: 'add',
      path: 'members',
      value: members(9500 + index, 9501 + index),
    }))
    const options = { resource: group(10_000), limits: { comparisons: 10_000 } }
    expect(countMembers(patch('Group', operations, options).resource)).toBe(10_500)
  })

  it('grows with both lists when members are replaced', () => {
    const operations = [{ op: 'replace', path: 'members', value: members(5000, 15_000) }]
    const options = { resource: group(10_000), limits: { comparisons: 10_000 } }
    expect(countMembers(patch('Group', operations, options).resource)).toBe(10_000)
  })

  it('has a bound for value filters: terms times values, summed up (S-DOS-06)', () => {
    const addresses = many(50_000, (index) => ({ streetAddress: `Street ${index}` }))
    const resource = { ...resources['User'], addresses }
    const operations = many(100, () => ({
      op: 'remove',
      path: 'addresses[streetAddress ne "x"].country',
    }))
    expect(refusal(() => patch('User', operations, { resource })).scimType).toBe('tooMany')
    const two = [{ op: 'remove', path: 'addresses[type eq "a" or type eq "b"]' }]
    const options = { resource, limits: { comparisons: 149_999 } }
    expect(refusal(() => patch('User', two, options)).scimType).toBe('tooMany')
    expect(patch('User', two, { resource, limits: { comparisons: 150_000 } }).changed).toEqual([])
  })

  it('has a bound for what one value is copied into (S-DOS-07)', () => {
    const emails = many(10_000, (index) => ({ value: `a${index}@acme.example` }))
    const resource = { ...resources['User'], emails }
    const write = (length: number) => [
      { op: 'replace', path: 'emails[value pr].display', value: 'x'.repeat(length) },
    ]
    expect(refusal(() => patch('User', write(8000), { resource })).status).toBe(413)
    expect(patch('User', write(100), { resource }).changed).toEqual(['emails'])
  })

  it('has a bound for records written in many places (S-DOS-07)', () => {
    const emails = many(1000, (index) => ({ value: `a${index}@acme.example` }))
    const resource = { ...resources['User'], emails }
    for (const op of ['add', 'replace']) {
      const operations = [{ op, path: 'emails[value pr]', value: { display: 'x'.repeat(100) } }]
      const options = { resource, limits: { bytes: 50_000 } }
      expect(refusal(() => patch('User', operations, options)).status).toBe(413)
    }
  })
})
