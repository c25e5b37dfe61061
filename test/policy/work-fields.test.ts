import { type Everything, ownerToken, startEverything } from './everything.js'
import { askAs, sentWithWork } from './requests.js'
import { openRoom, type Room } from './room.js'

let application: Everything
let room: Room
const annotator = 7
const reviewer = 17
const manager = 27

beforeAll(async () => {
  application = await startEverything()
  room = await openRoom({ url: application.url, token: ownerToken })
  const projects = { 1: 'Inherit' } as const
  await room.know(`person${annotator}@example.com`, { role: 'Annotator', projects })
  await room.know(`person${reviewer}@example.com`, { role: 'Reviewer', projects })
  await room.know(`person${manager}@example.com`, { role: 'Manager', projects })
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

const ask = async (account: number, method: string, path: string, body?: unknown) =>
  (await askAs(room.url, account, { method, path, body })).status

describe('an Annotator writes', () => {
  it.each([
    ['POST', '/api/tasks/5/annotations/', sentWithWork],
    ['POST', '/api/tasks/5/annotations/', { ...sentWithWork, was_cancelled: true, comment: 'x' }],
    [
      'POST',
      '/api/tasks/5/annotations/',
      { ...sentWithWork, ground_truth: false, completed_by: 7 },
    ],
    ['PATCH', '/api/annotations/5/', { ...sentWithWork, id: 5 }],
    ['PATCH', '/api/annotations/5/', { ground_truth: false }],
    ['PATCH', '/api/annotations/15/', { ground_truth: true, import_id: 15, completed_by: 7 }],
    ['PUT', '/api/annotations/5/', { ...sentWithWork, updated_by: 7, bulk_created: false }],
    ['POST', '/api/tasks/5/drafts', sentWithWork],
    ['POST', '/api/tasks/5/annotations/5/drafts', sentWithWork],
    ['PATCH', '/api/drafts/5/', { ...sentWithWork, was_postponed: true }],
    ['PATCH', '/api/drafts/5/', { user: 'Person7@example.com' }],
  ])('what the application sends: %s %s %j', async (method, path, body) => {
    expect(await ask(annotator, method, path, body)).toBe(200)
  })

  it.each([
    ['PATCH', '/api/annotations/15/', { ground_truth: false }],
    ['PATCH', '/api/annotations/15/', { ground_truth: null }],
    ['PATCH', '/api/annotations/5/', { ground_truth: true }],
    ['PATCH', '/api/annotations/5/', { ground_truth: 'false' }],
    ['PATCH', '/api/annotations/5/', { last_created_by: reviewer }],
    ['PATCH', '/api/annotations/5/', { last_created_by: annotator }],
    ['PATCH', '/api/annotations/5/', { last_action: 'accepted' }],
    ['PATCH', '/api/annotations/5/', { bulk_created: true }],
    ['PATCH', '/api/annotations/5/', { import_id: 5 }],
    ['PATCH', '/api/annotations/5/', { updated_by: reviewer }],
    ['PATCH', '/api/annotations/5/', { draft_created_at: '2020-01-01T00:00:00Z' }],
    ['POST', '/api/tasks/5/annotations/', { ground_truth: true }],
    ['POST', '/api/tasks/5/annotations/', [{}, { last_action: 'accepted' }]],
    ['POST', '/api/tasks/5/annotations/', { import_id: 15 }],
    ['POST', '/api/tasks/5/annotations/15/drafts', { import_id: 15 }],
    ['PATCH', '/api/drafts/5/', { user: 'person17@example.com' }],
  ])('nothing that is for Reviewers: %s %s %j', async (method, path, body) => {
    application.reached.length = 0
    expect(await ask(annotator, method, path, body)).toBe(403)
    expect(application.reached).toEqual([])
    // The drafts of others are nobody's.
    if (!path.startsWith('/api/drafts')) expect(await ask(reviewer, method, path, body)).toBe(200)
  })
})

describe('the order of tabs', () => {
  // Odd tabs are the Annotator's; from 100 on they are in another project.
  it.each([
    [annotator, [5, 7], 200],
    [annotator, [5, 6], 403],
    [annotator, ['6'], 403],
    [annotator, 6, 403],
    [annotator, [true], 400],
    [reviewer, [5], 403],
    [manager, [6, 5], 200],
    [manager, [5, 105], 403],
  ])('is for whoever may use each of them: %i %j', async (account, ids, status) => {
    const body = { project: 1, ids }
    expect(await ask(account, 'POST', '/api/dm/views/order/', body)).toBe(status)
  })
})
