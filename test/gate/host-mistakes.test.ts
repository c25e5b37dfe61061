import { once } from 'node:events'
import { createServer, get, type Server } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import express from 'express'
import { memoryAdapters } from '../../adapters/memory/index.js'
import {
  type AccessGate,
  type AccessGateOptions,
  accessGate,
  type PolicyDecision,
  type RequestPolicy,
} from '../../lib/gate/index.js'
import { ask, type CleanUps, guard, listen, policyOf } from './guarded.js'

const cleanUps: CleanUps = []
let warnings: string[]

beforeEach(() => {
  warnings = []
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning))
  })
})
afterEach(() => {
  jest.restoreAllMocks()
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

const open = (options: Partial<AccessGateOptions>) =>
  guard({ adapters: memoryAdapters(), cleanUps }, options)
const aGate = (options: Partial<AccessGateOptions> = {}): AccessGate => {
  const identify = async () => ({ identities: [{ email: 'ann@example.com' }], isComplete: true })
  const gate = accessGate(memoryAdapters(), { identify, ...options })
  cleanUps.push(gate.close)
  return gate
}

/** The status of a request, and the error that the host gets. */
async function answerFor(enforce: RequestPolicy, init: RequestInit = {}) {
  const gate = aGate({ enforce })
  let failure: unknown
  const server = createServer((request, response) =>
    gate(request, response, (error) => {
      failure = error
      response.writeHead(error ? 500 : 200).end()
    }),
  )
  const { status } = await fetch(await listen(server, cleanUps), init)
  return { status, failure }
}

describe('a policy of the host', () => {
  it.each([
    [undefined],
    [null],
    [true],
    [false],
    ['allow'],
    [{}],
    [{ allow: false }],
    [{ kind: 'deny', status: 403, detail: 'No.' }],
    [{ kind: 'refuse' }],
    [{ kind: 'refuse', status: 200, detail: 'No.', reason: 'none' }],
    [{ kind: 'refuse', status: 403, reason: 'none' }],
    [{ kind: 'body' }],
    [{ kind: 'body', length: -1 }],
    [{ kind: 'allow', url: 'https://example.com/' }],
    [{ kind: 'allow', anwser: {} }],
    [{ kind: 'allow', answer: { filter: () => false } }],
    [{ kind: 'allow', answer: { change: {} } }],
    [{ kind: 'allow', answer: { document: {} } }],
  ])('lets nothing pass with a decision that is not understood: %j', async (decision) => {
    const { policy } = policyOf(decision as PolicyDecision)
    const { status, failure } = await answerFor(policy)
    expect(status).toBe(500)
    expect(failure).toBeInstanceOf(TypeError)
    expect(failure).toMatchObject({ message: expect.stringMatching(/"enforce.decide" must/) })
  })

  it.each([[undefined], [null], [0], ['route'], ['router']])(
    'lets nothing pass if it fails with %j',
    async (reason) => {
      const app = express()
      app.set('env', 'test')
      const policy = { ...policyOf({ kind: 'allow' }).policy, decide: () => Promise.reject(reason) }
      app.use(aGate({ enforce: policy }), (_request, response) => void response.end('secret'))
      const answer = await fetch(await listen(createServer(app), cleanUps))
      expect([answer.status, await answer.text()]).toEqual([
        500,
        expect.not.stringMatching('secret'),
      ])
    },
  )

  it('may change answers by methods of a class', async () => {
    class Narrow {
      readonly shown = 'a'
      keep(item: unknown) {
        return item === this.shown
      }
    }
    const gate = aGate({ enforce: policyOf({ kind: 'allow', answer: new Narrow() }).policy })
    const server = createServer((request, response) =>
      gate(request, response, (_error) => response.end('["a","secret"]')),
    )
    const answer = await fetch(await listen(server, cleanUps))
    expect(await answer.json()).toEqual(['a'])
  })

  it.each<[string, () => unknown]>([
    ['returns no document', () => '<p>'],
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
  ])('answers 502 if its "document" %s', async (_case, document) => {
    const { policy } = policyOf({ kind: 'allow', answer: { document } as object })
    const gate = aGate({ enforce: policy })
    const server = createServer((request, response) =>
      gate(request, response, (_error) => {
        response.setHeader('Content-Type', 'text/html').end('<p>secret</p>')
      }),
    )
    const headers = { Accept: 'text/html' }
    const answer = await fetch(await listen(server, cleanUps), { headers })
    expect([answer.status, await answer.text()]).toEqual([502, expect.not.stringMatching('secret')])
  })

  it('keeps no credentials of strangers by an "isOpen" that returns a promise', async () => {
    const isOpen = (async () => false) as never
    const { policy } = policyOf({ kind: 'allow' }, { isOpen })
    const gate = aGate({
      enforce: policy,
      identify: async () => ({ identities: [], isComplete: true }),
    })
    const server = createServer((request, response) =>
      gate(request, response, (_error) => response.end(JSON.stringify(request.headers))),
    )
    const headers = { Authorization: 'Token secret' }
    const answer = await fetch(await listen(server, cleanUps), { headers })
    expect(await answer.text()).not.toContain('secret')
  })

  it.each([['mode'], ['isOpen'], ['decide']])('is refused without "%s"', (name) => {
    const { policy } = policyOf({ kind: 'allow' }, { [name]: undefined })
    expect(() => aGate({ enforce: policy })).toThrow(/option "enforce" .*"isOpen" and "decide"/s)
  })

  it('gets the whole body if it asks for more', async () => {
    const { policy, questions } = policyOf(({ body }) =>
      body === undefined ? { kind: 'body', length: 100 } : { kind: 'allow' },
    )
    const guarded = await open({ enforce: policy })
    const answer = await ask(guarded, 'ann', '/a', { method: 'POST', body: 'hello' })
    expect(await answer.json()).toMatchObject({ body: 'hello' })
    expect(questions.map(({ body }) => String(body))).toEqual(['undefined', 'hello'])
  })

  it.each([
    ['promises that an item goes', async () => false],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('shows no list by a "keep" that %s', async (_case, keep) => {
    const gate = aGate({ enforce: policyOf({ kind: 'allow', answer: { keep } as object }).policy })
    const server = createServer((request, response) =>
      gate(request, response, (_error) => response.end('[{"secret":1}]')),
    )
    const shown = fetch(await listen(server, cleanUps)).then((answer) => answer.text())
    await expect(shown).rejects.toThrow()
  })

  it('answers 502 if its "page" throws', async () => {
    const page = () => {
      throw new Error('broken')
    }
    const gate = aGate({ enforce: policyOf({ kind: 'allow', answer: { page } }).policy })
    const server = createServer((request, response) =>
      gate(request, response, (_error) => {
        response.setHeader('Content-Type', 'text/html').end('<p>secret</p>')
      }),
    )
    const answer = await fetch(await listen(server, cleanUps))
    expect([answer.status, await answer.text()]).toEqual([502, expect.not.stringMatching('secret')])
  })

  it('may fail to learn', async () => {
    const learn = () => Promise.reject(new Error('broken')) as never
    const { policy } = policyOf({ kind: 'allow', answer: { learn } })
    expect((await ask(await open({ enforce: policy }), 'ann')).status).toBe(200)
  })
})

describe('a "next" that takes no error', () => {
  const broken = policyOf(false as never).policy

  it('is not called when nothing could be decided, which a warning says', async () => {
    const gate = aGate({ enforce: broken })
    const server = createServer((request, response) =>
      gate(request, response, () => response.end('secret')),
    )
    const answer = await fetch(await listen(server, cleanUps))
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringMatching('secret')])
    expect(warnings).toEqual([expect.stringMatching(/could not decide .*"enforce.decide" must/)])
  })
})

describe('WebSockets', () => {
  const offer = 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('close if the listener of the host %s', async (_case, listener) => {
    const gate = aGate()
    const server = createServer()
    gate.attach(server, listener)
    const socket = connect(Number(new URL(await listen(server, cleanUps)).port), '127.0.0.1')
    socket.resume().write(offer)
    await once(socket, 'close')
  })

  it('need the server, not the app', () => {
    const app = express() as unknown as Server
    expect(() => aGate().attach(app, () => {})).toThrow(/"attach" needs the server/)
  })

  it('that come past the gate cause one warning', async () => {
    const gate = aGate()
    const server = createServer((request, response) =>
      gate(request, response, (_error) => response.end()),
    )
    gate.attach(server, () => {})
    const url = await listen(server, cleanUps)
    await fetch(url)
    expect(warnings).toEqual([])
    server.on('upgrade', (_request, socket) => socket.destroy())
    await fetch(url)
    await fetch(url)
    expect(warnings).toEqual([expect.stringMatching(/^Something else than accessGate handles/)])
  })
})

it('a body that was read before the gate causes a warning, also if it is no form', async () => {
  const app = express()
  app.use(express.json(), aGate(), (_request, response) => {
    response.end()
  })
  const headers = { 'Content-Type': 'application/json' }
  const url = await listen(createServer(app), cleanUps)
  await fetch(url, { method: 'POST', headers, body: '{}' })
  expect(warnings).toEqual([expect.stringMatching(/^A body parser .* stands before accessGate/)])
})

it('passes no request on that the host has answered meanwhile', async () => {
  let decided = () => {}
  const identify: AccessGateOptions['identify'] = () =>
    new Promise((resolve) => {
      decided = () => resolve({ identities: [], isComplete: true })
    })
  const gate = aGate({ identify })
  const passed: string[] = []
  const server = createServer((request, response) => {
    gate(request, response, () => passed.push(request.url ?? ''))
    if (request.url === '/slow') response.writeHead(503).end(decided)
  })
  const url = await listen(server, cleanUps)
  expect((await fetch(`${url}/slow`)).status).toBe(503)
  expect(passed).toEqual([])
})

it('removes a credential from all that a proxy may pass on, however its name is written', async () => {
  const gate = aGate({
    identify: async () => ({ identities: [], isComplete: true, refused: ['Authorization'] }),
  })
  const server = createServer((request, response) =>
    gate(request, response, (_error) => {
      response.end(JSON.stringify([request.headers, request.rawHeaders]))
    }),
  )
  const headers = { Authorization: 'Token secret', Content_Type: 'secret' }
  const answer = await fetch(await listen(server, cleanUps), { headers })
  expect(await answer.text()).not.toContain('secret')
})

it('passes on no credential after the one that it has read', async () => {
  const gate = aGate({ identify: async () => ({ identities: [], isComplete: true }) })
  const server = createServer((request, response) =>
    gate(request, response, (_error) => response.end(JSON.stringify(request.rawHeaders))),
  )
  const url = await listen(server, cleanUps)
  const asked = get(url, {
    headers: ['Host', 'x', 'Authorization', 'a', 'authorization', 'b', 'Via', 'c', 'Via', 'd'],
  })
  const [answer] = await once(asked, 'response')
  const passed = JSON.parse(await text(answer)) as readonly string[]
  const values = ['a', 'b', 'c', 'd'].filter((each) => passed.includes(each))
  expect(values).toEqual(['a', 'c', 'd'])
})
