import { type LabelStudioDatabase, openDatabase } from './database.js'
import { openRoom, owner, type Person, type Room, type Target } from './room.js'

/** In every name, text and address of what the attackers may not see. */
export const canary = 'canary-8f3a'

const labelConfig =
  '<View><Text name="t" value="$text"/><Choices name="c" toName="t"><Choice ' +
  'value="a"/></Choices><Taxonomy name="x" toName="t" apiUrl="s3://open/items.json"/></View>'

/** A Label Studio whose database can be read too. */
export interface OpenTarget extends Target {
  readonly database: string
  stop(): Promise<void>
}

/** Numbers of one project's objects, by the names of the endpoint table's parameters. */
export type Objects = Readonly<Record<string, number>>

/** Who attacks. All but the last two are members of the open project. */
export type Attacker = 'annotator' | 'reviewer' | 'manager' | 'nobody' | 'managerElsewhere'

/** Two projects with one of each object, and people of whom nobody is in the second. */
export interface World {
  readonly target: OpenTarget
  readonly room: Room
  readonly database: LabelStudioDatabase
  readonly people: Readonly<Record<Attacker, Person>>
  readonly mine: Objects
  readonly their: Objects
  /** Those who cannot open their project, or, who have none, cannot tell who they are. */
  lost(): Promise<readonly Attacker[]>
  /** What of the second project, the organization and other people can be changed. */
  state(): unknown
  close(): Promise<void>
}

/** Makes both projects, and signs everybody up. */
export async function openWorld(start: () => Promise<OpenTarget>): Promise<World> {
  const target = await start()
  const database = openDatabase(target.database)
  const their = await makeProject(target, database, canary)
  const mine = await makeProject(target, database, 'open')
  const room = await openRoom(target)
  const projects = { [mine['project'] ?? 0]: 'Inherit' as const }
  const run = Date.now()
  const add = (name: string, role: 'Annotator' | 'Reviewer' | 'Manager', isMember = true) =>
    room.add(`${name}-${run}@example.com`, { role, ...(isMember && { projects }) })
  await room.add(`${canary}-${run}@example.com`, {
    role: 'Reviewer',
    projects: { [their['project'] ?? 0]: 'Inherit' },
  })
  const people = {
    annotator: await add('anna', 'Annotator'),
    reviewer: await add('rita', 'Reviewer'),
    manager: await add('mona', 'Manager'),
    nobody: await add('nobody', 'Annotator', false),
    managerElsewhere: await add('max', 'Manager', false),
  }
  const attackers = Object.values(people).map(({ account }) => account)
  return {
    target,
    room,
    database,
    people,
    mine,
    their,
    lost: () => lostOf(room, people, mine),
    state: () => database.rowsOf(their['project'] ?? 0, attackers),
    async close() {
      await room.close()
      await target.stop()
    },
  }
}

async function lostOf(
  room: Room,
  people: World['people'],
  mine: Objects,
): Promise<readonly Attacker[]> {
  const all = Object.entries(people) as readonly (readonly [Attacker, Person])[]
  const isMember = (name: Attacker) => name !== 'nobody' && name !== 'managerElsewhere'
  const lost = await Promise.all(
    all.map(async ([name, { headers }]) => {
      const own = `/api/projects/${mine['project']}/`
      const path = isMember(name) ? own : '/api/current-user/whoami'
      const signal = AbortSignal.timeout(120_000)
      const response = await fetch(`${room.url}${path}`, { headers, redirect: 'manual', signal })
      await response.arrayBuffer()
      return response.status === 200 ? [] : [name]
    }),
  )
  return lost.flat()
}

async function makeProject(
  target: Target,
  database: LabelStudioDatabase,
  secret: string,
): Promise<Objects> {
  const ask = (method: string, path: string, body?: unknown) => owner(target, method, path, body)
  const { id: project } = await ask('POST', '/api/projects', {
    title: `${secret} title`,
    description: secret,
    label_config: labelConfig,
  })
  const rows = [1, 2, 3].map((each) => ({
    text: `${secret} text ${each}`,
    image: 's3://open/task.png',
  }))
  await ask('POST', `/api/projects/${project}/import`, rows)
  const { tasks } = await ask('GET', `/api/tasks?project=${project}`)
  const task: number = tasks[0].id
  const result = [{ from_name: 'c', to_name: 't', type: 'choices', value: { choices: [secret] } }]
  const post = async (path: string, body: unknown): Promise<number> =>
    [await ask('POST', path, body)].flat()[0].id
  const label = { value: [secret], title: secret, from_name: 'c', project }
  const made = {
    project,
    task,
    annotation: await post(`/api/tasks/${task}/annotations/`, { result }),
    draft: await post(`/api/tasks/${task}/drafts`, { result }),
    prediction: await post('/api/predictions/', { task, result, model_version: secret }),
    tab: await post('/api/dm/views/', { project, data: { title: secret } }),
    label: await post('/api/labels/', [label]),
    export: await post(`/api/projects/${project}/exports/`, { title: secret }),
    upload: await upload(target, project, secret),
  }
  const links = await ask('GET', `/api/label_links?project=${project}`)
  return { ...made, labelLink: links.results[0].id, ...connect(database, project, secret) }
}

async function upload({ url, token }: Target, project: number, secret: string): Promise<number> {
  const body = new FormData()
  body.append('file', new Blob([`text\n${secret} row\n`], { type: 'text/csv' }), `${secret}.csv`)
  const response = await fetch(`${url}/api/projects/${project}/import?commit_to_project=false`, {
    method: 'POST',
    headers: { authorization: `Token ${token}` },
    body,
  })
  return ((await response.json()) as { file_upload_ids: number[] }).file_upload_ids[0] ?? 0
}

/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:9'

/** A cloud storage of each kind, for import or for export, by the names of the endpoint table. */
export function makeStorages(
  database: LabelStudioDatabase,
  owner: { readonly project: number; readonly secret: string },
  side: 'import' | 'export',
): Objects {
  const { project, secret } = owner
  const values = {
    project_id: project,
    title: `${secret} storage`,
    status: 'initialized',
    bucket: secret,
    container: secret,
    path: secret,
    aws_access_key_id: secret,
    aws_secret_access_key: secret,
    account_key: secret,
    google_application_credentials: secret,
    password: secret,
  }
  const made = ['s3', 'azureblob', 'gcs', 'redis', 'localfiles'].map((table) => {
    const id = database.insert(`io_storages_${table}${side}storage`, values)
    return [`storage:${side === 'export' ? 'export/' : ''}${table.replace('blob', '')}`, id]
  })
  return Object.fromEntries(made)
}

/** What Label Studio makes only where a cloud, a queue or another server answers. */
function connect(database: LabelStudioDatabase, project: number, secret: string): Objects {
  const of = { project, secret }
  const backend = { url: nowhere, title: secret, state: 'DI', auth_method: 'NONE', timeout: 1 }
  const hook = { url: `${nowhere}/${secret}`, headers: JSON.stringify({ secret }), is_active: 0 }
  const done = { status: 'completed', error: secret, file_upload_ids: '[]' }
  return {
    ...makeStorages(database, of, 'import'),
    // Label Studio sends each annotation to the storages for export, and fails where they do.
    ...(secret === canary && makeStorages(database, of, 'export')),
    ml: database.insert('ml_mlbackend', { ...backend, project_id: project }),
    webhook: database.insert('webhook', { ...hook, project_id: project, organization_id: 1 }),
    import: database.insert('projects_projectimport', { ...done, project_id: project }),
    reimport: database.insert('projects_projectreimport', { ...done, project_id: project }),
  }
}
