import { type Endpoint, endpoints } from '../../adapters/label-studio/policy/endpoints.js'
import { oneOf, randomOf } from '../support/random.js'
import { bodiesOf, type Sent, spellings } from './requests.js'
import type { Attacker, Objects, World } from './world.js'

type Random = () => number

/** A request of somebody, made up by chance. */
export interface RandomRequest {
  readonly attacker: Attacker
  readonly sent: Sent
}

const attackers: readonly Attacker[] = [
  'annotator',
  'reviewer',
  'manager',
  'nobody',
  'managerElsewhere',
]
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY']
const actions = [
  'next_task',
  'retrieve_tasks_predictions',
  'predictions_to_annotations',
  'delete_tasks',
  'delete_tasks_annotations',
  'delete_tasks_predictions',
  'remove_duplicates',
  'cache_labels',
  'propagate_annotations',
  'rename_labels',
  'add_data_field',
]
/** Paths that no row of the table has. */
const unlisted = [
  '/data/local-files/?d=x',
  '/api/auth/export/',
  '/api/projects.json',
  '/api/dm/views.json',
  '/api/dm/views/{tab}.json',
  '/api/predictions.json',
  '/api/predictions/{prediction}.json',
  '/api/labels.json',
  '/api/labels/{label}.json',
  '/api/label_links.json',
  '/api/label_links/{labelLink}.json',
  '/api/users.json',
  '/api/users/1.json',
  '/api/tasks/{task}.json',
  '/api/fsm/entities/{word}/{task}/history',
  '/api/projects/{project}/something-new',
  '/data/export/{project}-x.json',
]

/** Queries by which Label Studio finds, narrows or widens. */
const queryNames = [
  'project',
  'task',
  'task__project',
  'view',
  'tabID',
  'id',
  'ids',
  'ids[]',
  'include',
  'expand',
  'fields',
  'omit',
  'filter',
  'title',
  'search',
  'ordering',
  'page',
  'page_size',
  'query',
  'filepath',
  'fileuri',
  'exportType',
  'download_all_tasks',
  'contributed_to_projects',
  'project_id',
  'annotation',
  'format',
]
const bodyNames = [
  'project',
  'task',
  'annotation',
  'view',
  'label',
  'model',
  'model_run',
  'draft_id',
  'parent_annotation',
  'parent_prediction',
  'file_upload',
  'file_upload_id',
  'file_upload_ids',
  'source_annotation_id',
  'id',
  'ids',
  'user',
  'completed_by',
  'result',
  'data',
  'title',
  'filters',
  'selectedItems',
  'task_filter_options',
  'filter_group',
  'old_label',
  'new_label',
  'value',
  'url',
  'organization',
]
const headers: readonly Readonly<Record<string, string>>[] = [
  { 'x-http-method-override': 'DELETE' },
  { 'x-http-method': 'PATCH' },
  { 'x-original-uri': '/export/1-x.json' },
  { 'x-forwarded-host': 'example.com' },
  { accept: 'text/html' },
  { range: 'bytes=0-100' },
  { 'x-api-key': 'none' },
]
const columns = [
  'filter:tasks:id',
  'filter:tasks:data.text',
  'filter:tasks:annotations_results',
  'filter:tasks:project__title',
  'filter:tasks:project__organization__projects__title',
  'filter:tasks:-data.text__x',
  'tasks:project__organization__projects__title',
]

/** Label Studio takes seconds to describe itself, the same for everybody. */
const isSlow = /^\/(?:swagger|docs\/api)/

const rows = endpoints.filter(({ path }) => !isSlow.test(path))

/** Attackers go on as long as they are signed in, and have something of their own. */
export const signsOut = /logout|active_organization|reset-token/i
const deletes = /DELETE .*\/(?:projects|tasks)\/|remove_duplicates|delete_tasks/i

/** Requests by chance, the same for the same seed. */
export function* randomRequests(world: World, seed: number): Generator<RandomRequest> {
  const random = randomOf(seed)
  for (;;) {
    const request = randomRequest(random, world)
    const { method, path } = request.sent
    const asked = `${method} ${decoded(path)}`
    const isOwn = asked.includes(`${world.mine['project']}`)
    if (!signsOut.test(asked) && !(isOwn && deletes.test(asked))) yield request
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function randomRequest(random: Random, world: World): RandomRequest {
  const row = oneOf(random, rows)
  const objects = () => oneOf(random, [world.their, world.their, world.mine])
  const method = random() < 0.8 ? oneOf(random, row.methods) : oneOf(random, methods)
  const base = random() < 0.9 ? row.path : oneOf(random, unlisted)
  const plain = filled(random, base, objects) + queryOf(random, row, objects)
  const path = random() < 0.8 ? plain : oneOf(random, spellings(plain))
  const hasBody = random() < (method === 'GET' || method === 'HEAD' ? 0.05 : 0.9)
  const sent = {
    method,
    path,
    ...(hasBody && bodyOf(random, row, { objects, own: world.mine['project'] ?? 0 })),
  }
  const more = random() < 0.05 ? { headers: { ...oneOf(random, headers) } } : {}
  return { attacker: oneOf(random, attackers), sent: { ...sent, ...more } }
}

function filled(random: Random, path: string, objects: () => Objects): string {
  return path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    if (name === 'action') return oneOf(random, actions)
    if (name === 'rest' || name === 'word') return oneOf(random, ['x', 'task', 'index.html'])
    if (name === 'file') return 'x.csv'
    const found = objects()[name]
    return String(found !== undefined && random() < 0.95 ? found : Math.floor(random() * 12))
  })
}

function queryOf(random: Random, { needs = [] }: Endpoint, objects: () => Objects): string {
  const names = needs.filter((name) => name.startsWith('query.') && random() < 0.8)
  const others = Array.from({ length: Math.floor(random() * 3) }, () => oneOf(random, queryNames))
  const pairs = [...names.map((name) => name.slice(6)), ...others].map((name) => {
    const key =
      random() < 0.95
        ? encodeURIComponent(name)
        : `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`
    return `${key}=${queryValue(random, name, objects)}`
  })
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function queryValue(random: Random, name: string, objects: () => Objects): string {
  const { project, task, tab } = objects()
  if (name === 'filepath') return encodeURIComponent(`upload/${project}/x.csv`)
  if (name === 'id') return oneOf(random, [...actions, String(task)])
  if (name === 'query') return encodeURIComponent(JSON.stringify(filtersOf(random)))
  if (name === 'expand')
    return oneOf(random, ['label', 'links', 'project', 'links.project', '~all'])
  if (name === 'omit')
    return oneOf(random, ['project', 'id', 'completed_by', 'links', 'project,data'])
  if (name === 'include') return oneOf(random, ['id', 'id,title', '*'])
  const number = name === 'view' || name === 'tabID' ? tab : name === 'task' ? task : project
  return oneOf(random, [
    `${number}`,
    `${number}`,
    `${number}`,
    `${number},${objects()['project']}`,
    `%20${number}`,
    `+${number}`,
    `${number}_0`,
    '-1',
    '',
    'canary',
    'title',
    `%EF%BC%9${Number(number) % 10}`,
  ])
}

function filtersOf(random: Random) {
  const filter = oneOf(random, columns)
  const item = {
    filter,
    operator: oneOf(random, ['contains', 'equal', 'regex']),
    type: 'String',
    value: 'c',
  }
  return { filters: { conjunction: 'or', items: [item] }, ordering: [oneOf(random, columns)] }
}

interface Around {
  readonly objects: () => Objects
  readonly own: number
}

function bodyOf(random: Random, { needs = [] }: Endpoint, around: Around): Partial<Sent> {
  const needed = needs.flatMap((name) => (name.startsWith('body.') ? [name.slice(5)] : []))
  const others = Array.from({ length: Math.floor(random() * 4) }, () => oneOf(random, bodyNames))
  const fields = Object.fromEntries(
    [...needed, ...others].map((name) => [name, fieldOf(random, name, around)]),
  )
  const bodies = bodiesOf(fields, around.own)
  return random() < 0.7 ? (bodies[random() < 0.8 ? 0 : 1] ?? {}) : oneOf(random, bodies)
}

const kindOfField: Readonly<Record<string, string>> = {
  view: 'tab',
  model: 'ml',
  draft_id: 'draft',
  parent_annotation: 'annotation',
  source_annotation_id: 'annotation',
  parent_prediction: 'prediction',
  file_upload: 'upload',
  file_upload_id: 'upload',
  id: 'storage:s3',
}

function fieldOf(random: Random, name: string, { objects }: Around): unknown {
  const their = objects()
  if (name === 'file_upload_ids' || name === 'ids') return [their['upload'], objects()['upload']]
  if (name === 'result') return []
  if (name === 'data') return { title: 'x', text: 'x', ...filtersOf(random) }
  if (name === 'filters') return filtersOf(random).filters
  if (name === 'filter_group') return { filters: [{ parent: 1 }] }
  if (name === 'selectedItems') return { all: false, included: [their['task'], objects()['task']] }
  if (name === 'task_filter_options') return { view: their['tab'] }
  if (/label$|^value$/.test(name) && name !== 'label') return ['x']
  if (name === 'title' || name === 'url') return oneOf(random, ['x', 'http://127.0.0.1:9/'])
  const number = their[kindOfField[name] ?? name] ?? Math.floor(random() * 9)
  return oneOf(random, [number, number, number, String(number), ` ${number}`, [number], null, true])
}
