import { createReconciler } from '../../lib/access/index.js'
import { statusLookUp } from '../../lib/gate/decide.js'
import type { ScimOptions } from '../../lib/options.js'
import type { AccessTarget, Adapters, User } from '../../lib/stores/index.js'
import { recordingTarget } from '../access/recording-target.js'
import { createWorld, someRules } from '../access/world.js'
import { serve } from '../protocol/server.js'

/**
 * People who have the role Annotator by the group Crew, in which they are through another group.
 */
export async function crewOf(
  make: (target: AccessTarget) => Adapters | Promise<Adapters>,
  size: number,
  options: Partial<ScimOptions> = {},
) {
  const host = recordingTarget()
  const provider = await serve(await make(host.target), options)
  const world = createWorld(provider.adapters)
  const people: User[] = []
  for (let n = 0; n < size; n += 1) people.push(await world.addUser(`person-${n}@example.com`))
  const inner = await world.addGroup('Inner', people)
  const crew = await world.addGroup('Crew', [inner])
  const rules = someRules({ roles_groups: [['Annotator', 'Crew']] })
  const { access } = world.adapters
  await access.saveRules(world.scope, rules, { expectedVersion: '0', affects: [] })
  const reconciler = createReconciler(world.adapters)
  await reconciler.drain()
  host.calls.length = 0
  const judge = statusLookUp(provider.adapters)
  return {
    ...provider,
    ...{ host, reconciler, people, world, path: `/Groups/${crew.id}` },
    /** How many the system behind has shut out. */
    shut: () => people.filter(({ id }) => host.people.get(id)?.active === false).length,
    /** What the gate says of somebody by their address. */
    standingOf: async ({ userName }: User) =>
      (await judge(world.scope, { email: userName })).standing,
  }
}

export type Crew = Awaited<ReturnType<typeof crewOf>>
