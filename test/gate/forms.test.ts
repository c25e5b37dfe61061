import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import { createInvitation } from '../../lib/access/index.js'
import type { AccessGateOptions } from '../../lib/gate/index.js'
import type { AccessRecord, GatePolicy, User } from '../../lib/stores/index.js'
import { cpuMsOf } from '../support/cpu-time.js'
import { peopleOf, scope } from './gated.js'
import { type CleanUps, emailOf, guard, now } from './guarded.js'

let adapters: MemoryAdapters
const cleanUps: CleanUps = []

beforeEach(() => {
  adapters = memoryAdapters()
})
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

const open = (gate: Partial<GatePolicy> = {}, options: Partial<AccessGateOptions> = {}) => {
  const whole: GatePolicy = { signUp: async () => 'open', ...gate }
  return guard({ adapters: { ...adapters, gate: whole }, cleanUps }, options)
}

const urlencoded = 'application/x-www-form-urlencoded'

interface Form {
  readonly path?: string
  readonly method?: string
  readonly type?: string
  readonly headers?: Record<string, string>
  readonly body: string | Buffer
}

/** Submits a form as it is; what the application got if it passes, else status and sentence. */
function submit(
  { url }: { readonly url: string },
  { path = '/user/login', method = 'POST', type = urlencoded, headers = {}, body }: Form,
) {
  const length = { 'content-length': String(Buffer.byteLength(body)) }
  const all = { 'content-type': type, ...length, ...headers }
  return new Promise<Record<string, unknown>>((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, { method, headers: all }, async (response) => {
      const answer = JSON.parse(await text(response))
      resolve({ status: response.statusCode, ...answer })
    })
    request.on('error', reject)
    request.end(body)
  })
}

const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
const tokenOf = (claims: object) =>
  `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

function recordOf(user: User, accountId: string): AccessRecord {
  return {
    userId: user.id,
    account: { id: accountId, origin: 'created' },
    applied: [],
    deferred: [],
    notes: [],
    enforced: 'active',
    hadRole: false,
    at: now,
  }
}

describe('a form with which people sign in', () => {
  const withdrawn = 'Your access has been withdrawn by your organization.'

  beforeEach(() => peopleOf(adapters).add(emailOf('ann'), false))

  it.each([
    ['/user/login', 'email'],
    ['/user/login/', 'email'],
    ['/USER//login', 'email'],
    ['/below/a/path/user/login', 'email'],
    ['/admin/login', 'username'],
    ['/api-auth/login', 'username'],
  ])('is refused to somebody deprovisioned: %s', async (path, field) => {
    const body = form({ csrfmiddlewaretoken: 'x', [field]: emailOf('ann'), password: 'p' })
    const refused = { status: 403, status_code: 403, detail: withdrawn }
    expect(await submit(await open(), { path, body })).toEqual(refused)
  })

  it.each([
    ['of somebody else', { body: form({ email: emailOf('bob') }) }],
    ['with another field', { body: form({ name: emailOf('ann') }) }],
    ['with nothing in the field', { body: 'email=' }],
    ['with spaces in the field', { body: 'email=%20%20' }],
    ['that is empty', { body: '' }],
    ['at another path', { path: '/user/logins', body: form({ email: emailOf('ann') }) }],
    ['with another method', { method: 'PUT', body: form({ email: emailOf('ann') }) }],
    ['with a charset', { type: `${urlencoded}; charset=UTF-8`, body: 'email=b%40x' }],
    ['with a quoted charset', { type: `${urlencoded} ; charset="utf-8"`, body: 'email=b%40x' }],
  ] as [string, Form][])('passes as it is %s', async (_case, given) => {
    expect(await submit(await open(), given)).toMatchObject({ status: 200, body: given.body })
  })

  it.each([
    ['with spaces around', `%20%0a${emailOf('ann')}%c2%a0%e3%80%80`],
    ['in capitals', emailOf('ANN').toUpperCase()],
    ['after another one', `${emailOf('bob')}&email=${emailOf('ann')}`],
    ['after an empty one', `&email=${emailOf('ann')}`],
  ])('is refused for the address %s', async (_case, value) => {
    expect(await submit(await open(), { body: `email=${value}` })).toMatchObject({ status: 403 })
  })

  it('takes no long time to read with many blanks', async () => {
    const gate = await open()
    const body = `email=a${'+'.repeat(60_000)}a`
    expect(await cpuMsOf(() => submit(gate, { body }))).toBeLessThan(1_000)
  })

  it('names few people', async () => {
    const gate = await open()
    const naming = (count: number) =>
      submit(gate, { body: Array.from({ length: count }, (_, at) => `email=p${at}`).join('&') })
    expect(await naming(10)).toMatchObject({ status: 200 })
    expect(await naming(11)).toMatchObject({ status: 400 })
  })

  it.each<[string, number, string, Form]>([
    [
      'JSON',
      415,
      'Sign in with the form of the sign-in page.',
      { type: 'application/json', body: '{}' },
    ],
    [
      'another charset',
      415,
      'Sign in with the form of the sign-in page.',
      { type: `${urlencoded}; charset=utf-16`, body: 'a' },
    ],
    [
      'two charsets',
      415,
      'Sign in with the form of the sign-in page.',
      { type: `${urlencoded}; charset=utf-8; charset=latin1`, body: 'a' },
    ],
    [
      'a longer type',
      415,
      'Sign in with the form of the sign-in page.',
      { type: `${urlencoded}-x`, body: 'a' },
    ],
    [
      'compression',
      415,
      'The form must not be compressed.',
      { headers: { 'content-encoding': 'gzip' }, body: 'a' },
    ],
    [
      'bytes that are not UTF-8',
      400,
      'The form must be UTF-8.',
      { body: Buffer.from([0x65, 0xff]) },
    ],
    ['more than 64 KiB', 413, 'The form is too large.', { body: `a=${'x'.repeat(65_535)}` }],
    [
      'an address in other letters',
      400,
      'Write the e-mail address in plain letters (ASCII).',
      { body: 'email=%C3%A4%40x' },
    ],
    [
      'one such address among others',
      400,
      'Write the e-mail address in plain letters (ASCII).',
      { body: 'email=a%40x&email=%C3%A4%40x' },
    ],
  ])('is refused with %s', async (_case, status, detail, given) => {
    expect(await submit(await open(), given)).toEqual({ status, status_code: status, detail })
  })

  it('passes with exactly 64 KiB', async () => {
    const body = `a=${'x'.repeat(65_534)}`
    expect(await submit(await open(), { body })).toMatchObject({ status: 200 })
  })
})

describe('a token that is exchanged for another', () => {
  const path = '/api/token/refresh'
  const json = 'application/json'

  it.each([
    ['as JSON', json, (token: string) => JSON.stringify({ refresh: token })],
    [
      'as JSON with a charset',
      `${json}; charset=utf-8`,
      (token: string) => JSON.stringify({ refresh: token }),
    ],
    ['as a form', urlencoded, (token: string) => form({ refresh: token })],
    ['as a form, after another one', urlencoded, (token: string) => `refresh=x&refresh=${token}`],
  ])('is refused to somebody deprovisioned: %s', async (_case, type, bodyOf) => {
    const ann = await peopleOf(adapters).add(emailOf('ann'), false)
    await adapters.access.saveRecord(scope(), recordOf(ann, '7'))
    const gate = await open()
    for (const id of [7, '7']) {
      const given = { path, type, body: bodyOf(tokenOf({ user_id: id })) }
      expect(await submit(gate, given)).toMatchObject({ status: 403 })
    }
    const other = { path: '/api/token/rotate/', type, body: bodyOf(tokenOf({ user_id: 8 })) }
    expect(await submit(gate, other)).toMatchObject({ status: 200, body: other.body })
  })

  it('is refused to whom the application knows by the address', async () => {
    await peopleOf(adapters).add(emailOf('ann'), false)
    const asked: string[] = []
    const gate = await open({
      emailOfAccount: async (_scope, accountId) => {
        asked.push(accountId)
        return accountId === '7' ? emailOf('ann') : undefined
      },
    })
    const statuses = []
    for (const id of [7, 8]) {
      const body = JSON.stringify({ refresh: tokenOf({ user_id: id }) })
      statuses.push((await submit(gate, { path, type: json, body }))['status'])
    }
    expect([statuses, asked]).toEqual([
      [403, 200],
      ['7', '8'],
    ])
  })

  it.each([
    ['nothing', '{}'],
    ['null', 'null'],
    ['a list of tokens', JSON.stringify({ refresh: [tokenOf({ user_id: 7 })] })],
    ['no token', JSON.stringify({ refresh: 'x' })],
    ['a token that is not JSON', JSON.stringify({ refresh: 'h.e30x.s' })],
    ['a token of nobody', JSON.stringify({ refresh: tokenOf({}) })],
    ['a token of an object', JSON.stringify({ refresh: tokenOf({ user_id: {} }) })],
  ])('passes to the application, which refuses it: %s', async (_case, body) => {
    expect(await submit(await open(), { path, type: json, body })).toMatchObject({ status: 200 })
  })

  it.each([
    ['text/plain', '{}', 415, 'Send JSON in UTF-8.'],
    [`${json}; charset=utf-16`, '{}', 415, 'Send JSON in UTF-8.'],
    [json, '{', 400, 'This is not valid JSON.'],
  ])('is refused where it could be read differently: %s %s', async (type, body, status, detail) => {
    const answer = await submit(await open(), { path, type, body })
    expect(answer).toEqual({ status, status_code: status, detail })
  })

  it('is refused if it is the adapter’s own', async () => {
    const gate = await open({ isOwnSecret: (value) => value === 'secret' })
    const detail = 'This token is not accepted here.'
    for (const body of ['refresh=secret', 'refresh=x&refresh=secret']) {
      expect(await submit(gate, { path, body })).toEqual({ status: 403, status_code: 403, detail })
    }
    expect(await submit(gate, { path, body: 'refresh=other' })).toMatchObject({ status: 200 })
  })
})

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

    async function invite(name: string, lifetimeMs?: number) {
      const user = await peopleOf(adapters).add(emailOf(name))
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
  })
})
