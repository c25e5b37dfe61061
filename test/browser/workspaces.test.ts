import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launch, signIn, violationsOn, watchedPage } from './browser.js'
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
  host = await startHost({}, (adapters) => ({
    ...adapters,
    workspaceStore: { ...adapters.workspaceStore!, isUsed: async () => true },
  }))
})
afterEach(() => host.stop())

async function visit(
  work: (page: Page) => Promise<void>,
  options: BrowserContextOptions,
): Promise<void> {
  const context = await browser.newContext(options)
  try {
    const watched = await watchedPage(context, host.url)
    await signIn(watched.page, host.url)
    await work(watched.page)
    expect(watched.complaints).toEqual([])
  } finally {
    await context.close()
  }
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true })
}

describe.each([
  ['with scripts', true],
  ['without scripts', false],
])('workspaces that are kept here, %s', (name, javaScriptEnabled) => {
  it('are made, filled, named by a rule, previewed and saved', async () => {
    await visit(
      async (page) => {
        await page.getByRole('link', { name: 'Workspaces', exact: true }).first().click()
        await page.getByText('No workspaces yet.').waitFor()
        await page.getByLabel('Title of the new workspace').fill('Vision')
        await page.getByRole('button', { name: 'Create workspace' }).click()
        await page.getByText('The workspace "Vision" was made.').waitFor()
        await page.getByLabel('Workspace of Crossings at night').selectOption('Vision')
        await page.getByRole('button', { name: 'Save workspaces of projects' }).click()
        await page.getByText('1 project was moved.').waitFor()
        await picture(page, `workspaces ${name}`)

        await page.getByRole('link', { name: 'Mapping' }).click()
        await page.getByRole('button', { name: 'Add a workspace rule' }).click()
        await page.getByLabel('Workspace, workspace rule 4').fill('Vision')
        await page.getByLabel('Group, workspace rule 4').fill('Team leads')
        await page.locator('[data-actions]').getByRole('button').click()
        await page.getByText('+ workspace "Vision" for "Team leads"').waitFor()
        await picture(page, `preview ${name}`)
        await page.getByRole('button', { name: 'Save rules' }).click()
        await page.getByText('Saved.').waitFor()
      },
      { javaScriptEnabled },
    )
    const { rules } = await host.access.rules(host.scope)
    expect(rules.workspaces_groups.at(-1)).toEqual(['Vision', 'Team leads'])
    const [vision] = (await host.get('/api/scim/workspaces')).body.workspaces.filter(
      ({ title }: { title: string }) => title === 'Vision',
    )
    expect(vision.projectIds).toEqual([12])
  })
})

describe.each([1200, 380])('the page of workspaces at a width of %s', (width) => {
  it.each(['light', 'dark'] as const)('is accessible in %s', async (colorScheme) => {
    const { scope } = host
    const workspaceStore = host.adapters.workspaceStore!
    await workspaceStore.create(scope, { id: 'vision', title: 'Radiology' })
    await workspaceStore.create(scope, { id: 'texts', title: 'Documents of the legal department' })
    await workspaceStore.putProjects(scope, 'vision', [7])
    await workspaceStore.noteCreator(scope, { projectId: 15, creatorId: host.people[1]!.id })
    const viewport = { width, height: 900 }
    await visit(
      async (page) => {
        await page.goto(`${host.url}/workspaces`)
        await page.getByText('waits for a workspace').waitFor()
        expect((await violationsOn(page)).map(({ id }) => id)).toEqual([])
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        expect(Number(overflow)).toBeLessThanOrEqual(0)
        await picture(page, `page ${width} ${colorScheme}`)
      },
      { viewport, colorScheme },
    )
  })
})
