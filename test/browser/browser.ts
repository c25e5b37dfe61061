import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { adminToken } from '../settings/support.js'

/** Debian's Chromium, or the one that CHROMIUM names. */
export function launch(): Promise<Browser> {
  const executablePath =
    process.env['CHROMIUM'] ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** A page and everything it did that a settings page must not do. */
export interface Watched {
  readonly page: Page
  /** Requests to other hosts, refused content, errors of scripts, answers 5xx. */
  readonly complaints: string[]
}

export async function watchedPage(context: BrowserContext, url: string): Promise<Watched> {
  const complaints: string[] = []
  const page = await context.newPage()
  const { origin } = new URL(url)
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`asked ${request.url()}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 500) complaints.push(`${response.status()} from ${response.url()}`)
  })
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`))
  page.on('console', (message) => {
    // The sign-in form is a 401, a refused draft a 400, a conflict a 409: that is no complaint.
    const isStatus = /status of (400|401|409)/.test(message.text())
    if (message.type() === 'error' && !isStatus) complaints.push(message.text())
  })
  return { page, complaints }
}

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** What axe-core finds that is not accessible. */
export interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

export async function violationsOn(page: Page): Promise<readonly Violation[]> {
  // Through the debugger: the page's own policy lets no other script in.
  await page.evaluate(axe)
  // What passes is checked, but not described.
  const options = { resultTypes: ['violations'], selectors: false }
  const run = `axe.run(${JSON.stringify(options)})`
  const { violations } = (await page.evaluate(run)) as { violations: readonly Violation[] }
  return violations
}

export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('Token').fill(adminToken)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Group mapping' }).waitFor()
}
