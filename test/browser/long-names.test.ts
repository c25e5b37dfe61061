import type { Browser } from 'playwright-core'
import { someRules } from '../access/world.js'
import { launch, signIn } from './browser.js'
import { type Host, startHost } from './host.js'

/** Where to leave pictures of the pages; none by default. */
const pictures = process.env['SCREENSHOTS']
const long = (word: string) => word.repeat(12)
const project = long('Projektbezeichnung')
const workspace = long('Arbeitsbereich')
const group = long('Abteilungsgruppe_')

let browser: Browser
let host: Host
let paths: Readonly<Record<string, string>>

beforeAll(async () => {
  browser = await launch()
  host = await startHost(
    {
      projects: async () => [
        { id: 7, title: project },
        { id: 12, title: 'Short' },
      ],
      workspaces: async () => [workspace, 'Other'],
    },
    (adapters) => ({
      ...adapters,
      workspaceStore: { ...adapters.workspaceStore!, isUsed: async () => true },
    }),
  )
  const userName = `${long('vorname.')}nachname@example.com`
  const user = await host.addUser(userName, { displayName: long('Donaudampfschiff') })
  const { id } = await host.addGroup(group, [user, ...host.people.slice(0, 3)])
  const rules = someRules({
    roles_groups: [
      ['Annotator', group],
      ['Reviewer', `${group}2`],
    ],
    workspaces_groups: [[workspace, group]],
    projects_groups: [{ project_id: 7, group, role: 'Reviewer' }],
  })
  await host.access.saveRules(host.scope, rules, { expectedVersion: '1', affects: 'everybody' })
  await host.reconciler.drain()
  await host.post('/api/scim/workspaces', { title: workspace, projects: [7] }).expect(201)
  await host.post('/api/scim/tokens', { name: 'Verzeichnisdienst'.repeat(4) }).expect(201)
  const creator = { projectId: 12, creatorId: user.id }
  await host.adapters.workspaceStore!.noteCreator(host.scope, creator)
  await host.access.mark(host.scope, [user.id])
  paths = {
    mapping: '',
    people: '/people',
    person: `/people/${user.id}`,
    groups: '/groups',
    group: `/groups/${id}`,
    workspaces: '/workspaces',
    log: '/log',
    status: '/status',
    connect: '/connect',
  }
})
afterAll(async () => {
  await browser.close()
  await host.stop()
})

/** The document, tables and cells that have more than their width shows. */
const tooWide = `
  [document.documentElement, ...document.querySelectorAll('.rows :is(td, th), .scroll:has(.rows)')]
    .filter((each) => each.scrollWidth > each.clientWidth)
    .map((each) => each.tagName + ' ' + each.textContent.trim().slice(0, 60))`

it.each([1280, 390])(
  'shows every column beside very long names at a width of %s',
  async (width) => {
    const context = await browser.newContext({ viewport: { width, height: 900 } })
    const page = await context.newPage()
    await signIn(page, host.url)
    const found: Record<string, unknown> = {}
    for (const [name, path] of Object.entries(paths)) {
      await page.goto(`${host.url}${path}`)
      found[name] = await page.evaluate(tooWide)
      if (pictures)
        await page.screenshot({ path: `${pictures}/${name}-${width}.png`, fullPage: true })
    }
    await context.close()
    expect(found).toEqual(Object.fromEntries(Object.keys(paths).map((name) => [name, []])))
  },
)
