import { setTimeout as pause } from 'node:timers/promises'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { createTurns } from '../../lib/resources/races.js'
import type { Adapters } from '../../lib/stores/adapters.js'
import { UnknownReferenceError } from '../../lib/stores/errors.js'
import { serve } from './server.js'

/** Adapters as slow as a database, so that requests at the same time overlap. */
function slowAdapters(ms: number): Adapters {
  const adapters = memoryAdapters()
  const { users } = adapters
  return {
    ...adapters,
    users: {
      ...users,
      get: async (...given) => {
        const found = await users.get(...given)
        await pause(ms)
        return found
      },
    },
  }
}

describe('parallel changes of one resource', () => {
  it.each([10, 50])('all succeed in one instance: %i of them (D9)', async (count) => {
    const scim = await serve(slowAdapters(2))
    const { id } = await scim.user('ines')
    const answers = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        scim.patch(`/Users/${id}`, [
          { op: 'add', path: 'emails', value: [{ value: `${index}@x` }] },
        ]),
      ),
    )
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect((await scim.get(`/Users/${id}`)).body.emails).toHaveLength(count)
  })

  it('all succeed in two instances with 50 between them (D9)', async () => {
    const adapters = slowAdapters(2)
    const first = await serve(adapters)
    const second = await serve(adapters)
    const { id } = await first.user('ines')
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? first : second).patch(`/Users/${id}`, [
          { op: 'add', path: 'emails', value: [{ value: `${index}@x` }] },
        ]),
      ),
    )
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect((await first.get(`/Users/${id}`)).body.emails).toHaveLength(50)
  })

  it('take their turns one by one, however long the line is (M4)', async () => {
    const turns = createTurns()
    let atOnce = 0
    let most = 0
    const work = async () => {
      atOnce += 1
      most = Math.max(most, atOnce)
      await pause(100)
      atOnce -= 1
    }
    await Promise.all(Array.from({ length: 20 }, () => turns.take('a', work)))
    expect(most).toBe(1)
  })

  it('wait for one that takes long no more than a second (D9)', async () => {
    const turns = createTurns()
    void turns.take('a', () => new Promise(() => {}))
    const startedAt = performance.now()
    expect(await turns.take('a', async () => 'done')).toBe('done')
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    expect(await turns.take('b', async () => 'at once')).toBe('at once')
  })
})

it('adds the others when more and more of the members are deleted meanwhile (M3)', async () => {
  const adapters = memoryAdapters()
  const { groups } = adapters
  const gone: string[] = []
  const scim = await serve({
    ...adapters,
    groups: {
      ...groups,
      async changeMembers(scope, id, change, options) {
        const next = change.add[0]
        if (gone.length < 3 && next !== undefined) {
          gone.push(next)
          throw new UnknownReferenceError([next])
        }
        return groups.changeMembers?.(scope, id, change, options)
      },
    },
  })
  const ids: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) ids.push((await scim.user(name)).id)
  const { id } = await scim.group('Crew')
  const value = ids.map((each) => ({ value: each }))
  const { status } = await scim.patch(`/Groups/${id}`, [{ op: 'add', path: 'members', value }])
  expect(status).toBe(204)
  const { members } = (await scim.get(`/Groups/${id}`)).body
  const added = members.map((member: { value: string }) => member.value)
  expect([...added, ...gone].sort()).toEqual([...ids].sort())
})
