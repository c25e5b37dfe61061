import type { LabelStudioApi } from '../../adapters/label-studio/api/index.js'
import { resolverOf } from '../../adapters/label-studio/policy/resolve.js'
import { type Everything, ownerToken, startEverything } from './everything.js'
import { askAs } from './requests.js'
import { openRoom, type Room } from './room.js'

let application: Everything
let room: Room

beforeAll(async () => {
  application = await startEverything()
  room = await openRoom({ url: application.url, token: ownerToken })
  for (const account of [27, 87]) {
    const projects = { 1: 'Inherit' as const }
    await room.know(`person${account}@example.com`, { role: 'Manager', projects })
  }
  await room.know('person7@example.com', { role: 'Annotator', projects: { 1: 'Inherit' } })
  await room.know('person47@example.com', {})
  await ask(27, 'GET', '/api/projects/1/')
})

beforeEach(() => {
  application.asked.length = 0
  application.reached.length = 0
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

const ask = async (account: number, method: string, path: string, body?: unknown) =>
  (await askAs(room.url, account, { method, path, body })).status

describe('what the policy asks Label Studio', () => {
  it.each([
    ['task', '/api/tasks/11/', 1],
    ['annotation of an unknown task', '/api/annotations/13/', 2],
    ['draft of a known task', '/api/drafts/15/', 1],
    ['tab', '/api/dm/views/17/', 1],
    ['ML backend', '/api/ml/19', 1],
    ['storage', '/api/storages/s3/21', 1],
    ['webhook', '/api/webhooks/23/', 1],
    ['label link', '/api/label_links/25/', 1],
    ['file upload', '/api/import/file-upload/27', 1],
    ['export', '/api/projects/1/exports/29', 1],
    ['project', '/api/projects/1/', 0],
  ])('is one question for an unknown object: %s', async (_name, path, most) => {
    await ask(27, 'GET', path)
    expect(application.asked.length).toBeLessThanOrEqual(most)
  })

  it('is nothing for a task that is known', async () => {
    await ask(27, 'GET', '/api/tasks/31/')
    application.asked.length = 0
    await ask(87, 'GET', '/api/tasks/31/')
    expect(application.asked).toEqual([])
  })
})

describe('nothing is looked up that the person could not do anyway', () => {
  it.each([
    [7, 'GET', '/api/ml/119', 'for a Manager'],
    [7, 'DELETE', '/api/ml/19', 'for a Manager'],
    [7, 'POST', '/api/predictions/', 'for a Manager'],
    [47, 'GET', '/api/tasks/33/', 'for a member'],
    [47, 'GET', '/api/users/17/', 'for a colleague'],
    [47, 'POST', '/api/ml/19/interactive-annotating', 'for a member'],
    [27, 'GET', '/api/projects/2/imports/35/', 'in a project of others'],
    [27, 'POST', '/api/storages/s3/validate', 'in a project of others'],
  ])('%i: %s %s, which is %s', async (account, method, path) => {
    const body = path.includes('storages') ? { project: 2, id: 37 } : { task: 39 }
    expect(await ask(account, method, path, method === 'POST' ? body : undefined)).toBe(403)
    expect(application.asked).toEqual([])
  })
})

describe('a request that names thousands of objects', () => {
  const order = (ids: readonly number[]) =>
    ask(7, 'POST', '/api/dm/views/order/', { project: 1, ids })
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1_000)

  it('is refused without a question', async () => {
    expect(await order(numbers(5_001))).toBe(413)
    expect(await order(numbers(400_000))).toBe(413)
    expect(await order(Array.from({ length: 5_001 }, () => 5))).toBe(413)
    expect(application.asked).toEqual([])
  })

  it('is decided about if they are fewer', async () => {
    expect(await order(numbers(999))).toBe(403)
    expect(application.asked.length).toBeGreaterThan(990)
  })
})

describe('what is remembered of a task', () => {
  it('is not what was asked before a deletion and answered after it', async () => {
    const answers: ((task: unknown) => void)[] = []
    const request = () => new Promise((resolve) => answers.push(resolve))
    const resolver = resolverOf({ http: { request } } as unknown as LabelStudioApi)
    const task = { kind: 'task', id: '5' }
    const learn = resolver.learnerOf(1)
    const asked = resolver.ask(task)
    resolver.forget()
    answers[0]?.({ project: 1 })
    expect(await asked).toMatchObject({ projects: [1] })
    learn([5])
    expect(resolver.known(task)).toBeUndefined()
    resolver.learnerOf(2)([5])
    expect(resolver.known(task)).toEqual({ projects: [2] })
  })
})

describe('an ML backend gets the legacy token of the creator of its project (F3)', () => {
  const ways = [
    ['POST', '/api/ml/', { project: 1, url: 'http://attacker.example' }],
    ['PATCH', '/api/ml/19', { url: 'http://attacker.example' }],
    ['PUT', '/api/ml/19', { project: 1, url: 'http://attacker.example' }],
  ] as const

  it.each(ways)('so nobody else but Administrators gives its address: %s %s', async (...way) => {
    application.hasLegacyTokens = true
    expect(await ask(87, ...way)).toBe(403)
    expect(application.reached).toEqual([])
    expect(await ask(27, ...way)).toBe(200)
  })

  it.each(ways)('unless legacy tokens do not work: %s %s', async (...way) => {
    application.hasLegacyTokens = false
    expect(await ask(87, ...way)).toBe(200)
    application.hasLegacyTokens = true
  })

  it('and other changes are anybody’s, at the address that has the token', async () => {
    const url = 'http://backend.example'
    expect(await ask(87, 'PATCH', '/api/ml/19', { title: 'x' })).toBe(200)
    expect(await ask(87, 'PUT', '/api/ml/19', { project: 1, title: 'x', url })).toBe(200)
    expect(await ask(87, 'POST', '/api/ml/', { project: 1, url })).toBe(403)
  })

  it('and who may not is not offered it', async () => {
    const style = async (account: number, path: string) => {
      const headers = { authorization: `Token ${account}`, 'x-person': String(account) }
      const html = await (await fetch(`${room.url}${path}`, { headers })).text()
      return /[^,]*\[aria-label="Add machine learning model"\]/.exec(html)?.[0]
    }
    const ml = '[aria-label="Add machine learning model"]'
    expect(await style(87, '/projects/1/settings/ml')).toBe(ml)
    expect(await style(87, '/projects/')).toBe(ml)
    expect(await style(27, '/projects/1/settings/ml')).toBe(
      `body:not(:has(a[href*="/projects/1/settings"])) ${ml}`,
    )
    application.hasLegacyTokens = false
    expect(await style(87, '/projects/1/settings/ml')).toBeUndefined()
    application.hasLegacyTokens = true
  })

  it('and it can still be looked at and removed', async () => {
    expect(await ask(87, 'GET', '/api/ml/19')).toBe(200)
    expect(await ask(87, 'DELETE', '/api/ml/19')).toBe(200)
  })
})
