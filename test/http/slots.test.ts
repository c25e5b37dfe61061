import http from 'node:http'
import net, { type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { memoryAdapters } from '../../adapters/memory/index.js'
import type { TransportOptions } from '../../lib/http/transport.js'
import type { ScimRequest, ScimResponse } from '../../lib/protocol/messages.js'
import {
  bearer,
  defaultLimits,
  type ExpressVersion,
  expectError,
  fakeRoutes,
  type Library,
  listen,
  load,
  type Running,
  scim,
  send,
  token,
  transportOptions,
} from './support.js'

const libraries: Record<ExpressVersion, Library> = { 4: load(4), 5: load(5) }
const running: Running[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

type Answer = (request: ScimRequest) => ScimResponse | Promise<ScimResponse>

const ok: ScimResponse = { status: 200, headers: {}, body: { id: '1' } }
const large: ScimResponse = { status: 200, headers: {}, body: { text: 'x'.repeat(8_000_000) } }
const slots = 3

async function start(
  version: ExpressVersion,
  answer: Answer = async () => ok,
  options: Partial<TransportOptions> = {},
): Promise<Running> {
  const library = libraries[version]
  const app = library.express()
  const resolved = transportOptions(library, {
    limits: { ...defaultLimits, maxPayloadBytes: 100_000, maxRequestsInFlight: slots },
    requestTimeoutMs: 60,
    ...options,
  })
  app.use('/scim/v2', library.scimTransport(fakeRoutes([], answer), resolved))
  const server = await listen(app)
  running.push(server)
  return server
}

const head = (method: string, path: string, headers: readonly string[] = []) =>
  [
    `${method} /scim/v2${path} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/scim+json',
    ...headers,
    '',
    '',
  ].join('\r\n')

/**
 * Opens a connection and sends `bytes`; resolves with what came back when it is closed from either
 * side.
 */
function speak(
  { port }: Running,
  bytes: string | Buffer,
  onText: (socket: Socket, text: string) => void = () => {},
): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
      onText(socket, text)
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
}

const closeWhenAnswered = (socket: Socket) => socket.destroy()
const begun = '{"userName":"a'
const compressed = gzipSync(JSON.stringify({ userName: 'x'.repeat(500) }))

interface Way {
  readonly name: string
  readonly answer?: Answer
  readonly options?: Partial<TransportOptions>
  readonly request: (server: Running) => Promise<unknown>
}

/** Every way out of a request. */
const ways: readonly Way[] = [
  {
    name: 'a body that is not complete at the deadline, and a client that stays',
    request: (server) =>
      speak(server, head('POST', '/Users', ['Content-Length: 100']) + begun, closeWhenAnswered),
  },
  {
    name: 'a body that comes byte by byte beyond the deadline',
    request: (server) => {
      let drip: NodeJS.Timeout
      return new Promise((resolve) => {
        const socket = net.connect(server.port, '127.0.0.1', () => {
          socket.write(head('POST', '/Users', ['Content-Length: 100000']))
          drip = setInterval(() => socket.write('{'), 5)
        })
        socket.on('data', () => {})
        socket.on('error', () => {})
        socket.on('close', () => resolve(clearInterval(drip)))
      })
    },
  },
  {
    name: 'a chunked body without an end',
    request: (server) =>
      speak(
        server,
        `${head('PATCH', '/Users/1', ['Transfer-Encoding: chunked'])}5\r\n{"a":\r\n`,
        closeWhenAnswered,
      ),
  },
  {
    name: 'a compressed body without an end',
    request: (server) =>
      speak(
        server,
        Buffer.concat([
          Buffer.from(head('PUT', '/Users/1', ['Content-Encoding: gzip', 'Content-Length: 900'])),
          compressed.subarray(0, 20),
        ]),
        closeWhenAnswered,
      ),
  },
  {
    name: 'a body without a byte, since the client waits for 100 Continue and says no more',
    request: (server) =>
      speak(
        server,
        head('POST', '/Users', ['Expect: 100-continue', 'Content-Length: 100']),
        (socket, text) => text.includes('503') && socket.destroy(),
      ),
  },
  {
    name: 'a client that goes in the middle of its body',
    request: (server) =>
      new Promise((resolve) => {
        const socket = net.connect(server.port, '127.0.0.1', () =>
          socket.write(head('POST', '/Users', ['Content-Length: 100']) + begun, () =>
            setTimeout(() => socket.resetAndDestroy(), 5),
          ),
        )
        socket.on('error', () => {}).on('close', resolve)
      }),
  },
  {
    name: 'a body that is too large, told beforehand',
    request: (server) =>
      speak(server, head('POST', '/Users', ['Content-Length: 9000000']), closeWhenAnswered),
  },
  {
    name: 'a body that is too large, seen as it comes',
    request: (server) =>
      speak(
        server,
        `${head('POST', '/Users', ['Transfer-Encoding: chunked'])}30d40\r\n${'x'.repeat(200_000)}`,
        closeWhenAnswered,
      ),
  },
  {
    name: 'a body of a strange media type that never ends',
    request: (server) =>
      speak(
        server,
        head('POST', '/Users', ['Content-Encoding: br', 'Content-Length: 100']),
        closeWhenAnswered,
      ),
  },
  {
    name: 'damaged compression',
    request: (server) =>
      send(server, '/scim/v2/Users', {
        method: 'POST',
        headers: { ...scim(), 'Content-Encoding': 'gzip' },
        body: 'no gzip',
      }),
  },
  {
    name: 'broken JSON',
    request: (server) =>
      send(server, '/scim/v2/Users', { method: 'POST', headers: scim(), body: '{' }),
  },
  {
    name: 'credentials that are refused',
    request: (server) => send(server, '/scim/v2/Users', { headers: bearer('wrong') }),
  },
  {
    name: 'a path that does not exist',
    request: (server) => send(server, '/scim/v2/Nothing', { headers: bearer() }),
  },
  {
    name: 'HEAD',
    request: (server) => send(server, '/scim/v2/Users/1', { method: 'HEAD', headers: bearer() }),
  },
  {
    name: 'OPTIONS',
    request: (server) => send(server, '/scim/v2/Users', { method: 'OPTIONS', headers: bearer() }),
  },
  {
    name: 'a handler that fails',
    answer: async () => {
      throw new Error('failed')
    },
    request: (server) => send(server, '/scim/v2/Users/1', { headers: bearer() }),
  },
  {
    name: 'an answer that cannot be written',
    answer: async () => ({ ...ok, headers: { Location: '\r\n' } }),
    request: (server) => send(server, '/scim/v2/Users/1', { headers: bearer() }),
  },
  {
    name: 'a handler that never ends',
    answer: () => new Promise(() => {}),
    request: (server) => send(server, '/scim/v2/Users/1', { headers: bearer() }),
  },
  {
    name: 'a client that goes from a handler that never ends',
    answer: () => new Promise(() => {}),
    request: (server) =>
      new Promise((resolve) => {
        const request = http.request({
          port: server.port,
          path: '/scim/v2/Users/1',
          headers: bearer(),
        })
        request.on('error', () => {}).on('close', resolve)
        request.end(() => setTimeout(() => request.destroy(), 5))
      }),
  },
  {
    name: 'an authenticator that never ends',
    options: { authenticate: () => new Promise(() => {}), authenticateTimeoutMs: 100_000 },
    request: (server) => send(server, '/scim/v2/Users/1', { headers: bearer() }),
  },
  {
    name: 'a client that goes while its answer is written',
    answer: async () => large,
    request: (server) => speak(server, head('GET', '/Users/1'), closeWhenAnswered),
  },
  {
    name: 'a client that never reads its answer',
    answer: async () => large,
    request: (server) =>
      new Promise((resolve) => {
        const socket = net.connect(server.port, '127.0.0.1', () => {
          socket.pause()
          socket.write(head('GET', '/Users/1'), resolve)
        })
        socket.on('error', () => {})
      }),
  },
  {
    name: 'requests sent one behind the other by a client that goes',
    request: (server) =>
      speak(
        server,
        head('GET', '/Users/1').repeat(20) +
          head('POST', '/Users', ['Content-Length: 100']) +
          begun,
        (socket) => socket.destroy(),
      ),
  },
]

describe.each([4, 5] as const)('the slot of a request, on Express %s', (version) => {
  it.each(ways)('is given back after $name (D1)', async ({ answer, options, request }) => {
    let isOver = false
    const server = await start(
      version,
      (scimRequest) => (isOver || answer === undefined ? ok : answer(scimRequest)),
      {
        ...options,
        ...(options?.authenticate && {
          authenticate: (raw) =>
            isOver
              ? { tenant: 'default', name: 'idp', scopes: ['scim:read'] }
              : (options.authenticate?.(raw) as never),
        }),
      },
    )
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: slots }, () => request(server)))
    }
    isOver = true
    await allSlotsFree(server)
  })
})

/** Comes true at the latest one deadline after the last request. */
async function allSlotsFree(server: Running): Promise<void> {
  const giveUpAt = Date.now() + 2_000
  let statuses: number[] = []
  while (Date.now() < giveUpAt) {
    const replies = await Promise.all(
      Array.from({ length: slots }, () => send(server, '/scim/v2/Users/1', { headers: bearer() })),
    )
    statuses = replies.map(({ status }) => status)
    if (statuses.every((status) => status === 200)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`Slots are lost: ${statuses.join(', ')}`)
}

describe('the slots', () => {
  it('are counted while work goes on that nobody waits for any more (D1)', async () => {
    const server = await start(5, () => new Promise(() => {}), { requestTimeoutMs: 60_000 })
    await Promise.all(Array.from({ length: slots }, () => goSoon(server)))
    expectError(await send(server, '/scim/v2/Users/1', { headers: bearer() }), 503)
  })
})

it('answers 500 also when the host\u2019s onError throws', async () => {
  const library = libraries[5]
  const adapters = memoryAdapters()
  const failing = async () => {
    throw new Error('failed')
  }
  const app = library.express()
  const options = {
    ...{ authenticate: library.bearerTokens([{ name: 'idp', token }]) },
    onError: () => {
      throw new Error('the reporter is broken too')
    },
  }
  const router = library.scimRouter(
    { ...adapters, users: { ...adapters.users, get: failing } },
    options,
  )
  const server = await listen(app.use('/scim/v2', router))
  running.push(server)
  expectError(await send(server, '/scim/v2/Users/1', { headers: bearer() }), 500)
})

function goSoon({ port }: Running): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () =>
      socket.write(head('GET', '/Users/1'), () =>
        setTimeout(() => {
          socket.destroy()
          resolve()
        }, 20),
      ),
    )
  })
}
