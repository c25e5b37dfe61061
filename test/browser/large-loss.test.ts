import type { Browser, Locator, Page } from 'playwright-core'
import { someRules } from '../access/world.js'
import { launch, signIn, violationsOn } from './browser.js'
import { type Host, startHost } from './host.js'

/** Where to leave pictures of the page; none by default. */
const pictures = process.env['SCREENSHOTS']
let browser: Browser
let host: Host

beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())
beforeEach(async () => {
  host = await startHost()
  const members = []
  for (let n = 0; n < 120; n++) members.push(await host.addUser(`person-${n}@example.com`))
  await host.addGroup('Everybody', members)
  const rules = someRules({ roles_groups: [['Annotator', 'Everybody']] })
  await host.access.saveRules(host.scope, rules, { expectedVersion: '1', affects: 'everybody' })
  await host.reconciler.drain()
})
afterEach(() => host.stop())

/** Whether all of an element is in the window. */
async function isInView(page: Page, found: Locator): Promise<boolean> {
  const box = await found.boundingBox()
  const height = page.viewportSize()?.height ?? 0
  return box !== null && box.y >= 0 && box.y + box.height <= height
}

describe.each([
  ['1280', { width: 1280, height: 800 }, true],
  ['1280 without scripts', { width: 1280, height: 800 }, false],
  ['375', { width: 375, height: 667 }, true],
] as const)('a loss of many people at a width of %s', (name, viewport, javaScriptEnabled) => {
  it('shows what to confirm beside the button, and what is missing after it', async () => {
    const context = await browser.newContext({ viewport, javaScriptEnabled })
    const page = await context.newPage()
    const picture = async (which: string) => {
      if (pictures) await page.screenshot({ path: `${pictures}/loss ${name} ${which}.png` })
    }
    await signIn(page, host.url)
    await page.getByRole('button', { name: 'Remove role rule 1' }).click()
    await page.locator('[data-actions]').getByRole('button', { name: 'Preview' }).click()
    const [save, confirm] = [
      page.getByRole('button', { name: 'Save rules' }),
      page.getByLabel('I want these 120 people to lose all access'),
    ]
    const title = page.getByRole('heading', { name: 'Access of 120 people changes' })
    await title.waitFor()
    await picture('preview')
    expect(await page.getByLabel('Show only rules with').isVisible()).toBe(false)
    for (const each of [save, confirm, title]) expect(await isInView(page, each)).toBe(true)

    await save.click()
    const message = page.getByText('Nothing is saved yet. Confirm the loss of access')
    await message.waitFor()
    await picture('refused')
    for (const each of [message, save, confirm, title])
      expect(await isInView(page, each)).toBe(true)
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Nothing is saved')
    // It needs scripts of its own.
    if (javaScriptEnabled) expect((await violationsOn(page)).map(({ id }) => id)).toEqual([])

    await confirm.check()
    await save.click()
    await page.getByText('Saved.').waitFor()
    await context.close()
    expect((await host.access.rules(host.scope)).rules).toEqual(someRules())
  })
})
