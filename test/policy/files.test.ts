import {
  addressesIn,
  fileAddress,
  namedFiles,
} from '../../adapters/label-studio/policy/task-files.js'
import { type Everything, ownerToken, startEverything } from './everything.js'
import { askAs } from './requests.js'
import { openRoom, type Room } from './room.js'

let application: Everything
let room: Room

beforeAll(async () => {
  application = await startEverything()
  room = await openRoom({ url: application.url, token: ownerToken })
  const projects = { 1: 'Inherit' } as const
  await room.know('person7@example.com', { role: 'Annotator', projects })
  await room.know('person17@example.com', { role: 'Reviewer', projects })
  await room.know('person27@example.com', { role: 'Manager', projects })
  await room.know('person37@example.com', { role: 'Administrator' })
})

beforeEach(() => {
  application.reached.length = 0
  application.asked.length = 0
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

const statusOf = async (path: string, account = 7) =>
  (await askAs(room.url, account, { method: 'GET', path })).status

const base64 = (text: string) => Buffer.from(text).toString('base64')
const task = (fileuri: string, route = 'resolve') =>
  `/tasks/5/${route}/?fileuri=${encodeURIComponent(fileuri)}`

describe.each(['resolve', 'presign'])('a file of a storage (%s)', (route) => {
  it.each([
    's3://shared/project1/5.png',
    's3://shared/project1/page.png',
    'gs://two/ü.png',
    'azure-blob://three/nested.png',
  ])('is given if the data of the task names it: %s', async (address) => {
    for (const each of [base64(address), Buffer.from(address).toString('base64url')]) {
      const isPadded = each.length % 4 === 0
      expect(await statusOf(task(each, route))).toBe(isPadded ? 200 : 403)
    }
  })

  it.each([
    's3://shared/project2/secret.png',
    's3://shared/project1/5.pn',
    's3://shared/project1/5.png2',
    's3://shared/secret.png',
    ' s3://shared/project1/5.png',
    'x "s3://shared/project1/page.png"',
    '',
  ])('is for Managers otherwise: %s', async (address) => {
    for (const account of [7, 17]) {
      expect(await statusOf(task(base64(address), route), account)).toBe(403)
    }
    expect(application.reached).toEqual([])
    expect(await statusOf(task(base64(address), route), 27)).toBe(200)
  })

  it('is for Managers without an address', async () => {
    expect(await statusOf(`/tasks/5/${route}/`)).toBe(403)
  })

  it('of a project is one that its labeling configuration names', async () => {
    const project = (address: string) =>
      `/projects/1/${route}/?fileuri=${encodeURIComponent(base64(address))}`
    expect(await statusOf(project('s3://shared/items.json?a&b'))).toBe(200)
    for (const each of ['s3://shared/project1/5.png', 's3://shared/items.json?a&amp;b']) {
      expect(await statusOf(project(each), 17)).toBe(403)
      expect(await statusOf(project(each), 27)).toBe(200)
    }
  })
})

describe('what a browser may do with a file', () => {
  const policyOf = async (path: string, account: number) => {
    const headers = { authorization: `Token ${account}`, 'x-person': String(account) }
    const answer = await fetch(`${room.url}${path}`, { headers })
    await answer.arrayBuffer()
    return [answer.status, answer.headers.get('content-security-policy')]
  }
  const file = base64('s3://shared/project1/5.png')

  it.each([
    [7, task(file)],
    [27, task(file, 'presign')],
    [27, `/projects/1/resolve/?fileuri=${encodeURIComponent(file)}`],
    [37, task(file)],
    [37, '/%74asks/5/resol%76e?fileuri=x'],
    [37, '/data/local-files/?d=page.html'],
    [37, '/any/data/local%2Dfiles/?d=page.html'],
    [37, '/%ff/d%61ta/local-files/?d=page.html'],
    // What nginx makes of dots and double slashes, Label Studio's own too.
    [37, '/tasks//5/resolve/?fileuri=x'],
    [37, '/tasks/a%2f../5/resolve/?fileuri=x'],
    [37, '/data/.//local-files/?d=page.html'],
    [37, '/storage-data/uploaded/?filepath=upload%2F1%2Fpage.html'],
  ])('runs none of its scripts: account %d, %s', async (account, path) => {
    expect(await policyOf(path, account)).toEqual([200, 'sandbox'])
  })

  it('is not said of other answers', async () => {
    expect(await policyOf('/api/tasks/5/', 7)).toEqual([200, null])
    // As a sandboxed answer it would be no script any more.
    expect(await policyOf('/react-app/unresolved.js', 37)).toEqual([200, null])
  })
})

describe('the look-up of the files of a task', () => {
  const of = (account: number, address: string) =>
    statusOf(`/tasks/31/resolve/?fileuri=${encodeURIComponent(base64(address))}`, account)

  it('is one for many files, and none for a Manager', async () => {
    await of(7, 's3://shared/project1/31.png')
    application.asked.length = 0
    expect(await of(17, 's3://shared/project1/page.png')).toBe(200)
    expect(await of(27, 's3://shared/other.png')).toBe(200)
    expect(application.asked).toEqual([])
  })

  it('asks again for a file that was not there', async () => {
    await of(7, 's3://shared/new.png')
    application.asked.length = 0
    await of(7, 's3://shared/new.png')
    expect(application.asked).toEqual(['GET /api/tasks/31/?resolve_uri=false'])
  })
})

describe('fileAddress', () => {
  // What Python answers: base64.urlsafe_b64decode, and unquote if that or UTF-8 fails.
  it.each([
    [base64('s3://b/ü?>.png'), 's3://b/ü?>.png'],
    [Buffer.from('s3://b/ü?>.png').toString('base64url'), 's3://b/ü?>.png'],
    ['s3://b/a.png', 's3://b/a.png'],
    ['s3://b/a%20b.png', 's3://b/a b.png'],
    ['czM6Ly9iL2EucG5', 'czM6Ly9iL2EucG5'],
    [`${base64('s3://b/abcd.png')} `, undefined],
    [`:${base64('s3://b/abc.p')}`, undefined],
    ['s3://b/year=2026/a.png', undefined],
    ['s3://b/%ff', undefined],
    ['/////w==', undefined],
  ])('reads %s as Label Studio does, or not at all', (given, address) => {
    expect(fileAddress(given)).toBe(address)
  })
})

describe('addressesIn', () => {
  it('reads data of any depth in a moment', () => {
    let deep: unknown = 's3://b/deep.png'
    for (let each = 0; each < 100_000; each++) deep = [deep]
    expect(addressesIn(deep)).toEqual(new Set(['s3://b/deep.png']))
    expect(addressesIn({ html: '"s3://'.repeat(200_000) }).size).toBeLessThan(2)
  })
})

describe('namedFiles', () => {
  it('forgets the oldest when there are too many', () => {
    const files = namedFiles(60_000)
    const many = (owner: number) =>
      new Set(Array.from({ length: 900 }, (_, each) => `s3://b/${owner}/${each}`.padEnd(1_000)))
    for (let each = 0; each < 12; each++) files.keep(`task ${each}`, many(each))
    const has = (each: number) => files.has(`task ${each}`, `s3://b/${each}/0`.padEnd(1_000))
    expect([has(0), has(11)]).toEqual([false, true])
  })

  it('remembers neither too many at once nor for too long', () => {
    const files = namedFiles(60_000)
    files.keep('task 1', new Set(['s3://b/'.padEnd(3_000_000)]))
    expect(files.has('task 1', 's3://b/'.padEnd(3_000_000))).toBe(false)
    const short = namedFiles(0)
    short.keep('task 1', new Set(['s3://b/a']))
    expect(short.has('task 1', 's3://b/a')).toBe(false)
  })
})

it('reads the addresses by which Label Studio up to 1.22 replaces those of a task', () => {
  const of = (address: string, route = 'resolve') =>
    `/tasks/5/${route}/?fileuri=${Buffer.from(address).toString('base64').replaceAll('+', '-')}`
  const data = {
    image: `https://studio.example${of('s3://shared/a b.png')}`,
    html: `<img src="${of('gs://two/ü.png', 'presign')}"><img src='${of('s3://shared/7.png')}'>`,
    others: [of(''), of('/etc/passwd'), '/tasks/5/resolve/?fileuri=*', '/projects/5/resolve/'],
  }
  expect([...addressesIn(data)].sort()).toEqual([
    'gs://two/ü.png',
    'https://studio.example/tasks/5/resolve/?fileuri=czM6Ly9zaGFyZWQvYSBiLnBuZw==',
    's3://shared/7.png',
    's3://shared/a b.png',
  ])
})
