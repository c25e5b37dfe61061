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
  await page.addInitScript(`{
    navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))
    const copy = document.execCommand.bind(document)
    document.execCommand = (command) => {
      window.hasAskedFor = document.getSelection().toString()
      return window.refusesAll ? false : copy(command)
    }
  }`)
  await signIn(page, host.url)
  await page.getByRole('link', { name: 'Connect' }).click()
})
afterEach(async () => {
  await page.close()
  await host.stop()
})

it('copies the selection if the browser refuses its clipboard', async () => {
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
})

it('says nothing of a copy that the browser did not make', async () => {
  await page.evaluate('{ window.refusesAll = true }')
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.waitForFunction(`window.hasAskedFor?.endsWith('/scim/v2')`)
  expect(await page.getByRole('button', { name: /^Copy/ }).textContent()).toBe('Copy')
})
