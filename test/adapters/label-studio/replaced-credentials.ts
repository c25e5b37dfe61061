import type { LabelStudioAdmin, LabelStudioApi } from '../../../adapters/label-studio/api/index.js'
import { send, signIn, signUpInvited } from '../../support/label-studio-browser.js'
import { clientsOf, type Subject } from './contract.js'

const password = 'A-good-passw0rd'

/** Everything with which a person gets in. */
interface Held {
  readonly id: number
  readonly email: string
  readonly cookie: string
  readonly legacy: string
  readonly refresh: string | undefined
  readonly access: string | undefined
}

/** Makes people of a Label Studio, and looks with what they get in, past any gate. */
export function peopleOf(subject: () => Subject, api: () => LabelStudioApi) {
  let count = 0
  const call = (headers: Record<string, string>, method: string, path: string, body?: unknown) =>
    send(`${subject().url}${path}`, { method, headers, body })
  const status = async (headers: Record<string, string>) =>
    (await call(headers, 'GET', '/api/current-user/whoami')).status
  const exchange = (refresh: string | undefined) =>
    call({}, 'POST', '/api/token/refresh/', { refresh })
  return {
    call,
    async aPerson({ hasPersonalToken = true } = {}): Promise<Held> {
      count += 1
      const email = `former-${count}@example.com`
      const cookie = await signUpInvited(subject().url, api().settings.inviteToken, {
        email,
        password,
      })
      const { id } = (await call({ cookie }, 'GET', '/api/current-user/whoami')).json
      const legacy = (await call({ cookie }, 'GET', '/api/current-user/token')).json.token
      if (!hasPersonalToken) return { id, email, cookie, legacy, refresh: undefined, access: '' }
      const refresh = (await call({ cookie }, 'POST', '/api/token/')).json.token
      const { access } = (await exchange(refresh)).json
      return { id, email, cookie, legacy, refresh, access }
    },
    /** The names of the credentials that Label Studio accepts. */
    async accepted({ email, cookie, legacy, refresh, access }: Held): Promise<string[]> {
      const fresh = refresh === undefined ? undefined : (await exchange(refresh)).json.access
      const works = {
        cookie: (await status({ cookie })) === 200,
        authorization: (await status({ authorization: `Token ${legacy}` })) === 200,
        'x-api-key': (await status({ 'x-api-key': legacy })) === 200,
        access: (await status({ authorization: `Bearer ${access}` })) === 200,
        refresh: fresh !== undefined,
        'new access': (await status({ authorization: `Bearer ${fresh}` })) === 200,
        password: (await signIn(subject().url, email, password)).status === 302,
      }
      return Object.entries(works).flatMap(([name, isAccepted]) => (isAccepted ? [name] : []))
    },
  }
}

const every = ['cookie', 'authorization', 'x-api-key', 'access', 'refresh', 'new access']
/** The names of all credentials. */
export const everything = [...every, 'password']

/** What Label Studio Community offers against the credentials of somebody else. */
export function describeReplacedCredentials(name: string, start: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let api: LabelStudioApi
    let admin: LabelStudioAdmin
    const { aPerson, accepted, call } = peopleOf(
      () => subject,
      () => api,
    )

    beforeAll(async () => {
      subject = await start()
      ;({ api, admin } = clientsOf(subject, { retries: 0 }))
    }, 300_000)
    afterAll(() => subject?.stop(), 60_000)

    it('replaces password and legacy token, but no personal access token', async () => {
      const person = await aPerson()
      expect(await accepted(person)).toEqual(everything)
      const replaced = await admin.replaceCredentials(person.id)
      expect(replaced.hadPersonalTokens).toBe(true)
      expect(await accepted(person)).toEqual(['access', 'refresh', 'new access'])
      const headers = { authorization: `Token ${replaced.legacyToken}` }
      const { status, json } = await call(headers, 'GET', '/api/current-user/token')
      expect([status, json.token]).toEqual([200, replaced.legacyToken])
    }, 60_000)

    it('tells who never had a personal access token', async () => {
      const { id } = await aPerson({ hasPersonalToken: false })
      expect((await admin.replaceCredentials(id)).hadPersonalTokens).toBe(false)
    }, 60_000)

    it('works again, and where somebody deleted the legacy token', async () => {
      const { id, cookie } = await aPerson({ hasPersonalToken: false })
      const owner = await signIn(subject.url, subject.ownerEmail, subject.ownerPassword)
      const csrf = /csrftoken=([^;]*)/.exec(owner.cookie)?.[1] ?? ''
      await fetch(`${subject.url}/admin/authtoken/tokenproxy/${id}/delete/`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: owner.cookie, referer: subject.url },
        body: new URLSearchParams({ csrfmiddlewaretoken: csrf, post: 'yes' }),
      })
      expect((await call({ cookie }, 'GET', '/api/current-user/token')).status).toBe(500)
      const tokens = [await admin.replaceCredentials(id), await admin.replaceCredentials(id)]
      expect(new Set(tokens.map(({ legacyToken }) => legacyToken)).size).toBe(2)
    }, 60_000)

    it('refuses for a superuser', async () => {
      const replaced = admin.replaceCredentials(1)
      await expect(replaced).rejects.toMatchObject({ kind: 'protected' })
    }, 60_000)

    it('shows personal access tokens nowhere in the admin', async () => {
      const { cookie } = await signIn(subject.url, subject.ownerEmail, subject.ownerPassword)
      const path = '/admin/token_blacklist/outstandingtoken/'
      expect((await call({ cookie }, 'GET', path)).status).toBe(404)
    }, 60_000)

    it('refuses access tokens outside an organization, and accepts the legacy token', async () => {
      const person = await aPerson()
      const { legacyToken } = await admin.replaceCredentials(person.id)
      await api.users.leaveOrganization(person.id)
      expect(await accepted(person)).toEqual(['refresh'])
      for (const [method, path] of [
        ['POST', '/api/token/rotate/'],
        ['POST', '/api/current-user/reset-token/'],
        ['GET', '/'],
      ] as const) {
        const headers = { authorization: `Bearer ${person.access}` }
        const { status } = await call(headers, method, path, method === 'POST' ? {} : undefined)
        expect([401, 500]).toContain(status)
      }
      await api.revokePersonalTokens(legacyToken)
      expect(await accepted(person)).toEqual([])
      await api.revokePersonalTokens(legacyToken)
    }, 60_000)
  })
}
