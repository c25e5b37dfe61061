import { workFields } from '../../adapters/label-studio/policy/work-fields.js'
import { sendAsItIs, sentWithWork } from './requests.js'
import { owner, type Person } from './room.js'
import { type OpenTarget, openWorld, type World } from './world.js'

/** Fields that people write, and parts of answers that they read, below Manager. */
export function describeRealFields(name: string, start: () => Promise<OpenTarget>): void {
  describe(name, () => {
    let world: World

    beforeAll(async () => {
      world = await openWorld(start)
    })

    afterAll(() => world?.close())

    async function as({ headers }: Person, method: string, path: string, body?: unknown) {
      const { status, text } = await sendAsItIs(world.room.url, {
        method,
        path,
        headers,
        ...(body !== undefined && { type: 'application/json', body: JSON.stringify(body) }),
      })
      const isRefused = status === 403 && text.includes('Ask your administrator for access.')
      return { status, isRefused, text: text.slice(text.indexOf('\n\n') + 2) }
    }

    it.each(['annotation', 'draft'])('the table has each field of a %s', async (kind) => {
      const path = `/api/${kind}s/${world.mine[kind]}/`
      const { actions } = await owner(world.target, 'OPTIONS', path)
      const fields = Object.entries<{ read_only: boolean }>(actions.PUT)
      const written = fields.filter(([, each]) => !each.read_only).map(([field]) => field)
      expect(written.filter((field) => !Object.hasOwn(workFields, field))).toEqual([])
      expect(written).toContain('import_id')
    })

    it('an Annotator submits and updates, and forges nothing', async () => {
      const { annotator, reviewer } = world.people
      const task = `/api/tasks/${world.mine['task']}`
      const made = await as(annotator, 'POST', `${task}/annotations/`, sentWithWork)
      expect(made.status).toBe(201)
      const { id } = JSON.parse(made.text)
      const path = `/api/annotations/${id}/`
      const whole = JSON.parse((await as(annotator, 'GET', path)).text)
      for (const body of [
        { ...sentWithWork, id },
        { ...whole, lead_time: 2 },
        { ground_truth: false },
      ]) {
        expect((await as(annotator, 'PATCH', path, body)).status).toBe(200)
      }
      expect((await as(annotator, 'PUT', path, whole)).status).toBe(200)
      for (const body of [
        { last_created_by: reviewer.account },
        { updated_by: reviewer.account },
        { last_action: 'accepted' },
        { bulk_created: true },
        { import_id: 5 },
      ]) {
        expect([body, (await as(annotator, 'PATCH', path, body)).isRefused]).toEqual([body, true])
      }
      expect((await as(reviewer, 'PATCH', path, { ground_truth: true })).status).toBe(200)
      expect((await as(annotator, 'PATCH', path, { ground_truth: false })).isRefused).toBe(true)
      expect((await as(annotator, 'PATCH', path, { ...whole })).isRefused).toBe(true)
      expect(JSON.parse((await as(annotator, 'GET', path)).text)).toMatchObject({
        ground_truth: true,
        last_action: whole.last_action,
      })
    })

    it('tabs are put in order by those who may use them', async () => {
      const { annotator, manager } = world.people
      const project = world.mine['project']
      const made = await as(annotator, 'POST', '/api/dm/views/', { project, data: {} })
      const own = JSON.parse(made.text).id
      const of = (person: Person, ids: readonly unknown[]) =>
        as(person, 'POST', '/api/dm/views/order/', { project, ids })
      expect((await of(annotator, [own])).status).toBe(200)
      expect((await of(annotator, [own, world.mine['tab']])).isRefused).toBe(true)
      expect((await of(manager, [own, world.mine['tab']])).status).toBe(200)
    })

    it('a storage gives out the files that a task names', async () => {
      const { annotator, manager } = world.people
      const task = world.mine['task']
      const data = {
        text: 'open',
        image: 's3://open/a b.png',
        page: '<p><img src="s3://open/page.png"></p>',
        list: [{ url: 's3://open/list.png' }],
      }
      await owner(world.target, 'PATCH', `/api/tasks/${task}/`, { data })
      const shown = JSON.parse((await as(annotator, 'GET', `/api/tasks/${task}/`)).text)
      const of = (address: string) => {
        const padded = Buffer.from(address).toString('base64')
        return `/tasks/${task}/resolve/?fileuri=${encodeURIComponent(padded)}`
      }
      const own = JSON.stringify(shown.data).match(/\/tasks\/\d+\/resolve\/\?fileuri=[\w=-]+/g)
      expect(own).toHaveLength(3)
      for (const path of own ?? []) {
        expect([path, (await as(annotator, 'GET', path)).isRefused]).toEqual([path, false])
      }
      const others = of('s3://open/projectB/secret.png')
      expect((await as(annotator, 'GET', others)).isRefused).toBe(true)
      expect((await as(manager, 'GET', others)).isRefused).toBe(false)
    })

    it('a link shows of a label no more than the list of labels', async () => {
      const { annotator, manager } = world.people
      const project = world.mine['project']
      const body = { project, label: world.their['label'], from_name: 'c' }
      const { id } = await owner(world.target, 'POST', '/api/label_links/', body)
      for (const [person, path] of [
        [annotator, '/api/label_links/?expand=label'],
        [annotator, `/api/label_links/?expand=label&project=${project}`],
        [manager, `/api/label_links/${id}/?expand=label`],
        [manager, `/api/labels/?expand=links,links.label`],
      ] as const) {
        const { status, text } = await as(person, 'GET', path)
        expect([path, status]).toEqual([path, 200])
        const all = [JSON.parse(text)].flatMap((each) => each.results ?? each)
        const links = all.flatMap((each) => [each, ...[each.links ?? []].flat()])
        const labels = links.flatMap((each) => each.label ?? [])
        const others = labels.filter((each) => each.id === world.their['label'])
        expect(others.length).toBeGreaterThan(0)
        expect(others.filter((each) => each.created_by ?? each.created_at)).toEqual([])
      }
      await owner(world.target, 'DELETE', `/api/label_links/${id}/`)
    })

    it('the sign-in for files and the address of the owner stay in', async () => {
      const { annotator, manager } = world.people
      const own = `/api/projects/${world.mine['project']}/`
      const secret = { task_data_login: 'secret-of-tasks', task_data_password: 'secret-of-tasks' }
      await owner(world.target, 'PATCH', own, secret)
      const paths = [own, '/api/projects/', `/api/dm/project/?project=${world.mine['project']}`]
      for (const path of [...paths, '/api/projects/?include=task_data_password']) {
        const { text } = await as(annotator, 'GET', path)
        expect([path, text]).toEqual([path, expect.not.stringContaining('secret-of-tasks')])
      }
      expect((await as(manager, 'GET', own)).text).toContain('secret-of-tasks')
      const whoami = JSON.parse((await as(annotator, 'GET', '/api/current-user/whoami')).text)
      expect(whoami.active_organization_meta.email).toBe('')
    })
  })
}
