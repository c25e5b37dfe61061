import { request as sendRequest } from 'node:http'
import { endpoints } from '../../adapters/label-studio/policy/endpoints.js'
import { openRoom, owner, type Person, type Room, type Target } from './room.js'

const canary = 'CANARY-8f3a'
const labelConfig =
  '<View><Text name="t" value="$text"/><Choices name="c" toName="t"><Choice value="a"/></Choices></View>'

interface Sent {
  readonly method: string
  readonly path: string
  readonly type?: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

interface Answered {
  readonly status: number
  readonly text: string
}

/** Sends bytes as they are: `fetch` would tidy the path. */
function send(url: string, { method, path, type, body, headers }: Sent): Promise<Answered> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest(
      {
        hostname,
        port,
        method,
        path,
        headers: {
          ...headers,
          ...(type && { 'content-type': type }),
          ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        },
      },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Objects of one project, as numbers in the places of paths. */
type Objects = Readonly<Record<string, number>>

async function makeProject(target: Target, title: string, secret: string): Promise<Objects> {
  const ask = (method: string, path: string, body?: unknown) => owner(target, method, path, body)
  const { id: project } = await ask('POST', '/api/projects', { title, label_config: labelConfig })
  const rows = [1, 2, 3].map((each) => ({ text: `${secret} text ${each}` }))
  await ask('POST', `/api/projects/${project}/import`, rows)
  const { tasks } = await ask('GET', `/api/tasks?project=${project}`)
  const task: number = tasks[0].id
  const result = [{ from_name: 'c', to_name: 't', type: 'choices', value: { choices: [secret] } }]
  const annotation = await ask('POST', `/api/tasks/${task}/annotations/`, { result })
  const draft = await ask('POST', `/api/tasks/${task}/drafts`, { result })
  const prediction = await ask('POST', '/api/predictions/', { task, result })
  const tab = await ask('POST', '/api/dm/views/', { project, data: { title: secret } })
  const link = await ask('POST', '/api/labels/', [
    { value: [secret], title: secret, from_name: 'c', project },
  ])
  const links = await ask('GET', `/api/label_links?project=${project}`)
  const snapshot = await ask('POST', `/api/projects/${project}/exports/`, { title: secret })
  return {
    project,
    task,
    annotation: annotation.id,
    draft: draft.id,
    prediction: prediction.id,
    tab: tab.id,
    label: [link].flat()[0].id,
    labelLink: (links.results ?? links)[0].id,
    export: snapshot.id,
  }
}

/** What the owner sees of a project and of the organization. */
async function stateOf(target: Target, { project, task }: Objects): Promise<unknown> {
  const paths = [
    `/api/projects/${project}/`,
    `/api/tasks?project=${project}&fields=all&page_size=100`,
    `/api/tasks/${task}/drafts`,
    `/api/predictions?project=${project}`,
    `/api/dm/views?project=${project}`,
    `/api/label_links?project=${project}`,
    `/api/projects/${project}/exports/`,
    `/api/webhooks`,
    `/api/ml?project=${project}`,
    `/api/storages?project=${project}`,
    '/api/organizations/1',
    '/api/invite',
    '/api/jwt/settings',
    '/api/session-policy/',
    '/api/projects?page_size=100&include=id,title',
  ]
  const answers = await Promise.all(paths.map((path) => owner(target, 'GET', path)))
  return JSON.parse(
    JSON.stringify(answers, (name, value) =>
      /_ago$|last_activity|updated_at|counters?$/.test(name) ? undefined : value,
    ),
  )
}

/** Ways of writing one path. */
function spellings(path: string): readonly string[] {
  const [plain = '', query] = path.split('?')
  const tail = query === undefined ? '' : `?${query}`
  const bare = plain.replace(/\/$/, '')
  return [
    `${bare}${tail}`,
    `${bare}/${tail}`,
    `/${bare}${tail}`,
    `${bare}//${tail}`,
    `${bare}.json${tail}`,
    bare.replace(/[a-z]/, (each) => `%${each.charCodeAt(0).toString(16)}`) + tail,
    bare.replace(/(\d+)/, '00$1') + tail,
    bare.replace(/\//g, (each, at) => (at === 0 ? each : '%2F')) + tail,
    `/static/..${bare}${tail}`,
    `/static/%2e%2e${bare}${tail}`,
    `${bare};x=1${tail}`,
    `http://example.com${bare}${tail}`,
    `${bare}/health/${tail}`,
    `${bare}#/health/`,
  ]
}

/** An attack by every row that names an object, and by those lists that take a project. */
function attacksByRow(their: Objects, mine: Objects): Sent[] {
  return endpoints.flatMap(({ methods, path, role }) => {
    if (role === 'anon') return []
    const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name)
    const known = names.every(
      (name) => name in their || ['word', 'number', 'action'].includes(name),
    )
    if (!known) return []
    const fill = (of: (name: string) => number | string) =>
      path.replace(/\{([^}]+)\}/g, (_, name: string) => String(of(name)))
    const filled = [fill((name) => their[name] ?? 1)]
    // A number of one's own first, and somebody else's behind it.
    if (names.length > 1) {
      filled.push(fill((name) => (name === names[0] ? mine[name] : their[name]) ?? 1))
    }
    const asked = [
      ...filled,
      ...filled.flatMap((each) => [
        `${each}?project=${their['project']}`,
        `${each}?project=${mine['project']}&project=${their['project']}`,
        `${each}?view=${their['tab']}`,
        `${each}?project=%20${their['project']}`,
        `${each}?project=+${their['project']}`,
        `${each}?%70roject=${their['project']}`,
      ]),
    ]
    const body = JSON.stringify({ project: their['project'], task: their['task'], title: 'moved' })
    return methods.flatMap((method) =>
      asked.flatMap((each, index) => {
        const urls = index < filled.length ? spellings(each) : [each]
        return urls.flatMap((url): Sent[] =>
          method === 'GET'
            ? [{ method, path: url }]
            : [{ method, path: url, type: 'application/json', body }],
        )
      }),
    )
  })
}

/** Bodies that reach for another project by a path that is the person's own, in every type. */
function attacksByBody(their: Objects, mine: Objects, own: Objects): Sent[] {
  const fields = [
    { project: their['project'], data: { title: 'x' }, id: 1 },
    { task: their['task'], project: their['project'], result: [] },
    { task: their['task'], result: [] },
    { project: String(their['project']), title: 'x', from_name: 'c', value: ['x'] },
    { project: ` ${their['project']}`, data: {} },
    { project: [their['project']], data: {} },
  ]
  const paths = [
    ['PATCH', `/api/annotations/${own['annotation']}/`],
    ['PUT', `/api/annotations/${own['annotation']}/`],
    ['PATCH', `/api/drafts/${own['draft']}/`],
    ['PATCH', `/api/dm/views/${own['tab']}/`],
    ['PUT', `/api/dm/views/${own['tab']}/`],
    ['POST', '/api/dm/views/'],
    ['POST', '/api/dm/views/order/'],
    ['POST', '/api/labels/'],
    ['POST', '/api/label_links/'],
    ['POST', '/api/labels/bulk'],
    ['POST', '/api/predictions/'],
    ['POST', '/api/tasks/'],
    ['POST', '/api/webhooks/'],
    ['POST', '/api/ml/'],
    ['POST', `/api/dm/actions/?id=delete_tasks&project=${mine['project']}`],
    ['POST', `/api/dm/actions/?id=next_task&id=delete_tasks&project=${mine['project']}`],
    ['POST', `/api/dm/actions/?id=next_task&project=${their['project']}`],
    ['GET', `/api/tasks/?project=${mine['project']}`],
    ['GET', `/api/projects/${mine['project']}/next/`],
  ] as const
  return paths.flatMap(([method, path]) =>
    fields.flatMap((each): Sent[] => {
      const pairs = Object.entries(each).map(([name, value]): [string, string] => [
        name,
        String(value),
      ])
      const form = new URLSearchParams(pairs).toString()
      const parts = pairs.map(
        ([name, value]) =>
          `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      )
      const json = JSON.stringify(each)
      return [
        { method, path, type: 'application/json', body: json },
        { method, path, type: 'application/json', body: `[${json}]` },
        {
          method,
          path,
          type: 'application/json',
          body: `{"project":${mine['project']},${json.slice(1)}`,
        },
        {
          method,
          path,
          type: 'application/json; charset=utf-16',
          body: Buffer.from(json, 'utf16le'),
        },
        { method, path, type: 'application/x-www-form-urlencoded', body: form },
        {
          method,
          path,
          type: 'multipart/form-data; boundary=b',
          body: `${parts.join('')}--b--\r\n`,
        },
        { method, path, type: 'text/plain', body: json },
        { method, path, body: json },
        {
          method: 'POST',
          path,
          type: 'application/json',
          body: json,
          headers: { 'x-http-method-override': method },
        },
      ]
    }),
  )
}

/** What belongs to the organization, or to other people. */
function attacksOnOrganization(target: number): Sent[] {
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
    json('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: false }),
    json('PATCH', '/api/session-policy/', { max_session_age: 60 }),
    json('POST', '/api/users/', { email: 'x@example.com', username: 'x' }),
    json('PATCH', `/api/users/${target}/`, { first_name: 'taken' }),
    json('PATCH', '/api/users/1/', { active_organization: null }),
    json('POST', '/api/projects/', { title: 'made by an annotator' }),
    { method: 'GET', path: '/people/' },
    { method: 'OPTIONS', path: '/api/projects/' },
  ]
}

/** Somebody of one project tries to reach another, by every route, spelling, and type of body. */
export function describeHostile(
  name: string,
  start: () => Promise<Target & { stop(): Promise<void> }>,
): void {
  describe(name, () => {
    let target: Target & { stop(): Promise<void> }
    let room: Room
    let anna: Person
    let mine: Objects
    let their: Objects
    let own: Objects
    let before: unknown

    beforeAll(async () => {
      target = await start()
      mine = await makeProject(target, 'Mine', 'open')
      their = await makeProject(target, `${canary} title`, canary)
      room = await openRoom(target)
      const email = `anna-${Date.now()}@example.com`
      const projects = { [mine['project'] ?? 0]: 'Inherit' as const }
      anna = await room.add(email, { role: 'Annotator', projects })
      own = await ownWork()
      before = await stateOf(target, their)
    })

    afterAll(async () => {
      await room?.close()
      await target?.stop()
    })

    const as = (each: Sent) =>
      send(room.url, { ...each, headers: { ...anna.headers, ...each.headers } })

    async function ownWork(): Promise<Objects> {
      const post = async (path: string, body: unknown) => {
        const sent = { method: 'POST', path, type: 'application/json', body: JSON.stringify(body) }
        const { status, text } = await as(sent)
        if (status !== 201) throw new Error(`${path}: ${status} ${text.slice(0, 200)}`)
        return JSON.parse(text).id as number
      }
      const task = `/api/tasks/${mine['task']}`
      return {
        annotation: await post(`${task}/annotations/`, { result: [] }),
        draft: await post(`${task}/drafts`, { result: [] }),
        tab: await post('/api/dm/views/', { project: mine['project'], data: {} }),
      }
    }

    async function expectNothing(attacks: readonly Sent[]): Promise<void> {
      const leaks: string[] = []
      const left = [...attacks]
      const attacker = async () => {
        for (let each = left.pop(); each; each = left.pop()) {
          const { status, text } = await as(each)
          if (text.includes(canary)) leaks.push(`${status} ${JSON.stringify(each)}`)
        }
      }
      await Promise.all([attacker(), attacker(), attacker(), attacker()])
      expect(leaks).toEqual([])
      expect(await stateOf(target, their)).toEqual(before)
    }

    it('reads and changes nothing of another project by any route', async () => {
      await expectNothing(attacksByRow(their, mine))
    })

    it('moves nothing there and takes nothing from there by any body', async () => {
      await expectNothing(attacksByBody(their, mine, own))
      const annotation = await owner(target, 'GET', `/api/annotations/${own['annotation']}/`)
      expect(annotation).toMatchObject({ project: mine['project'], task: mine['task'] })
    })

    it('reads and changes nothing of the organization and of other people', async () => {
      for (const each of attacksOnOrganization(1)) {
        expect([each.path, (await as(each)).status]).toEqual([each.path, 403])
      }
      expect(await stateOf(target, their)).toEqual(before)
    })

    it('sees in lists nothing of another project', async () => {
      const lists = [
        '/api/projects',
        '/api/projects/counts?ids=',
        `/api/projects?ids=${their['project']}`,
        `/api/projects?ids=${their['project']},${mine['project']}&page_size=1`,
        '/api/dm/views',
        '/api/predictions',
        '/api/labels',
        '/api/label_links',
        '/api/webhooks',
        '/api/users',
        '/api/organizations',
      ]
      await expectNothing(lists.map((path) => ({ method: 'GET', path })))
    })
  })
}
