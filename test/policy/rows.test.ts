import { type Endpoint, endpoints } from '../../adapters/label-studio/policy/endpoints.js'
import type { OrganizationRole } from '../../lib/mapping/index.js'
import { type Everything, ownerToken, startEverything } from './everything.js'
import { openRoom, type Room } from './room.js'

const roles = ['Annotator', 'Reviewer', 'Manager', 'Administrator'] as const
type Role = (typeof roles)[number]

const accounts: Readonly<Record<Role, number>> = {
  Annotator: 7,
  Reviewer: 17,
  Manager: 27,
  Administrator: 37,
}
const noRole = 47

let application: Everything
let room: Room

beforeAll(async () => {
  application = await startEverything()
  room = await openRoom({ url: application.url, token: ownerToken })
  for (const role of roles) await invite(accounts[role], role)
  await invite(noRole, null)
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

/** A member of project 1 in their organization role, as rules with `Inherit` make them. */
async function invite(account: number, role: OrganizationRole | null) {
  const email = `person${account}@example.com`
  await room.know(email, { role, projects: { 1: 'Inherit' } })
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly account: number
  readonly body?: unknown
}

async function ask({ method, path, account, body }: Asked) {
  const response = await fetch(`${room.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      authorization: `Token ${account}`,
      'x-person': String(account),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const reached = application.reached.length > 0
  application.reached.length = 0
  return { status: response.status, text, reached }
}

/** A request for this row about objects of project 1 (5) or 2 (105), made by account 7. */
function requestFor(row: Endpoint, method: string, project: 1 | 2): Omit<Asked, 'account'> {
  const number = project === 1 ? 5 : 105
  const path = row.path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    if (name === 'project') return String(project)
    return ['word', 'file', 'rest', 'action'].includes(name) ? 'word' : String(number)
  })
  const values: Readonly<Record<string, unknown>> = {
    'query.project': project,
    'query.filepath': `upload/${project}/x.png`,
    'body.project': project,
    'body.task': number,
  }
  const need = row.needs?.[0] ?? ''
  const [where, name = ''] = need.split('.')
  const query = where === 'query' ? `?${name}=${values[need]}` : ''
  if (method === 'GET') return { method, path: `${path}${query}` }
  const body = where === 'body' ? { [name]: values[need] } : {}
  return { method, path: `${path}${query}`, body }
}

const leastOf: Readonly<Record<string, number>> = { AN: 0, RE: 1, MA: 2, 'MA*': 2, AD: 3, self: 3 }

/** Whether the tables give a role this row, for one's own objects in one's own project. */
function isGiven(row: Endpoint, role: Role): boolean {
  if (row.role === 'anon' || row.role === 'any') return true
  const least = row.isAction ? 2 : (leastOf[row.role] ?? 3)
  // What account 7 made is somebody else's for all but the Annotator.
  const isMade = /\{(annotation|draft|tab)\}/.test(row.path) && role !== 'Annotator'
  const others = isMade && row.others ? { RE: 1, MA: 2, nobody: 3 }[row.others] : 0
  return roles.indexOf(role) >= Math.max(least, others)
}

const names = (row: Endpoint) =>
  row.needs !== undefined || /\{(?!word|number|rest|file|user|action)/.test(row.path)

const rows = endpoints.flatMap((row) =>
  row.methods.map((method) => ({ title: `${method} ${row.path}`, method, row })),
)

describe.each(rows)('$title', ({ method, row }) => {
  it.each(roles)('is given to a member as the tables say: %s', async (role) => {
    const asked = requestFor(row, method, 1)
    const { status, reached } = await ask({ ...asked, account: accounts[role] })
    const isForm = method === 'POST' && /login|signup|token\/(refresh|rotate)/.test(row.path)
    if (isForm) return
    expect([status === 403 ? 'refused' : 'let through', reached]).toEqual(
      isGiven(row, role) ? ['let through', true] : ['refused', false],
    )
  })

  if (names(row)) {
    it('is refused to everybody below Administrator in a project of others', async () => {
      for (const role of ['Annotator', 'Reviewer', 'Manager'] as const) {
        const asked = requestFor(row, method, 2)
        const { status, reached } = await ask({ ...asked, account: accounts[role] })
        expect([role, status, reached]).toEqual([role, 403, false])
      }
    })
    it('is refused to somebody without a role', async () => {
      const { status } = await ask({ ...requestFor(row, method, 1), account: noRole })
      expect(status).toBe(403)
    })
  }
})

describe('answers are narrowed', () => {
  const seen = async (path: string, account: number) =>
    JSON.parse((await ask({ method: 'GET', path, account })).text)

  it.each(['/api/predictions', '/api/label_links', '/api/labels'])(
    '%s by project',
    async (path) => {
      const ids = (await seen(path, 7)).map(({ id }: { id: number }) => id)
      expect(ids).toEqual([5, 6])
    },
  )

  it('pages count what is shown', async () => {
    expect(await seen('/api/predictions?page=1', 7)).toMatchObject({ count: 2 })
  })

  it('webhooks by project, for managers', async () => {
    expect(await seen('/api/webhooks/', 27)).toHaveLength(2)
  })

  it('tabs of others are for managers', async () => {
    expect(await seen('/api/dm/views/', 7)).toHaveLength(1)
    expect(await seen('/api/dm/views/', 27)).toHaveLength(2)
  })

  it('an Annotator sees their own annotations, a Reviewer all', async () => {
    expect((await seen('/api/tasks/5/', 7)).annotations).toHaveLength(1)
    expect((await seen('/api/tasks/?project=1', 7)).tasks[0].annotations).toHaveLength(1)
    expect((await seen('/api/tasks/5/', 17)).annotations).toHaveLength(2)
  })

  it('permissions are those of the role', async () => {
    const permissions = async (account: number) =>
      (await seen('/api/current-user/whoami', account)).permissions
    expect(await permissions(7)).toEqual(['annotations.create'])
    expect(await permissions(27)).toEqual([
      'projects.create',
      'projects.delete',
      'annotations.create',
    ])
  })

  it('the menu has the actions of the role', async () => {
    expect(await seen('/api/dm/actions/?project=1', 7)).toEqual([{ id: 'next_task' }])
    expect(await seen('/api/dm/actions/?project=1', 27)).toHaveLength(2)
  })

  it('secrets of connections stay in below Manager', async () => {
    expect(JSON.stringify(await seen('/api/ml/?project=1', 7))).not.toContain('basic_auth')
    expect(JSON.stringify(await seen('/api/ml/?project=1', 27))).toContain('basic_auth')
    expect(JSON.stringify(await seen('/api/organizations/', 27))).not.toContain('"token"')
  })

  it('people are those of one’s projects', async () => {
    const list = await seen('/api/users/', 7)
    expect(list.map(({ id }: { id: number }) => id)).toEqual([7])
  })

  it('lists of projects ask for one’s own alone', async () => {
    for (const [asked, sent] of [
      ['', '1'],
      ['?ids=', '1'],
      ['?ids=2', '-1'],
      ['?ids=2,1', '1'],
    ]) {
      await fetch(`${room.url}/api/projects/${asked}`, {
        headers: { authorization: 'Token 7', 'x-person': '7' },
      })
      expect(application.reached.pop()).toBe(`GET /api/projects/?ids=${sent}`)
    }
    application.reached.length = 0
  })
})

describe('the data', () => {
  it('has each method of a path once', () => {
    const all = rows.map(({ title }) => title.replace(/\{[^}]+\}/g, '{}').replace(/\/$/, ''))
    expect(all.filter((each, index) => all.indexOf(each) !== index)).toEqual([])
  })
})
