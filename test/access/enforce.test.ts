import { memoryAdapters } from '../../adapters/memory/index.js'
import { type Claim, enforceAccess } from '../../lib/access/index.js'
import type { AuditEntry } from '../../lib/events/catalogue.js'
import type { MappingPolicy } from '../../lib/mapping/index.js'
import { recordingTarget } from './recording-target.js'
import { createWorld, type World } from './world.js'

function setUp(policy: Partial<MappingPolicy> = {}) {
  const host = recordingTarget()
  const world: World = createWorld(memoryAdapters({ target: host.target, policy }))
  const events: AuditEntry[] = []
  const context = {
    adapters: world.adapters,
    clock: () => new Date('2026-03-01T10:00:00Z'),
    emit: (event: AuditEntry) => void events.push(event),
  }
  const enforce = (user: { id: string }) => enforceAccess(context, world.scope, claimOn(user.id))
  /** Access is given, but the process ends before that is recorded. */
  const enforceUnrecorded = (user: { id: string }) => {
    const lost = async () => {
      throw new Error('The process has ended.')
    }
    const access = { ...world.adapters.access, finish: lost, saveRecord: lost }
    const adapters = { ...world.adapters, access }
    return enforceAccess({ ...context, adapters }, world.scope, claimOn(user.id))
  }
  return { ...world, host, events, enforce, enforceUnrecorded, access: world.adapters.access }
}

function claimOn(userId: string): Claim {
  const at = '2026-03-01T09:00:00Z'
  const entry = {
    tenant: 'acme',
    userId,
    since: at,
    mark: 1,
    attempts: 0,
    failed: false,
    nextAt: at,
  }
  return { owner: 'test', entry }
}

const crewRules = {
  roles_groups: [['Annotator', 'Crew']],
  workspaces_groups: [['Vision', 'Crew']],
  projects_groups: [{ project_id: 7, group: 'Crew', role: 'Reviewer' }],
} as const

describe('enforceAccess', () => {
  it('gives what the groups give, records it as the ledger and tells each grant', async () => {
    const { addUser, addGroup, saveRules, enforce, events, access, scope } = setUp()
    const ada = await addUser('ada@example.com')
    await addGroup('Crew', [ada])
    await saveRules(crewRules)

    await expect(enforce(ada)).resolves.toBe('active')

    expect(await access.getRecord(scope, ada.id)).toMatchObject({
      email: 'ada@example.com',
      enforced: 'active',
      hadRole: true,
      applied: [
        { kind: 'role', role: 'Annotator' },
        { kind: 'workspace', title: 'Vision' },
        { kind: 'project', projectId: 7, role: 'Reviewer' },
      ],
    })
    expect(events.map(({ event, detail }) => [event, detail])).toEqual([
      ['access.granted', 'access'],
      ['access.granted', 'organization role Annotator'],
      ['access.granted', 'workspace "Vision"'],
      ['access.granted', 'Reviewer in project 7'],
    ])
  })

  it('grants and tells nothing the second time', async () => {
    const { addUser, addGroup, saveRules, enforce, events, host } = setUp()
    const ada = await addUser('ada@example.com')
    await addGroup('Crew', [ada])
    await saveRules(crewRules)
    await enforce(ada)
    events.length = 0

    await enforce(ada)

    expect(host.calls.at(-1)).toMatchObject({ plan: { grants: [], revocations: [], deferred: [] } })
    expect(events).toEqual([])
  })

  it('ends access when the last group that gave a role is left, and restores it on return', async () => {
    const { addUser, addGroup, changeMembers, saveRules, enforce, host } = setUp()
    const ada = await addUser('ada@example.com')
    const crew = await addGroup('Crew', [ada])
    await saveRules(crewRules)
    await enforce(ada)

    await changeMembers(crew, { remove: [ada] })
    await expect(enforce(ada)).resolves.toBe('deprovisioned')
    expect(host.calls.at(-1)).toEqual({
      kind: 'deprovision',
      user: 'ada@example.com',
      reason: 'noRole',
    })

    await changeMembers(crew, { add: [ada] })
    await expect(enforce(ada)).resolves.toBe('active')
    expect(host.people.get(ada.id)).toMatchObject({ active: true })
  })

  it('ends access that was given and never recorded, when no group gives it any more', async () => {
    const { addUser, addGroup, deleteGroup, saveRules, enforce, enforceUnrecorded, host } = setUp()
    const ada = await addUser('ada@example.com')
    const crew = await addGroup('Crew', [ada])
    await saveRules(crewRules)
    await expect(enforceUnrecorded(ada)).rejects.toThrow('The process has ended.')
    expect(host.people.get(ada.id)?.active).toBe(true)

    await deleteGroup(crew)

    await expect(enforce(ada)).resolves.toBe('deprovisioned')
    expect(host.people.get(ada.id)?.active).toBe(false)
  })

  it('revokes only what it granted, never what was given by hand in the host', async () => {
    const { addUser, addGroup, saveRules, enforce, host } = setUp()
    const ada = await addUser('ada@example.com')
    await addGroup('Crew', [ada])
    await saveRules(crewRules)
    await enforce(ada)
    const byHand = { kind: 'workspace', title: 'By hand' } as const
    const { grants } = host.people.get(ada.id)!
    host.people.set(ada.id, { active: true, grants: [...grants, byHand] })

    await saveRules({ roles_groups: [['Annotator', 'Crew']] })
    await enforce(ada)

    expect(host.people.get(ada.id)?.grants).toEqual([{ kind: 'role', role: 'Annotator' }, byHand])
  })

  it('ends the access of somebody deactivated or deleted, and keeps the record of them', async () => {
    const { addUser, changeUser, deleteUser, enforce, host, access, scope } = setUp()
    const ada = await addUser('ada@example.com')
    const bob = await addUser('bob@example.com')
    await Promise.all([enforce(ada), enforce(bob)])

    await changeUser(ada, { active: false })
    await deleteUser(bob)

    await expect(enforce(ada)).resolves.toBe('deprovisioned')
    await expect(enforce(bob)).resolves.toBe('gone')
    expect(host.calls.filter(({ kind }) => kind === 'deprovision')).toEqual([
      { kind: 'deprovision', user: 'ada@example.com', reason: 'deactivated' },
      { kind: 'deprovision', user: 'bob@example.com', reason: 'deleted' },
    ])
    expect(await access.getRecord(scope, bob.id)).toMatchObject({
      email: 'bob@example.com',
      enforced: 'deprovisioned',
    })
  })

  it('gives somebody who comes back what their groups give then, not what they gave before', async () => {
    const { addUser, changeUser, addGroup, changeMembers, saveRules, enforce, access, scope } =
      setUp()
    const ada = await addUser('ada@example.com')
    const crew = await addGroup('Crew', [ada])
    const leads = await addGroup('Leads')
    await saveRules({
      roles_groups: [
        ['Manager', 'Crew'],
        ['Annotator', 'Leads'],
      ],
    })
    await enforce(ada)
    await changeUser(ada, { active: false })
    await expect(enforce(ada)).resolves.toBe('deprovisioned')

    await changeMembers(leads, { add: [ada] })
    await changeMembers(crew, { remove: [ada] })
    await expect(enforce(ada)).resolves.toBe('deprovisioned')

    await changeUser(ada, { active: true })
    await expect(enforce(ada)).resolves.toBe('active')
    const record = await access.getRecord(scope, ada.id)
    expect(record!.applied).toEqual([{ kind: 'role', role: 'Annotator' }])
  })

  it('touches nobody the host protects, and says why (S-AUTHZ-07)', async () => {
    const host = recordingTarget()
    const exemptions = async (_: unknown, people: readonly unknown[]) =>
      people.map(() => ({ kind: 'protected', reason: 'Owns the organization.' }) as const)
    const world: World = createWorld(memoryAdapters({ target: { ...host.target, exemptions } }))
    const owner = await world.addUser('owner@example.com')
    await world.addGroup('Crew', [owner])
    await world.saveRules(crewRules)

    const enforced = await enforceAccess(
      { adapters: world.adapters, clock: () => new Date(), emit: () => {} },
      world.scope,
      claimOn(owner.id),
    )

    expect(enforced).toBe('protected')
    expect(host.calls).toEqual([])
    const record = await world.adapters.access.getRecord(world.scope, owner.id)
    expect(record?.notes).toEqual(['Owns the organization.'])
  })

  it.each([
    ['administrators', 'case'],
    ['Administrators ', 'a trailing space'],
    ['Admin\u200bistrators', 'a zero-width character'],
    ['Аdministrators', 'a Cyrillic letter'],
    ['Owner', 'the name of a role'],
  ])('gives nothing for %j, a look-alike by %s (S-AUTHZ-08)', async (displayName) => {
    const { addUser, addGroup, saveRules, enforce, access, scope } = setUp()
    const eve = await addUser('eve@example.com')
    await addGroup(displayName, [eve])
    await saveRules({ roles_groups: [['Administrator', 'Administrators']] })

    await enforce(eve)

    expect((await access.getRecord(scope, eve.id))?.applied).toEqual([])
  })

  it('ignores roles and entitlements that the client wrote into the user (S-AUTHZ-09)', async () => {
    const { addUser, enforce, access, scope } = setUp()
    const eve = await addUser('eve@example.com', {
      roles: [{ value: 'Owner' }],
      entitlements: [{ value: 'Administrator' }],
    })

    await enforce(eve)

    expect((await access.getRecord(scope, eve.id))?.applied).toEqual([])
  })
})
