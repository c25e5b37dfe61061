import type { Browser } from 'playwright-core'
import { launch, signIn } from './browser.js'
import { type Host, startHost } from './host.js'

let browser: Browser
let host: Host

beforeAll(async () => {
  browser = await launch()
  host = await startHost()
})
afterAll(async () => {
  await browser.close()
  await host.stop()
})

/** The heights of all fields and buttons, and how far each label is above its field. */
const measures = `(() => {
  const boxes = (selector) =>
    [...document.querySelectorAll(selector)].map((each) => each.getBoundingClientRect())
  const fields = ':is(.search, .filters) :is(input:not([type=hidden], [type=checkbox]), select)'
  const buttons = ':is(.search, .filters) .button:not(.small)'
  const gaps = [...document.querySelectorAll('.filters p:has(label)')].map((pair) => {
    const [label, field] = [...pair.children].map((each) => each.getBoundingClientRect())
    return Math.round((field.top - label.top) * 10)
  })
  const heights = [...boxes(fields), ...boxes(buttons)].map(({ height }) => height)
  return { heights: [...new Set(heights)], gaps: [...new Set(gaps)] }
})()`

it.each([
  ['/people', 0],
  ['/log', 1],
  ['/groups', 0],
  ['/connect', 0],
])('the fields of a row have one height, and their labels one distance: %s', async (tab, gaps) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  await signIn(page, host.url)
  await page.goto(`${host.url}${tab}`)
  const found = (await page.evaluate(measures)) as Record<'heights' | 'gaps', number[]>
  await context.close()
  expect(found.heights).toHaveLength(1)
  expect(found.gaps).toHaveLength(gaps)
})
