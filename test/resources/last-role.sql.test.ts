import { memoryAdapters } from '../../adapters/memory/index.js'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import type { AccessTarget, Adapters } from '../../lib/stores/index.js'
import { type TestDatabase, testDatabase } from '../support/test-database.js'
import { organization, statusOf, waysToTakeTheRole } from './taking-access.js'

let database: TestDatabase
let opened: SqlAdapters[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const adapters of opened.splice(0)) await adapters.close()
  await database.drop()
})
async function sql(target: AccessTarget): Promise<Adapters> {
  const adapters = await sqlAdapters({ url: database.url, target })
  opened = [...opened, adapters]
  return adapters
}
const memory = (target: AccessTarget): Adapters => memoryAdapters({ target })
/** A store of a host's own that declares nothing beyond what it must. */
function plain(target: AccessTarget): Adapters {
  const adapters = memoryAdapters({ target })
  const { noteRole: _, ...access } = adapters.access
  const { resolveAccessOf, changeMembers, supports, ...groups } = adapters.groups
  return { ...adapters, access, groups: { ...groups, supports: { ...supports, alongside: true } } }
}

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
})
