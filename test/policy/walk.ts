import { send } from '../support/label-studio-browser.js'
import { openRoom, owner, type Person, type Room, type Target } from './room.js'

/** The thinnest way through: one project is open, the other is not, nothing else is. */
export function describeWalk(
  name: string,
  start: () => Promise<Target & { stop(): Promise<void> }>,
): void {
  describe(name, () => {
    let target: Target & { stop(): Promise<void> }
    let room: Room
    let anna: Person
    let mine: number
    let other: number
    let tasks: Record<number, number>

    beforeAll(async () => {
      target = await start()
      const projects = []
      tasks = {}
      for (const title of ['Cats', 'Dogs']) {
        const { id } = await owner(target, 'POST', '/api/projects', { title })
        await owner(target, 'POST', `/api/projects/${id}/import`, [{ text: `canary ${title}` }])
        const list = await owner(target, 'GET', `/api/tasks?project=${id}`)
        tasks[id] = list.tasks[0].id
        projects.push(id)
      }
      ;[mine = 0, other = 0] = projects
      room = await openRoom(target)
      anna = await room.add('anna@example.com', {
        role: 'Annotator',
        projects: { [mine]: 'Inherit' },
      })
    })

    afterAll(async () => {
      await room?.close()
      await target?.stop()
    })

    const as = (person: Person, method: string, path: string, body?: unknown) =>
      send(`${room.url}${path}`, {
        method,
        headers: person.headers,
        ...(body !== undefined && { body }),
      })

    it('lists only the projects that the rules give', async () => {
      const { status, json } = await as(anna, 'GET', '/api/projects?ids=')
      expect([status, json.count, json.results[0].title]).toEqual([200, 1, 'Cats'])
    })

    it.each([500, 2000, 20_000])('lists them also among %i others', async (count) => {
      const many = Array.from({ length: count }, (_, each) => [100_000 + each, 'Inherit'] as const)
      const projects = { ...Object.fromEntries(many), [mine]: 'Inherit' as const }
      const mia = await room.add(`mia${count}@example.com`, { role: 'Manager', projects })
      for (const query of ['', '?page=1&page_size=30', `?ids=${mine},${other}`]) {
        const { status, json } = await as(mia, 'GET', `/api/projects${query}`)
        const titles = json.results.map(({ title }: { title: string }) => title)
        expect([query, status, titles]).toEqual([query, 200, ['Cats']])
      }
    })

    it('opens the project, its tasks, and lets somebody label', async () => {
      const { status } = await as(anna, 'GET', `/api/projects/${mine}`)
      expect(status).toBe(200)
      const list = await as(anna, 'GET', `/api/tasks?project=${mine}`)
      expect(list.json.tasks).toHaveLength(1)
      const path = `/api/tasks/${tasks[mine]}/annotations/`
      expect((await as(anna, 'POST', path, { result: [] })).status).toBe(201)
    })

    it('refuses another project, its tasks, and whatever is not listed', async () => {
      for (const [method, path] of [
        ['GET', `/api/projects/${other}`],
        ['GET', `/api/tasks?project=${other}`],
        ['GET', `/api/tasks/${tasks[other]}/annotations/`],
        ['DELETE', `/api/projects/${mine}`],
        ['GET', '/api/something-new'],
        ['POST', '/api/projects'],
      ] as const) {
        const { status, json } = await as(anna, method, path, method === 'POST' ? {} : undefined)
        expect([path, status, json.detail]).toEqual([
          path,
          403,
          'You may not do this. Ask your administrator for access.',
        ])
      }
      expect(room.refusals.map(({ reason }) => reason)).toContain('unlisted')
    })

    it('shows everything to an administrator and to the owner', async () => {
      const adam = await room.add('adam@example.com', { role: 'Administrator' })
      const count = (await owner(target, 'GET', '/api/projects')).count
      expect(count).toBeGreaterThan(1)
      expect((await as(adam, 'GET', '/api/projects')).json.count).toBe(count)
      const headers = { authorization: `Token ${target.token}` }
      const { json } = await send(`${room.url}/api/projects`, { headers })
      expect(json.count).toBe(count)
    })

    it('takes access away from the moment that the rules do', async () => {
      const ben = await room.add('ben@example.com', {
        role: 'Annotator',
        projects: { [mine]: 'Inherit' },
      })
      expect((await as(ben, 'GET', `/api/projects/${mine}`)).status).toBe(200)
      room.give(ben.email, { role: 'Annotator' })
      expect((await as(ben, 'GET', `/api/projects/${mine}`)).status).toBe(403)
      expect((await as(ben, 'GET', '/api/projects')).json.count).toBe(0)
    })
  })
}
