import { labelStudioPolicy } from '../../adapters/label-studio/index.js'
import { enforcementOf } from '../../lib/access/index.js'
import type { Subject } from '../adapters/label-studio/contract.js'
import { type Product, scopeOf, startProduct } from '../adapters/label-studio/product.js'
import { owner } from '../policy/room.js'
import { signIn } from '../support/label-studio-browser.js'

/** A Community, fake or real. */
export type CommunityServer = Pick<
  Subject,
  'url' | 'token' | 'ownerEmail' | 'ownerPassword' | 'stop'
>

const password = 'a-password-of-the-tests'
let labelStudio: CommunityServer
let product: Product

/** The whole product in front of a Community, whose workspaces it keeps, with three people. */
async function anOffice(mode: 'enforce' | 'report') {
  const { url, token } = labelStudio
  const enforce = labelStudioPolicy({ url, token, mode, retries: 0 })
  product = await startProduct(labelStudio, { gate: { enforce } })
  const people = await Promise.all(['lead', 'both', 'mate'].map(pushed))
  const [lead, both, mate] = people as [Person, Person, Person]
  await product.pushGroup('Leads', [lead.id, both.id])
  await product.pushGroup('Texts', [both.id])
  await product.pushGroup('Crew', [mate.id])
  await product.saveRules({
    roles_groups: [
      ['Manager', 'Leads'],
      ['Annotator', 'Crew'],
    ],
    workspaces_groups: [
      ['Vision', 'Leads'],
      ['Vision', 'Crew'],
      ['Text', 'Texts'],
    ],
  })
  await product.drained()
  for (const person of people) Object.assign(person, await session(person.email))
  return {
    lead,
    both,
    mate,
    own: await owner(labelStudio, 'POST', '/api/projects/', { title: 'Own' }),
  }
}

interface Person {
  readonly id: string
  readonly email: string
  readonly headers: Record<string, string>
}

async function pushed(name: string): Promise<Person> {
  const email = `${name}@example.com`
  const { json } = await product.pushUser({ userName: email, active: true, password })
  return { id: json.id, email, headers: {} }
}

async function session(email: string): Promise<Pick<Person, 'headers'>> {
  const { cookie } = await signIn(product.front, email, password)
  const csrf = /csrftoken=([^;]*)/.exec(cookie)?.[1] ?? ''
  return { headers: { cookie, 'x-csrftoken': csrf, referer: product.front } }
}

async function makes({ headers }: Person, title: string): Promise<number> {
  const answer = await fetch(`${product.front}/api/projects/`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  })
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { id: number }).id
}

async function sees({ headers }: Person): Promise<readonly string[]> {
  const answer = await fetch(`${product.front}/api/projects/`, { headers })
  const { results } = (await answer.json()) as { results: { title: string }[] }
  return results.map(({ title }) => title).sort()
}

/** Asks until it is so: a new project is put into its workspace once its maker has the answer. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
}

/** Workspaces in front of a Community, through the whole product. */
export function describeWorkspaces(name: string, start: () => Promise<CommunityServer>): void {
  describe(name, () => {
    beforeAll(async () => {
      labelStudio = await start()
    }, 300_000)
    afterEach(() => product.stop())
    afterAll(() => labelStudio.stop())

    it('give people the projects of their workspaces, and those that a Manager makes', async () => {
      const { lead, both, mate } = await anOffice('enforce')
      const store = product.adapters.workspaceStore!
      expect(await sees(lead)).toEqual([])
      const project = await makes(lead, 'Cats')
      const titled = async (title: string) =>
        (await store.list(scopeOf())).find((each) => each.title === title)
      await until(async () => (await titled('Vision'))?.projectIds.includes(project) === true)
      for (const person of [lead, both, mate]) expect(await sees(person)).toEqual(['Cats'])

      const letter = await makes(both, 'Letters')
      await until(async () => (await store.listUnplaced(scopeOf())).length === 1)
      expect(await sees(both)).toEqual(['Cats', 'Letters'])
      expect(await sees(lead)).toEqual(['Cats'])
      await store.create(scopeOf(), { id: 'text', title: 'Text' })
      await store.putProjects(scopeOf(), 'text', [letter])
      expect(await sees(both)).toEqual(['Cats', 'Letters'])

      await store.removeProjects(scopeOf(), [project])
      expect(await sees(mate)).toEqual([])
      expect(await enforcementOf(product.adapters.access, scopeOf())).toBe('enforce')
    }, 60_000)

    it('keep what a policy in report mode would refuse, by person', async () => {
      const { mate, own } = await anOffice('report')
      const answer = await fetch(`${product.front}/api/projects/${own.id}/`, {
        headers: mate.headers,
      })
      expect(answer.status).toBe(200)
      const { refusals, access } = product.adapters
      const since = '2000-01-01T00:00:00.000Z'
      const list = () => refusals!.list(scopeOf(), { since })
      await until(async () => (await list()).length > 0)
      expect(await list()).toEqual([
        expect.objectContaining({
          person: mate.id,
          method: 'GET',
          path: `/api/projects/${own.id}/`,
          reason: 'not a member of the project',
          count: 1,
        }),
      ])
      expect(await enforcementOf(access, scopeOf())).toBe('report')
    }, 60_000)
  })
}
