import { apiPath } from '../../../adapters/label-studio/api/http/path.js'
import { parseRetryAfter, retryDelay } from '../../../adapters/label-studio/api/http/retry.js'
import {
  type LabelStudioApiOptions,
  labelStudioApi,
} from '../../../adapters/label-studio/api/index.js'
import {
  type FakeLabelStudio,
  type FakeOptions,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { send, signUp } from '../../support/label-studio-browser.js'

let fake: FakeLabelStudio
const started: FakeLabelStudio[] = []
const startFake = async (options: FakeOptions = {}) => {
  fake = await startFakeLabelStudio(options)
  started.push(fake)
  return fake
}
beforeEach(() => startFake())
afterEach(() => Promise.all(started.splice(0).map((each) => each.stop())))

/** A client that remembers its pauses instead of waiting. */
const aClient = (options: Partial<LabelStudioApiOptions> = {}) => {
  const pauses: number[] = []
  const api = labelStudioApi({
    url: fake.url,
    token: fake.token,
    random: () => 0.5,
    sleep: async (ms) => void pauses.push(ms),
    ...options,
  })
  return { api, pauses }
}

const callsTo = (method: string, path: string) =>
  fake.requests.filter((each) => each.method === method && each.path === path)

describe('retries', () => {
  it.each([408, 429, 500, 502, 503, 504])('reads again after %d', async (status) => {
    fake.faults.add({ fault: { kind: 'status', status }, times: 2 })
    const { api, pauses } = aClient()
    expect((await api.whoami()).id).toBe(1)
    // Half of 250 ms and of 500 ms: full jitter at 0.5.
    expect(pauses).toEqual([125, 250])
  })

  it.each(['down', 'dropped'] as const)('reads again when the connection is %s', async (kind) => {
    fake.faults.add({ fault: { kind }, times: 3 })
    const { api } = aClient()
    expect((await api.whoami()).id).toBe(1)
  })

  it('gives up after as many attempts as it may make', async () => {
    fake.faults.add({ fault: { kind: 'status', status: 503 } })
    const { api } = aClient({ retries: 2 })
    await expect(api.whoami()).rejects.toMatchObject({ kind: 'unavailable', status: 503 })
    expect(fake.requests).toHaveLength(3)
  })

  it.each([400, 401, 403, 409])('does not repeat what was answered with %d', async (status) => {
    fake.faults.add({ fault: { kind: 'status', status } })
    await expect(aClient().api.whoami()).rejects.toMatchObject({ status })
    expect(fake.requests).toHaveLength(1)
  })

  it('does not create a person twice when the connection drops after the work', async () => {
    fake.faults.add({ fault: { kind: 'dropped' }, method: 'POST', times: 1 })
    const { api } = aClient()
    const create = api.users.create({ email: 'ann@example.com' })
    await expect(create).rejects.toMatchObject({ kind: 'unavailable', maybeDone: true })
    expect(callsTo('POST', '/api/users/')).toHaveLength(1)
    expect((await api.users.list()).map(({ email }) => email)).toContain('ann@example.com')
  })

  it('creates a person after all when Label Studio asked to come later', async () => {
    const headers = { 'retry-after': '2' }
    fake.faults.add({ fault: { kind: 'status', status: 429, headers }, method: 'POST', times: 1 })
    const { api, pauses } = aClient()
    expect((await api.users.create({ email: 'ann@example.com' })).email).toBe('ann@example.com')
    expect(pauses).toEqual([2000])
  })

  it('creates a person after all when Label Studio was not running at first', async () => {
    await fake.kill()
    const { api } = aClient({ sleep: () => fake.restart() })
    expect((await api.users.create({ email: 'ann@example.com' })).email).toBe('ann@example.com')
  })

  it('does not wait for a Retry-After beyond its longest pause, but tells it', async () => {
    const headers = { 'retry-after': '3600' }
    fake.faults.add({ fault: { kind: 'status', status: 503, headers } })
    const { api, pauses } = aClient()
    await expect(api.whoami()).rejects.toMatchObject({ retryAfterSeconds: 3600 })
    expect(pauses).toEqual([])
  })

  it('repeats deletions and changes of names, which set absolute values', async () => {
    const { api } = aClient()
    const { id } = await api.users.create({ email: 'ann@example.com' })
    fake.faults.add({ fault: { kind: 'dropped' }, method: 'PATCH', times: 1 })
    expect((await api.users.changeNames(id, { firstName: 'Ann' })).firstName).toBe('Ann')
    fake.faults.add({ fault: { kind: 'dropped' }, method: 'DELETE', times: 1 })
    await api.users.delete(id)
    expect(await api.users.get(id)).toBeUndefined()
  })

  it('pauses at random up to a doubling bound that has an end', () => {
    const policy = { retries: 9, baseDelayMs: 100, maxDelayMs: 1000 }
    const failure = { kind: 'unavailable' as const, maybeDone: true, retryAfterSeconds: undefined }
    const delay = (attempt: number, random: number) =>
      retryDelay(failure, { attempt, repeatable: true }, policy, random)
    expect([1, 2, 3, 4, 5, 6].map((attempt) => delay(attempt, 1))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ])
    expect(delay(3, 0)).toBe(0)
    expect(delay(10, 1)).toBeUndefined()
  })

  it.each([
    [null, undefined],
    ['0', 0],
    ['120', 120],
    ['Thu, 01 Jan 1970 00:01:30 GMT', 60],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
  ])('reads Retry-After %j', (value, seconds) => {
    expect(parseRetryAfter(value, 30_000)).toBe(seconds)
  })
})

describe('time-outs and aborts (S-DOS-14)', () => {
  it('gives up an attempt that takes too long', async () => {
    fake.faults.add({ fault: { kind: 'slow' } })
    const { api } = aClient({ timeoutMs: 50, retries: 1 })
    const call = api.whoami()
    await expect(call).rejects.toMatchObject({ kind: 'unavailable', status: undefined })
    await expect(call).rejects.toThrow('GET /api/current-user/whoami: Label Studio gave no answer')
    expect(fake.requests).toHaveLength(2)
  })

  it('ends with the reason of the signal while Label Studio is silent', async () => {
    fake.faults.add({ fault: { kind: 'slow' } })
    const controller = new AbortController()
    const call = aClient({ retries: 0 }).api.whoami(controller.signal)
    controller.abort(new Error('the client has gone'))
    await expect(call).rejects.toThrow('the client has gone')
  })

  it('ends with the reason of the signal while it pauses', async () => {
    fake.faults.add({ fault: { kind: 'status', status: 503 } })
    const controller = new AbortController()
    const api = labelStudioApi({
      url: fake.url,
      token: fake.token,
      baseDelayMs: 60_000,
      maxDelayMs: 600_000,
      random: () => 0.9,
    })
    const call = api.whoami(controller.signal)
    while (fake.requests.length === 0) await new Promise(setImmediate)
    controller.abort(new Error('the client has gone'))
    await expect(call).rejects.toThrow('the client has gone')
  })

  it('sends nothing when the signal is aborted already', async () => {
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(aClient().api.whoami(signal)).rejects.toThrow('too late')
    expect(fake.requests).toHaveLength(0)
  })

  it('keeps so many requests in flight and no more', async () => {
    const { api } = aClient({ maxConcurrent: 3 })
    await Promise.all(Array.from({ length: 30 }, () => api.whoami()))
    expect(fake.requests).toHaveLength(30)
    expect(fake.maxInFlight()).toBeLessThanOrEqual(3)
  })

  it('refuses at once when too many wait, and lets an aborted one out of the queue', async () => {
    fake.faults.add({ fault: { kind: 'slow' }, times: 1 })
    const { api } = aClient({ maxConcurrent: 1, maxQueued: 1, timeoutMs: 300, retries: 0 })
    const controller = new AbortController()
    const running = api.whoami()
    const waiting = api.whoami(controller.signal)
    await expect(api.whoami()).rejects.toMatchObject({ kind: 'unavailable' })
    controller.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    const next = api.whoami()
    await expect(running).rejects.toMatchObject({ kind: 'unavailable' })
    expect((await next).id).toBe(1)
  })
})

describe('answers', () => {
  it('calls a page in place of JSON not understood, not done', async () => {
    fake.faults.add({ fault: { kind: 'garbage' } })
    const call = aClient().api.users.list()
    await expect(call).rejects.toMatchObject({ kind: 'unexpected', status: 200 })
    await expect(call).rejects.toThrow('text/html')
  })

  it.each([
    ['{"id":-1,"email":"x@example.com"}', 'a hidden person with a negative id'],
    ['{"id":"1"}', 'an id that is text'],
    ['[]', 'a list'],
    ['null', 'null'],
  ])('refuses %s: %s', async (body) => {
    fake.faults.add({ fault: { kind: 'status', status: 200, body } })
    await expect(aClient().api.whoami()).rejects.toMatchObject({ kind: 'unexpected' })
  })

  it('follows no redirect, which could carry the token elsewhere', async () => {
    const headers = { location: 'https://elsewhere.example.com/' }
    fake.faults.add({ fault: { kind: 'status', status: 301, headers } })
    const call = aClient().api.whoami()
    await expect(call).rejects.toMatchObject({ kind: 'unexpected', status: 301 })
    expect(fake.requests).toHaveLength(1)
  })

  it('keeps no cookies, though every answer sets one', async () => {
    const { api } = aClient()
    await api.whoami()
    await api.whoami()
    expect(fake.requests.map(({ headers }) => headers.cookie)).toEqual([undefined, undefined])
  })

  it.each([
    ['The maximum number of users (seats) was reached.', 403, 'seatLimit'],
    ['You do not have permission to perform this action.', 403, 'forbidden'],
    ['', 402, 'seatLimit'],
    ['', 409, 'conflict'],
    ['Method "PATCH" not allowed.', 405, 'featureAbsent'],
    ['User cannot soft delete self', 405, 'conflict'],
    ['', 418, 'unexpected'],
  ])('takes %j with %d for %s', async (detail, status, kind) => {
    const body = JSON.stringify({ detail })
    fake.faults.add({ fault: { kind: 'status', status, body } })
    await expect(aClient().api.whoami()).rejects.toMatchObject({ kind, status })
  })

  it('tells nothing of tokens, addresses or ids in messages (S-LEAK-05)', async () => {
    const said = `You sent ${fake.token} for ann@example.com`
    const body = JSON.stringify({ detail: said })
    fake.faults.add({ fault: { kind: 'status', status: 403, body } })
    const error = await aClient()
      .api.users.changeNames(4711, { firstName: 'Ann' })
      .catch((each) => each)
    expect(error.message).toBe('PATCH /api/users/{id}/: Label Studio does not allow it (403).')
    expect(error.detail).toBe('You sent [redacted] for ann@example.com')
    expect(JSON.stringify({ ...error, stack: error.stack })).not.toContain(fake.token)
  })
})

describe('pages', () => {
  const member = (id: number) => ({ id, user: { id, email: `p${id}@example.com` } })

  it('give each item once, though the list moved between two of them', async () => {
    const answers = [
      { results: [member(1), member(2)], next: 'http://elsewhere.example.com/?page=2' },
      { results: [member(2), member(3)], next: null },
    ]
    const asked: string[] = []
    const { api } = aClient({
      fetch: async (url) => {
        asked.push(String(url).replace(fake.url, ''))
        return Response.json(answers[asked.length - 1])
      },
    })
    const ids: number[] = []
    for await (const { userId } of api.members(1).list()) ids.push(userId)
    expect(ids).toEqual([1, 2, 3])
    expect(asked).toEqual([
      '/api/organizations/1/memberships?page=1&page_size=100',
      '/api/organizations/1/memberships?page=2&page_size=100',
    ])
  })

  it('end where the list grew shorter meanwhile', async () => {
    const { api } = aClient({
      fetch: async (url) =>
        String(url).includes('page=1&')
          ? Response.json({ results: [member(1)], next: 'more' })
          : Response.json({ detail: 'Invalid page.' }, { status: 404 }),
    })
    const ids: number[] = []
    for await (const { userId } of api.members(1).list()) ids.push(userId)
    expect(ids).toEqual([1])
  })
})

describe('paths', () => {
  it('work below a base path', async () => {
    await startFake({ basePath: '/label-studio' })
    expect(fake.url).toMatch(/\/label-studio$/)
    expect((await aClient({ url: `${fake.url}/` }).api.whoami()).id).toBe(1)
  })

  it('encode every value as one segment (S-INP-12)', () => {
    expect(apiPath`/api/users/${'../x?y#z/ä'}/`).toEqual({
      path: '/api/users/..%2Fx%3Fy%23z%2F%C3%A4/',
      template: '/api/users/{id}/',
    })
  })

  it.each(['', '.', '..'])('refuse %j, which a URL would resolve (S-INP-12)', (value) => {
    expect(() => apiPath`/api/users/${value}/`).toThrow(TypeError)
  })
})

describe('personal access tokens', () => {
  const aPersonalAccessToken = async () => {
    const invite = fake.state.inviteToken
    const person = { email: 'pat@example.com', password: 'A-good-passw0rd' }
    const { cookie } = await signUp(fake.url, invite, person)
    const answer = await send(`${fake.url}/api/token/`, { method: 'POST', headers: { cookie } })
    return answer.json.token as string
  }
  const exchanges = () => callsTo('POST', '/api/token/refresh/').length

  it('are exchanged once for parallel calls, and not again while they last', async () => {
    const token = await aPersonalAccessToken()
    const { api } = aClient({ token, maxConcurrent: 20 })
    await Promise.all(Array.from({ length: 10 }, () => api.whoami()))
    await api.whoami()
    expect(exchanges()).toBe(1)
  })

  it('are exchanged again before the access token ends, by a clock that may be wrong', async () => {
    const token = await aPersonalAccessToken()
    let now = 0
    const { api } = aClient({ token, clock: () => now })
    await api.whoami()
    now = 284_000
    await api.whoami()
    expect(exchanges()).toBe(1)
    now = 286_000
    await api.whoami()
    expect(exchanges()).toBe(2)
  })

  it('are exchanged again when Label Studio refuses the access token', async () => {
    const token = await aPersonalAccessToken()
    const { api } = aClient({ token })
    await api.whoami()
    fake.faults.add({ fault: { kind: 'status', status: 401 }, path: /whoami/, times: 1 })
    expect((await api.whoami()).email).toBe('pat@example.com')
    expect(exchanges()).toBe(2)
  })

  it('that are revoked end in one refusal', async () => {
    const token = await aPersonalAccessToken()
    for (const user of fake.state.users.values()) user.personalAccessToken = undefined
    const call = aClient({ token }).api.whoami()
    await expect(call).rejects.toMatchObject({ kind: 'unauthorized' })
    expect(callsTo('GET', '/api/current-user/whoami')).toHaveLength(0)
  })

  it('let even a POST be repeated when only their exchange failed', async () => {
    const token = await aPersonalAccessToken()
    fake.faults.add({ fault: { kind: 'dropped' }, path: /refresh/, times: 1 })
    const { api } = aClient({ token })
    expect((await api.users.create({ email: 'new@example.com' })).email).toBe('new@example.com')
  })

  it('are never sent as a credential or shown in an error', async () => {
    const token = await aPersonalAccessToken()
    fake.faults.add({ fault: { kind: 'status', status: 400, body: `{"detail":"${token}"}` } })
    const error = await aClient({ token })
      .api.whoami()
      .catch((each) => each)
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(token)
    expect(fake.requests.some(({ headers }) => headers.authorization?.includes(token))).toBe(false)
  })
})

describe('options', () => {
  const build = (options: Partial<LabelStudioApiOptions>) => () =>
    labelStudioApi({ url: 'http://localhost:8080', token: 'secret', ...options })
  const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = segment({ alg: 'HS256' })
  const access = `${head}.${segment({ token_type: 'access' })}.signature`
  const truncated = `${head}.${segment({ token_type: 'refresh' })}`

  it.each([
    [{ url: 'localhost:8080' }, 'Option "url" must be http or https'],
    [{ url: 'no url' }, 'Option "url" is not a URL'],
    [{ url: 'ftp://localhost' }, 'Option "url" must be http or https'],
    [{ url: 'http://me:secret@localhost' }, 'Option "url" must not hold credentials'],
    [{ url: 'http://localhost/?a=b' }, 'Option "url" must end with its path'],
    [{ token: '' }, 'option "token"'],
    [{ token: 'two words' }, 'Option "token"'],
    [{ token: 'line\nbreak' }, 'Option "token"'],
    [{ token: access }, 'is an access token, which expires in minutes'],
    [{ token: truncated }, 'without its signature'],
    [{ timeoutMs: 0 }, 'option "timeoutMs" is 0. Give a whole number from 1 to 600000'],
    [{ maxConcurrent: 1.5 }, 'option "maxConcurrent"'],
    [{ maxQueued: -1 }, 'option "maxQueued"'],
    [{ retries: 21 }, 'option "retries"'],
    [{ baseDelayMs: Number.NaN }, 'option "baseDelayMs"'],
    [{ maxDelayMs: -1 }, 'option "maxDelayMs"'],
  ])('%j cannot work', (options, message) => {
    expect(build(options)).toThrow(message)
    expect(build(options)).toThrow(expect.objectContaining({ name: 'ConfigurationError' }))
  })

  it('never shows the token in a complaint', () => {
    expect(build({ token: 'my secret' })).not.toThrow('my secret')
  })
})
