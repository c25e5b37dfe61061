import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler } from '../../lib/access/index.js'
import { statusLookUp } from '../../lib/gate/decide.js'
import { protectUsers } from '../../lib/index.js'
import { recordingTarget } from '../access/recording-target.js'
import { someRules } from '../access/world.js'
import { type Answer, groupUrn, type ServiceProvider, serve } from '../protocol/server.js'
import { scope } from './taking-access.js'

const name = 'svc@example.com'

/** A service account that had its role by the group Crew, and is protected since. */
async function protectedLater() {
  const host = recordingTarget()
  const adapters = memoryAdapters({ target: host.target })
  const before = await serve(adapters)
  const rules = someRules({ roles_groups: [['Annotator', 'Crew']] })
  await adapters.access.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
  const svc: string = (await before.user(name)).id
  const crew: string = (await before.group('Crew', [svc])).id
  await createReconciler(adapters).drain()
  expect((await adapters.access.getRecord(scope, svc))?.hadRole).toBe(true)
  const own = protectUsers(adapters, [name])
  const standing = async () => (await statusLookUp(own)(scope, { email: name })).standing
  return { ...(await serve(own)), host, svc, crew: `/Groups/${crew}`, own, standing }
}

const changes: [string, (world: ServiceProvider, path: string, svc: string) => Promise<Answer>][] =
  [
    ['DELETE', (world, path) => world.delete(path)],
    ['PUT', ({ put }, path) => put(path, { schemas: [groupUrn], displayName: 'Crew' })],
    ['PATCH of all', ({ patch }, path) => patch(path, [{ op: 'remove', path: 'members' }])],
    [
      'PATCH of one',
      ({ patch }, path, svc) => patch(path, [{ op: 'remove', path: `members[value eq "${svc}"]` }]),
    ],
  ]

it.each(changes)(
  'changes nothing for somebody protected who had a role: %s (R13)',
  async (_name, change) => {
    const world = await protectedLater()
    const before = (await world.get(world.crew)).body
    const refused = await change(world, world.crew, world.svc)
    expect(refused.status).toBe(403)
    expect((await world.get(world.crew)).body).toEqual(before)
    await createReconciler(world.own).drain()
    expect([await world.standing(), world.host.people.get(world.svc)?.active]).toEqual([
      'active',
      true,
    ])
  },
)

it('shuts nobody out who is protected when their group gets another name (R13)', async () => {
  const world = await protectedLater()
  const rename = [{ op: 'replace', path: 'displayName', value: 'Other' }]
  expect((await world.patch(world.crew, rename)).status).toBeLessThan(300)
  await createReconciler(world.own).drain()
  expect([await world.standing(), world.host.people.get(world.svc)?.active]).toEqual([
    'active',
    true,
  ])
})
