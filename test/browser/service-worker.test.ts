import type { Browser, BrowserContext, Page } from 'playwright-core'
import { ownerToken } from '../policy/everything.js'
import { openRoom, type Room } from '../policy/room.js'
import { listen, studioOf } from '../policy/studio.js'
import { launch } from './browser.js'

/** As that of Label Studio once it has seen where a file of a storage leads to. */
const worker = (bucket: string) => `
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('fetch', (event) => {
  if (event.request.url.includes('/resolve/')) event.respondWith(fetch('${bucket}'))
})`
const main = `
navigator.serviceWorker.register('/sw.js').then(
  () => { document.title = 'registered' },
  () => { document.title = 'refused' },
)`

/** A bucket of a Manager, and a Label Studio that has a worker. */
async function startBoth() {
  const bucket = await listen((_request, response) => {
    const headers = { 'content-type': 'text/html', 'access-control-allow-origin': '*' }
    response.writeHead(200, headers).end('<h1>Of the bucket</h1>')
  })
  const answer = studioOf({
    '/projects/1/data': ['html', '<head></head><script src="/react-app/main.js"></script>'],
    '/react-app/main.js': ['js', main],
    '/sw.js': ['js', worker(bucket.url)],
  })
  const studio = await listen((request, response) => {
    const isFile = request.url?.startsWith('/tasks/5/resolve/')
    if (isFile) response.writeHead(303, { location: bucket.url }).end()
    else answer(request, response)
  })
  return { bucket, studio }
}

let browser: Browser
let servers: Awaited<ReturnType<typeof startBoth>>
let room: Room
let isInForce: boolean
let context: BrowserContext

beforeAll(async () => {
  browser = await launch()
  servers = await startBoth()
  const target = { url: servers.studio.url, token: ownerToken }
  room = await openRoom(target, { isInForce: async () => isInForce })
  await room.know('person37@example.com', { role: 'Administrator' })
})
afterAll(async () => {
  await browser.close()
  await room.close()
  await Promise.all([servers.bucket.stop(), servers.studio.stop()])
})
beforeEach(async () => {
  context = await browser.newContext()
  await context.addCookies([{ name: 'sessionid', value: '37', url: room.url }])
})
afterEach(() => context.close())

async function openPage(title: 'registered' | 'refused'): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${room.url}/projects/1/data`)
  await page.waitForFunction(`document.title === '${title}'`)
  return page
}

/** Where a frame in the page ends that a task has put there. */
async function originOfFile(page: Page): Promise<string> {
  await page.evaluate(`{
    const frame = document.createElement('iframe')
    frame.src = '/tasks/5/resolve/'
    document.body.append(frame)
  }`)
  const heading = page.frameLocator('iframe').getByRole('heading', { name: 'Of the bucket' })
  await heading.waitFor()
  return new URL(page.frames()[1]?.url() ?? '').origin
}

it('shows a file of a bucket at its own origin', async () => {
  isInForce = true
  expect(await originOfFile(await openPage('refused'))).toBe(servers.bucket.url)
})

it('ends a service worker that shows files at the origin of Label Studio', async () => {
  isInForce = false
  const before = await openPage('registered')
  await before.waitForFunction('navigator.serviceWorker.controller !== null')
  expect(await originOfFile(before)).toBe(room.url)

  isInForce = true
  const page = await openPage('refused')
  const registrations = 'navigator.serviceWorker.getRegistrations()'
  await page.waitForFunction(`${registrations}.then((all) => all.length === 0)`)
  expect(await originOfFile(page)).toBe(servers.bucket.url)
})
