import { setImmediate as nextTurn } from 'node:timers/promises'
import { deflateSync } from 'node:zlib'
import {
  type IdentifyOptions,
  identifyLabelStudioUser,
  labelStudioApi,
  type OwnerTokenOptions,
  ownerTokenVerifier,
} from '../../../adapters/label-studio/api/index.js'
import { accountInCookie } from '../../../adapters/label-studio/api/sessions/session-cookie.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { signUp } from '../../support/label-studio-browser.js'

let fake: FakeLabelStudio
let now: number
beforeEach(async () => {
  now = 0
  fake = await startFakeLabelStudio()
})
afterEach(() => fake.stop())

const shared = () => ({ url: fake.url, clock: () => now, sleep: async () => {} })
const anIdentify = (options: Partial<IdentifyOptions> = {}) =>
  identifyLabelStudioUser({ ...shared(), ...options })
const aVerifier = (options: Partial<OwnerTokenOptions> = {}) =>
  ownerTokenVerifier({ ...shared(), ...options })

const aPerson = async (email: string) => {
  const person = { email, password: 'A-good-passw0rd' }
  const { cookie } = await signUp(fake.url, fake.state.inviteToken, person)
  const user = [...fake.state.users.values()].find((each) => each.email === email)
  if (user === undefined) throw new Error('not signed up')
  fake.requests.length = 0
  return { cookie, user }
}
const asked = () => fake.requests.filter(({ path }) => path === '/api/current-user/whoami').length

describe('identifyLabelStudioUser', () => {
  it('asks nothing about a request without credentials', async () => {
    const identify = anIdentify()
    const headers = { host: 'localhost', accept: '*/*', cookie: undefined }
    expect(await identify({ headers })).toEqual({ identities: [], isComplete: true })
    expect(fake.requests).toHaveLength(0)
  })

  it('asks once for parallel requests, and again after its time', async () => {
    const { cookie, user } = await aPerson('ann@example.com')
    const identify = anIdentify({ cacheMs: 1000 })
    const request = { headers: { cookie } }
    const [first] = await Promise.all([identify(request), identify(request), identify(request)])
    expect(first?.identities).toEqual([
      { accountId: user.id, email: 'ann@example.com', since: user.dateJoined },
    ])
    now = 999
    await identify(request)
    expect(asked()).toBe(1)
    now = 1000
    await identify(request)
    expect(asked()).toBe(2)
  })

  describe('of sessions that Label Studio signs anew with every answer (R17)', () => {
    const sessionIn = (cookie: string) => /sessionid=([^;]*)/.exec(cookie)?.[1] ?? ''
    /** The next cookie of a browser, as an answer sets it. */
    const renewed = async (cookie: string) => {
      const answer = await fetch(`${fake.url}/projects/`, { headers: { cookie } })
      const next = answer.headers.getSetCookie().find((each) => each.startsWith('sessionid='))
      await answer.arrayBuffer()
      return next?.split(';')[0] ?? ''
    }

    it('asks once for each account in its time, whatever becomes of the cookie', async () => {
      const ann = await aPerson('ann@example.com')
      const bob = await aPerson('bob@example.com')
      const identify = anIdentify({ cacheMs: 1000 })
      const seen = new Set<string>()
      let [mine, theirs] = [ann.cookie, bob.cookie]
      for (let page = 0; page < 20; page += 1) {
        now = page * 40
        seen.add(mine)
        for (const [cookie, id] of [
          [mine, ann.user.id],
          [theirs, bob.user.id],
        ] as const) {
          const { identities } = await identify({ headers: { cookie } })
          expect(identities.map(({ accountId }) => accountId)).toEqual([id])
        }
        mine = await renewed(mine)
        theirs = await renewed(theirs)
      }
      expect([seen.size, asked()]).toEqual([20, 2])
      now = 1000
      await identify({ headers: { cookie: mine } })
      expect(asked()).toBe(3)
    })

    it('takes nobody for anonymous because of a forged session that names them', async () => {
      const { cookie, user } = await aPerson('ann@example.com')
      const session = sessionIn(cookie).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
      const forged = `sessionid=${session}`
      const identify = anIdentify()
      const [bad, good] = await Promise.all([
        identify({ headers: { cookie: forged } }),
        identify({ headers: { cookie } }),
      ])
      expect(bad).toEqual({ identities: [], isComplete: true, refused: ['cookie'] })
      expect(good.identities).toMatchObject([{ accountId: user.id }])
      expect((await identify({ headers: { cookie } })).identities).toHaveLength(1)
    })

    it.each([
      ['two sessions', (own: string, other: string) => `sessionid=${other}; sessionid=${own}`],
      ['two in one', (own: string, other: string) => `x="sessionid=${other}"; sessionid=${own}`],
      ['quotes', (own: string) => `sessionid="${own}"`],
      ['another name', (own: string) => `xsessionid=${own}`],
      ['capitals', (own: string) => `SessionId=${own}`],
      ['bytes that Python takes for spaces', (own: string) => `\x85sessionid=${own}`],
    ])('reads no account where Django might read another: %s', async (_name, spell) => {
      const own = sessionIn((await aPerson('ann@example.com')).cookie)
      const other = sessionIn((await aPerson('bob@example.com')).cookie)
      expect(accountInCookie(spell(own, other))).toBeUndefined()
      expect(accountInCookie(`a=b; sessionid=${own}; c=d`)).toBe(2)
    })

    it('reads no account in what is no session of Django, however large it unpacks', () => {
      const bomb = deflateSync(Buffer.alloc(1_000_000, 32)).toString('base64url')
      for (const value of ['abc', 'e30:1:x', `.${bomb}:1:x`, 'W10:1:x', 'bnVsbA:1:x', '.a:1:x']) {
        expect(accountInCookie(`sessionid=${value}`)).toBeUndefined()
      }
    })
  })

  it('asks each time about what claims to be somebody’s and is refused (G4)', async () => {
    const identify = anIdentify()
    const request = { headers: { 'x-api-key': 'not yet' } }
    await Promise.all([identify(request), identify(request)])
    expect(asked()).toBe(1)
    expect(await identify(request)).toEqual({
      ...{ identities: [], isComplete: true },
      refused: ['x-api-key'],
    })
    expect(asked()).toBe(2)
  })

  it('forgets sooner that a session is nobody’s', async () => {
    const identify = anIdentify({ anonymousCacheMs: 100 })
    const request = { headers: { cookie: 'sessionid=nobodys' } }
    expect((await identify(request)).identities).toEqual([])
    now = 99
    await identify(request)
    expect(asked()).toBe(1)
    now = 100
    await identify(request)
    expect(asked()).toBe(2)
  })

  it('tells several people apart: the cookie of one and the token of another', async () => {
    const ann = await aPerson('ann@example.com')
    const bob = await aPerson('bob@example.com')
    const headers = { cookie: ann.cookie, authorization: `Token ${bob.user.legacyToken}` }
    const { identities } = await anIdentify()({ headers })
    expect(identities.map(({ accountId }) => accountId)).toEqual([ann.user.id, bob.user.id])
  })

  it('sends each credential alone, exactly as it was given', async () => {
    const { cookie } = await aPerson('ann@example.com')
    await anIdentify()({ headers: { cookie, authorization: 'Token wrong', 'x-api-key': 'other' } })
    const sent = fake.requests.map(({ headers }) => [
      headers.cookie,
      headers.authorization,
      headers['x-api-key'],
    ])
    expect(sent).toEqual([
      [cookie, undefined, undefined],
      [undefined, 'Token wrong', undefined],
      [undefined, undefined, 'other'],
    ])
  })

  it('takes a header with underscores for the same, as some servers do', async () => {
    const { user } = await aPerson('ann@example.com')
    const headers = { X_Api_Key: user.legacyToken }
    expect((await anIdentify()({ headers })).identities).toHaveLength(1)
  })

  it('asks about a header that was sent twice as often', async () => {
    const { user } = await aPerson('ann@example.com')
    const headers = { 'x-api-key': ['wrong', user.legacyToken] }
    expect((await anIdentify()({ headers })).identities).toHaveLength(1)
  })

  it('still names those it knows when it cannot ask about another', async () => {
    const { cookie, user } = await aPerson('ann@example.com')
    const identify = anIdentify()
    await identify({ headers: { cookie } })
    await fake.kill()
    const headers = { cookie, authorization: 'Token unknown' }
    expect(await identify({ headers })).toEqual({
      identities: [{ accountId: user.id, email: 'ann@example.com', since: user.dateJoined }],
      isComplete: false,
    })
  })

  const credentialsOf = async (email: string) => {
    const { cookie, user } = await aPerson(email)
    return { cookie: { cookie }, token: { 'x-api-key': user.legacyToken }, user }
  }

  it.each(['cookie', 'cookie signed anew', 'token'] as const)(
    'goes on with what it knew of a %s while Label Studio cannot be asked, for a bounded time',
    async (kind) => {
      const { cookie, token } = await credentialsOf('ann@example.com')
      const anew = { cookie: cookie.cookie.replace(/sessionid=[^;]+/, '$&x') }
      const identify = anIdentify({ cacheMs: 1000, staleMs: 5000 })
      await identify({ headers: kind === 'token' ? token : cookie })
      await fake.kill()
      const headers = { token, cookie, 'cookie signed anew': anew }[kind]
      now = 5999
      expect(await identify({ headers })).toMatchObject({ identities: [{}], isComplete: true })
      now = 6000
      expect(await identify({ headers })).toEqual({ identities: [], isComplete: false })
    },
  )

  it('goes on with nothing that Label Studio has refused since', async () => {
    const { token, user } = await credentialsOf('ann@example.com')
    const identify = anIdentify({ cacheMs: 1000, staleMs: 5000 })
    await identify({ headers: token })
    user.legacyToken = 'another'
    now = 1000
    expect(await identify({ headers: token })).toMatchObject({ identities: [], isComplete: true })
    await fake.kill()
    expect(await identify({ headers: token })).toEqual({ identities: [], isComplete: false })
  })

  it.each([
    ['an error', { kind: 'status', status: 500 }],
    ['a page', { kind: 'garbage' }],
    ['a redirect', { kind: 'status', status: 302, headers: { location: '/user/login/' } }],
    ['no answer', { kind: 'down' }],
  ] as const)('does not take %s for anonymous', async (_name, fault) => {
    fake.faults.add({ fault })
    const answer = await anIdentify()({ headers: { 'x-api-key': 'any' } })
    expect(answer).toEqual({ identities: [], isComplete: false })
  })

  it('remembers no more credentials than it may', async () => {
    const identify = anIdentify({ maxCached: 2 })
    const ask = (key: string) => identify({ headers: { cookie: `sessionid=${key}` } })
    for (const key of ['a', 'b', 'a', 'c']) await ask(key)
    expect(asked()).toBe(3)
    await ask('a')
    expect(asked()).toBe(3)
    await ask('b')
    expect(asked()).toBe(4)
  })

  it.each([
    ['sessions of nobody', 0, (key: string) => ({ cookie: `sessionid=${key}` })],
    ['sessions of nobody', 600_000, (key: string) => ({ cookie: `sessionid=${key}` })],
    ['refused tokens', 600_000, (key: string) => ({ 'x-api-key': key })],
  ])('forgets nobody for %s (staleMs: %s)', async (_name, staleMs, sent) => {
    const { cookie, user } = await aPerson('ann@example.com')
    const identify = anIdentify({ maxCached: 2, staleMs })
    await identify({ headers: { cookie } })
    for (const key of ['a', 'b', 'c']) await identify({ headers: sent(key) })
    const before = asked()
    const { identities } = await identify({ headers: { cookie } })
    expect(identities).toMatchObject([{ accountId: user.id }])
    expect(asked()).toBe(before)
  })

  it('ends with the reason of the signal, while others go on', async () => {
    const { cookie } = await aPerson('ann@example.com')
    const identify = anIdentify()
    const controller = new AbortController()
    const request = { headers: { cookie } }
    const gone = identify(request, controller.signal)
    const staying = identify(request)
    controller.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    expect((await staying).identities).toHaveLength(1)
  })
})

describe('questions about credentials, when one is asked at a time', () => {
  /** A cookie as Community makes them anew with every answer. */
  const cookieOf = (account: number, signature: string) => {
    const payload = Buffer.from(JSON.stringify({ _auth_user_id: `${account}` }))
    return `sessionid=${payload.toString('base64url')}:time:${signature}`
  }

  /** Whom Label Studio was asked about, and a function that answers the first open question. */
  async function known() {
    const questions: { readonly sent: string; answer(response: Response): void }[] = []
    const ask: typeof fetch = (_url, init) =>
      new Promise((resolve) => {
        const sent = new Headers(init?.headers)
        const about = sent.get('cookie') ?? sent.get('x-api-key') ?? ''
        questions.push({ sent: about, answer: resolve })
      })
    const identify = anIdentify({ fetch: ask, maxConcurrent: 1, cacheMs: 1_000 })
    const answers: Promise<unknown>[] = []
    const put = (headers: Record<string, string>) => {
      answers.push(identify({ headers }))
    }
    let next = 0
    const settled = async () => {
      for (let turn = 0; turn < 10; turn++) await nextTurn()
    }
    const answer = async (id?: number) => {
      await settled()
      const body = { id, email: `person${id}@example.com` }
      const response = id ? Response.json(body) : Response.json({}, { status: 401 })
      questions[next++]?.answer(response)
      await settled()
    }
    put({ cookie: cookieOf(7, 'first') })
    await answer(7)
    put({ 'x-api-key': 'of 8' })
    await answer(8)
    await Promise.all(answers)
    now = 1_000
    const asked = () => questions.slice(2).map(({ sent }) => sent)
    return { put, answer, asked }
  }

  it('come first for a session that was known, signed anew, but only once at a time', async () => {
    const { put, answer, asked } = await known()
    for (const each of ['a', 'b']) put({ 'x-api-key': each })
    for (const each of ['forged', 'hers']) put({ cookie: cookieOf(7, each) })
    for (let at = 0; at < 3; at++) await answer()
    expect(asked()).toEqual(['a', cookieOf(7, 'forged'), 'b', cookieOf(7, 'hers')])
    await answer(7)
    for (const each of ['c', 'd']) put({ 'x-api-key': each })
    now = 2_000
    put({ cookie: cookieOf(7, 'newest') })
    for (let at = 0; at < 2; at++) await answer()
    expect(asked().slice(4)).toEqual(['c', cookieOf(7, 'newest'), 'd'])
    await answer()
  })

  it('come first for a token that was known', async () => {
    const { put, answer, asked } = await known()
    for (const each of ['a', 'b', 'of 8']) put({ 'x-api-key': each })
    for (let at = 0; at < 2; at++) await answer()
    expect(asked()).toEqual(['a', 'of 8', 'b'])
    await answer()
  })
})

describe('ownerTokenVerifier', () => {
  it('does not forget the owner for tokens of anybody', async () => {
    const verify = aVerifier({ maxCached: 2 })
    expect((await verify(fake.token)).outcome).toBe('owner')
    for (const each of ['a', 'b', 'c']) await verify(each.repeat(40))
    const before = asked()
    expect((await verify(fake.token)).outcome).toBe('owner')
    expect(asked()).toBe(before)
  })

  it('asks once while its answer holds (S-AUTH-06)', async () => {
    const verify = aVerifier({ cacheMs: 1000 })
    expect((await verify(fake.token)).outcome).toBe('owner')
    await verify(fake.token)
    expect(asked()).toBe(1)
    now = 1000
    for (const user of fake.state.users.values()) user.legacyToken = 'another'
    expect(await verify(fake.token)).toEqual({ outcome: 'refused' })
  })

  it('asks nothing about what cannot be a token', async () => {
    const verify = aVerifier()
    for (const text of ['', 'two words', 'x'.repeat(5000), 'bücher']) {
      expect(await verify(text)).toEqual({ outcome: 'refused' })
    }
    expect(fake.requests).toHaveLength(0)
  })

  it('fails closed when Label Studio cannot be asked (S-AUTH-10)', async () => {
    await fake.kill()
    await expect(aVerifier()(fake.token)).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('goes by role in Enterprise', async () => {
    await fake.stop()
    fake = await startFakeLabelStudio({ mode: 'lse' })
    const api = labelStudioApi({ url: fake.url, token: fake.token })
    const { id } = await api.users.create({ email: 'ann@example.com' })
    await api.members(1).setRole(id, 'AD')
    const token = fake.state.users.get(id)?.legacyToken ?? ''
    const verify = aVerifier()
    expect((await verify(fake.token)).outcome).toBe('owner')
    expect((await verify(token)).outcome).toBe('notOwner')
  })
})
