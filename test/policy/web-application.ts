import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launch } from '../browser/browser.js'
import { type Given, openRoom, owner, type Person, type Room, type Target } from './room.js'

const labelConfig =
  '<View><Text name="t" value="$text"/><Choices name="c" toName="t"><Choice value="cat"/><Choice value="dog"/></Choices></View>'
/** Where to leave pictures; none by default. */
const pictures = process.env['SCREENSHOTS']
/** What Label Studio asks of other machines, or of itself where something is missing. */
const notOurs = /heidi-tips|\/__lsa|labelstud\.io|humansignal|sentry|googleapis|favicon/i

/** The web application, as people of each role use it. */
export function describeWebApplication(
  name: string,
  start: () => Promise<Target & { stop(): Promise<void> }>,
): void {
  describe(name, () => {
    let target: Target & { stop(): Promise<void> }
    let browser: Browser
    let room: Room
    let project: number

    beforeAll(async () => {
      target = await start()
      browser = await launch()
      room = await openRoom(target)
      const made = await owner(target, 'POST', '/api/projects', {
        title: 'Cats',
        label_config: labelConfig,
      })
      project = made.id
      const tasks = Array.from({ length: 8 }, (_, each) => ({ text: `picture ${each}` }))
      await owner(target, 'POST', `/api/projects/${project}/import`, tasks)
      await owner(target, 'POST', '/api/projects', { title: 'CANARY of others' })
    })

    afterAll(async () => {
      await browser?.close()
      await room?.close()
      await target?.stop()
    })

    async function visit(person: Person, work: (page: Page) => Promise<void>): Promise<void> {
      const context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
      const complaints: string[] = []
      try {
        await context.addCookies(cookiesOf(person, room.url))
        const page = await context.newPage()
        watch(page, context, complaints)
        await work(page)
        expect(complaints).toEqual([])
      } finally {
        await context.close()
      }
    }

    async function picture(page: Page, title: string): Promise<void> {
      if (pictures) await page.screenshot({ path: `${pictures}/${title}.png` })
    }

    const invite = (role: string, given: Given) =>
      room.add(`${role}-${Date.now()}@example.com`.toLowerCase(), given)

    async function seeProjects(page: Page, title: string): Promise<void> {
      await page.goto(`${room.url}/projects/`)
      await page.waitForLoadState('networkidle')
      expect(await page.getByText('CANARY of others').count()).toBe(0)
      await picture(page, `${title}-projects`)
    }

    async function openData(page: Page, title: string): Promise<void> {
      await page.goto(`${room.url}/projects/${project}/data`)
      await page.getByText('picture 0').first().waitFor({ timeout: 60_000 })
      await page.waitForLoadState('networkidle')
      await picture(page, `${title}-data`)
    }

    async function label(page: Page, title: string): Promise<void> {
      await page.getByRole('button', { name: /Label All Tasks/ }).click()
      await page.getByText('dog', { exact: false }).first().click({ timeout: 60_000 })
      await picture(page, `${title}-label`)
      const saved = page.waitForResponse(
        (each) => /annotations/.test(each.url()) && each.request().method() === 'POST',
      )
      await page
        .getByRole('button', { name: /submit/i })
        .first()
        .click()
      expect((await saved).status()).toBe(201)
      await page.waitForLoadState('networkidle')
      const skipped = page.waitForResponse(
        (each) => /annotations/.test(each.url()) && each.request().method() === 'POST',
      )
      await page.getByRole('button', { name: /skip/i }).first().click()
      expect((await skipped).status()).toBe(201)
      await page.waitForLoadState('networkidle')
    }

    it.each(['Annotator', 'Reviewer'] as const)(
      '%s lists, opens, labels and skips',
      async (role) => {
        const person = await invite(role, { role, projects: { [project]: 'Inherit' } })
        await visit(person, async (page) => {
          await seeProjects(page, role)
          expect(await page.getByText('Cats').count()).toBeGreaterThan(0)
          await openData(page, role)
          await label(page, role)
          await page.goto(`${room.url}/user/account/`)
          await page.waitForLoadState('networkidle')
          await picture(page, `${role}-account`)
        })
      },
    )

    it.each(['Manager', 'Administrator'] as const)(
      '%s also imports, exports and sets up',
      async (role) => {
        const person = await invite(role, { role, projects: { [project]: 'Inherit' } })
        await visit(person, async (page) => {
          if (role === 'Manager') await seeProjects(page, role)
          await openData(page, role)
          for (const each of [
            'settings',
            'settings/labeling',
            'settings/ml',
            'settings/storage',
            'settings/webhooks',
            'data/export',
            'data/import',
          ]) {
            await page.goto(`${room.url}/projects/${project}/${each}`)
            await page.waitForLoadState('networkidle')
            await picture(page, `${role}-${each.replaceAll('/', '-')}`)
          }
          await openData(page, role)
          await label(page, role)
        })
      },
    )

    it('somebody without a project sees an empty list', async () => {
      const person = await invite('nobody', { role: 'Annotator' })
      await visit(person, async (page) => {
        await seeProjects(page, 'nobody')
        expect(await page.getByText('Cats').count()).toBe(0)
      })
    })
  })
}

function cookiesOf({ headers }: Person, url: string) {
  return (headers['cookie'] ?? '').split('; ').map((pair) => {
    const [name = '', ...value] = pair.split('=')
    return { name, value: value.join('='), url }
  })
}

/** Collects what a person would notice: errors in the console, and answers that refuse. */
function watch(page: Page, context: BrowserContext, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    const { url } = message.location()
    // Failed requests are told below, by their answers.
    const isRequest = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !isRequest && !notOurs.test(url + message.text())) {
      complaints.push(`console: ${message.text()}`)
    }
  })
  context.on('response', (response) => {
    if (response.status() < 400 || notOurs.test(response.url())) return
    complaints.push(`${response.status()} ${response.request().method()} ${response.url()}`)
  })
}
