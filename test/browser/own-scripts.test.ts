import type { Browser, BrowserContext, Page } from 'playwright-core'
import { ownerToken } from '../policy/everything.js'
import { openRoom, type Room } from '../policy/room.js'
import { listen, studioOf } from '../policy/studio.js'
import { launch } from './browser.js'

/** Remembers which scripts have run, and loads them as Label Studio does. */
const main = `
globalThis.ran = []
function ended(element, parent) {
  return new Promise((resolve) => {
    element.addEventListener('load', resolve)
    element.addEventListener('error', resolve)
    parent.append(element)
  })
}
// Chunks of its own code.
function byScript(address) {
  const script = document.createElement('script')
  script.src = address
  return ended(script, document.body)
}
// The Markdown tag.
function bySvg(address) {
  const [svg, script] = ['svg', 'script'].map((name) =>
    document.createElementNS('http://www.w3.org/2000/svg', name),
  )
  document.body.append(svg)
  script.setAttribute('href', address)
  return ended(script, svg)
}
// A page that it fetches, to show it without loading one.
const byText = (text) => byScript(URL.createObjectURL(new Blob([text])))
`
const page =
  '<head></head><body><a href="/projects/2">2</a><script src="/react-app/main.js"></script>'

let browser: Browser
let studio: Awaited<ReturnType<typeof listen>>
let room: Room
let context: BrowserContext
let opened: Page

beforeAll(async () => {
  browser = await launch()
  const pages = {
    '/projects/1/data': ['html', page],
    '/projects/2': ['html', page],
    '/user/account/legacy-token': ['html', page],
  } as const
  const answer = studioOf({
    ...pages,
    '/react-app/main.js': ['js', main],
    '/react-app/chunk.js': ['js', 'ran.push("chunk")'],
    '/static/forms.js': ['js', 'ran.push("forms")'],
  })
  studio = await listen((request, response) => {
    // As some proxies say.
    response.setHeader('referrer-policy', 'no-referrer')
    answer(request, response)
  })
  room = await openRoom({ url: studio.url, token: ownerToken })
  await room.know('person37@example.com', { role: 'Administrator' })
})
afterAll(async () => {
  await browser.close()
  await room.close()
  await studio.stop()
})
beforeEach(async () => {
  context = await browser.newContext()
  await context.addCookies([{ name: 'sessionid', value: '37', url: room.url }])
  opened = await context.newPage()
  await opened.goto(`${room.url}/projects/1/data`)
})
afterEach(() => context.close())

it.each([
  ['a chunk of its own', "byScript('/react-app/chunk.js')", ['chunk']],
  ['a script of another part of Label Studio', "byScript('/static/forms.js')", []],
  ['one that somebody wrote into a task', "bySvg('/static/forms.js')", []],
  ['a chunk that somebody wrote into a task', "bySvg('/react-app/chunk.js')", []],
  ['the text of a script', `byText('ran.push("text")')`, []],
])('a page runs %s', async (_, call, expected) => {
  await opened.evaluate(`${call}.then(() => {})`)
  expect(await opened.evaluate('ran')).toEqual(expected)
})

it('leaves links to the browser', async () => {
  await opened.evaluate(`addEventListener('click', (event) => {
    if (event.target.matches(':not([target])')) event.preventDefault()
  })`)
  await opened.getByRole('link').click()
  await opened.waitForURL('**/projects/2')
})

it('is in no frame', async () => {
  const refused = opened.waitForEvent('console', (each) => /frame-ancestors/.test(each.text()))
  await opened.evaluate(`{
    const frame = document.createElement('iframe')
    frame.src = '/projects/2'
    document.body.append(frame)
  }`)
  await refused
})

it('shows the token of its reader also behind a proxy that hides which page asks', async () => {
  const ask = "fetch('/api/current-user/token').then(({ status }) => status)"
  expect(await opened.evaluate(ask)).toBe(403)
  await opened.goto(`${room.url}/user/account/legacy-token`)
  expect(await opened.evaluate(ask)).toBe(200)
})
