import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler, onSignIn } from '../../lib/access/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import { UnavailableError } from '../../lib/stores/index.js'
import { recordingTarget } from './recording-target.js'
import { createWorld, type World } from './world.js'

const newcomerRules = {
  roles_groups: [['Not Activated', 'Newcomers']],
  workspaces_groups: [['Vision', 'Newcomers']],
  projects_groups: [{ project_id: 7, group: 'Newcomers', role: 'Inherit' }],
} as const
const memberships = [
  { kind: 'workspace', title: 'Vision' },
  { kind: 'project', projectId: 7, role: 'Inherit' },
]

async function setUp() {
  const host = recordingTarget()
  const world: World = createWorld(
    memoryAdapters({ target: host.target, policy: { allowSystemRoles: true } }),
  )
  const reconciler = createReconciler(world.adapters)
  const ada = await world.addUser('ada@example.com')
  return { ...world, host, reconciler, ada, access: world.adapters.access }
}

describe('onSignIn', () => {
  it('completes at the first sign-in what was deferred for somebody Not Activated', async () => {
    const { adapters, scope, ada, addGroup, saveRules, reconciler, access, host } = await setUp()
    await addGroup('Newcomers', [ada])
    await saveRules(newcomerRules)
    await reconciler.drain()
    expect((await access.getRecord(scope, ada.id))?.deferred).toEqual(memberships)

    const decision = await onSignIn(adapters, { tenant: 'acme' }, ' Ada@Example.com ')

    expect(decision).toEqual({ allowed: true, reason: 'active', userId: ada.id })
    expect(host.people.get(ada.id)?.grants).toEqual([
      { kind: 'role', role: 'Not Activated' },
      ...memberships,
    ])
    expect((await access.getRecord(scope, ada.id))?.deferred).toEqual([])
  })

  it('keeps it given when access is made true again later', async () => {
    const { adapters, scope, ada, addGroup, saveRules, reconciler, access } = await setUp()
    await addGroup('Newcomers', [ada])
    await saveRules(newcomerRules)
    await onSignIn(adapters, scope, 'ada@example.com')

    await access.mark(scope, [ada.id])
    await reconciler.drain()

    expect((await access.getRecord(scope, ada.id))?.applied).toEqual([
      { kind: 'role', role: 'Not Activated' },
      ...memberships,
    ])
  })

  it('lets the person in when the host cannot complete it now, and leaves it to the reconciler', async () => {
    const { adapters, scope, ada, addGroup, saveRules, reconciler, host } = await setUp()
    await addGroup('Newcomers', [ada])
    await saveRules(newcomerRules)
    await reconciler.drain()
    host.haveTrouble(() => {
      throw new UnavailableError('Down.', { retryAfterSeconds: 0 })
    })

    await expect(onSignIn(adapters, scope, 'ada@example.com')).resolves.toMatchObject({
      allowed: true,
    })

    host.haveTrouble(() => {})
    const inAMinute = Date.now() + 60_000
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => inAMinute)
    await createReconciler(adapters).drain()
    clock.mockRestore()
    expect(host.people.get(ada.id)?.grants).toEqual(expect.arrayContaining(memberships))
  })

  it('emits user.signedIn and writes it to the audit log, each time', async () => {
    const { adapters, scope, ada } = await setUp()
    const events: AuditEntry[] = []
    const onEvent = (event: AuditEntry) => void events.push(event)

    await onSignIn(adapters, scope, 'ada@example.com', { onEvent })
    await onSignIn(adapters, scope, 'ada@example.com', { onEvent })

    expect(events.map(({ event, target }) => [event, target?.id])).toEqual([
      ['user.signedIn', ada.id],
      ['access.granted', ada.id],
      ['user.signedIn', ada.id],
    ])
    const logged = await adapters.audit!.query(scope, { event: 'user.signedIn', limit: 10 })
    expect(logged).toHaveLength(2)
  })

  it('refuses people who are inactive, deleted, or without the role that gave them access', async () => {
    const { adapters, scope, ada, addUser, addGroup, changeUser, deleteUser, ...rest } =
      await setUp()
    const bob = await addUser('bob@example.com')
    const cyd = await addUser('cyd@example.com')
    const crew = await addGroup('Crew', [cyd])
    await rest.saveRules({ roles_groups: [['Annotator', 'Crew']] })
    await rest.reconciler.drain()
    await changeUser(ada, { active: false })
    await deleteUser(bob)
    await rest.changeMembers(crew, { remove: [cyd] })

    for (const name of ['ada', 'bob', 'cyd']) {
      await expect(onSignIn(adapters, scope, `${name}@example.com`)).resolves.toEqual({
        allowed: false,
        reason: 'deprovisioned',
      })
    }
  })

  it('does not reactivate anybody (S-ATO-09)', async () => {
    const { adapters, scope, ada, changeUser, host } = await setUp()
    await changeUser(ada, { active: false })

    await onSignIn(adapters, scope, 'ada@example.com')

    expect(host.calls).toEqual([])
    const stored = await adapters.users.get(scope, ada.id, { omit: new Set() })
    expect(stored?.active).toBe(false)
  })

  it.each(['allow', 'refuse'] as const)(
    'answers for people SCIM never had as the host wants: %s',
    async (unknownPeople) => {
      const { adapters, scope } = await setUp()
      await expect(onSignIn(adapters, scope, 'x@example.com', { unknownPeople })).resolves.toEqual({
        allowed: unknownPeople === 'allow',
        reason: 'unknown',
      })
    },
  )

  it('knows nobody of another tenant', async () => {
    const { adapters } = await setUp()
    await expect(
      onSignIn(adapters, { tenant: 'other' }, 'ada@example.com', { unknownPeople: 'refuse' }),
    ).resolves.toEqual({ allowed: false, reason: 'unknown' })
  })
})
