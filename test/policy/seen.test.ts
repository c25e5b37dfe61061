import { type Everything, ownerToken, startEverything } from './everything.js'
import { askAs } from './requests.js'
import { type Given, openRoom, type Room } from './room.js'

/** Who asks and who is asked about. The rules give account 27 nothing, whatever its project. */
const people: Readonly<Record<number, Given>> = {
  7: { role: 'Annotator', projects: { 1: 'Inherit' } },
  8: { role: 'Annotator', projects: { 2: 'Inherit' } },
  17: { role: 'Annotator', projects: { 1: 'Reviewer', 2: 'Reviewer' } },
  27: { role: 'Not Activated', projects: { 1: 'Inherit', 2: 'Inherit' } },
  37: { role: 'Administrator' },
  47: { role: 'Annotator' },
  57: { role: 'Manager', projects: { 1: 'Inherit' } },
}
/** The projects that each of them sees. */
const seen: Readonly<Record<number, readonly number[]>> = {
  7: [1],
  8: [2],
  17: [1, 2],
  27: [],
  37: [1, 2],
  47: [],
  57: [1],
}
const accounts = Object.keys(people).map(Number)

let application: Everything
let room: Room

beforeAll(async () => {
  application = await startEverything()
  room = await openRoom({ url: application.url, token: ownerToken })
  for (const account of accounts) {
    await room.know(`person${account}@example.com`, people[account] ?? {})
  }
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

const get = (account: number, path: string) => askAs(room.url, account, { method: 'GET', path })
const read = async (account: number, path: string) => JSON.parse((await get(account, path)).text)

describe('people are shown to those who share a project with them', () => {
  it.each(accounts)('account %i', async (asking) => {
    const found: number[] = []
    for (const other of accounts) {
      const { status } = await get(asking, `/api/users/${other}/`)
      if (status === 200) found.push(other)
    }
    const shares = (other: number) => seen[asking]?.some((each) => seen[other]?.includes(each))
    const isSeen = (other: number) => asking === 37 || other === asking || shares(other)
    expect(found).toEqual(accounts.filter(isSeen))
  })

  it.each([
    [7, '/api/users/', [7, 17]],
    [8, '/api/users/', [8, 17]],
    [17, '/api/users/', [7, 8, 17]],
    [47, '/api/users/', []],
    [17, '/api/projects/1/annotators/', [7, 17]],
    [17, '/api/projects/2/annotators/', [8, 17]],
  ])('account %i lists %s', async (asking, path, listed) => {
    const list: readonly { readonly id: number }[] = await read(asking, path)
    expect(list.map(({ id }) => id)).toEqual(listed)
  })

  it.each([
    [1, 7, 200],
    [1, 8, 403],
    [1, 27, 403],
    [1, 37, 200],
    [2, 8, 200],
    [2, 7, 403],
  ])('work in project %i is in the name of account %i: %i', async (project, author, expected) => {
    const path = `/api/tasks/${project === 1 ? 5 : 105}/annotations/`
    const body = { result: [], updated_by: author }
    const { status } = await askAs(room.url, 17, { method: 'POST', path, body })
    expect(status).toBe(expected)
  })
})

describe('the work of others', () => {
  const tasks = ['/api/tasks/5/', '/api/tasks/?project=1', '/api/projects/1/next/']

  it.each(tasks)('is not for Annotators: %s', async (path) => {
    const { status, text } = await get(7, path)
    expect([status, text]).toEqual([200, expect.not.stringContaining('work of 8')])
  })

  it.each(tasks)('is for the Reviewers of the project: %s', async (path) => {
    expect((await get(17, path)).text).toContain('work of 8')
  })

  it.each(['/api/tasks/5/annotations/', '/api/tasks/5/drafts'])(
    'is left out of a list: %s',
    async (path) => {
      const listed = async (account: number) =>
        (await read(account, path)).map(({ id }: { id: number }) => id)
      expect([await listed(7), await listed(17)]).toEqual([
        [5, 105],
        [5, 6, 105],
      ])
    },
  )

  it('leaves an Annotator their own', async () => {
    const { annotations, drafts } = await read(7, '/api/tasks/5/')
    expect([annotations, drafts]).toMatchObject([[{ id: 1 }], [{ id: 3 }]])
  })
})

it.each(['/api/ml/?project=1', '/api/ml/5'])(
  'how a backend is reached is for Managers: %s',
  async (path) => {
    const connection = ['basic_auth_user', 'basic_auth_pass', 'auth_method', 'extra_params', 'url']
    const shown = async (account: number) => {
      const [backend] = [await read(account, path)].flat()
      return connection.filter((name) => name in backend)
    }
    expect([await shown(7), await shown(17)]).toEqual([[], []])
    expect(await shown(57)).toEqual(connection)
  },
)

describe('actions on tasks, also unknown ones, are for Managers, except the next task', () => {
  const actions = [
    'next_task',
    'delete_tasks',
    'delete_tasks_annotations',
    'retrieve_tasks_predictions',
    'predictions_to_annotations',
    'made_up',
    'constructor',
    '',
  ]
  it.each(
    actions.flatMap((id) => [
      ['POST', `/api/dm/actions/?project=1&id=${id}`, id] as const,
      ...(id === '' ? [] : [['GET', `/api/dm/actions/${id}/form/?project=1`, id] as const]),
    ]),
  )('%s %s', async (method, path, id) => {
    const statuses = []
    for (const account of [7, 17, 57]) {
      const asked = { method, path, ...(method === 'POST' && { body: {} }) }
      statuses.push((await askAs(room.url, account, asked)).status)
    }
    const others = id === 'next_task' ? 200 : 403
    expect(statuses).toEqual([others, others, 200])
  })
})

it.each([
  ['GET', '/api/tasks/?project=1&view=105', undefined],
  ['GET', '/api/tasks/?project=2&view=5', undefined],
  ['POST', '/api/tasks/5/annotations/', { result: [], parent_annotation: 105 }],
  ['POST', '/api/tasks/105/annotations/', { result: [], parent_prediction: 5 }],
  ['POST', '/api/tasks/5/drafts', { result: [], project: 2 }],
] as const)(
  'nothing joins two projects, also of one’s own: %s %s %j',
  async (method, path, body) => {
    application.reached.length = 0
    const asked = { method, path, ...(body && { body }) }
    const { status } = await askAs(room.url, 17, asked)
    expect([status, application.reached]).toEqual([403, []])
  },
)
