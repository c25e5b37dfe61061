import { randomUUID } from 'node:crypto'
import { memoryAdapters } from '../../adapters/memory/index.js'
import type { Scope, User } from '../../lib/stores/index.js'
import { workspaceDirectory } from '../../lib/workspaces/index.js'
import { createWorld, someRules } from '../access/world.js'

const rules = someRules({
  roles_groups: [
    ['Manager', 'Leads'],
    ['Annotator', 'Crew'],
  ],
  workspaces_groups: [
    ['Vision', 'Leads'],
    ['Vision', 'Crew'],
    ['Text', 'Texts'],
  ],
})

async function anOffice() {
  const adapters = memoryAdapters()
  const world = createWorld(adapters)
  const { scope } = world
  const person = async (name: string) => world.addUser(`${name}@example.com`)
  const [lead, both, mate] = [await person('lead'), await person('both'), await person('mate')]
  await world.addGroup('Leads', [lead, both])
  await world.addGroup('Texts', [both])
  await world.addGroup('Crew', [mate])
  await adapters.access.saveRules(scope, rules, { expectedVersion: '0', affects: 'everybody' })
  return { adapters, scope, lead, both, mate, directory: workspaceDirectory(adapters) }
}

type Office = Awaited<ReturnType<typeof anOffice>>
const create = async ({ directory, scope }: Office, user: User, projectId: number) =>
  directory.projectCreated(scope, { projectId, user })

describe('the directory of workspaces', () => {
  it('knows the projects of a workspace by title and by id, at once after each change', async () => {
    const { adapters, scope, directory } = await anOffice()
    const { workspaceStore } = adapters
    expect(await directory.projectsOfWorkspace(scope, 'Vision')).toEqual([])
    const id = randomUUID()
    await workspaceStore.create(scope, { id, title: 'Vision' })
    await workspaceStore.putProjects(scope, id, [7, 3])
    expect(await directory.projectsOfWorkspace(scope, 'Vision')).toEqual([3, 7])
    expect(await directory.projectsOfWorkspace(scope, id)).toEqual([3, 7])
    await workspaceStore.removeProjects(scope, [3])
    expect(
      await directory.projectsOfPerson(scope, { userId: 'nobody', titles: ['Vision', 'None'] }),
    ).toEqual(new Set([7]))
    const other: Scope = { ...scope, tenant: 'other' }
    expect(await directory.projectsOfWorkspace(other, 'Vision')).toEqual([])
  })

  it('puts a project that a Manager made into their one workspace', async () => {
    const office = await anOffice()
    await create(office, office.lead, 5)
    const { directory, scope, lead } = office
    expect(await directory.projectsOfWorkspace(scope, 'Vision')).toEqual([5])
    expect(await directory.unplacedProjectsOf(scope, lead.id)).toEqual([])
  })

  it('leaves one of several workspaces to choose, and shows it to its maker until then', async () => {
    const office = await anOffice()
    await create(office, office.both, 5)
    const { adapters, directory, scope, both, lead } = office
    expect(
      await directory.projectsOfPerson(scope, { userId: 'nobody', titles: ['Vision', 'Text'] }),
    ).toEqual(new Set())
    expect(await directory.unplacedProjectsOf(scope, both.id)).toEqual([5])
    expect(await directory.unplacedProjectsOf(scope, lead.id)).toEqual([])
    const id = randomUUID()
    await adapters.workspaceStore.create(scope, { id, title: 'Text' })
    await adapters.workspaceStore.putProjects(scope, id, [5])
    expect(await directory.unplacedProjectsOf(scope, both.id)).toEqual([])
    await directory.projectDeleted(scope, 5)
    expect(await directory.projectsOfWorkspace(scope, 'Text')).toEqual([])
  })

  it('does nothing for a project that nobody with the role Manager made', async () => {
    const office = await anOffice()
    await create(office, office.mate, 5)
    const { directory, scope, mate } = office
    expect(await directory.projectsOfWorkspace(scope, 'Vision')).toEqual([])
    expect(await directory.unplacedProjectsOf(scope, mate.id)).toEqual([])
  })

  it('asks the store for everything only when something has changed', async () => {
    const { adapters, scope } = await anOffice()
    const list = jest.spyOn(adapters.workspaceStore, 'list')
    const directory = workspaceDirectory(adapters)
    for (let turn = 0; turn < 5; turn += 1) await directory.projectsOfWorkspace(scope, 'Vision')
    expect(list).toHaveBeenCalledTimes(1)
  })

  it('is empty where the host has workspaces of its own, or no store keeps them', async () => {
    const { adapters, scope, lead } = await anOffice()
    const workspaceStore = { ...adapters.workspaceStore, isUsed: async () => false }
    const { workspaceStore: _, ...without } = adapters
    for (const each of [{ ...adapters, workspaceStore }, without]) {
      const directory = workspaceDirectory(each)
      await directory.projectCreated(scope, { projectId: 5, user: lead })
      await directory.projectDeleted(scope, 5)
      expect(await directory.isUsed(scope)).toBe(false)
      expect(await directory.projectsOfWorkspace(scope, 'Vision')).toEqual([])
      expect(
        await directory.projectsOfPerson(scope, { userId: 'nobody', titles: ['Vision'] }),
      ).toEqual(new Set())
      expect(await directory.unplacedProjectsOf(scope, lead.id)).toEqual([])
    }
  })
})
