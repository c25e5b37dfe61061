import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launch } from '../browser/browser.js'
import { password } from '../gate/gated.js'
import { type Given, openRoom, owner, type Person, type Room, type Target } from './room.js'

const labelConfig =
  '<View><Text name="t" value="$text"/><Choices name="c" toName="t"><Choice ' +
  'value="cat"/><Choice value="dog"/></Choices></View>'
/** Where to leave pictures; none by default. */
const pictures = process.env['SCREENSHOTS']
const policy = 'content-security-policy'
/** What Label Studio asks of other machines, or of itself where something is missing. */
const notOurs = /heidi-tips|\/__lsa|labelstud\.io|humansignal|sentry|googleapis|favicon/i

const settings = [
  'settings',
  'settings/labeling',
  'settings/ml',
  'settings/storage',
  'settings/webhooks',
  'data/export',
  'data/import',
]

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
    let labelled: number
    let choice = 'cat'
    /** By the person who is signed in. */
    const followed = new Set<string>()

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
      const list = await owner(target, 'GET', `/api/tasks?project=${project}`)
      labelled = list.tasks[0].id
      const value = { choices: ['cat'] }
      await owner(target, 'POST', `/api/tasks/${labelled}/annotations/`, {
        result: [{ from_name: 'c', to_name: 't', type: 'choices', value }],
      })
      await owner(target, 'POST', '/api/projects', { title: 'CANARY of others' })
    })

    afterAll(async () => {
      await browser?.close()
      await room?.close()
      await target?.stop()
    })

    /** Signs in by the form, works, and tells whatever the person would have stumbled over. */
    async function visit(person: Person, work: (page: Page) => Promise<void>): Promise<void> {
      const context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
      const complaints: string[] = []
      followed.clear()
      try {
        const page = await context.newPage()
        watch(page, context, complaints)
        await signIn(page, person)
        await work(page)
        expect(complaints).toEqual([])
      } finally {
        await context.close()
      }
    }

    async function signIn(page: Page, { email }: Person): Promise<void> {
      await page.goto(`${room.url}/user/login/`)
      await page.locator('input[name=email]').fill(email)
      await page.locator('input[name=password]').fill(password)
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.waitForURL((url) => !url.pathname.startsWith('/user/login'))
      await page.waitForLoadState('networkidle')
    }

    /** Every link that is shown leads somewhere. */
    async function followLinks(page: Page): Promise<void> {
      const links = await page
        .locator('a[href]:visible')
        .evaluateAll((all) => all.map((each) => (each as unknown as { href: string }).href))
      const isOwn = (url: string) => url.startsWith(room.url) && !/logout/.test(url)
      for (const url of links.filter((each) => isOwn(each) && !followed.has(each))) {
        followed.add(url)
        const response = await page.request.get(url, { maxRedirects: 0 })
        expect([url, response.status() < 400]).toEqual([url, true])
      }
    }

    async function picture(page: Page, title: string): Promise<void> {
      if (pictures) await page.screenshot({ path: `${pictures}/${title}.png` })
    }

    const invite = (role: string, given: Given) =>
      room.add(`${role}-${Date.now()}@example.com`.toLowerCase(), given)

    async function ask(person: Person, method: string, path: string, body: unknown) {
      const headers = { ...person.headers, 'content-type': 'application/json' }
      const answer = await fetch(`${room.url}${path}`, {
        method,
        headers,
        body: JSON.stringify(body),
      })
      expect(answer.ok).toBe(true)
      return (await answer.json()) as { id: number; task_ids: number[] }
    }

    async function seeProjects(page: Page, title: string): Promise<void> {
      await page.goto(`${room.url}/projects/`)
      await page.waitForLoadState('networkidle')
      expect(await page.getByText('CANARY of others').count()).toBe(0)
      await followLinks(page)
      await picture(page, `${title}-projects`)
    }

    async function openData(page: Page, title: string): Promise<void> {
      await page.goto(`${room.url}/projects/${project}/data`)
      await page.getByText('picture 0').first().waitFor({ timeout: 60_000 })
      await page.waitForLoadState('networkidle')
      await followLinks(page)
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

    /** Opens the task that the owner labelled, where a Reviewer sees and changes that work. */
    async function review(page: Page, title: string, isShown: boolean): Promise<void> {
      await page.goto(`${room.url}/projects/${project}/data?task=${labelled}`)
      await page.getByText('picture 0').first().waitFor({ timeout: 60_000 })
      await page.waitForLoadState('networkidle')
      await picture(page, `${title}-task`)
      const update = page.locator('button', { hasText: /^Update$/ })
      expect((await update.count()) > 0).toBe(isShown)
      if (!isShown) return
      // Each chooses another than the one before, or there is nothing to update.
      choice = choice === 'dog' ? 'cat' : 'dog'
      const shown = new RegExp(`^${choice}(?:\\W|\\d|$)`)
      await page.getByText(shown).first().click()
      const saved = page.waitForResponse(
        (each) => /api\/annotations/.test(each.url()) && each.request().method() === 'PATCH',
      )
      await update.first().click()
      expect((await saved).status()).toBe(200)
      await page.waitForLoadState('networkidle')
    }

    async function offersModel(page: Page): Promise<boolean> {
      await page.getByText('connect your first model').waitFor()
      return page.getByText('Connect Model', { exact: true }).isVisible()
    }

    async function importFile(page: Page): Promise<void> {
      await page.goto(`${room.url}/projects/${project}/data/import`)
      await page.waitForLoadState('networkidle')
      const buffer = Buffer.from(JSON.stringify([{ text: 'imported by hand' }]))
      const file = { name: 'more.json', mimeType: 'application/json', buffer }
      await page.locator('input[type=file]').first().setInputFiles(file)
      await page.getByText('more.json').first().waitFor()
      await page.waitForLoadState('networkidle')
      await picture(page, 'import-file')
      const taken = page.waitForResponse((each) => /\/reimport/.test(each.url()))
      await page
        .locator('button', { hasText: /^Import$/ })
        .last()
        .click()
      expect((await taken).status()).toBeLessThan(300)
      await page.getByText('imported by hand').first().waitFor({ timeout: 60_000 })
    }

    async function exportFile(page: Page): Promise<void> {
      await page.goto(`${room.url}/projects/${project}/data/export`)
      await page.waitForLoadState('networkidle')
      const downloaded = page.waitForEvent('download', { timeout: 60_000 })
      await page
        .locator('button', { hasText: /^Export$/ })
        .last()
        .click()
      expect((await downloaded).suggestedFilename()).toMatch(/json/)
    }

    it.each(['Annotator', 'Reviewer'] as const)(
      '%s lists, opens, labels and skips',
      async (role) => {
        const person = await invite(role, { role, projects: { [project]: 'Inherit' } })
        await visit(person, async (page) => {
          await seeProjects(page, role)
          expect(await page.getByText('Cats').count()).toBeGreaterThan(0)
          await page.goto(room.url)
          await page.waitForLoadState('networkidle')
          await followLinks(page)
          await picture(page, `${role}-home`)
          await openData(page, role)
          await review(page, role, role === 'Reviewer')
          await openData(page, role)
          await label(page, role)
          await page.goto(`${room.url}/user/account/`)
          await page.waitForLoadState('networkidle')
          await followLinks(page)
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
          for (const each of role === 'Manager' ? settings : ['settings']) {
            await page.goto(`${room.url}/projects/${project}/${each}`)
            await page.waitForLoadState('networkidle')
            await followLinks(page)
            await picture(page, `${role}-${each.replaceAll('/', '-')}`)
            // The owner made the project, whose token a model would get.
            if (each === 'settings/ml') expect(await offersModel(page)).toBe(false)
          }
          await importFile(page)
          await exportFile(page)
          await openData(page, role)
          await review(page, role, true)
          await openData(page, role)
          await label(page, role)
        })
      },
    )

    it('a Manager connects a model to a project that they made', async () => {
      const person = await invite('Manager', { role: 'Manager' })
      await visit(person, async (page) => {
        const own = { title: 'Own', label_config: labelConfig }
        const { id } = await ask(person, 'POST', '/api/projects/', own)
        await page.goto(`${room.url}/projects/${id}/settings/ml`)
        expect(await offersModel(page)).toBe(true)
        await picture(page, 'Manager-own-ml')
        await owner(target, 'DELETE', `/api/projects/${id}`)
      })
    })

    it('runs no script of a Manager for an Administrator', async () => {
      const manager = await invite('Manager', { role: 'Manager' })
      const project = await ask(manager, 'POST', '/api/projects/', {
        title: 'Scripts',
        label_config: `${labelConfig.slice(0, -7)}<Markdown value="$md"/></View>`,
      })
      const imported = await ask(
        manager,
        'POST',
        `/api/projects/${project.id}/import?return_task_ids=true`,
        [{ text: 'picture', md: '' }],
      )
      const [task] = imported.task_ids
      const act = "top.name += 'acted'"
      const md = `<iframe srcdoc="<script>${act}</script><p id=seen>frame</p>"></iframe>
<iframe srcdoc="<img src=x onerror=&quot;${act}&quot;>"></iframe>
<svg><script href="data:text/javascript,${act}"></script><script>${act}</script></svg>
<form action="/api/invite/reset-token" method="post" target="f"><button>a form</button></form>
<a href="/api/tasks/${task}/">the task itself</a>`
      const settings = `<script id=app-settings>${act}</script><div id=dynamic-content></div>`
      await ask(manager, 'PATCH', `/api/tasks/${task}/`, {
        data: { text: 'picture', md, settings },
      })
      const administrator = await invite('Administrator', { role: 'Administrator' })
      const context = await browser.newContext()
      const page = await context.newPage()
      await signIn(page, administrator)
      const shown = await page.goto(`${room.url}/projects/${project.id}/data?task=${task}`)
      const nonce = /'nonce-([^']+)'/.exec((await shown?.allHeaders())?.[policy] ?? '')?.[1]
      const written = (await shown?.text())?.match(/<script[^>]*/g) ?? []
      expect(written.length).toBeGreaterThan(5)
      expect(written.filter((each) => !each.includes(`nonce="${nonce}"`))).toEqual([])
      await page.frameLocator('iframe').first().locator('#seen').waitFor({ timeout: 60_000 })
      await page.waitForLoadState('networkidle')
      const { token } = await owner(target, 'GET', '/api/invite')
      await page.getByText('a form').click()
      await page.getByText('the task itself').click()
      await page.waitForURL(`${room.url}/api/tasks/${task}/`)
      await page.waitForLoadState('networkidle')
      expect(await page.evaluate('name')).toBe('')
      expect((await owner(target, 'GET', '/api/invite')).token).toBe(token)
      await context.close()
      await owner(target, 'DELETE', `/api/projects/${project.id}`)
    })

    it('somebody without a project sees an empty list', async () => {
      const person = await invite('nobody', { role: 'Annotator' })
      await visit(person, async (page) => {
        await page.goto(room.url)
        await page.waitForLoadState('networkidle')
        await followLinks(page)
        await picture(page, 'nobody-home')
        await seeProjects(page, 'nobody')
        expect(await page.getByText('Cats').count()).toBe(0)
      })
    })
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
