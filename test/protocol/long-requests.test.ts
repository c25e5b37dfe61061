import { memoryAdapters } from '../../adapters/memory/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { type Answer, bulkUrn, type ServiceProvider, serve } from './server.js'

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const addresses = (count: number) =>
  many(count, (index) => ({ value: `${index}@example.com`, type: `type ${index % 7}` }))
const changing = (sub: string, count: number) =>
  many(count, (index) => ({ op: 'replace', path: `emails.${sub}`, value: `new ${index}` }))

/** How many other requests are answered before this one is. */
async function answeredDuring(
  scim: ServiceProvider,
  request: Promise<Answer>,
): Promise<{ readonly answer: Answer; readonly others: number }> {
  let isOver = false
  const ended = request.finally(() => {
    isOver = true
  })
  let others = 0
  while (!isOver) {
    await scim.get('/ServiceProviderConfig')
    others += 1
  }
  return { answer: await ended, others }
}

describe('a request that takes long', () => {
  it.each([
    ['a sub-attribute of all values', changing('display', 500)],
    ['what tells values apart', changing('type', 150)],
    [
      'values by filters',
      many(500, (index) => ({
        op: 'replace',
        path: `emails[value eq "${index % 900}@example.com"].display`,
        value: 'new',
      })),
    ],
    [
      'many paths in one value',
      many(5, (round) => ({
        op: 'replace',
        value: Object.fromEntries(
          many(100, (index) => [`emails[value eq "${index}@example.com"].display`, `${round}`]),
        ),
      })),
    ],
  ])('lets others have their turn: a PATCH of %s', async (_, operations) => {
    const scim = await serve()
    const { id } = await scim.user('ines', { emails: addresses(900) })
    const { answer, others } = await answeredDuring(scim, scim.patch(`/Users/${id}`, operations))
    expect(answer.status).toBe(200)
    expect(others).toBeGreaterThan(5)
  })

  it('lets others have their turn: a Bulk of groups in circles', async () => {
    const adapters = memoryAdapters()
    const { changeMembers } = adapters.groups as Required<Adapters['groups']>
    let turn = 0
    const turns = new Set<number>()
    const groups: Adapters['groups'] = {
      ...adapters.groups,
      changeMembers: (...given) => {
        turns.add(turn)
        return changeMembers(...given)
      },
    }
    const scim = await serve({ ...adapters, groups })
    let isOver = false
    const tick = () => {
      turn += 1
      if (!isOver) setImmediate(tick)
    }
    tick()
    const Operations = many(40, (index) => ({
      method: 'POST',
      path: '/Groups',
      bulkId: `${index}`,
      data: { displayName: `${index}`, members: [{ value: `bulkId:${index ^ 1}` }] },
    }))
    const { status, body } = await scim.post('/Bulk', { schemas: [bulkUrn], Operations })
    isOver = true
    expect([status, body.Operations[39].status]).toEqual([200, '201'])
    expect(turns.size).toBe(20)
  })

  it('ends at the deadline, and has changed nothing', async () => {
    const scim = await serve(undefined, { requestTimeoutMs: 100 })
    const { id } = await scim.user('ines', { emails: addresses(200) })
    await scim.patch(`/Users/${id}`, changing('type', 1))
    const answer = await scim.patch(`/Users/${id}`, changing('type', 1_000))
    expect(answer.status).toBe(503)
    expect((await scim.get(`/Users/${id}`)).body.emails[0].type).toBe('new 0')
  })
})
