import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { AccessTarget, Adapters } from '../../lib/stores/index.js'
import { aGate } from '../access/recording-target.js'
import { type Answer, groupUrn } from '../protocol/server.js'
import { testDatabase } from '../support/test-database.js'
import { type Crew, crewOf } from './crew.js'

let ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
async function sql(target: AccessTarget): Promise<Adapters> {
  const database = await testDatabase()
  const adapters = await sqlAdapters({ url: database.url, target })
  ends = [...ends, adapters.close, database.drop]
  return adapters
}
const memory = (target: AccessTarget): Adapters => memoryAdapters({ target })

describe.each([
  ['memory', memory],
  ['SQL', sql],
])('a group through which many have access, on %s', (_, make) => {
  it('has shut all of more than a thousand when its new name is answered (R19)', async () => {
    const patient = { deprovisionTimeoutMs: 120_000, requestTimeoutMs: 120_000 }
    const { patch, path, shut } = await crewOf(make, 1_001, patient)
    const operations = [{ op: 'replace', path: 'displayName', value: 'Other' }]
    expect((await patch(path, operations)).status).toBeLessThan(300)
    expect(shut()).toBe(1_001)
  }, 120_000)

  const changes: [string, number, (crew: Crew) => Promise<Answer>][] = [
    [
      'PATCH of its name',
      204,
      ({ patch, path }) => patch(path, [{ op: 'replace', path: 'displayName', value: 'Other' }]),
    ],
    [
      'PUT of its name',
      200,
      async ({ get, put, path }) => put(path, { ...(await get(path)).body, displayName: 'Other' }),
    ],
    [
      'PUT of nobody',
      200,
      ({ put, path }) => put(path, { schemas: [groupUrn], displayName: 'Crew' }),
    ],
    ['PATCH of nobody', 204, ({ patch, path }) => patch(path, [{ op: 'remove', path: 'members' }])],
    ['DELETE', 404, ({ path, ...crew }) => crew.delete(path)],
  ]

  it.each(changes)(
    'is not acknowledged by a repeated %s before all are shut (R19)',
    async (_name, done, change) => {
      const crew = await crewOf(make, 20, { deprovisionTimeoutMs: 100 })
      const slow = aGate()
      crew.host.haveTrouble(() => slow.opened)
      const first = await change(crew)
      expect([first.status, first.headers.get('Retry-After')]).toEqual([503, '10'])
      expect((await change(crew)).status).toBe(503)
      slow.open()
      let answer = await change(crew)
      while (answer.status === 503) answer = await change(crew)
      expect([answer.status, crew.shut()]).toEqual([done, 20])
    },
  )
})
