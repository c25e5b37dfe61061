import type { PersonAccess } from '../../adapters/label-studio/policy/access.js'
import { shownColumns } from '../../adapters/label-studio/policy/shown.js'
import { type Everything, ownerToken, startEverything } from './everything.js'
import { type Asked, askAs } from './requests.js'
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
  await room.know('person57@example.com', {})
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

const ask = (asked: Asked, account: number) => askAs(room.url, account, asked)

const seen = async (path: string, account: number) =>
  JSON.parse((await ask({ method: 'GET', path }, account)).text)

describe('an answer does not show', () => {
  it.each([
    '/api/projects/1/',
    '/api/projects/',
    '/api/projects/?include=task_data_password',
    '/api/projects/?omit=id',
    '/api/projects/?page=1',
    '/api/dm/project/?project=1',
  ])('the sign-in for the files of tasks is for Managers: %s', async (url) => {
    for (const account of [7, 17]) {
      expect(JSON.stringify(await seen(url, account))).not.toContain('secret-of-tasks')
    }
    if (!url.includes('omit')) {
      expect(JSON.stringify(await seen(url, 27))).toContain('secret-of-tasks')
    }
  })

  it('the creator of a project is shown to those who share a project with them', async () => {
    expect(await seen('/api/projects/1/', 7)).toMatchObject({ created_by: { id: 27 } })
    const other = await openRoom({ url: application.url, token: ownerToken })
    await other.know('person7@example.com', { role: 'Annotator', projects: { 1: 'Inherit' } })
    const headers = { authorization: 'Token 7', 'x-person': '7' }
    for (const path of ['/api/projects/1/', '/api/dm/project/?project=1', '/api/projects/']) {
      const text = await (await fetch(`${other.url}${path}`, { headers })).text()
      expect([path, text]).toEqual([path, expect.not.stringMatching(/person[23]7@/)])
    }
    await other.close()
  })

  it('the people who worked in a project are those who are still in it', async () => {
    const list = await seen('/api/projects/1/annotators/', 17)
    expect(list.map(({ id }: { id: number }) => id)).toEqual([7, 17])
  })

  it('the address of the owner of the organization is for Administrators', async () => {
    for (const url of ['/api/current-user/whoami', '/api/users/', '/api/users/7/']) {
      for (const account of [7, 57]) {
        const { text } = await ask({ method: 'GET', path: url }, account)
        expect([url, text]).toEqual([url, expect.not.stringContaining('owner@')])
      }
      expect(JSON.stringify(await seen(url, 37))).toContain('owner@')
    }
    const changed = await ask({ method: 'PATCH', path: '/api/users/7/', body: {} }, 7)
    expect([changed.status, changed.text.includes('owner@')]).toEqual([200, false])
  })

  it('one’s own membership lists only projects that one still sees', async () => {
    const url = '/api/organizations/1/memberships/7/?contributed_to_projects=true'
    expect((await seen(url, 7)).contributed_to_projects).toEqual([{ id: 1, title: 'project 1' }])
  })

  it('columns list the numbers of colleagues', async () => {
    const { columns } = await seen('/api/dm/columns/?project=1', 7)
    expect(columns.at(-1)).toEqual({ id: 'annotators', schema: { items: [7] } })
    const colleagues = async () => new Set([17])
    const person = { account: 7 } as PersonAccess
    const body = { columns: [{ id: 'x', schema: { items: [7, 8, 17], multiple: true } }] }
    expect(await shownColumns({ person, colleagues }, body)).toEqual({
      columns: [{ id: 'x', schema: { items: [7, 17], multiple: true } }],
    })
  })

  it.each([
    ['GET', '/api/label_links/?expand=label', 7],
    ['GET', '/api/label_links/?expand=label&page=1', 7],
    ['GET', '/api/label_links/5/?expand=label', 27],
    ['POST', '/api/label_links/?expand=label', 7],
    ['PATCH', '/api/label_links/5/?expand=label', 27],
    ['GET', '/api/labels/?expand=links,links.label', 7],
  ])('a link shows no more of its label than the list of labels: %s %s', async (...way) => {
    const [method, path, account] = way
    const body = { project: 1, label: 5 }
    const asked = { method, path, ...(method !== 'GET' && { body }) }
    const { status, text } = await ask(asked, account)
    expect(status).toBe(200)
    for (const { label } of [JSON.parse(text)].flatMap((each) => each.results ?? each)) {
      if (label) expect(label).toMatchObject({ value: ['x'], description: null, created_by: null })
    }
    if (path.startsWith('/api/label_links')) expect(text).toContain('"label":{')
  })
})
