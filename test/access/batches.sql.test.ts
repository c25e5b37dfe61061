import { setImmediate as nextTurn } from 'node:timers/promises'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { createReconciler, pause } from '../../lib/access/index.js'
import {
  type AccessStore,
  type AccessTarget,
  type GroupStore,
  RefusedError,
  UnavailableError,
  type User,
} from '../../lib/stores/index.js'
import { recordStatements } from '../adapters/sql/statements.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { aGate, recordingTarget } from './recording-target.js'
import { createWorld, type World } from './world.js'

let database: TestDatabase
const opened: SqlAdapters[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const adapters of opened.splice(0)) await adapters.close()
  await database.drop()
})

/** Pending people in a group to which a rule gives a role. */
async function aCrew(count: number, target: AccessTarget) {
  const adapters = await sqlAdapters({ url: database.url, target })
  opened.push(adapters)
  const world: World = createWorld(adapters)
  const users: User[] = []
  for (let index = 0; index < count; index += 1) {
    users.push(await world.addUser(`user${index}@example.com`))
  }
  const crew = await world.addGroup('Crew', users)
  await world.saveRules({ roles_groups: [['Annotator', 'Crew']] })
  return { ...world, crew, users, access: adapters.access }
}

const idsOf = (users: readonly User[]) => users.map(({ id }) => id)

describe('people who are pending together', () => {
  it('are done in two statements each, with a change and without one', async () => {
    const { adapters, access, scope, users } = await aCrew(40, recordingTarget().target)
    const reconciler = createReconciler(adapters)
    const texts = await recordStatements(() => reconciler.drain())
    await access.mark(scope, idsOf(users))
    const again = await recordStatements(() => reconciler.drain())
    expect(await access.summary(scope)).toMatchObject({ pending: 0, failed: 0 })
    expect(texts.length / users.length).toBeLessThanOrEqual(2)
    expect(again.length / users.length).toBeLessThanOrEqual(2)
  })

  it('each keep an outcome of their own when the host refuses one', async () => {
    const host = recordingTarget()
    const { adapters, access, scope, users } = await aCrew(8, host.target)
    host.haveTrouble((_scope, userName) => {
      if (userName === users[3]?.userName) throw new RefusedError('Not this person.')
    })
    await createReconciler(adapters).drain()
    const entries = await access.listPending(scope, { offset: 0, limit: 10 })
    expect(entries.map(({ userId, failed }) => [userId, failed])).toEqual([[users[3]?.id, true]])
    const records = await access.getRecords(scope, idsOf(users))
    expect(records.filter(({ enforced }) => enforced === 'active')).toHaveLength(7)
  })

  it('each keep an outcome of their own when two get the same account', async () => {
    const host = recordingTarget()
    const account = { email: 'shared@example.com', origin: 'adopted' } as const
    const applyAccess: AccessTarget['applyAccess'] = async (...parameters) => {
      const [, user] = parameters
      const applied = await host.target.applyAccess(...parameters)
      const isShared = [users[2]?.id, users[5]?.id].includes(user.id)
      return { ...applied, account: { ...account, id: isShared ? 'shared' : user.id } }
    }
    const world = await aCrew(8, { ...host.target, applyAccess })
    const { adapters, access, scope, users } = world
    await createReconciler(adapters).drain()
    const [pending, ...others] = await access.listPending(scope, { offset: 0, limit: 10 })
    expect(others).toEqual([])
    expect(pending?.attempts).toBe(1)
    const holder = await access.recordByAccount(scope, 'shared')
    expect([pending?.userId, holder?.userId].sort()).toEqual([users[2]?.id, users[5]?.id].sort())
  })

  it('are done again if they change while the others are being done', async () => {
    const host = recordingTarget()
    const { adapters, access, scope, users, changeMembers, crew } = await aCrew(8, host.target)
    const [slow, reached] = [aGate(), aGate()]
    host.haveTrouble((_scope, userName) => {
      if (userName !== users[0]?.userName) return undefined
      reached.open()
      return slow.opened
    })
    const drained = createReconciler(adapters).drain()
    await reached.opened
    await changeMembers(crew, { remove: [users[0] as User, users[7] as User] })
    slow.open()
    await drained
    expect(await access.summary(scope)).toMatchObject({ pending: 0, failed: 0 })
    for (const { id } of [users[0] as User, users[7] as User]) {
      expect(host.people.get(id)?.active).toBe(false)
    }
    expect(host.people.get(users[3]?.id ?? '')?.active).toBe(true)
    expect(host.overlapping.size).toBe(0)
  })

  it('are looked at one by one if that fails for all together', async () => {
    const host = recordingTarget()
    const { adapters, access, scope, users } = await aCrew(8, host.target)
    const { resolveAccessOf } = adapters.groups
    const groups: GroupStore = {
      ...adapters.groups,
      async resolveAccessOf(of, people) {
        if (people.some(({ id }) => id === users[4]?.id)) throw new Error('Cannot be resolved.')
        return resolveAccessOf?.(of, people) ?? []
      },
    }
    await createReconciler({ ...adapters, groups }).drain()
    const entries = await access.listPending(scope, { offset: 0, limit: 10 })
    expect(entries.map(({ userId, attempts }) => [userId, attempts])).toEqual([[users[4]?.id, 1]])
    expect(host.calls).toHaveLength(7)
  })

  /** How a worker renews its claim once it goes on. */
  type Renew = (real: () => Promise<boolean>) => Promise<boolean>
  const reached: Renew = (real) => real()
  const unreached: Renew = async () => {
    throw new UnavailableError('ECONNRESET')
  }
  const goneWrong = new UnavailableError('504 Gateway Timeout')

  it.each<[string, Renew, 'before' | 'after', Error | undefined]>([
    ['it never learns of that', async () => true, 'before', undefined],
    ['it learns of that', reached, 'before', undefined],
    ['it learns of that, and the host answers with an error', reached, 'before', goneWrong],
    ['it learns of that after the answer', reached, 'after', undefined],
    ['it learns of that after an error of the host', reached, 'after', goneWrong],
    ['it cannot reach the store', unreached, 'before', undefined],
    [
      'it cannot reach the store, and the host answers with an error',
      unreached,
      'before',
      goneWrong,
    ],
    ['it cannot reach the store after an error of the host', unreached, 'after', goneWrong],
  ])(
    'are out if a worker loses a lease and the host does late what it asked for: %s',
    async (_case, renew, order, error) => {
      const host = recordingTarget()
      const { adapters, access, scope, users, changeUser } = await aCrew(3, host.target)
      const [slow, asked, resumed, renewed] = [aGate(), aGate(), aGate(), aGate()]
      const leaver = users[0] as User
      host.haveTrouble(async (_scope, userName) => {
        if (userName !== leaver.userName) return
        host.haveTrouble(() => undefined)
        asked.open()
        await slow.opened
        if (error === undefined) return
        // It was carried out all the same.
        host.people.set(leaver.id, { active: true, grants: [] })
        throw error
      })
      const suspended: AccessStore = {
        ...access,
        async renew(...parameters) {
          await resumed.opened
          return renew(() => access.renew(...parameters)).finally(renewed.open)
        },
      }
      const drained = createReconciler(
        { ...adapters, access: suspended },
        { leaseMs: 1_000 },
      ).drain()
      await asked.opened
      await changeUser(leaver, { active: false })
      const other = createReconciler(adapters)
      while ((await access.getRecord(scope, leaver.id))?.enforced !== 'deprovisioned') {
        await other.drain()
        await nextTurn()
      }
      if (order === 'before') {
        resumed.open()
        await renewed.opened
      }
      slow.open()
      await nextTurn()
      resumed.open()
      await drained
      await other.drain()
      expect(host.people.get(leaver.id)?.active).toBe(false)
      expect(await access.getRecord(scope, leaver.id)).toMatchObject({ enforced: 'deprovisioned' })
      const records = await access.getRecords(scope, idsOf(users.slice(1)))
      expect(records.map(({ enforced }) => enforced)).toEqual(['active', 'active'])
      expect(await access.summary(scope)).toMatchObject({ pending: 0, failed: 0 })
    },
  )

  it('lose their last role during a pause only if they were deactivated', async () => {
    const host = recordingTarget()
    const { adapters, access, scope, users, changeUser } = await aCrew(4, host.target)
    await changeUser(users[1] as User, { active: false })
    await pause(access, scope, new Date())
    await createReconciler(adapters).drain()
    expect(host.calls.map(({ kind, user }) => [kind, user])).toEqual([
      ['deprovision', users[1]?.userName],
    ])
    const records = await access.getRecords(scope, idsOf(users))
    expect(records.filter(({ hadRole }) => hadRole)).toEqual([])
  })
})
