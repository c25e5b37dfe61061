import { type Everything, ownerToken, startEverything } from './everything.js'
import { askAs } from './requests.js'
import { openRoom, type Room } from './room.js'

let application: Everything
let room: Room
const annotator = 7
const manager = 27

beforeAll(async () => {
  application = await startEverything()
  room = await openRoom({ url: application.url, token: ownerToken })
  const projects = { 1: 'Inherit' } as const
  await room.know(`person${annotator}@example.com`, { role: 'Annotator', projects })
  await room.know(`person${manager}@example.com`, { role: 'Manager', projects })
  await room.know('person17@example.com', { role: 'Reviewer', projects })
  await room.know('person57@example.com', { role: 'Manager', projects: { 2: 'Inherit' } })
  await room.know('person37@example.com', { role: 'Administrator' })
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

const ask = async (account: number, method: string, path: string, body?: unknown) =>
  (await askAs(room.url, account, { method, path, body })).status

/** Each field by which Label Studio 1.23.2 lets an object refer to another. */
const fields: readonly (readonly [number, string, string, (id: number) => unknown])[] = [
  [annotator, 'POST', '/api/label_links/', (label) => ({ project: 1, label })],
  [manager, 'PATCH', '/api/label_links/5/', (label) => ({ label })],
  [annotator, 'PATCH', '/api/drafts/5/', (annotation) => ({ annotation })],
  [annotator, 'PATCH', '/api/drafts/5/', (task) => ({ task })],
  [annotator, 'POST', '/api/tasks/5/drafts', (annotation) => ({ annotation, result: [] })],
  [annotator, 'POST', '/api/tasks/5/annotations/', (each) => ({ parent_annotation: each })],
  [annotator, 'POST', '/api/tasks/5/annotations/', (each) => ({ parent_prediction: each })],
  [annotator, 'POST', '/api/tasks/5/annotations/', (draft) => ({ draft_id: draft })],
  [manager, 'PATCH', '/api/tasks/5/', (upload) => ({ file_upload: upload })],
  [manager, 'POST', '/api/tasks/', (upload) => ({ project: 1, file_upload: upload })],
  [manager, 'POST', '/api/projects/1/import', (upload) => [{ data: {}, file_upload_id: upload }]],
  [manager, 'POST', '/api/projects/1/import', (upload) => ({ data: {}, file_upload_id: upload })],
  [manager, 'POST', '/api/projects/1/tasks/bulk/', (each) => [{ data: {}, file_upload_id: each }]],
  [manager, 'POST', '/api/projects/1/reimport', (upload) => ({ file_upload_ids: [5, upload] })],
  [manager, 'DELETE', '/api/projects/1/file-uploads', (each) => ({ file_upload_ids: [each] })],
  [manager, 'POST', '/api/predictions/', (model) => ({ task: 5, model })],
  [manager, 'PATCH', '/api/predictions/5/', (task) => ({ task })],
  ...['s3', 'azure', 'gcs', 'redis', 'localfiles'].flatMap((kind) =>
    [`${kind}/validate`, `${kind}/files`, `export/${kind}/validate`].map(
      (path) =>
        [manager, 'POST', `/api/storages/${path}`, (id: number) => ({ project: 1, id })] as const,
    ),
  ),
]

describe('an object that a body names', () => {
  it.each(fields)('account %s: %s %s', async (account, method, path, body) => {
    expect([await ask(account, method, path, body(5)), application.reached.length]).toEqual([
      200, 1,
    ])
    application.reached.length = 0
    expect([await ask(account, method, path, body(105)), application.reached]).toEqual([403, []])
  })

  it('is never one of which nothing is known', async () => {
    const run = { task: 5, model_run: 5 }
    expect(await ask(manager, 'POST', '/api/predictions/', run)).toBe(403)
    const filters = { project: 1, data: {}, filter_group: { filters: [{ parent: 5 }] } }
    expect(await ask(annotator, 'POST', '/api/dm/views/', filters)).toBe(400)
    expect(application.reached).toEqual([])
  })

  it('is another’s annotation only for a Reviewer', async () => {
    expect(await ask(annotator, 'PATCH', '/api/drafts/5/', { annotation: 6 })).toBe(403)
    expect(application.reached).toEqual([])
  })

  it('is a person only where they are a member', async () => {
    const path = '/api/tasks/5/annotations/'
    for (const [account, body, status] of [
      [17, { completed_by: 17 }, 200],
      [17, { completed_by: annotator }, 200],
      [17, { completed_by: 57 }, 403],
      [17, { completed_by: '57' }, 403],
      [17, { completed_by: ' 57' }, 400],
      [17, { updated_by: { id: 57 } }, 403],
      [17, [{ comment_authors: [annotator, 57] }], 403],
      [17, { last_created_by: 9999 }, 403],
      [annotator, { completed_by: 17 }, 403],
    ] as const) {
      expect([body, await ask(account, 'POST', path, body)]).toEqual([body, status])
    }
    application.reached.length = 0
  })

  it.each(['import', 'tasks/bulk/'])('is an author in an import by JSON (%s)', async (end) => {
    const url = `/api/projects/1/${end}`
    const task = (work: unknown) => ({ data: { text: 'x' }, annotations: [work] })
    for (const [body, status] of [
      [task({ completed_by: annotator }), 200],
      [task({ completed_by: 57 }), 403],
      [[task({}), task({ completed_by: 57 })], 403],
      [task({ completed_by: null }), 200],
      [task({ completed_by: true }), 400],
      [task({ completed_by: { email: 'Person7@example.com', id: 57 } }), 200],
      [task({ completed_by: { email: 'person57@example.com', id: 7 } }), 403],
      [task({ completed_by: { email: 'nobody@example.com' } }), 403],
      [{ data: {}, drafts: [{ user: 'person57@example.com' }] }, 403],
      [{ data: {}, drafts: [{ user: 'person27@example.com' }] }, 200],
    ] as const) {
      expect([body, await ask(manager, 'POST', url, body)]).toEqual([body, status])
    }
    application.reached.length = 0
  })

  it.each(['import', 'tasks/bulk/'])('is not named by columns of data (%s)', async (end) => {
    const url = `/api/projects/1/${end}`
    const row = { label: 'cat', model: 'X', task: 'sum', project: 2, user: 'b', completed_by: 57 }
    const other = { data: {}, file_upload_id: 105 }
    for (const [body, status] of [
      [row, 200],
      [[row, { file_upload_id: 105, annotations: [{ completed_by: 57 }] }], 200],
      [{ data: row }, 200],
      [{ data: {}, id: 9, project: 2, file_upload: 'a.json', task: 'x' }, 200],
      [{ data: {}, completed_by: 57 }, 403],
      [[row, other], 403],
      [[row, { data: null, annotations: [{ completed_by: 57 }] }], 403],
    ] as const) {
      expect([body, await ask(manager, 'POST', url, body)]).toEqual([body, status])
    }
    expect(await ask(annotator, 'POST', url, row)).toBe(403)
    expect(await ask(manager, 'POST', `/api/projects/2/${end}`, row)).toBe(403)
    application.reached.length = 0
  })

  it('passes in a form with files', async () => {
    const body = new FormData()
    body.append('file', new Blob(['text\na\n']), 'a.csv')
    const headers = { authorization: `Token ${manager}`, 'x-person': String(manager) }
    const url = `${room.url}/api/projects/1/import`
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200)
    application.reached.length = 0
  })
})

describe('a type that says how the query is to be read', () => {
  const typed = async (type: string) => {
    const headers = { authorization: `Token ${annotator}`, 'content-type': type }
    const url = `${room.url}/api/tasks/?project=1&%2BAHA-roject=2`
    const response = await fetch(url, { headers: { ...headers, 'x-person': String(annotator) } })
    await response.arrayBuffer()
    const { length } = application.reached.splice(0)
    return [response.status, length]
  }

  it.each([
    'x; charset=utf-7',
    'application/json; charset=utf-16-le',
    'application/json;charset="u7"',
    'application/json; charset=utf-8; charset=utf-7',
    'application/json; Charset=utf-7',
    "application/json; charset*=utf-8''utf-7",
    'application/json ;\tcharset=utf-7',
    'application/json;;charset=utf-7',
    'multipart/form-data; boundary=x; charset=utf-7',
    'multipart/form-data; boundary="x; charset=utf-7"',
    'multipart/form-data; boundary=utf-8; charset=hz',
    'multipart/form-data; boundary=x; charset=utf-8; charset=utf-7',
    'multipart/form-data; boundary=x; boundary=y',
    'application/json, x; charset=utf-7',
    'charset=utf-7',
    '; charset=utf-7',
  ])('is refused: %s', async (type) => {
    expect(await typed(type)).toEqual([415, 0])
  })

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW',
    'multipart/form-data; boundary=xx; charset=UTF-8',
    'multipart/form-data; charset=utf8; boundary="xx";',
    'application/json;',
  ])('is passed on if it says nothing else: %s', async (type) => {
    expect(await typed(type)).toEqual([200, 1])
  })
})

describe('what belongs to a person', () => {
  it.each([
    ['PATCH', '/api/current-user/product-tour?name=create_prompt', { state: 'ready' }, 200],
    ['PATCH', '/api/current-user/product-tour', { user: annotator, state: 'ready' }, 200],
    ['PATCH', '/api/current-user/product-tour', { user: 17, state: 'ready' }, 403],
    ['PUT', '/api/current-user/product-tour', { user: '17' }, 403],
    ['PATCH', '/api/current-user/hotkeys/', { custom_hotkeys: {} }, 200],
  ] as const)('is written by nobody else: %s %s %j', async (method, path, body, status) => {
    expect(await ask(annotator, method, path, body)).toBe(status)
    expect(application.reached.splice(0)).toHaveLength(status === 200 ? 1 : 0)
  })
})

describe('tasks found by anybody’s work', () => {
  const filter = (column: string) => ({
    filters: { conjunction: 'and', items: [{ filter: column, operator: 'regex', value: 'x' }] },
  })
  const works = 'filter:tasks:annotations_results'
  const child = { filters: { items: [{ filter: 'id', child_filter: filter(works) }] } }
  const query = (value: unknown) => encodeURIComponent(JSON.stringify(value))
  const list = '/api/tasks/?project=1&query='
  const action = '/api/dm/actions/?id=next_task&project=1'
  const emptyPredictions = {
    filter: 'filter:tasks:predictions_results',
    operator: 'empty',
    type: 'String',
    value: true,
  }
  const hidden = { hiddenColumns: { explore: ['tasks:annotations_results'] } }

  afterEach(() => {
    application.reached.length = 0
  })

  it.each([
    ['GET', list + query(filter(works)), undefined],
    ['GET', list + query(child), undefined],
    ['GET', list + query({ ordering: ['-tasks:annotations_results'] }), undefined],
    [
      'GET',
      list + query({ filters: { conjunction: 'and', items: [emptyPredictions] } }),
      undefined,
    ],
    ['GET', list + encodeURIComponent(query(filter(works))), undefined],
    ['GET', `${list}${query(filter(works)).replace('annotations', '%2561nnotations')}`, undefined],
    ['GET', `${list}${query({ ...filter(works), title: '100% %zz' })}`, undefined],
    ['GET', list + query(filter(works)).replace('annotations', 'annotation\\u0073'), undefined],
    ['GET', '/api/tasks/?project=1&view=9', undefined],
    ['POST', action, filter(works)],
    ['POST', action, { ordering: ['tasks:annotations_results'] }],
    ['POST', `${action}&view=9`, {}],
    ['POST', action, { view: 9 }],
    ['POST', '/api/dm/views/', { project: 1, data: filter(works) }],
    ['PATCH', '/api/dm/views/5/', { data: { ordering: ['-tasks:annotations_results'] } }],
  ] as const)('is for Reviewers: %s %s', async (method, path, body) => {
    expect(await ask(annotator, method, path, body)).toBe(403)
    expect(application.reached).toEqual([])
    // Account 17 is a Reviewer, and tabs 5 and 9 are the Annotator's.
    if (!/view/.test(path + JSON.stringify(body)))
      expect(await ask(17, method, path, body)).toBe(200)
  })

  it.each([
    ['GET', list + query(filter('filter:tasks:data.text')), undefined, 200],
    ['GET', list + query({ ...filter('filter:tasks:id'), title: '100% %zz %' }), undefined, 200],
    ['GET', list + query({ title: '50 %C3 %' }), undefined, 400],
    ['GET', '/api/tasks/?project=1&view=5', undefined, 200],
    ['GET', '/api/tasks/?project=1&view=6', undefined, 403],
    ['GET', `${list}%7B`, undefined, 400],
    ['GET', `${list}%25FF`, undefined, 400],
    ['DELETE', '/api/dm/views/9/', undefined, 200],
    ['PATCH', '/api/dm/views/9/', { data: filter('filter:tasks:id') }, 200],
    ['POST', '/api/dm/views/', { project: 1, data: hidden }, 200],
  ] as const)('other filters are for everybody: %s %s', async (method, path, body, status) => {
    expect(await ask(annotator, method, path, body)).toBe(status)
  })

  it('is not offered to an Annotator', async () => {
    const columns = async (account: number) => {
      const headers = { authorization: `Token ${account}`, 'x-person': String(account) }
      const response = await fetch(`${room.url}/api/dm/columns/?project=1`, { headers })
      return ((await response.json()) as { columns: unknown[] }).columns.length
    }
    expect([await columns(annotator), await columns(17)]).toEqual([2, 3])
  })
})

describe('the number of a task that was deleted and given anew', () => {
  afterEach(() => {
    application.moved.clear()
    application.reached.length = 0
  })

  it.each([
    [11, 'DELETE', '/api/tasks/11/'],
    [13, 'DELETE', '/api/projects/1/'],
    [15, 'DELETE', '/api/projects/1/tasks/'],
    [17, 'POST', '/api/projects/2/import'],
    [19, 'POST', '/api/projects/2/reimport'],
    [21, 'POST', '/api/projects/2/tasks/bulk/'],
    [23, 'POST', '/api/dm/actions/?id=delete_tasks&project=1'],
    [25, 'POST', '/api/%70rojects/2/import?x=1'],
  ])('is not open to those of the old project: %i after %s %s', async (task, method, path) => {
    expect(await ask(annotator, 'GET', `/api/tasks/${task}/`)).toBe(200)
    expect(await ask(37, method, path)).toBe(200)
    application.moved.set(task, 2)
    const label = `/api/tasks/${task}/annotations/`
    expect(await ask(annotator, 'POST', label, { result: [] })).toBe(403)
  })

  it('is not read by those of the old project, even if nobody told the gate', async () => {
    expect(await ask(annotator, 'GET', '/api/tasks/27/')).toBe(200)
    application.moved.set(27, 2)
    expect(await ask(annotator, 'GET', '/api/tasks/27/')).toBe(502)
  })
})

it.each([
  ['GET', '/api/tasks/?project=2&project=1', undefined],
  ['GET', '/api/tasks/?project=1&project=2', undefined],
  ['GET', '/api/tasks/?project=1&%70roject=1', undefined],
  ['GET', '/api/projects/?ids=2&ids=1', undefined],
  ['POST', '/api/dm/actions/?project=1&id=delete_tasks&id=next_task', {}],
  ['POST', '/api/dm/actions/?project=2&id=next_task&project=1', {}],
  ['GET', '/data/upload/?filepath=upload/2/x.png&filepath=upload/1/x.png', undefined],
  ['POST', '/api/labels/', [{ project: 1, title: 'a' }, { title: 'b' }]],
  ['POST', '/api/labels/', [{ title: 'a' }, { project: 1, title: 'b' }]],
  [
    'POST',
    '/api/labels/',
    [
      { project: 1, title: 'a' },
      { project: 2, title: 'b' },
    ],
  ],
] as const)(
  'what is named twice, or in one part alone, reaches nothing: %s %s',
  async (method, path, body) => {
    for (const account of [annotator, manager]) {
      application.reached.length = 0
      const status = await ask(account, method, path, body)
      expect([account, [400, 403].includes(status), application.reached]).toEqual([
        account,
        true,
        [],
      ])
    }
  },
)
