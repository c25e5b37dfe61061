import { request as httpRequest } from 'node:http'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import { createInvitation } from '../../lib/access/index.js'
import type { GatePolicy, User } from '../../lib/stores/index.js'
import { peopleOf, recordOf, scope } from './gated.js'
import { type CleanUps, emailOf, type Form, form, guard, now, submit } from './guarded.js'

let adapters: MemoryAdapters
const cleanUps: CleanUps = []

beforeEach(() => {
  adapters = memoryAdapters()
})
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

const open = (gate: Partial<GatePolicy> = {}) => {
  const whole: GatePolicy = { signUp: async () => 'open', ...gate }
  return guard({ adapters: { ...adapters, gate: whole }, cleanUps })
}

describe('the form with which people sign up', () => {
  const path = '/user/signup/'
  const onlyGiven = 'Only people whom your organization has given access can sign up.'
  const notInvited =
    'To sign up, open the link that your administrator has for you. ' +
    'It is made for one address and expires.'
  const signingUp = (name: string, cookie?: string): Form => ({
    path,
    body: form({ email: emailOf(name), password: 'p' }),
    ...(cookie !== undefined && { headers: { cookie } }),
  })

  it('passes for active people without an account, under their own address', async () => {
    const people = peopleOf(adapters)
    await people.add(emailOf('ann'))
    await people.add(emailOf('left'), false)
    const member = await people.add(emailOf('member'))
    await adapters.access.saveRecord(scope(), recordOf(member, '9'))
    const gate = await open()
    expect(await submit(gate, signingUp('ann'))).toMatchObject({ status: 200, url: path })
    for (const [name, detail] of [
      ['stranger', onlyGiven],
      ['left', onlyGiven],
      ['member', 'An account with this address already exists. Sign in.'],
    ] as const) {
      expect(await submit(gate, signingUp(name))).toEqual({ status: 403, status_code: 403, detail })
    }
    await people.change(await people.add(emailOf('bob')), { emails: [{ value: emailOf('bobby') }] })
    const another = { status: 403, status_code: 403, detail: onlyGiven }
    expect(await submit(gate, signingUp('bobby'))).toEqual(another)
    expect(await submit(gate, signingUp('bob'))).toMatchObject({ status: 200 })
    const two = { path, body: `email=${emailOf('ann')}&email=${emailOf('stranger')}` }
    expect(await submit(gate, two)).toMatchObject({ status: 403 })
  })

  it('passes for nobody where it is closed', async () => {
    await peopleOf(adapters).add(emailOf('ann'))
    const gate = await open({ signUp: async () => 'closed' })
    const detail = 'Sign-up is closed: your organization creates the accounts.'
    const refused = { status: 403, status_code: 403, detail }
    expect(await submit(gate, signingUp('ann'))).toEqual(refused)
  })

  it('gets the parameters that the application requires, and keeps the others', async () => {
    await peopleOf(adapters).add(emailOf('ann'))
    const gate = await open({ signUpQuery: async () => ({ token: 'real' }) })
    const given = { ...signingUp('ann'), path: `${path}?token=guessed&next=/a` }
    expect(await submit(gate, given)).toMatchObject({ url: `${path}?token=real&next=%2Fa` })
    expect(await submit(gate, signingUp('ann'))).toMatchObject({ url: `${path}?token=real` })
  })

  describe('with a link for one person', () => {
    const invited: Partial<GatePolicy> = { signUp: async () => 'invited' }

    async function invite(name: string, lifetimeMs?: number, known?: User) {
      const user = known ?? (await peopleOf(adapters).add(emailOf(name)))
      const gate = { signUp: async () => 'invited' } as GatePolicy
      const clock = () => new Date(now)
      const options = { clock, ...(lifetimeMs !== undefined && { lifetimeMs }) }
      const invitation = await createInvitation({ ...adapters, gate }, scope(), user, options)
      return invitation?.path ?? ''
    }

    /** Opens a link: where it leads, and the cookie with its attributes. */
    async function visit(url: string, headers: Record<string, string> = {}) {
      const answer = await fetch(url, { redirect: 'manual', headers })
      const [cookie = '', ...attributes] = (answer.headers.get('set-cookie') ?? '').split('; ')
      return { answer, cookie, attributes, location: answer.headers.get('location') }
    }

    it('keeps its token in a cookie, and goes on to the page without it', async () => {
      const { url } = await open(invited)
      const link = await invite('ann')
      const opened = await visit(`${url}${link}&next=%2Fa`)
      expect([opened.answer.status, opened.location]).toEqual([303, `${path}?next=%2Fa`])
      const token = link.split('scim=')[1]
      expect(opened.cookie).toBe(`scim_invitation=${token}`)
      const attributes = ['Path=/', 'Max-Age=3600', 'HttpOnly', 'SameSite=Lax']
      expect(opened.attributes).toEqual(attributes)
      const secure = await visit(`${url}${link}`, { 'x-forwarded-proto': 'https' })
      expect([secure.location, secure.attributes]).toEqual([path, [...attributes, 'Secure']])
      const plain = await visit(`${url}${link}`, { 'x-forwarded-proto': 'http' })
      expect(plain.attributes).toEqual(attributes)
    })

    it.each([
      ['has expired', async () => invite('ann', 0)],
      ['was changed', async () => `${await invite('ann')}x`],
      ['is no link', async () => `${path}?scim=x`],
      ['sets attributes of the cookie', async () => `${await invite('ann')}.x%3B%20Domain%3Dx`],
      ['breaks the header', async () => `${await invite('ann')}.%0d%0aX%3A%20y`],
      ['has a part more', async () => `${await invite('ann')}.`],
    ])('is refused if it %s', async (_case, linkOf) => {
      const { url } = await open(invited)
      const { answer } = await visit(`${url}${await linkOf()}`)
      const detail = 'This link is no longer valid. Ask for a new one.'
      expect(await answer.json()).toEqual({ status_code: 403, detail })
    })

    it.each(['//', '/\\', '///', '/\\/'])('leads to no other host by %j', async (slashes) => {
      const { url } = await open(invited)
      const link = await invite('ann')
      const { port } = new URL(url)
      const target = `${slashes}evil.example${link}`
      const location = await new Promise((resolve, reject) => {
        httpRequest({ port, path: target }, (response) => {
          response.resume()
          resolve(response.headers.location)
        })
          .on('error', reject)
          .end()
      })
      expect(location).toBe(`/evil.example${path}`)
    })

    it('leaves other pages and the page without a link alone', async () => {
      const { url } = await open(invited)
      for (const other of [`${path}?next=/a`, path, '/user/login/?scim=x', '/other?scim=x']) {
        const answer = await fetch(`${url}${other}`)
        expect(await answer.json()).toMatchObject({ url: other })
      }
    })

    it('lets its person sign up, and nobody else', async () => {
      const gate = await open(invited)
      const { cookie } = await visit(`${gate.url}${await invite('ann')}`)
      await peopleOf(adapters).add(emailOf('bob'))
      expect(await submit(gate, signingUp('ann', cookie))).toMatchObject({ status: 200 })
      expect(await submit(gate, signingUp('ann', `a=b; ${cookie}; c=d`))).toMatchObject({
        status: 200,
      })
      const refused = { status: 403, status_code: 403, detail: notInvited }
      const others = [undefined, 'a=b', `not_${cookie}`, 'scim_invitation=x', `${cookie}x`]
      for (const other of others) {
        expect(await submit(gate, signingUp('ann', other))).toEqual(refused)
      }
      expect(await submit(gate, signingUp('bob', cookie))).toEqual(refused)
    })

    it('is for one person under one address, whatever becomes of either', async () => {
      const people = peopleOf(adapters)
      const gate = await open(invited)
      const refused = { status: 403, status_code: 403, detail: notInvited }
      const ann = await people.add(emailOf('ann'))
      const { cookie } = await visit(`${gate.url}${await invite('ann', undefined, ann)}`)
      await people.change(ann, { userName: emailOf('anna') })
      expect(await submit(gate, signingUp('anna', cookie))).toEqual(refused)
      await people.add(emailOf('ann'))
      expect(await submit(gate, signingUp('ann', cookie))).toEqual(refused)
    })
  })
})
