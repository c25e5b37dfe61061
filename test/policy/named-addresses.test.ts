import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { ownerToken } from './everything.js'
import { openRoom, type Room } from './room.js'
import { listen, studioOf } from './studio.js'

let application: Awaited<ReturnType<typeof listen>>
let room: Room

beforeAll(async () => {
  application = await listen(studioOf({}))
  room = await openRoom({ url: application.url, token: ownerToken })
  await room.know('person37@example.com', { role: 'Administrator' })
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

/** As the editor asks in a page of Label Studio. */
async function statusOf(path: string, given: Record<string, string> = {}) {
  const headers = {
    cookie: 'sessionid=37',
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
    referer: `${room.url}/projects/1/data?task=5`,
    ...given,
  }
  // `fetch` of Node says of itself what it does.
  const [answer] = (await once(get(`${room.url}${path}`, { headers }), 'response')) as [
    IncomingMessage,
  ]
  answer.resume()
  return answer.statusCode
}

it.each([
  '/api/current-user/token',
  '/api/tasks/5/',
  '/%61pi/invite',
  '/x/..%2fapi/invite',
  '/user/account',
  '/admin/authtoken/tokenproxy/',
])('a task shows nothing of %s', async (path) => {
  const before = room.refusals.length
  expect(await statusOf(path)).toBe(403)
  expect(await statusOf(path, { 'sec-fetch-mode': 'no-cors' })).toBe(403)
  expect(room.refusals.slice(before).map(({ reason }) => reason)).toEqual(
    Array(2).fill('an address in a task'),
  )
})

it.each(['/data/upload/1/a.txt', '/tasks/5/resolve/', '/static/a.csv', '/api/users/7'])(
  'a task may name %s',
  async (path) => {
    expect(await statusOf(path)).toBe(200)
  },
)

it.each<[string, Record<string, string>]>([
  ['Label Studio itself', { 'sec-fetch-mode': 'same-origin' }],
  ['the page of the account', { referer: 'http://studio.example.com/user/account/token' }],
  ['the pages of the API', { referer: 'http://studio.example.com/docs/api/' }],
  ['the address line', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
  ['a program', { 'sec-fetch-site': '', 'sec-fetch-mode': '', 'sec-fetch-dest': '' }],
])('%s may ask the API', async (_, headers) => {
  expect(await statusOf('/api/current-user/token', headers)).toBe(200)
})
