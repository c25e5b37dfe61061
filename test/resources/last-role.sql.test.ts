import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import type { AccessTarget, Adapters, Group } from '../../lib/stores/index.js'
import { testDatabase } from '../support/test-database.js'
import { organization, scope, statusOf, waysToShutOut, waysToTakeTheRole } from './taking-access.js'

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
/** A store of a host's own that declares nothing beyond what it must: groups are written whole. */
function plain(target: AccessTarget): Adapters {
  const adapters = memoryAdapters({ target })
  const { noteRole: _, ...access } = adapters.access
  const { resolveAccessOf, changeMembers, supports: _all, replace, ...groups } = adapters.groups
  const replaceWhole: typeof replace = async (own, group, write) => {
    const [had, has] = [
      idsIn(await adapters.groups.get(own, group.id, { omit: new Set() })),
      idsIn(group),
    ]
    const add = has.filter((id) => !had.includes(id))
    const remove = had.filter((id) => !has.includes(id))
    return replace(own, group, { ...write, members: { add, remove } })
  }
  const whole = { ...groups, replace: replaceWhole, supports: { outbox: true } }
  return { ...adapters, access, groups: whole }
}
const idsIn = (group: Group | undefined) => group?.members?.map(({ value }) => value) ?? []

describe.each([
  ['memory', memory],
  ['a store that declares little', plain],
  ['SQL', sql],
])('taking the last role, on %s', (_, make) => {
  it.each(waysToTakeTheRole)(
    'means the same before and after a reconciler came by: $title (R8)',
    async ({ take, isNested }) => {
      const world = await organization(make, {}, isNested)
      expect(statusOf(await take(world))).toBeLessThan(300)
      await world.reconciler.drain()
      expect([await world.isLetIn(), world.isActive()]).toEqual([false, false])
    },
  )

  it.each(waysToTakeTheRole)(
    'has ended access when it is answered: $title (R19)',
    async ({ take, isNested }) => {
      const world = await organization(make, {}, isNested)
      await world.reconciler.drain()
      expect([await world.isLetIn(), world.isActive()]).toEqual([true, true])
      expect(statusOf(await take(world))).toBeLessThan(300)
      expect([await world.isLetIn(), world.isActive()]).toEqual([false, false])
    },
  )

  it.each(waysToShutOut)(
    'has ended the access of somebody with no other role when it is answered: $title (R19)',
    async ({ take }) => {
      const world = await organization(make)
      await world.patch(`/Groups/${world.crew}`, [
        { op: 'replace', path: 'displayName', value: 'X' },
      ])
      await world.access.deleteRecord(scope, world.ann)
      await world.access.mark(scope, [world.ann])
      await world.reconciler.drain()
      expect([await world.isLetIn(), world.isActive()]).toEqual([true, true])
      expect(statusOf(await take(world))).toBeLessThan(300)
      expect([await world.isLetIn(), world.isActive()]).toEqual([false, false])
    },
  )
})
