import { readFileSync } from 'node:fs'
import path from 'node:path'
import { endpoints } from '../../adapters/label-studio/policy/endpoints.js'
import type { OrganizationRole } from '../../lib/mapping/index.js'
import { type Everything, ownerToken, startEverything } from './everything.js'
import { type Asked, askAs } from './requests.js'
import { openRoom, type Room } from './room.js'

/**
 * A row of the survey of Label Studio Community 1.23.2, which was made from its URL resolver: what
 * the policy is held against. `-` in `methods` would be none.
 */
interface Row {
  readonly method: string
  readonly path: string
  /** As the survey says it: `AN`, `self or AD`, `same` for twins with a suffix, … */
  readonly role: string
  /** Where the project is named, when not in the path: `query project`, `body task`, … */
  readonly named: string
  /** What of others' work: least role, `nobody`, `filtered` for people who see their own. */
  readonly others: string
}

const rows = readFileSync(path.join(__dirname, 'endpoint-table.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .flatMap((line): Row[] => {
    const [methods = '', each = '', role = '', named = '', others = ''] = line.split('\t')
    return methods.split(' ').map((method) => ({ method, path: each, role, named, others }))
  })

/**
 * Who asks. All but "no project" are members of project 1, and of no other; a role in the project
 * takes precedence over that in the organization.
 */
const people = {
  Annotator: { account: 7, rank: 1, role: 'Annotator', isMember: true },
  Reviewer: { account: 17, rank: 2, role: 'Reviewer', isMember: true },
  Manager: { account: 27, rank: 3, role: 'Manager', isMember: true },
  Administrator: { account: 37, rank: 4, role: 'Administrator', isMember: true },
  'Not Activated': { account: 47, rank: 0, role: 'Not Activated', isMember: true },
  'no role': { account: 57, rank: 0, role: null, isMember: true },
  'no project': { account: 67, rank: 1, role: 'Annotator', isMember: false },
  'Reviewer here': { account: 77, rank: 1, here: 'Reviewer', role: 'Annotator', isMember: true },
  'Annotator here': { account: 87, rank: 3, here: 'Annotator', role: 'Manager', isMember: true },
} as const satisfies Record<string, Person>

interface Person {
  readonly account: number
  /** In the organization. */
  readonly rank: number
  readonly role: OrganizationRole | null
  /** The role in project 1, if not that in the organization. */
  readonly here?: 'Annotator' | 'Reviewer'
  readonly isMember: boolean
}

const ranksOf: Readonly<Record<string, number>> = { AN: 1, RE: 2, MA: 3 }

/**
 * Where the policy is stricter than the survey, which leaves it open: twins with a suffix may be
 * refused, and these are for nginx, for administrators, or lists of routes.
 */
const stricter = new Set([
  '/api/auth/export/',
  '/data/local-files/',
  '/api/.{format}',
  '/api/dm/.{format}',
])
/** Where the survey says who may see it, and the policy shows everybody their own part. */
const openToAll = new Set([
  'GET /api/projects/',
  'GET /api/projects/counts/',
  'GET /api/users/',
  'GET /api/users/{pk}/',
])
const isOpenToAll = ({ method, path: each }: Row) => openToAll.has(`${method} ${each}`)

let application: Everything
let room: Room

beforeAll(async () => {
  application = await startEverything()
  room = await openRoom({ url: application.url, token: ownerToken })
  for (const person of Object.values<Person>(people)) {
    const { account, role, isMember, here } = person
    const projects = isMember ? { 1: here ?? ('Inherit' as const) } : {}
    await room.know(`person${account}@example.com`, { role, projects })
  }
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

async function ask(asked: Asked, account: number) {
  const answered = await askAs(room.url, account, asked)
  const reached = application.reached.length > 0
  application.reached.length = 0
  return { ...answered, reached }
}

/**
 * Objects of project 1 have the number 5, those of project 2 the number 105. Account 7 made both.
 */
function requestFor(row: Row, project: 1 | 2, account: number): Asked {
  const number = project === 1 ? 5 : 105
  const filled = row.path
    .replace(/^(\/api)?\/projects\/\{[^}]+\}/, `$1/projects/${project}`)
    .replace('{entity_name}', 'task')
    .replace('{filename}', `${project}/x.png`)
    .replace('{action_id}', 'next_task')
    .replace('{format}', 'json')
    .replace(/\{(path|sub_path)\}/, 'word')
    .replace(/(\/users\/)\{pk\}/, `$1${account}`)
    .replace(/\{[^}]+\}/g, String(number))
  const isAction = row.path.startsWith('/api/dm/actions/')
  const needsProject = row.named === 'query project' || isAction
  const query = [
    ...(needsProject ? [`project=${project}`] : []),
    ...(/(resolve|presign)\/$/.test(row.path) ? [`fileuri=${fileuriFor(row.path)}`] : []),
    ...(row.named === 'query filepath' ? [`filepath=upload/${project}/x.png`] : []),
    ...(isAction && row.method === 'POST' ? ['id=next_task'] : []),
  ].join('&')
  const url = query === '' ? filled : `${filled}?${query}`
  if (row.method === 'GET') return { method: row.method, path: url }
  const bodies: Readonly<Record<string, unknown>> = {
    'body project': { project },
    'body task': { task: number },
  }
  return { method: row.method, path: url, body: bodies[row.named] ?? {} }
}

/** A file that task 5, or project 1, names. */
function fileuriFor(template: string): string {
  const isOfTask = template.startsWith('/tasks/')
  const address = isOfTask ? 's3://shared/project1/5.png' : 's3://shared/items.json?a&b'
  return encodeURIComponent(Buffer.from(address).toString('base64'))
}

/** Whether the survey gives somebody this row, for what account 7 made in project 1. */
function isGiven(row: Row, person: Person): boolean {
  const { role, others } = row
  const { rank, isMember, account } = person
  if (rank === 4 || isOpenToAll(row) || role === 'self or AD') return true
  if (role === 'AD' || role === 'superuser' || !isListed(row)) return false
  if (role === 'anon' || role === 'any') return true
  if (role === 'MA*') return rank >= 3
  if (!isMember && !isNarrowed(row)) return false
  const inProject = rankHere(person)
  const most = isNarrowed(row) ? Math.max(rank, inProject) : inProject
  const own = others === 'filtered' ? 1 : (ranksOf[role === 'by id' ? 'AN' : role] ?? 4)
  const isOthers = account !== 7 && others !== '' && others !== 'filtered'
  return most >= Math.max(own, isOthers ? (ranksOf[others] ?? 4) : 0)
}

function rankHere({ rank, here }: Person): number {
  return here === undefined ? rank : here === 'Reviewer' ? 2 : 1
}

/** Lists that name no project are narrowed, also to nothing, instead of refused. */
const narrowed = new Set([
  '/api/dm/views/',
  '/api/predictions/',
  '/api/webhooks/',
  '/api/labels/',
  '/api/label_links/',
])

const isNarrowed = ({ method, path: each, named }: Row) =>
  method === 'GET' && named === '' && narrowed.has(each)

/** Forms answer by what they carry; the gate's own tests are about them. */
const isForm = ({ method, path: each }: Row) =>
  method === 'POST' && /login|signup|token\/(refresh|blacklist|rotate)/.test(each)

const isListed = ({ path: each, role }: Row) => role !== 'same' && !stricter.has(each)

describe.each(rows.filter((row) => !isForm(row)))('$method $path', (row) => {
  it('is for those of whom the survey says so', async () => {
    const found: Record<string, string> = {}
    const expected: Record<string, string> = {}
    for (const [name, person] of Object.entries(people)) {
      const { status, reached } = await ask(requestFor(row, 1, person.account), person.account)
      found[name] = reached && status !== 403 ? 'given' : `refused with ${status}`
      expected[name] = isGiven(row, person) ? 'given' : 'refused with 403'
    }
    expect(found).toEqual(expected)
  })

  const namesProject = isListed(row) && /AN|RE|MA$|by id/.test(row.role) && !isOpenToAll(row)
  if (namesProject && !isNarrowed(row)) {
    it('is refused to everybody below Administrator in a project of others', async () => {
      for (const { account, rank } of Object.values(people)) {
        if (rank === 4) continue
        const { status, reached } = await ask(requestFor(row, 2, account), account)
        expect([account, status, reached]).toEqual([account, 403, false])
      }
    })
  }
})

describe('the data of the policy', () => {
  const plain = (method: string, each: string) =>
    `${method} ${each.replace(/\{[^}]+\}/g, '{}').replace(/\/$/, '')}`
  const own = endpoints.flatMap((row) => row.methods.map((method) => plain(method, row.path)))

  it('has each method of a path once', () => {
    expect(own.filter((each, index) => own.indexOf(each) !== index)).toEqual([])
  })

  it('opens nothing that the survey does not have', () => {
    const surveyed = new Set(rows.map((row) => plain(row.method, row.path)))
    const spread = (each: string) =>
      each
        .replace(/\/entities\/(task|annotation|project)\//, '/entities/{}/')
        .replace('/data/upload/{}/{}', '/data/upload/{}')
    expect(own.filter((each) => !surveyed.has(spread(each)))).toEqual([])
  })
})

describe('answers are narrowed', () => {
  const meta = { active_organization_meta: { title: 'Cats', email: '' } }
  const seen = async (url: string, account: number) =>
    JSON.parse((await ask({ method: 'GET', path: url }, account)).text)

  it.each(['/api/predictions', '/api/label_links', '/api/labels'])('%s by project', async (url) => {
    const ids = (await seen(url, 7)).map(({ id }: { id: number }) => id)
    expect(ids).toEqual([5, 6])
  })

  it('pages count what is shown', async () => {
    expect(await seen('/api/predictions?page=1', 7)).toMatchObject({ count: 2 })
  })

  it.each(['GET', 'POST'])(
    'labels tell nothing of other projects that have them (%s)',
    async (method) => {
      const body = [{ project: 1, title: 'x', from_name: 'c', value: ['x'] }]
      const asked = { method, path: '/api/labels/', ...(method === 'POST' && { body }) }
      const labels = JSON.parse((await ask(asked, 7)).text)
      expect(labels).toMatchObject([
        { id: 5, projects: [1], links: [5], description: 'label 5' },
        { id: 6, projects: [1], links: [], description: null, created_by: null },
      ])
    },
  )

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
    expect(list).toEqual([
      { id: 7, email: 'person7@example.com', phone: '112', ...meta },
      { id: 17, email: 'person17@example.com', phone: '', ...meta },
    ])
  })

  it.each([
    ['/api/users/?omit=id', 0],
    ['/api/tasks/5/annotations/?omit=completed_by,user', 0],
    ['/api/tasks/5/drafts?omit=user,completed_by', 0],
    ['/api/tasks/5/drafts', 2],
    ['/api/predictions?omit=project', 0],
    ['/api/labels?omit=projects', 0],
    ['/api/dm/views/?omit=user', 0],
    ['/api/dm/views/?omit=project', 0],
  ])('what the query leaves out opens nothing: %s', async (url, left) => {
    expect(await seen(url, 7)).toHaveLength(left)
  })

  it('somebody whose number the query leaves out is not shown', async () => {
    const asked = { method: 'GET', path: '/api/users/17/?omit=id' }
    expect((await ask(asked, 7)).status).toBe(502)
  })

  it('memberships are one’s own', async () => {
    const of = async (account: number) => {
      const path = `/api/organizations/1/memberships/${account}/`
      return (await ask({ method: 'GET', path }, 7)).status
    }
    expect([await of(7), await of(17)]).toEqual([200, 403])
  })

  it('somebody of no common project looks as if they did not exist', async () => {
    const answers = await Promise.all(
      ['/api/users/8/', '/api/users/8/?omit=id', '/api/users/987654/'].map(async (path) => {
        const answer = await ask({ method: 'GET', path }, 7)
        return [answer.status, JSON.stringify(answer)]
      }),
    )
    expect(new Set(answers.map(String)).size).toBe(1)
    expect(answers[0]?.[0]).toBe(403)
    expect((await ask({ method: 'GET', path: '/api/users/17/' }, 7)).status).toBe(200)
  })

  it('a task whose project the query leaves out is not shown', async () => {
    const asked = { method: 'GET', path: '/api/tasks/5/?omit=project,data' }
    expect((await ask(asked, 7)).status).toBe(502)
  })

  it('exports carry no files, which Label Studio would fetch as its owner', async () => {
    const of = async (url: string, account = 27) => {
      const { status } = await ask({ method: 'GET', path: url }, account)
      return status
    }
    const sent = async (url: string) => {
      const headers = { authorization: 'Token 27', 'x-person': '27' }
      await fetch(`${room.url}${url}`, { headers })
      return application.reached.pop()
    }
    const exported = '/api/projects/1/export'
    for (const each of ['YOLO_WITH_IMAGES', 'COCO_WITH_IMAGES', 'coco_with_images']) {
      expect(await of(`${exported}?exportType=${each}`)).toBe(403)
      expect(await of(`${exported}?exportType=JSON&export_type=${each}`)).toBe(403)
      expect(await of(`/api/projects/1/exports/5/download?exportType=${each}`)).toBe(403)
      expect(await of(`${exported}?exportType=${each}`, 37)).toBe(200)
    }
    for (const [query, rest] of [
      ['?exportType=VOC', 'exportType=VOC&download_resources=false'],
      ['?download_resources=1&download%5Fresources=yes', 'download_resources=false'],
      ['', 'download_resources=false'],
    ]) {
      expect(await sent(exported + query)).toBe(`GET ${exported}?${rest}`)
    }
    const convert = { method: 'POST', path: '/api/projects/1/exports/5/convert' }
    for (const [body, status] of [
      [{ export_type: 'VOC' }, 200],
      [{ export_type: 'VOC', download_resources: false }, 200],
      [{ export_type: 'VOC', download_resources: true }, 403],
      [{ export_type: 'VOC', download_resources: 'on' }, 403],
      [{ export_type: 'YOLO_WITH_IMAGES' }, 403],
    ] as const) {
      expect([body, (await ask({ ...convert, body }, 27)).status]).toEqual([body, status])
    }
    application.reached.length = 0
  })

  it('formats with files are not offered', async () => {
    const formats = await seen('/api/projects/1/export/formats', 27)
    expect(formats).toEqual([{ name: 'JSON' }, { name: 'YOLO' }])
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
