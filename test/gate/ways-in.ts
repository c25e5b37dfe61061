import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import express from 'express'
import { type LabelStudioApi, labelStudioApi } from '../../adapters/label-studio/api/index.js'
import { accountInCookie } from '../../adapters/label-studio/api/sessions/session-cookie.js'
import { createInvitation, onSignIn } from '../../lib/access/index.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'
import type { Subject } from '../adapters/label-studio/contract.js'
import {
  type Product,
  type ProductOptions,
  scopeOf,
  startProduct,
} from '../adapters/label-studio/product.js'
import { send, signIn, signUpByLink, signUpInvited } from '../support/label-studio-browser.js'

const password = 'A-good-passw0rd'
const byInvitation = { withOwner: false }
const byPassword = { withOwner: true }

/** Every way into Label Studio Community, real or fake, that must be shut to somebody. */
export function describeWaysIn(name: string, startSubject: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let api: LabelStudioApi
    let product: Product
    let count = 0

    beforeAll(async () => {
      subject = await startSubject()
      api = labelStudioApi({ url: subject.url, token: subject.token })
    }, 300_000)
    afterAll(() => subject?.stop(), 60_000)
    afterEach(() => product?.stop())

    const start = async (options: ProductOptions) => {
      product = await startProduct(subject, options)
    }
    const newEmail = () => {
      count += 1
      return `way-${count}@example.com`
    }
    /** Somebody with an account from before, a session and tokens, whom SCIM has. */
    const aPerson = async (email = newEmail()) => {
      const cookie = await signUpInvited(subject.url, api.settings.inviteToken, { email, password })
      const asThem = (method: string, path: string) =>
        send(`${subject.url}${path}`, { method, headers: { cookie } })
      const accountId = (await asThem('GET', '/api/current-user/whoami')).json.id as number
      const legacy = (await asThem('GET', '/api/current-user/token')).json.token as string
      const refresh = (await asThem('POST', '/api/token/')).json.token as string
      return { email, cookie, accountId, legacy, refresh }
    }
    const push = async (email: string) => {
      const pushed = await product.pushUser({ userName: email })
      expect(pushed.status).toBe(201)
      await product.drained()
      return pushed.json.id as string
    }
    const shutOut = async (id: string) => {
      expect((await product.setActive(id, false)).status).toBe(200)
    }
    const accounts = async () => (await api.users.list()).map(({ email }) => email)
    const through = (path: string, headers: Record<string, string>, method = 'GET') =>
      send(`${product.url}${path}`, { method, headers })

    /** Submits a form as a browser does, with whatever bytes. */
    const submit = async (path: string, body: string | Buffer, cookies = '', query = '') => {
      const page = await fetch(`${subject.url}${path}`)
      const csrf = /csrfmiddlewaretoken" value="([^"]*)/.exec(await page.text())?.[1] ?? ''
      const csrfCookie = page.headers.getSetCookie().find((each) => each.startsWith('csrftoken='))
      const response = await fetch(`${product.url}${path}${query}`, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          cookie: [csrfCookie?.split(';')[0], cookies].filter(Boolean).join('; '),
          referer: `${product.url}${path}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: Buffer.concat([
          Buffer.from(body as string, 'latin1'),
          Buffer.from(`&csrfmiddlewaretoken=${csrf}`),
        ]),
      })
      const cookie = response.headers
        .getSetCookie()
        .map((each) => each.split(';')[0])
        .join('; ')
      return { status: response.status, text: await response.text(), cookie }
    }
    const withInvite = async () => `?token=${await api.settings.inviteToken()}`
    const signUpAt = async (email: string, cookies = '') =>
      submit('/user/signup/', `email=${email}&password=${password}`, cookies, await withInvite())

    /** Opens the link of somebody's own, as far as the cookie that it leaves. */
    const invitationOf = async (id: string, lifetimeMs?: number) => {
      const user = await product.adapters.users.get(scopeOf(), id, { omit: new Set() })
      const options = lifetimeMs === undefined ? {} : { lifetimeMs }
      const link = await createInvitation(product.adapters, scopeOf(), user!, options)
      if (!link) return undefined
      const opened = await fetch(`${product.url}${link.path}`, { redirect: 'manual' })
      const cookie = opened.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      return { status: opened.status, location: opened.headers.get('location'), cookie, link }
    }

    describe.each([
      ['invite', byInvitation],
      ['password', byPassword],
    ] as const)('where people come in by %s', (_mode, options) => {
      it.each([
        ['a byte order mark behind it', (email: string) => `${enc(email)}%EF%BB%BF`],
        ['a byte order mark before it', (email: string) => `%EF%BB%BF${enc(email)}`],
        ['a zero-width space', (email: string) => `${enc(email)}%E2%80%8B`],
        ['a soft hyphen', (email: string) => enc(email).replace('way', 'w%C2%ADay')],
        ['a full-width letter', (email: string) => enc(email).replace('way', '%EF%BD%97ay')],
        ['raw bytes that Django reads as ISO-8859-1', (e: string) => `${e}\xef\xbb\xbf&x=\xff`],
        ['a raw no-break space', (email: string) => `\xa0${email}`],
      ])(
        'nobody signs up under an active person’s address with %s (F1, F8)',
        async (_n, spell) => {
          await start(options)
          const { email } = await aPerson()
          await push(email)
          const before = await accounts()
          expect((await signUpAt(spell(email))).status).toBe(400)
          expect(await accounts()).toEqual(before)
        },
        60_000,
      )

      it('an account whose address only looks like somebody’s is let in under no name (F1)', async () => {
        await start(options)
        const { email } = await aPerson()
        await push(email)
        const look = await aPerson(`${email}\ufeff`)
        for (const headers of [
          { cookie: look.cookie },
          { authorization: `Token ${look.legacy}` },
        ]) {
          const answer = await through('/api/projects/', headers as Record<string, string>)
          expect(answer.status).toBe(403)
        }
      }, 60_000)

      it('somebody who has an account does not sign up again (F1)', async () => {
        await start(options)
        const { email } = await aPerson()
        const id = await push(email)
        expect(await invitationOf(id)).toBeUndefined()
        expect((await signUpAt(enc(email))).status).toBe(403)
      }, 60_000)

      it.each(['/user/login/', '/api-auth/login/', '/admin/login/'])(
        'somebody deprovisioned does not sign in at %s (F16, R21, F8)',
        async (path) => {
          await start(options)
          const { email } = await aPerson()
          await shutOut(await push(email))
          const field = path === '/user/login/' ? 'email' : 'username'
          const bodies = [
            `${field}=${enc(email)}`,
            `${field}=%20${enc(email.toUpperCase())}%C2%85`,
            `${field}=\xa0${enc(email)}`,
            `${field}=${enc(email)}&x=\xff`,
            `${field}=${enc(email).replace('way', '%EF%BD%97ay')}`,
          ]
          const statuses: number[] = []
          for (const body of bodies) {
            statuses.push((await submit(path, `${body}&password=${password}`)).status)
          }
          expect(statuses).toEqual([403, 403, 400, 400, 400])
        },
        60_000,
      )

      it('somebody deprovisioned gets no token for a token (F17)', async () => {
        await start(options)
        const [ann, ben] = [await aPerson(), await aPerson()]
        const id = await push(ann.email)
        await push(ben.email)
        await shutOut(id)
        const forms = [
          ['application/json', JSON.stringify({ refresh: ann.refresh })],
          ['application/x-www-form-urlencoded', `refresh=${ann.refresh}`],
          ['application/json', JSON.stringify({ refresh: ` ${ann.refresh} ` })],
          ['application/json', JSON.stringify({ refresh: ben.refresh })],
          ['text/plain', ann.refresh],
          ['application/json; charset=utf-16', JSON.stringify({ refresh: ann.refresh })],
          ['application/json', '{"refresh": '],
        ] as const
        const statuses: number[] = []
        for (const [type, body] of forms) {
          const url = `${product.url}/api/token/refresh/`
          const headers = { 'content-type': type }
          statuses.push((await fetch(url, { method: 'POST', headers, body })).status)
        }
        expect(statuses).toEqual([403, 403, 403, 200, 415, 415, 400])
      }, 60_000)

      it.each([
        ['GET', '/api/current-user/whoami'],
        ['GET', '/api/current-user/token'],
        ['POST', '/api/current-user/reset-token/'],
        ['GET', '/api/token/'],
        ['POST', '/api/token/'],
        ['POST', '/api/token/rotate/'],
        ['GET', '/projects/'],
        ['GET', '/api/invite'],
        ['POST', '/api/users/'],
      ])(
        'somebody deprovisioned gets nothing from %s %s (F17)',
        async (method, path) => {
          await start(options)
          const { email, cookie, legacy } = await aPerson()
          await shutOut(await push(email))
          for (const headers of [{ cookie }, { authorization: `Token ${legacy}` }]) {
            const { status } = await through(path, headers as Record<string, string>, method)
            expect([401, 403, 411, 415, 302]).toContain(status)
          }
        },
        60_000,
      )

      it('the adapter’s own token is refused from outside, however it is sent (F3)', async () => {
        await start(options)
        const { token } = subject
        for (const headers of [
          { authorization: `Token ${token}` },
          { authorization: `token   ${token}` },
          { authorization: `Bearer ${token}` },
          { 'x-api-key': token },
        ]) {
          const answer = await through('/api/projects/', headers as Record<string, string>)
          expect([answer.status, answer.json.detail]).toEqual([
            403,
            'This token belongs to the service that manages people, and is not accepted here.',
          ])
        }
        const body = { refresh: token }
        const refreshed = await send(`${product.url}/api/token/refresh/`, { method: 'POST', body })
        expect(refreshed.status).toBe(403)
      }, 60_000)

      it('the organization’s invite is shown to its owner alone (F4)', async () => {
        await start(options)
        const { email, cookie, legacy } = await aPerson()
        await push(email)
        const owner = await signIn(product.url, subject.ownerEmail, subject.ownerPassword)
        const paths = ['/api/invite', '/api/invite/', '/api//invite', '/api/%69nvite']
        for (const path of [...paths, '/api/organizations/1', '/api/organizations/1/?x=1']) {
          expect((await through(path, { cookie })).status).toBe(403)
          expect((await through(path, { authorization: `Token ${legacy}` })).status).toBe(403)
        }
        expect((await through('/api/invite/reset-token', { cookie }, 'POST')).status).toBe(403)
        expect((await through('/api/invite', { cookie: owner.cookie })).status).toBe(200)
        expect((await through('/api/organizations/1', { cookie: owner.cookie })).status).toBe(200)
      }, 60_000)

      it('the invite is not told to who asks for a WebSocket there (G1)', async () => {
        await start(options)
        const { email, legacy } = await aPerson()
        await push(email)
        for (const path of ['/api/invite', '/api/organizations/1']) {
          const answer = await upgraded(product.url, path, `Authorization: Token ${legacy}`)
          expect(answer).toMatch(/^HTTP\/1.1 403 /)
        }
        expect(await upgraded(product.url, '/user/login/', 'Accept: */*')).not.toMatch(/ 403 /)
      }, 60_000)

      it('who gets another address as they are shut out is out (G2)', async () => {
        await start(options)
        const { email, cookie, legacy } = await aPerson()
        const id = await push(email)
        const left = await product.patch(`/Users/${id}`, [
          { op: 'replace', value: { active: false, userName: newEmail() } },
        ])
        expect([left.status, left.json.active]).toEqual([200, false])
        expect((await through('/api/projects/', { cookie })).status).not.toBe(200)
        const token = { authorization: `Token ${legacy}` }
        expect((await through('/api/projects/', token)).status).not.toBe(200)
        expect((await signIn(product.url, email, password)).status).toBe(403)
        expect((await product.setActive(id, true)).status).toBe(200)
        await product.drained()
        expect((await through('/api/projects/', token)).status).toBe(200)
      }, 60_000)

      it('an address that somebody loses opens nothing once they are out (G3)', async () => {
        await start(options)
        const lose = (userName: string, active: boolean) => ({
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          ...{ userName, active, emails: [{ value: userName, primary: true }] },
        })
        for (const steps of [[false], [true, false]]) {
          const { email, cookie } = await aPerson()
          const own = newEmail()
          const emails = [{ value: own, primary: true }, { value: email }]
          const { json } = await product.pushUser({ userName: own, emails })
          await product.drained()
          for (const active of steps) {
            expect((await through('/api/projects/', { cookie })).status).toBe(200)
            const put = await product.scim('PUT', `/Users/${json.id}`, lose(own, active))
            expect(put.status).toBe(200)
          }
          expect((await through('/api/projects/', { cookie })).status).toBe(403)
          expect((await signIn(product.url, email, password)).status).toBe(403)
          await push(email)
          expect((await through('/api/projects/', { cookie })).status).toBe(200)
        }
      }, 60_000)

      it('who is shut out can leave, and somebody else signs in with the same browser (F12)', async () => {
        await start(options)
        const [ann, ben] = [await aPerson(), await aPerson()]
        const id = await push(ann.email)
        await push(ben.email)
        await shutOut(id)
        const html = { cookie: ann.cookie, accept: 'text/html' }
        if (options === byInvitation) {
          const page = await fetch(`${product.url}/projects/`, { headers: html })
          expect(page.status).toBe(403)
          expect(page.headers.getSetCookie().join()).toMatch(/^sessionid=; Path=\/; Max-Age=0/)
          expect(await page.text()).toMatch(/<a href="\/user\/login\/">Sign in as somebody else/)
          const left = await fetch(`${product.url}/logout`, { headers: html, redirect: 'manual' })
          expect([left.status, left.headers.get('location')]).toEqual([303, '/user/login/'])
          expect(left.headers.getSetCookie().join()).toMatch(/^sessionid=; Path=\/; Max-Age=0/)
        }
        const signInPage = await through('/user/login/', html)
        expect([signInPage.status, signInPage.text.includes('csrfmiddlewaretoken')]).toEqual([
          200,
          true,
        ])
        const session = /sessionid=[^;]*/.exec(ann.cookie)?.[0] ?? ''
        const body = `email=${enc(ben.email)}&password=${password}`
        const signedIn = await submit('/user/login/', body, session)
        expect(signedIn.status).toBe(302)
        const whoami = await through('/api/current-user/whoami', { cookie: signedIn.cookie })
        expect(whoami.json.id).toBe(ben.accountId)
      }, 60_000)

      it('an address that somebody deprovisioned has in any attribute opens nothing (R3)', async () => {
        await start(options)
        const person = await aPerson()
        const emails = [{ value: newEmail(), primary: true }]
        const pushed = await product.pushUser({ userName: person.email, emails })
        await product.drained()
        await shutOut(pushed.json.id)
        const { email, cookie, legacy } = person
        expect((await through('/api/projects/', { cookie })).status).toBe(403)
        const token = { authorization: `Token ${legacy}` }
        expect((await through('/api/projects/', token)).status).toBe(403)
        expect((await signIn(product.url, email, password)).status).toBe(403)
        const body = { refresh: person.refresh }
        const refreshed = await send(`${product.url}/api/token/refresh/`, { method: 'POST', body })
        expect(refreshed.status).toBe(403)
        await push(email.replace('way', 'other'))
        const active = await product.pushUser({
          userName: newEmail(),
          emails: [{ value: newEmail(), primary: true }, { value: email }],
        })
        expect(active.status).toBe(201)
        expect((await through('/api/projects/', { cookie })).status).toBe(200)
      }, 60_000)
    })

    it.each(['userName', 'emails'])(
      'an address that somebody deleted had as %s opens nothing (R3)',
      async (attribute) => {
        await start(byInvitation)
        const { email, cookie } = await aPerson()
        const other = newEmail()
        const pushed = await product.pushUser(
          attribute === 'userName'
            ? { userName: email, emails: [{ value: other, primary: true }] }
            : { userName: other, emails: [{ value: other, primary: true }, { value: email }] },
        )
        await product.drained()
        expect((await through('/api/projects/', { cookie })).status).toBe(200)
        expect((await product.scim('DELETE', `/Users/${pushed.json.id}`)).status).toBe(204)
        expect((await through('/api/projects/', { cookie })).status).toBe(403)
        const decision = await onSignIn(product.adapters, { tenant: 'default' }, email)
        expect(decision).toEqual({ allowed: false, reason: 'deprovisioned' })
      },
      60_000,
    )

    it('a session names its account, however often it is signed anew (R17, F11)', async () => {
      await start(byInvitation)
      const { cookie, accountId } = await aPerson()
      expect(accountInCookie(cookie)).toBe(accountId)
      const answer = await fetch(`${subject.url}/projects/`, { headers: { cookie } })
      const renewed = answer.headers.getSetCookie().find((each) => each.startsWith('sessionid='))
      expect(accountInCookie(renewed?.split(';')[0] ?? '')).toBe(accountId)
    }, 60_000)

    describe('a link for one person (F4)', () => {
      it('lets them sign up under their own address, whatever else they know', async () => {
        await start(byInvitation)
        const [gina, hank] = [newEmail(), newEmail()]
        const id = await push(gina)
        await push(hank)
        expect((await signUpAt(enc(gina))).status).toBe(403)
        const invited = await invitationOf(id)
        expect(invited).toMatchObject({ status: 303, location: '/user/signup/' })
        expect((await signUpAt(enc(hank), invited?.cookie)).status).toBe(403)
        const both = `email=${enc(hank)}&email=${enc(gina)}&password=${password}`
        expect((await submit('/user/signup/', both, invited?.cookie)).status).toBe(403)
        const form = `email=${enc(gina)}&password=${password}`
        const signedUp = await submit('/user/signup/', form, invited?.cookie)
        expect(signedUp.status).toBe(302)
        const whoami = await through('/api/current-user/whoami', { cookie: signedUp.cookie })
        expect([whoami.status, whoami.json.email]).toEqual([200, gina])
      }, 60_000)

      it('is told to administrators, until the person has an account', async () => {
        await start(byInvitation)
        const gina = newEmail()
        const id = await push(gina)
        const token = 'token-of-the-administrators'
        const app = express()
        app.use(
          settingsRouter(product.adapters, { authorize: adminTokens([{ name: 'a', token }]) }),
        )
        const server = app.listen(0, '127.0.0.1')
        await once(server, 'listening')
        const { port } = server.address() as AddressInfo
        const told = async () =>
          (
            await send(`http://127.0.0.1:${port}/api/scim/explain?user=${id}`, {
              headers: { authorization: `Bearer ${token}` },
            })
          ).json.invitation
        const invitation = await told()
        expect(invitation).toMatchObject({ email: gina })
        const link = `${product.url}${invitation?.path}`
        expect((await signUpByLink(link, { email: gina, password })).status).toBe(302)
        await product.adapters.importer.run()
        await product.drained()
        expect(await told()).toBeUndefined()
        server.close()
      }, 60_000)

      it('is worth nothing once expired, changed, or once the person is shut out', async () => {
        await start(byInvitation)
        const email = newEmail()
        const id = await push(email)
        expect((await invitationOf(id, -1))?.status).toBe(403)
        const { cookie = '', link } = (await invitationOf(id)) ?? {}
        const changed = link?.path.replace(/=(.)/, (_, first) => `=${first === 'e' ? 'f' : 'e'}`)
        expect((await fetch(`${product.url}${changed}`, { redirect: 'manual' })).status).toBe(403)
        await shutOut(id)
        expect((await signUpAt(enc(email), cookie)).status).toBe(403)
        expect(await invitationOf(id)).toBeUndefined()
      }, 60_000)

      it('is not there where accounts are made with a password, and sign-up is shut', async () => {
        await start(byPassword)
        const email = newEmail()
        const { json } = await product.pushUser({ userName: email })
        expect(await invitationOf(json.id)).toBeUndefined()
        expect((await signUpAt(enc(email))).status).toBe(403)
      }, 60_000)
    })
  })
}

const enc = encodeURIComponent

/** What answers to who asks for a WebSocket, as far as it has come when nothing more does. */
async function upgraded(url: string, path: string, header: string): Promise<string> {
  const { host, port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: ` +
      `13\r\n${header}\r\n\r\n`,
  )
  const [first] = await once(socket, 'data')
  socket.destroy()
  return String(first)
}
