import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An application that answers every path, and knows to which project each number belongs. */
export interface Everything {
  readonly url: string
  /** What reached it from people, as `METHOD path?query`. */
  readonly reached: string[]
  /** What it was asked as its owner. */
  readonly asked: string[]
  /** Whether legacy tokens work. */
  hasLegacyTokens: boolean
  /** Projects of numbers that were given anew. */
  readonly moved: Map<number, 1 | 2>
  stop(): Promise<void>
}

const moved = new Map<number, 1 | 2>()
/** Numbers from 100 on are of project 2, the others of project 1. */
const projectOf = (id: number) => moved.get(id) ?? (id >= 100 ? 2 : 1)

export const ownerToken = '0123456789abcdef0123456789abcdef01234567'

/** Accounts by the token that a request carries: `Token 7` is account 7. */
export async function startEverything(): Promise<Everything> {
  const reached: string[] = []
  const asked: string[] = []
  const state = { hasLegacyTokens: true }
  const server = createServer((request, response) => {
    request.resume()
    const { authorization = '' } = request.headers
    const token = authorization.replace('Token ', '')
    if (request.url === '/api/current-user/whoami' && !request.headers['x-person']) {
      return json(response, token === '' ? 401 : 200, {
        id: Number(token),
        email: `person${token}@example.com`,
        active_organization: 1,
      })
    }
    const to = token === ownerToken ? asked : reached
    to.push(`${request.method} ${request.url}`)
    if (request.url === '/api/jwt/settings') {
      return json(response, 200, { legacy_api_tokens_enabled: state.hasLegacyTokens })
    }
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached,
    asked,
    moved,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

const secrets = {
  token: 'secret',
  basic_auth_user: 'secret',
  basic_auth_pass: 'secret',
  auth_method: 'BASIC',
  extra_params: { key: 'secret' },
  task_data_login: 'secret-of-tasks',
  task_data_password: 'secret-of-tasks',
}
const meta = { active_organization_meta: { title: 'Cats', email: 'owner@example.com' } }

/** A page with all that Label Studio has in one. */
const page = `<!doctype html>
<html lang="en">
<head>
  <!-- <script>in a comment</script> -->
  <script>
    theme("<script>")
  </script>
  <script async src="https://cdn.example.com/a.js" nonce="c3R1ZGlv"></script>
</head>
<body>
<script id="app-settings" nonce='c3R1ZGlv'>
  APP_SETTINGS = { title: "&lt;script&gt;" }
</script>
<SCRIPT src="/react-app/main.js"></SCRIPT>
<button onClick="history.back()">Go Back</button>
</body>
</html>`
const policies = { 'content-security-policy-report-only': "script-src 'nonce-c3R1ZGlv'" }

/** One of each, and lists with one of each project and two people's work. */
function answer({ url = '/' }: IncomingMessage, response: ServerResponse): unknown {
  const [path = '', query = ''] = url.split('?')
  if (path === '/api/version/' || path === '/api/version') {
    return json(response, 200, { edition: 'Community', release: '1.23.2' })
  }
  if (/^\/(?:projects|admin|%61dmin|nothing)\/|^\/(?:api|%61pi|data)\/page/.test(path)) {
    const status = path === '/nothing/' ? 404 : 200
    response.writeHead(status, { ...policies, 'content-type': 'text/html' }).end(page)
    return undefined
  }
  const exported = /^\/api\/projects\/(\d+)\/exports\/(\d+)/.exec(path)
  if (exported) {
    const belongs = projectOf(Number(exported[2])) === Number(exported[1])
    return json(response, belongs ? 200 : 404, {})
  }
  const user = /^\/api\/users\/(\d+)\//.exec(path)?.[1]
  if (user !== undefined) {
    const person = { id: Number(user), email: `person${user}@example.com`, ...meta }
    return json(response, 200, without(person, query))
  }
  const number = /\/(\d+)\/?$/.exec(path)?.[1]
  if (number !== undefined) {
    return json(response, 200, without(shown(objectOf(Number(number)), url), query))
  }
  if (path.endsWith('/next/')) return json(response, 200, objectOf(5))
  if (path.startsWith('/api/dm/project')) return json(response, 200, objectOf(1))
  if (path.startsWith('/api/current-user/whoami')) {
    const permissions = ['projects.create', 'projects.delete', 'annotations.create']
    return json(response, 200, { id: 7, permissions, ...meta })
  }
  if (path.startsWith('/api/dm/actions')) {
    return json(response, 200, [{ id: 'next_task' }, { id: 'delete_tasks' }])
  }
  if (path.startsWith('/api/dm/columns')) {
    return json(response, 200, {
      columns: [
        { id: 'text' },
        { id: 'annotations_results' },
        { id: 'annotators', schema: { items: [7, 8, 17, 37] } },
      ],
    })
  }
  if (path.endsWith('/export/formats')) {
    const names = ['JSON', 'YOLO', 'YOLO_WITH_IMAGES']
    return json(
      response,
      200,
      names.map((name) => ({ name })),
    )
  }
  if (/^\/api\/tasks\/?$/.test(path)) return json(response, 200, { tasks: [objectOf(5)] })
  const left = (list: readonly object[]) => list.map((each) => without(each, query))
  const people = [7, 8, 17].map((id) => ({
    id,
    email: `person${id}@example.com`,
    phone: '112',
    ...meta,
  }))
  if (path.startsWith('/api/users') || path.endsWith('/annotators/'))
    return json(response, 200, left(people))
  const ids = /^\/api\/projects\/?$/.test(path) ? [1] : [5, 6, 105]
  const objects = left(ids.map((id) => shown(objectOf(id), url)))
  if (query.includes('page=')) return json(response, 200, { count: ids.length, results: objects })
  return json(response, 200, objects)
}

/** Label Studio leaves out of each object what `omit` says, and in nested lists nothing. */
function without(object: object, query: string): object {
  const omitted = new URLSearchParams(query).get('omit')?.split(',') ?? []
  return Object.fromEntries(Object.entries(object).filter(([name]) => !omitted.includes(name)))
}

/**
 * Label Studio expands what the query says and, unless the query says otherwise, replaces the
 * addresses in the data of a task.
 */
function shown(object: ReturnType<typeof objectOf>, url: string): object {
  const [path = '', query] = url.split('?')
  const isTask = path.startsWith('/api/tasks/') && !query?.includes('resolve_uri=false')
  const proxied = `/tasks/${object.id}/resolve/?fileuri=`
  const { id, description, created_by } = object
  return {
    ...object,
    ...(isTask && { data: { text: object.data.text, image: proxied } }),
    ...(query?.includes('expand=label') && {
      label: { id, title: `label ${id}`, value: ['x'], description, created_by },
    }),
  }
}

/** Even numbers are account 8's, odd ones account 7's. */
function objectOf(id: number) {
  const account = id % 2 === 0 ? 8 : 7
  const project = projectOf(id)
  return {
    id,
    project,
    task: project === 1 ? 5 : 105,
    completed_by: account,
    // Account 27 made project 1.
    created_by: id === 1 ? { id: 27, ...address(27) } : { id: 37, ...address(37) },
    user: account,
    url: 'http://backend.example',
    file: `upload/${project}/x.png`,
    links: [id],
    projects: id === 6 ? [1, 2] : [project],
    description: `label ${id}`,
    ...(id % 10 === 9 && { filters: [{ column: 'filter:tasks:annotations_results' }] }),
    label_config: '<View><Taxonomy apiUrl="s3://shared/items.json?a&amp;b" name="t"/></View>',
    contributed_to_projects: [1, 2].map((each) => ({ id: each, title: `project ${each}` })),
    ground_truth: id === 15,
    import_id: 15,
    data: {
      text: `task ${id}`,
      image: `s3://shared/project${project}/${id}.png`,
      page: `<img src="s3://shared/project${project}/page.png"><img src='gs://two/ü.png'>`,
      list: [{ url: ' azure-blob://three/nested.png ' }, 'see s3://shared/secret.png'],
    },
    annotations: [
      { id: 1, completed_by: 7 },
      { id: 2, completed_by: 8, result: 'work of 8' },
    ],
    drafts: [
      { id: 3, user: 'Person7@example.com' },
      { id: 4, user: 'person8@example.com', result: 'work of 8' },
    ],
    annotations_results: 'work of 8',
    ...secrets,
  }
}

function address(account: number) {
  return { email: `person${account}@example.com` }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
