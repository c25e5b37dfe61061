import path from 'node:path'
import { endpoints } from '../../adapters/label-studio/policy/endpoints.js'
import { disguisedAttacks } from './disguised.js'
import { signsOut } from './random.js'
import { bodiesOf, type Sent, sendAsItIs, spellings } from './requests.js'
import { owner, type Person } from './room.js'
import {
  type Attacker,
  canary,
  type Objects,
  type OpenTarget,
  openWorld,
  type World,
} from './world.js'

/** Every spelling and query of every row by everybody, instead of some by each. */
const isLong = process.env['HOSTILE'] === 'all'
/** A hundred thousand attacks and more take hours. */
const longMs = isLong ? 8 * 3_600_000 : undefined

const pictureConfig =
  '<View><Image name="i" value="$image"/><RectangleLabels name="r" toName="i"><Label value="a"/>' +
  '</RectangleLabels></View>'

const attackers: readonly Attacker[] = [
  'annotator',
  'reviewer',
  'manager',
  'nobody',
  'managerElsewhere',
]

interface Attack {
  readonly attacker: Attacker
  readonly sent: Sent
}

/** Some of a list, other ones for each row, so that all rows together try everything. */
function dealt<T>(list: readonly T[], index: number, count: number): readonly T[] {
  if (isLong) return list
  return Array.from({ length: count }, (_, each) => list[(index * count + each) % list.length] as T)
}

/** An attack by every row that names an object, and by those lists that take a project. */
function attacksByRow({ their, mine }: World): Attack[] {
  const body = JSON.stringify({ project: their['project'], task: their['task'], title: 'moved' })
  const rows = endpoints.flatMap((row) => row.methods.map((method) => ({ ...row, method })))
  return rows.flatMap(({ method, path, role }, index) => {
    if (role === 'anon' || signsOut.test(path)) return []
    const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name)
    const fill = (of: (name: string) => number | string) =>
      path.replace(/\{([^}]+)\}/g, (_, name: string) => String(of(name)))
    const plain = [fill((name) => their[name] ?? 1)]
    // A number of one's own first, and somebody else's behind it.
    if (names.length > 1) {
      plain.push(fill((name) => (name === names[0] ? mine[name] : their[name]) ?? 1))
    }
    const queried = plain.flatMap((each) => [
      `${each}?project=${their['project']}`,
      `${each}?project=${mine['project']}&project=${their['project']}`,
      `${each}?view=${their['tab']}`,
      `${each}?project=%20${their['project']}`,
      `${each}?project=+${their['project']}`,
      `${each}?%70roject=${their['project']}`,
      `${each}?project=${their['project']}_`,
      `${each}?ids=${mine['project']},${their['project']}&id=next_task`,
    ])
    const spelt = plain.flatMap(spellings)
    const everybody = isLong ? attackers : [attackers[index % attackers.length] as Attacker]
    const of = (url: string): Sent =>
      method === 'GET'
        ? { method, path: url }
        : { method, path: url, type: 'application/json', body }
    return [
      ...attackers.flatMap((attacker) => plain.map((url) => ({ attacker, sent: of(url) }))),
      ...everybody.flatMap((attacker) =>
        [...dealt(spelt, index, 4), ...dealt(queried, index, 3)].map((url) => ({
          attacker,
          sent: of(url),
        })),
      ),
    ]
  })
}

/** Where a body may name another project's object, by a path that is the person's own. */
const ownPaths = [
  'PATCH /api/annotations/{annotation}/',
  'PUT /api/annotations/{annotation}/',
  'PATCH /api/drafts/{draft}/',
  'PUT /api/drafts/{draft}/',
  'PATCH /api/dm/views/{tab}/',
  'PUT /api/dm/views/{tab}/',
  'POST /api/tasks/{task}/annotations/',
  'POST /api/tasks/{task}/drafts',
  'PATCH /api/tasks/{task}/',
  'POST /api/dm/views/',
  'POST /api/dm/views/order/',
  'POST /api/labels/',
  'POST /api/label_links/',
  'PATCH /api/label_links/{labelLink}/',
  'POST /api/labels/bulk',
  'POST /api/predictions/',
  'PATCH /api/predictions/{prediction}/',
  'POST /api/tasks/',
  'POST /api/webhooks/',
  'PATCH /api/webhooks/{webhook}/',
  'POST /api/ml/',
  'PATCH /api/ml/{ml}',
  'POST /api/ml/{ml}/interactive-annotating',
  'PATCH /api/import/file-upload/{upload}',
  'POST /api/projects/{project}/import',
  'POST /api/projects/{project}/reimport',
  'POST /api/projects/{project}/import/predictions',
  'DELETE /api/projects/{project}/file-uploads',
  'POST /api/projects/{project}/exports/',
  'POST /api/dm/actions/?id=next_task&project={project}',
  'POST /api/dm/actions/?id=delete_tasks_predictions&project={project}',
  'POST /api/dm/actions/?id=propagate_annotations&project={project}',
  'POST /api/dm/actions/?id=next_task&id=delete_tasks&project={project}',
  'GET /api/tasks/?project={project}',
  'GET /api/projects/{project}/next/',
  ...['s3', 'azure', 'gcs', 'redis', 'localfiles'].flatMap((kind) => [
    `POST /api/storages/${kind}`,
    `POST /api/storages/${kind}/validate`,
    `POST /api/storages/${kind}/files`,
    `POST /api/storages/export/${kind}/validate`,
    `PATCH /api/storages/${kind}/{storage:${kind}}`,
    `POST /api/storages/export/${kind}`,
  ]),
]

/** Bodies that reach for another project. */
function fieldsOf(their: Objects, mine: Objects): readonly Readonly<Record<string, unknown>>[] {
  const { project, task } = their
  const own = { project: mine['project'] }
  return [
    { project, data: { title: 'x' }, id: 1 },
    { task, project, result: [] },
    { task, result: [] },
    { ...own, label: their['label'], from_name: 'c' },
    { annotation: their['annotation'], result: [] },
    { file_upload: their['upload'], data: { text: 'x' } },
    { file_upload_id: their['upload'], data: { text: 'x' } },
    { file_upload_ids: [mine['upload'], their['upload']] },
    { ...own, id: their['storage:s3'], bucket: 'x' },
    { ...own, id: String(their['storage:redis']), host: '127.0.0.1', port: '9' },
    { task: mine['task'], model: their['ml'], result: [] },
    { parent_annotation: their['annotation'], result: [] },
    { parent_prediction: their['prediction'], result: [] },
    { draft_id: their['draft'], result: [] },
    { ...own, view: their['tab'], data: {} },
    { ...own, filter_group: { filters: [{ parent: 1, column: 'x' }] }, data: {} },
    { selectedItems: { all: false, included: [task] }, source_annotation_id: their['annotation'] },
    { task_filter_options: { view: their['tab'] }, title: 'x' },
    { ...own, ids: [their['tab'], mine['tab']] },
    { project: String(project), title: 'x', from_name: 'c', value: ['x'] },
    { project: ` ${project}`, data: {} },
    { project: [project], data: {} },
    { project: null, url: 'http://127.0.0.1:9/' },
    { project: true, data: {} },
  ]
}

function attacksByBody({ their, mine }: World, own: Objects): Attack[] {
  return ownPaths.flatMap((line, row) => {
    const [method = '', template = ''] = line.split(' ')
    return fieldsOf(their, mine).flatMap((fields, column) => {
      const bodies = bodiesOf(fields, mine['project'] ?? 0)
      const everybody = isLong ? attackers : (['annotator', 'manager'] as const)
      return everybody.flatMap((attacker) => {
        // Drafts and tabs are their author's; the others are anybody's of the project.
        const path = template.replace(/\{([^}]+)\}/g, (_, name: string) =>
          String((attacker === 'annotator' ? own[name] : undefined) ?? mine[name]),
        )
        const tried = isLong
          ? bodies
          : [bodies[0] ?? {}, ...dealt(bodies, row + column, (row + column) % 3 === 0 ? 1 : 0)]
        return tried.map((each) => ({ attacker, sent: { method, path, ...each } }))
      })
    })
  })
}

/** What belongs to the organization, or to other people. */
function attacksOnOrganization(other: number): Sent[] {
  const json = (method: string, path: string, body: unknown): Sent => ({
    method,
    path,
    type: 'application/json',
    body: JSON.stringify(body),
  })
  return [
    { method: 'GET', path: '/api/invite' },
    json('POST', '/api/invite/reset-token', {}),
    { method: 'GET', path: '/api/organizations/1' },
    json('PATCH', '/api/organizations/1', { title: 'taken' }),
    { method: 'GET', path: '/api/organizations/1/memberships?page_size=-1' },
    { method: 'GET', path: '/api/organizations/1/memberships/1/' },
    { method: 'DELETE', path: `/api/organizations/1/memberships/${other}/` },
    json('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: false }),
    { method: 'GET', path: '/api/session-policy/' },
    json('PATCH', '/api/session-policy/', { max_session_age: 60 }),
    json('POST', '/api/users/', { email: 'x@example.com', username: 'x' }),
    json('PATCH', `/api/users/${other}/`, { first_name: 'taken' }),
    json('PATCH', '/api/users/1/', { active_organization: null }),
    { method: 'DELETE', path: `/api/users/${other}/` },
    { method: 'GET', path: '/people/' },
    { method: 'GET', path: '/organization/' },
    { method: 'GET', path: '/admin/' },
    { method: 'GET', path: '/django-rq/' },
    { method: 'GET', path: '/feature-flags/' },
    { method: 'OPTIONS', path: '/api/projects/' },
  ]
}

/** Lists that would show everything, if they could. */
function lists({ their, mine }: World): string[] {
  return [
    '/api/projects',
    '/api/projects?ids=',
    '/api/projects/counts?ids=',
    `/api/projects?ids=${their['project']}`,
    `/api/projects?ids=${mine['project']}&ids=${their['project']}`,
    `/api/projects?ids=${their['project']},${mine['project']}&page_size=1`,
    `/api/projects?title=${canary}&filter=all&include=id,title,created_by`,
    '/api/dm/views',
    '/api/predictions',
    '/api/labels?expand=links',
    '/api/label_links?expand=label',
    '/api/webhooks',
    '/api/users',
    ...['id', 'email', 'id,email', 'project', 'links', 'projects'].flatMap((each) =>
      ['users', 'labels', 'label_links', 'predictions', 'webhooks', 'dm/views', 'projects'].map(
        (list) => `/api/${list}?omit=${each}`,
      ),
    ),
    '/api/projects?format=api',
    '/api/organizations',
    '/api/tasks',
    '/api/ml',
    '/api/storages',
    '/api/storages/export',
    '/api/dm/columns',
    '/api/dm/project',
    '/api/dm/actions',
  ]
}

/** People of each role try to reach another project, by every route, spelling, and type of body. */
export function describeHostile(name: string, start: () => Promise<OpenTarget>): void {
  describe(name, () => {
    let world: World
    let before: unknown

    beforeAll(async () => {
      world = await openWorld(start)
      before = world.state()
    })

    afterAll(() => world?.close())

    const as = (attacker: Attacker, sent: Sent) =>
      sendAsItIs(world.room.url, {
        ...sent,
        headers: { ...world.people[attacker].headers, ...sent.headers },
      })
    const json = async (attacker: Attacker, method: string, path: string, body?: unknown) => {
      const { status, text } = await as(attacker, {
        method,
        path,
        ...(body !== undefined && { type: 'application/json', body: JSON.stringify(body) }),
      })
      return { status, text, json: parsed(text.slice(text.indexOf('\n\n') + 2)) }
    }

    async function ownWork(): Promise<Objects> {
      const post = async (path: string, body: unknown) => {
        const { status, text, json: made } = await json('annotator', 'POST', path, body)
        if (status !== 201) throw new Error(`${path}: ${status} ${text.slice(0, 2000)}`)
        return made.id as number
      }
      const task = `/api/tasks/${world.mine['task']}`
      return {
        annotation: await post(`${task}/annotations/`, { result: [] }),
        draft: await post(`${task}/drafts`, { result: [] }),
        tab: await post('/api/dm/views/', { project: world.mine['project'], data: {} }),
      }
    }

    async function expectNothing(attacks: readonly Attack[]): Promise<void> {
      const leaks: string[] = []
      const left = [...attacks].reverse()
      const sender = async () => {
        for (let each = left.pop(); each; each = left.pop()) {
          const { status, text } = await as(each.attacker, each.sent)
          if (text.includes(canary)) leaks.push(`${status} ${JSON.stringify(each)}`)
        }
      }
      await Promise.all([sender(), sender(), sender(), sender(), sender(), sender()])
      expect(leaks).toEqual([])
      expect(await world.lost()).toEqual([])
      expect(world.state()).toEqual(before)
    }

    it(
      'nobody reads or changes anything of another project by any route',
      async () => {
        await expectNothing(attacksByRow(world))
      },
      longMs,
    )

    it('nobody reaches anything there by a query in another charset', async () => {
      await expectNothing(disguisedAttacks(world))
    })

    it(
      'nobody moves anything there or takes anything from there by any body',
      async () => {
        const own = await ownWork()
        await expectNothing(attacksByBody(world, own))
        const annotation = await owner(
          world.target,
          'GET',
          `/api/annotations/${own['annotation']}/`,
        )
        expect(annotation).toMatchObject({
          project: world.mine['project'],
          task: world.mine['task'],
        })
      },
      longMs,
    )

    it.each(attackers)('%s sees in lists nothing of another project', async (attacker) => {
      const all = lists(world).map((path) => ({ attacker, sent: { method: 'GET', path } }))
      await expectNothing(all)
    })

    it.each(attackers)('%s reaches nothing of the organization and of others', async (attacker) => {
      const { account } = world.people[attacker === 'nobody' ? 'annotator' : 'nobody'] as Person
      for (const each of attacksOnOrganization(account)) {
        expect([each.path, (await as(attacker, each)).status]).toEqual([each.path, 403])
      }
      expect(world.state()).toEqual(before)
    })

    it('an Annotator does not read the work of others in their own project', async () => {
      const { task, project } = world.mine
      const secret = 'secret-of-rita'
      const value = { choices: [secret] }
      const result = [{ from_name: 'c', to_name: 't', type: 'choices', value }]
      for (const kind of ['annotations/', 'drafts']) {
        const made = await json('reviewer', 'POST', `/api/tasks/${task}/${kind}`, { result })
        expect(made.status).toBe(201)
      }
      const found = { filter: 'filter:tasks:annotations_results', type: 'String', value: secret }
      const filters = { conjunction: 'and', items: [{ ...found, operator: 'contains' }] }
      const query = encodeURIComponent(JSON.stringify({ filters }))
      const list = `/api/tasks?project=${project}`
      expect(
        (await as('annotator', { method: 'GET', path: `${list}&query=${query}` })).status,
      ).toBe(403)
      const paths = [
        `/api/tasks/${task}/`,
        `/api/tasks/${task}/annotations/`,
        `/api/tasks/${task}/drafts`,
        `/api/projects/${project}/next/`,
        `${list}&fields=all`,
      ]
      const hiding = ['completed_by', 'user', 'project', 'id', 'data', 'id,user,completed_by']
      const hidden = hiding.map((each) => `omit=${each}`)
      for (const each of paths) {
        for (const more of ['', ...hidden, 'fields=id,result', 'expand=completed_by']) {
          const url = `${each}${each.includes('?') ? '&' : '?'}${more}`
          expect([url, (await as('annotator', { method: 'GET', path: url })).text]).toEqual([
            url,
            expect.not.stringContaining(secret),
          ])
        }
      }
    })

    it('no export carries a file of another project', async () => {
      const upload = await owner(
        world.target,
        'GET',
        `/api/import/file-upload/${world.their['upload']}`,
      )
      const made = await json('manager', 'POST', '/api/projects', {
        title: 'pictures',
        label_config: pictureConfig,
      })
      const project = made.json.id
      const value = { x: 1, y: 1, width: 5, height: 5, rectanglelabels: ['a'] }
      const region = { from_name: 'r', to_name: 'i', type: 'rectanglelabels', value }
      const task = { data: { image: `/data/${upload.file}` }, annotations: [{ result: [region] }] }
      const own = `/api/projects/${project}`
      expect((await json('manager', 'POST', `${own}/import`, [task])).status).toBe(201)
      for (const format of ['YOLO_WITH_IMAGES', 'COCO_WITH_IMAGES', 'VOC', 'ASR_MANIFEST']) {
        const url = `${own}/export?exportType=${format}&download_resources=true`
        const { status, text } = await as('manager', { method: 'GET', path: url })
        // An archive has its names in plain text.
        expect([format, status, text.includes(`/${path.basename(upload.file)}`)]).toEqual([
          format,
          /IMAGES/.test(format) ? 403 : 200,
          false,
        ])
      }
      await owner(world.target, 'DELETE', own)
    })

    it('the number of a deleted task is not open when it becomes another’s', async () => {
      const { mine, their, target, room } = world
      const through = async (method: string, path: string, body?: unknown) => {
        const response = await fetch(`${room.url}${path}`, {
          method,
          headers: { ...adam.headers, 'content-type': 'application/json' },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        expect(response.ok).toBe(true)
      }
      const adam = await room.add(`adam-${Date.now()}@example.com`, { role: 'Administrator' })
      await owner(target, 'POST', `/api/projects/${mine['project']}/import`, [{ text: 'last' }])
      const { tasks } = await owner(target, 'GET', `/api/tasks?project=${mine['project']}`)
      const last = Math.max(...tasks.map(({ id }: { id: number }) => id))
      expect((await json('annotator', 'GET', `/api/tasks/${last}/`)).status).toBe(200)
      await through('DELETE', `/api/tasks/${last}/`)
      await through('POST', `/api/projects/${their['project']}/import`, [{ text: canary }])
      // Label Studio gives the number again: this is what makes it dangerous.
      const moved = await owner(target, 'GET', `/api/tasks/${last}/`)
      expect(moved.project).toBe(their['project'])
      expect((await json('annotator', 'GET', `/api/tasks/${last}/`)).status).toBe(403)
      const label = { result: [] }
      const path = `/api/tasks/${last}/annotations/`
      expect((await json('annotator', 'POST', path, label)).status).toBe(403)
      await owner(target, 'DELETE', `/api/tasks/${last}/`)
    })
  })
}

// biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
function parsed(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
