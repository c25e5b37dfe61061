import { readFileSync } from 'node:fs'
import path from 'node:path'
import { signsOut } from './random.js'
import { type Answered, sendAsItIs } from './requests.js'
import { owner, type Person } from './room.js'
import { makeStorages, type Objects, type OpenTarget, openWorld, type World } from './world.js'

const isLong = process.env['HOSTILE'] === 'all'

/** A row of the survey: who may call this path of Label Studio Community 1.23.2. */
interface Row {
  readonly method: string
  readonly path: string
  readonly role: string
  readonly named: string
}

const rows = readFileSync(path.join(__dirname, 'endpoint-table.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .flatMap((line): Row[] => {
    const [methods = '', each = '', given = '', named = '', others = ''] = line.split('\t')
    // Whoever sees their own alone is let through.
    const role = others === 'filtered' ? 'AN' : given
    return methods.split(' ').map((method) => ({ method, path: each, role, named }))
  })

const roles = ['Annotator', 'Reviewer', 'Manager', 'Administrator'] as const
const least: Readonly<Record<string, number>> = {
  AN: 0,
  RE: 1,
  MA: 2,
  'MA*': 2,
  AD: 3,
  superuser: 3,
}

/**
 * Twins with a suffix and forms of sign-in have tests of their own; of the others the policy gives
 * everybody their own part, or is stricter: a backend gets the token of the project's creator.
 */
const elsewhere =
  /^(?!GET ).*(?:login|signup|\/token\/)|\{format\}|\/api\/users\/|local-files|auth\/export|^(?:POST|PATCH|PUT) \/api\/ml\/(?:\{pk\})?$/

const tested = rows.filter(
  ({ method, path: each, role }) =>
    role !== 'same' && !signsOut.test(each) && !elsewhere.test(`${method} ${each}`),
)

/** Which object `{pk}` is, by the path before it. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^\/(?:api\/)?projects\//, 'project'],
  [/^\/(?:api\/)?tasks\//, 'task'],
  [/^\/api\/annotations\//, 'annotation'],
  [/^\/api\/drafts\//, 'draft'],
  [/^\/api\/predictions\//, 'prediction'],
  [/^\/api\/dm\/views\//, 'tab'],
  [/^\/api\/ml\//, 'ml'],
  [/^\/api\/webhooks\//, 'webhook'],
  [/^\/api\/labels\//, 'label'],
  [/^\/api\/label_links\//, 'labelLink'],
  [/^\/api\/import\/file-upload\//, 'upload'],
  [/^\/api\/organizations\//, 'organization'],
]

function filled(template: string, objects: Objects): string {
  const storage = /^\/api\/storages\/((?:export\/)?[a-z0-9]+)\/\{pk\}/.exec(template)?.[1]
  const kind = storage ? `storage:${storage}` : kinds.find(([each]) => each.test(template))?.[1]
  const values: Readonly<Record<string, unknown>> = {
    // This one is gone afterwards.
    pk: template.includes('convert-to-draft') ? objects['second'] : (objects[kind ?? ''] ?? 1),
    project_id: objects['project'],
    task_id: objects['task'],
    import_pk: objects['import'],
    reimport_pk: objects['reimport'],
    export_pk: objects['export'],
    annotation_id: objects['annotation'],
    entity_name: 'task',
    entity_id: objects['task'],
    user_pk: objects['stranger'],
    action_id: 'delete_tasks',
    filename: `${objects['project']}/x.csv`,
    sub_path: 'ml',
  }
  return template.replace(/\{([^}]+)\}/g, (_, name: string) => String(values[name] ?? 'x'))
}

/** What must stand while others are still asked about goes last, and projects at the very end. */
function stage({ method, path: each }: Row): number {
  if (method !== 'DELETE') return 0
  if (/^\/api\/projects\/\{pk\}\/$/.test(each)) return 4
  if (/^\/api\/projects\/\{pk\}\/tasks\/$/.test(each)) return 3
  return /reset|\/tasks\/|\/labels\/|file-uploads|memberships/.test(each) ? 2 : 1
}

/** A file that every task, or the labeling configuration, of the open project names. */
function fileOf(template: string): string {
  const address = template.startsWith('/tasks/') ? 's3://open/task.png' : 's3://open/items.json'
  return encodeURIComponent(Buffer.from(address).toString('base64'))
}

/** Label Studio then waits for a cloud, which takes minutes where there is none. */
function reachesCloud({ method, path: each }: Row): boolean {
  return each.startsWith('/api/storages/') && method !== 'GET' && method !== 'DELETE'
}

/** Each row for each role in a project that is theirs, with work of their own. */
export function describeRealRows(name: string, start: () => Promise<OpenTarget>): void {
  describe(name, () => {
    let world: World
    let people: Readonly<Record<(typeof roles)[number], Person>>
    const own = new Map<string, Objects>()

    beforeAll(async () => {
      world = await openWorld(start)
      const { annotator, reviewer, manager } = world.people
      const email = `adam-${Date.now()}@example.com`
      const admin = await world.room.add(email, { role: 'Administrator' })
      people = { Annotator: annotator, Reviewer: reviewer, Manager: manager, Administrator: admin }
      for (const role of roles) own.set(role, await workOf(people[role]))
      const project = world.mine['project'] ?? 0
      const storages = makeStorages(world.database, { project, secret: 'open' }, 'export')
      // Deleting the link of the other one leaves a label that is nobody's.
      const [label] = await owner(world.target, 'POST', '/api/labels/', [
        { value: ['x'], title: 'second', from_name: 'c', project },
      ])
      const shared = { ...world.mine, ...storages, label: label.id }
      for (const [role, work] of own) own.set(role, { ...shared, ...work })
    })
    afterAll(() => world?.close())

    const as = (person: Person, method: string, url: string, body?: unknown): Promise<Answered> =>
      sendAsItIs(world.room.url, {
        method,
        path: url,
        headers: person.headers,
        ...(body !== undefined && { type: 'application/json', body: JSON.stringify(body) }),
      })

    async function workOf(person: Person): Promise<Objects> {
      const make = async (url: string, body: unknown) => {
        const { text } = await as(person, 'POST', url, body)
        return JSON.parse(text.slice(text.indexOf('\n\n') + 2)).id as number
      }
      const task = `/api/tasks/${world.mine['task']}`
      return {
        annotation: await make(`${task}/annotations/`, { result: [] }),
        second: await make(`${task}/annotations/`, { result: [] }),
        draft: await make(`${task}/drafts`, { result: [] }),
        tab: await make('/api/dm/views/', { project: world.mine['project'], data: {} }),
        stranger: world.people.nobody.account,
      }
    }

    async function isRefused({ method, path: each, named }: Row, role: (typeof roles)[number]) {
      const objects = own.get(role) ?? {}
      const [where = '', field = ''] = named.split(' ')
      const value = objects[field] ?? `upload/${objects['project']}/x.csv`
      const query = where === 'query' ? `?${field}=${value}` : ''
      const action =
        each === '/api/dm/actions/' && method === 'POST' ? '&id=retrieve_tasks_predictions' : ''
      const body = where === 'body' ? { [field]: value } : {}
      const file = /(resolve|presign)\/$/.test(each) ? `?fileuri=${fileOf(each)}` : ''
      const url = `${filled(each, objects)}${query}${action}${file}`
      const { status, text } = await as(
        people[role],
        method,
        url,
        method === 'GET' ? undefined : body,
      )
      return status === 403 && text.includes('Ask your administrator for access.')
    }

    it('gives each role what the survey says, and nothing else', async () => {
      const wrong: string[] = []
      const ordered = [...tested].sort((one, other) => stage(one) - stage(other))
      for (const row of ordered) {
        const needed = row.role === 'by id' ? 2 : (least[row.role] ?? 0)
        const ask = async (role: (typeof roles)[number], rank: number) => {
          if (rank >= needed && reachesCloud(row) && !isLong) return
          const refused = await isRefused(row, role)
          if (refused !== rank < needed) wrong.push(`${role} ${row.method} ${row.path}: ${refused}`)
        }
        // What one deletes is not there for the next.
        const oneByOne = row.method === 'DELETE'
        if (!oneByOne) await Promise.all(roles.map(ask))
        else for (const [rank, role] of roles.entries()) await ask(role, rank)
      }
      expect(wrong).toEqual([])
      expect(tested.length).toBeGreaterThan(200)
    })
  })
}
