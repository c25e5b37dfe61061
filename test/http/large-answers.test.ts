import { once } from 'node:events'
import http from 'node:http'
import fc from 'fast-check'
import { jsonPieces } from '../../lib/http/json-pieces.js'
import { writePieces } from '../../lib/http/write-pieces.js'
import { longList } from '../../lib/protocol/long-list.js'
import type { Json } from '../../lib/schema/types.js'
import {
  bearer,
  fakeRoutes,
  type Library,
  listen,
  load,
  send,
  transportOptions,
} from './support.js'

const library: Library = load(5)
const body = { id: '1', members: Array.from({ length: 9_000 }, (_, n) => ({ value: `é-${n}` })) }

async function start() {
  const app = library.express()
  const routes = fakeRoutes([], () => ({ status: 200, headers: {}, body, isLong: true }))
  app.use('/scim/v2', library.scimTransport(routes, transportOptions(library)))
  return listen(app)
}

describe('the pieces of a long JSON text', () => {
  it('are together what JSON.stringify makes', () => {
    const repeated = fc
      .tuple(fc.jsonValue(), fc.constantFrom(0, 1, 499, 500, 501, 1_300))
      .map(([value, count]) => Array.from({ length: count }, () => value))
    const long = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), repeated))
    const list = fc.record({ Resources: fc.array(long, { maxLength: 4 }), total: fc.integer() })
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), long, list, repeated), (value) => {
        expect([...jsonPieces(value as Json)].join('')).toBe(JSON.stringify(value))
      }),
      { numRuns: 60 },
    )
  })

  it('are each made when they are asked for, of some 64 kB', () => {
    const pieces = [...jsonPieces(body)]
    expect(pieces.length).toBeGreaterThan(2)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(100_000)
  })
})

describe('a long list', () => {
  const members = Array.from({ length: 1_000 }, (_, n) => ({ value: `m-${n}` }))

  it('is written as the list that it stands for', () => {
    const list = longList(() => [members.slice(0, 400), members.slice(400)])
    const whole = { id: '1', Resources: [{ members }], totalResults: 1 }
    const inParts = { ...whole, Resources: [{ members: list }] }
    expect([...jsonPieces(inParts)].join('')).toBe(JSON.stringify(whole))
    expect(JSON.stringify(inParts)).toBe(JSON.stringify(whole))
  })

  it('makes a part only when it is to be written', () => {
    let made = 0
    const list = longList(function* () {
      for (let part = 0; part < 100; part += 1) {
        made += 1
        yield members
      }
    })
    const pieces = jsonPieces({ members: list })
    for (let piece = 0; piece < 3; piece += 1) pieces.next()
    expect(made).toBeLessThan(20)
  })
})

describe('a long answer', () => {
  it('is sent whole, without a length', async () => {
    const server = await start()
    const reply = await send(server, '/scim/v2/Users/1', { headers: bearer() })
    expect(reply.status).toBe(200)
    expect(reply.headers).toMatchObject({
      'transfer-encoding': 'chunked',
      'cache-control': 'no-store',
      'content-type': expect.stringContaining('application/scim+json'),
    })
    expect(reply.headers).not.toHaveProperty('content-length')
    expect(reply.json).toEqual(body)
    await server.close()
  })

  it('to HEAD has its headers alone', async () => {
    const server = await start()
    const options = { method: 'HEAD', headers: bearer() }
    const reply = await send(server, '/scim/v2/Users/1', options)
    expect([reply.status, reply.text]).toEqual([200, ''])
    expect(reply.headers['content-type']).toContain('application/scim+json')
    await server.close()
  })
})

describe('writing in pieces', () => {
  async function serving(pieces: () => Iterable<string>) {
    let written: Promise<void> | undefined
    const server = http.createServer((_, response) => {
      written = writePieces(response as never, pieces())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const request = http.get({ port, host: '127.0.0.1', agent: false })
    request.on('error', () => {})
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
    return { server, request, answer, written: () => written }
  }

  it('waits for a client that reads slowly, and goes on when it does', async () => {
    let made = 0
    function* pieces() {
      for (; made < 400; made += 1) yield 'x'.repeat(65_536)
    }
    const { server, answer, written } = await serving(pieces)
    // As much as the buffers of both sides take; nobody reads.
    let before = -1
    while (before !== made) {
      before = made
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(made).toBeLessThan(300)
    let length = 0
    for await (const chunk of answer) length += (chunk as Buffer).length
    await written()
    expect([made, length]).toEqual([400, 400 * 65_536])
    server.close()
  })

  it('ends when the client goes', async () => {
    function* pieces() {
      for (;;) yield 'x'.repeat(65_536)
    }
    const { server, request, written } = await serving(pieces)
    request.destroy()
    await written()
    server.close()
  })
})
