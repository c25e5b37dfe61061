import { sqlAdapters } from '../../../adapters/sql/index.js'
import {
  type Answer,
  send,
  signIn,
  signUp,
  signUpByLink,
  signUpInvited,
} from '../../support/label-studio-browser.js'
import type { Subject } from './contract.js'
import { type Product, scopeOf, startProduct as startOver } from './product.js'

const password = 'A-good-passw0rd'

/** The product over SQL, as a host has it. */
async function startProduct(
  subject: Subject,
  { withOwner }: { withOwner: boolean },
): Promise<Product> {
  return startOver(subject, { withOwner, storage: await sqlAdapters({ url: 'sqlite::memory:' }) })
}

/** By the gate, or by Label Studio itself, which sends pages to the sign-in. */
function isRefused({ status, location }: Answer): boolean {
  return status === 403 || status === 401 || (status === 302 && location.includes('/user/login'))
}

/**
 * What must hold on every Label Studio Community, real or fake: driven through SCIM alone, as Okta
 * would.
 */
export function describeProof(name: string, start: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let product: Product
    let count = 0

    beforeAll(async () => {
      subject = await start()
    }, 300_000)
    afterAll(() => subject?.stop(), 60_000)
    afterEach(() => product?.stop())

    const newEmail = () => {
      count += 1
      return `worker-${count}@example.com`
    }
    const lookUp = (email: string) => product.lookUp(email)
    const setActive = (id: string, active: boolean) => product.setActive(id, active)
    const asOwner = (method: string, path: string, body?: unknown) =>
      send(`${subject.url}${path}`, {
        method,
        headers: { authorization: `Token ${subject.token}` },
        body,
      })
    const inviteToken = async () => (await asOwner('GET', '/api/invite')).json.token as string
    const through = (headers: Record<string, string>, path = '/api/current-user/whoami') =>
      send(`${product.url}${path}`, { headers })
    const drained = () => product.drained()

    /** A project with one task, and the annotation that somebody makes of it through the proxy. */
    async function annotate(cookie: string) {
      const label_config =
        '<View><Text name="t" value="$text"/><Choices name="c" toName="t"><Choice ' +
        'value="a"/></Choices></View>'
      const project = await asOwner('POST', '/api/projects', { title: 'A project', label_config })
      await asOwner('POST', `/api/projects/${project.json.id}/import`, [{ text: 'some text' }])
      const tasks = await asOwner('GET', `/api/tasks?project=${project.json.id}`)
      const task = tasks.json.tasks[0].id as number
      const result = [{ from_name: 'c', to_name: 't', type: 'choices', value: { choices: ['a'] } }]
      const made = await send(`${product.url}/api/tasks/${task}/annotations/`, {
        method: 'POST',
        headers: { cookie },
        body: { result },
      })
      expect(made.status).toBe(201)
      return { task, annotation: made.json.id as number, by: made.json.completed_by as number }
    }

    /** Unassigned: refused from the very response on. Reassigned: back, with the work as it was. */
    async function leavesAndComesBack(id: string, held: { cookie: string; token: string }) {
      const work = await annotate(held.cookie)
      const unassigned = await setActive(id, false)
      expect([unassigned.status, unassigned.json.active]).toEqual([200, false])
      const credentials = [{ cookie: held.cookie }, { authorization: `Token ${held.token}` }]
      for (const headers of credentials as Record<string, string>[]) {
        for (const path of ['/api/current-user/whoami', '/projects/', '/api/projects']) {
          expect([path, isRefused(await through(headers, path))]).toEqual([path, true])
        }
      }
      expect((await setActive(id, true)).json.active).toBe(true)
      await drained()
      for (const headers of credentials as Record<string, string>[]) {
        expect((await through(headers)).status).toBe(200)
      }
      const kept = await asOwner('GET', `/api/tasks/${work.task}/annotations/`)
      expect(kept.json).toEqual([
        expect.objectContaining({ id: work.annotation, completed_by: work.by }),
      ])
    }

    const tokenOf = async (cookie: string) =>
      (await through({ cookie }, '/api/current-user/token')).json.token as string

    it('lets a person pushed with a password in, shuts them out at once, and brings them back', async () => {
      product = await startProduct(subject, { withOwner: true })
      const email = newEmail()
      expect((await lookUp(email)).json.totalResults).toBe(0)
      const pushed = await product.pushUser({
        userName: email,
        name: { givenName: 'Wim', familyName: 'Worker' },
        emails: [{ primary: true, value: email, type: 'work' }],
        password,
        active: true,
      })
      expect([pushed.status, pushed.json.password]).toEqual([201, undefined])
      await drained()
      const { status, cookie } = await signIn(product.url, email, password)
      expect(status).toBe(302)
      const me = await through({ cookie })
      expect(me.json).toMatchObject({ email, first_name: 'Wim', last_name: 'Worker' })
      await leavesAndComesBack(pushed.json.id, { cookie, token: await tokenOf(cookie) })
    }, 60_000)

    it('ends access in Label Studio itself with the owner’s sign-in, also around the proxy', async () => {
      product = await startProduct(subject, { withOwner: true })
      const email = newEmail()
      const pushed = await product.pushUser({ userName: email, password })
      const { cookie } = await signIn(product.url, email, password)
      await setActive(pushed.json.id, false)
      const around = await send(`${subject.url}/api/current-user/whoami`, { headers: { cookie } })
      expect(around.status).toBe(401)
      expect((await signIn(subject.url, email, password)).status).toBe(200)
    }, 60_000)

    it('lets a person in by their own link without the owner’s sign-in, and nobody else', async () => {
      product = await startProduct(subject, { withOwner: false })
      const email = newEmail()
      const invite = await inviteToken()
      const early = await signUp(product.url, invite, { email, password })
      expect(early.status).toBe(403)
      const pushed = await product.pushUser({ userName: email })
      await drained()
      expect((await signUp(product.url, invite, { email, password })).status).toBe(403)
      const link = await product.signUpLink(pushed.json.id)
      const { status, cookie } = await signUpByLink(link, { email, password })
      expect(status).toBe(302)
      const { id } = (await through({ cookie })).json as { id: number }
      await product.adapters.importer.run()
      await drained()
      const record = await product.record(pushed.json.id)
      expect(record?.account).toMatchObject({ id: String(id), origin: 'adopted' })
      await leavesAndComesBack(pushed.json.id, { cookie, token: await tokenOf(cookie) })
      await setActive(pushed.json.id, false)
      expect((await signIn(product.url, email, password)).status).toBe(403)
    }, 60_000)

    it('takes over a person who existed before SCIM', async () => {
      const email = newEmail()
      const cookie = await signUpInvited(subject.url, inviteToken, { email, password })
      product = await startProduct(subject, { withOwner: true })
      await product.adapters.importer.run()
      const found = await lookUp(email.toUpperCase())
      expect(found.json.totalResults).toBe(1)
      const [user] = found.json.Resources
      const put = await product.scim('PUT', `/Users/${user.id}`, {
        ...user,
        displayName: 'Old Hand',
      })
      expect(put.status).toBe(200)
      await leavesAndComesBack(user.id, { cookie, token: await tokenOf(cookie) })
    }, 60_000)

    it('refuses to touch the owner', async () => {
      product = await startProduct(subject, { withOwner: true })
      await product.adapters.importer.run()
      const [owner] = (await lookUp(subject.ownerEmail)).json.Resources
      for (const answer of [
        await setActive(owner.id, false),
        await product.scim('DELETE', `/Users/${owner.id}`),
        await product.scim('PUT', `/Users/${owner.id}`, {
          ...owner,
          userName: 'other@example.com',
        }),
      ]) {
        expect(answer.status).toBe(403)
      }
      expect((await asOwner('GET', '/api/current-user/whoami')).status).toBe(200)
    }, 60_000)

    it('reaches the right end when Label Studio is killed in the middle of a push of 200 people', async () => {
      product = await startProduct(subject, { withOwner: true })
      const emails = Array.from({ length: 200 }, newEmail)
      const before = new Set(await addresses())
      for (const [index, email] of emails.entries()) {
        if (index === 60) await subject.kill()
        const user = { userName: email, name: { givenName: `N${index}` } }
        expect((await product.pushUser(user)).status).toBe(201)
        if (index === 140) await subject.restart()
      }
      await everybodyIsDone()
      const after = (await addresses()).filter((address) => !before.has(address))
      expect(after.sort()).toEqual(emails.toSorted())
    }, 240_000)

    const addresses = async () =>
      ((await asOwner('GET', '/api/users/')).json as { email: string }[]).map(({ email }) => email)

    /** Resolves when the reconciler that runs in the background has nothing left. */
    async function everybodyIsDone() {
      const scope = scopeOf()
      for (;;) {
        const { pending } = await product.adapters.access.summary(scope)
        const failed = { offset: 0, limit: 10, failed: true }
        expect(await product.adapters.access.listPending(scope, failed)).toEqual([])
        if (pending === 0) return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  })
}
