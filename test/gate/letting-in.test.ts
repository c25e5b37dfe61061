import { createServer, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import type { AccessGateOptions, PolicyDecision, RequestPolicy } from '../../lib/gate/index.js'
import type { GatePolicy } from '../../lib/stores/index.js'
import { peopleOf } from './gated.js'
import {
  allow,
  ask,
  type CleanUps,
  emailOf,
  guard,
  listen,
  policyOf,
  refuse,
  upgrade,
} from './guarded.js'

let adapters: MemoryAdapters
const cleanUps: CleanUps = []

beforeEach(() => {
  adapters = memoryAdapters()
})
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

const open = (
  enforce: RequestPolicy | false,
  { gate, ...options }: Partial<AccessGateOptions> & { gate?: GatePolicy } = {},
) => guard({ adapters: { ...adapters, ...(gate && { gate }) }, cleanUps }, { enforce, ...options })

describe('somebody who cannot be identified now', () => {
  const reporting = policyOf(allow, { mode: 'report' }).policy
  it.each<[string, number, RequestPolicy | false, Partial<AccessGateOptions>]>([
    ['by default', 503, false, {}],
    ['where a host lets them', 200, false, { whenUnavailable: 'allow' }],
    [
      'where a host lets them under a policy that reports',
      200,
      reporting,
      { whenUnavailable: 'allow' },
    ],
    [
      'under a policy, whatever the host says',
      503,
      policyOf(allow).policy,
      { whenUnavailable: 'allow' },
    ],
  ])('%s: %i', async (_case, status, policy, options) => {
    const guarded = await open(policy, options)
    const answer = await ask(guarded, '?', '/a')
    expect(answer.status).toBe(status)
    expect(answer.headers.get('retry-after')).toBe(status === 503 ? '5' : null)
    expect((await upgrade(guarded, '?')).status).toBe(status === 503 ? 503 : 101)
  })

  it('counts as such if the host fails to identify them', async () => {
    const guarded = await open(false, { identify: () => Promise.reject(new Error('broken')) })
    const answer = await ask(guarded, 'ann', '/a')
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { detail: 'It could not be determined who you are. Try again in a moment.' },
    ])
  })

  it('is refused for somebody else’s credential all the same', async () => {
    await peopleOf(adapters).add('ann@example.com', false)
    const guarded = await open(false, { whenUnavailable: 'allow' })
    expect((await ask(guarded, 'ann,?', '/a')).status).toBe(403)
    expect((await upgrade(guarded, 'ann,?')).status).toBe(403)
  })
})

describe('people whom SCIM does not have', () => {
  it('are refused where a host wants so, with a sentence of their own', async () => {
    await peopleOf(adapters).add('ann@example.com')
    const guarded = await open(false, { unknownPeople: 'refuse' })
    expect((await ask(guarded, 'ann', '/a')).status).toBe(200)
    const answer = await ask(guarded, 'bob', '/a')
    expect([answer.status, await answer.json()]).toEqual([
      403,
      { status_code: 403, detail: 'You have not been given access by your organization.' },
    ])
    expect((await upgrade(guarded, 'bob')).status).toBe(403)
  })
})

describe('what is reserved for administrators', () => {
  const isReserved: GatePolicy['isReserved'] = async (_scope, { method, path }) =>
    method === 'GET' && path === '/api/invite'
  const gate: GatePolicy = {
    signUp: async () => 'closed',
    isReserved,
    isOwner: async (_scope, { email }) => email === emailOf('olga'),
  }

  beforeEach(async () => {
    for (const name of ['ann', 'adam']) await peopleOf(adapters).add(emailOf(name))
    const { resolveAccess } = adapters.groups
    adapters = {
      ...adapters,
      groups: {
        ...adapters.groups,
        resolveAccess: async (of, user) => ({
          ...(await resolveAccess(of, user)),
          role: user.userName === emailOf('adam') ? 'Administrator' : 'Manager',
        }),
      },
    }
  })

  it.each([
    ['ann', '/api/invite', 403],
    ['ann', '/API//invite/?x', 403],
    ['ann', '/api/other', 200],
    ['stranger', '/api/invite', 403],
    ['adam', '/api/invite', 200],
    ['adam,ann', '/api/invite', 403],
    ['olga', '/api/invite', 200],
    ['', '/api/invite', 200],
  ])('%s, %s: %i', async (names, path, status) => {
    const guarded = await open(false, { gate })
    const answer = await ask(guarded, names, path)
    expect(answer.status).toBe(status)
    if (status === 403) {
      const detail = 'Only the owner and administrators can do this.'
      expect(await answer.json()).toEqual({ status_code: 403, detail })
    }
    expect((await upgrade(guarded, names, path)).status).toBe(status === 403 ? 403 : 101)
  })

  it('is looked up for nobody whose access ends meanwhile', async () => {
    const people = peopleOf(adapters)
    const user = await people.add(emailOf('eve'))
    const slowly: GatePolicy['isReserved'] = async () => {
      await people.setActive(user, false)
      // Longer than a decision counts as made just now.
      await delay(20)
      return false
    }
    const guarded = await open(false, { gate: { ...gate, isReserved: slowly } })
    expect((await ask(guarded, 'eve', '/a', { method: 'DELETE' })).status).toBe(403)
    expect(guarded.reached).toEqual([])
  })
})

describe('the adapter’s own secret', () => {
  it('is refused, and is not looked up', async () => {
    const isOwnSecret = (text: string) => text === 'secret'
    const guarded = await open(false, { gate: { signUp: async () => 'closed', isOwnSecret } })
    const answer = await ask(guarded, 'Token secret', '/a')
    const detail =
      'This token belongs to the service that manages people, and is not accepted here.'
    expect([answer.status, await answer.json()]).toEqual([403, { status_code: 403, detail }])
    expect((await upgrade(guarded, 'Token secret')).status).toBe(403)
  })
})

describe('an upgrade', () => {
  it.each<[string, PolicyDecision, number]>([
    ['is allowed to those who may do everything there', allow, 101],
    ['is refused if the policy would change the address', { kind: 'allow', url: '/b' }, 403],
    ['is refused if it would change the answer', { kind: 'allow', answer: {} }, 403],
    ['is refused if it would look at the body', { kind: 'body', length: 1 }, 403],
    ['is refused if it refuses', refuse, 404],
  ])('%s', async (_case, decision, status) => {
    const guarded = await open(policyOf(decision).policy)
    expect((await upgrade(guarded, 'ann')).status).toBe(status)
  })

  it('is not asked about by a policy that reports', async () => {
    const { policy, questions } = policyOf(refuse, { mode: 'report' })
    expect((await upgrade(await open(policy), 'ann')).status).toBe(101)
    expect(questions).toEqual([])
  })

  it('is refused where the decision fails', async () => {
    const { policy } = policyOf(() => Promise.reject(new Error('broken')))
    const { status, whole } = await upgrade(await open(policy), 'ann')
    expect(status).toBe(503)
    expect(whole).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/)
    expect(whole).toMatch(/\r\n\r\nTry again\.$/)
  })

  it('of somebody deprovisioned gets an answer that ends the connection', async () => {
    await peopleOf(adapters).add('ann@example.com', false)
    const { whole } = await upgrade(await open(false), 'ann')
    expect(whole).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/)
    expect(whole).toMatch(/\r\nContent-Length: 18\r\nConnection: close\r\n\r\nYou may not enter\.$/)
  })
})

describe('a request that the application does not answer', () => {
  async function unanswered(status?: 502 | 503 | 504, beginning?: string) {
    const { gate } = await open(false)
    const server = createServer((request, response) => {
      if (beginning !== undefined) response.write(beginning)
      gate.unavailable(request, response, status)
    })
    return listen(server, cleanUps)
  }

  it.each<[502 | 503 | 504 | undefined, string]>([
    [502, 'Label Studio did not answer as expected. Try again in a moment.'],
    [503, 'Label Studio cannot be reached at the moment. Try again soon.'],
    [504, 'Label Studio did not answer in time. Try again in a moment.'],
    [undefined, 'Label Studio cannot be reached at the moment. Try again soon.'],
  ])('gets a sentence for programs and people: %s', async (status, sentence) => {
    const url = await unanswered(status)
    const answer = await fetch(url)
    expect(answer.status).toBe(status ?? 503)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(await answer.json()).toEqual({ status_code: status ?? 503, detail: sentence })
    const page = await (await fetch(url, { headers: { accept: 'text/html' } })).text()
    expect(page).toContain(`<h1>Try again in a moment</h1><p>${sentence}</p>`)
  })

  it('is cut off if its answer has begun', async () => {
    const url = await unanswered(502, 'begun')
    await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow()
  })
})

describe('a request that the host answers before it is refused', () => {
  async function answeredBy(host: (response: ServerResponse) => void) {
    const { gate } = await open(false, {
      unknownPeople: 'refuse',
      identify: () => delay(50, { identities: [{ email: 'bob' }], isComplete: true }),
    })
    const server = createServer((request, response) => {
      gate(request, response, () => response.end('passed'))
      host(response)
    })
    return listen(server, cleanUps)
  }

  it('keeps that answer', async () => {
    const url = await answeredBy((response) => response.writeHead(503).end('too late'))
    const answer = await fetch(url)
    expect([answer.status, await answer.text()]).toEqual([503, 'too late'])
    await delay(100)
    expect((await fetch(url)).status).toBe(503)
  })

  it('is cut off if that answer is not whole', async () => {
    const url = await answeredBy((response) => response.write('begun'))
    await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow()
  })
})
