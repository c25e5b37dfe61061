import type { Browser, Page } from 'playwright-core'
import { launch, signIn } from './browser.js'
import { type Host, startHost } from './host.js'

let browser: Browser
let host: Host
let page: Page

beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())
beforeEach(async () => {
  host = await startHost()
  page = await browser.newPage()
  await signIn(page, host.url)
})
afterEach(async () => {
  await page.close()
  await host.stop()
})

/** In one step, because Playwright waits as soon as another page is on its way. */
const clickTwice = `(() => {
  const prevented = []
  addEventListener('submit', (event) => prevented.push(event.defaultPrevented))
  const button = document.querySelector('[value=create]')
  button.click()
  button.click()
  return { prevented, isBusy: button.matches('.busy') }
})()`

describe('a form that takes long', () => {
  it('is sent once, however often its button is clicked, and shows that it is sent', async () => {
    await page.getByRole('link', { name: 'Connect' }).click()
    await page.getByLabel('Name of the token').fill('okta')
    const seen = await page.evaluate(clickTwice)
    expect(seen).toEqual({ prevented: [false, true], isBusy: true })
    await page.getByText('Copy the token “okta” now').waitFor()
    expect(await page.getByLabel('Token', { exact: true }).inputValue()).toMatch(/^scim_/)
  })

  it('has the focus on what was done', async () => {
    await page.getByRole('link', { name: 'Status' }).click()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('The reconciler is paused.').waitFor()
    const focused = () => page.evaluate('document.activeElement.textContent')
    expect(await focused()).toBe('The reconciler is paused.')
  })
})
