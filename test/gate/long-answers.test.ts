import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type AnswerChange, changeAnswer } from '../../lib/gate/answers.js'

let server: Server
let url: string
let answer: AnswerChange
let headers: Record<string, string>
let body: () => Iterable<string | Buffer>

beforeAll(async () => {
  server = createServer((request, response) => {
    changeAnswer(request, response, answer)
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    pipeline(Readable.from(body()), response).catch(() => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

beforeEach(() => {
  headers = {}
})

afterAll(() => server.close())

const isEven: AnswerChange = {
  keep: (item) => (item as { id: number }).id % 2 === 0,
  change: (whole) => ({ changed: whole }),
}

describe('a list of an answer, whose items pass one by one', () => {
  const items = [
    { id: 1, text: 'a "quoted, [odd] {' },
    { id: 2, text: 'it\\"s ]} , \\\\' },
    { id: 4, nested: [{ a: [1, 2, { b: 'ä€😀' }] }] },
    { id: 5 },
  ]
  const json = JSON.stringify(items)

  it.each([1, 2, 3, 7, 1000])('loses and gains nothing in parts of %i bytes', async (size) => {
    answer = isEven
    const bytes = Buffer.from(json)
    body = function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    headers = { 'content-length': String(bytes.length), etag: '"x"' }
    const response = await fetch(url)
    expect(await response.json()).toEqual([items[1], items[2]])
    expect(response.headers.get('content-length')).toBeNull()
    expect(response.headers.get('etag')).toBeNull()
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  it.each([
    ['[]', []],
    [' [ ] ', { changed: [] }],
    ['[ \n ]\n', []],
    ['[{"id":1}]', []],
    ['[ {"id":2} , {"id":3}\t]', [{ id: 2 }]],
    ['{"id":2}', { changed: { id: 2 } }],
    ['"[1]"', { changed: '[1]' }],
  ])('%j', async (text, expected) => {
    answer = isEven
    body = () => [text]
    expect(await (await fetch(url)).json()).toEqual(expected)
  })

  it.each(['[{"id":2}', '[{"id":2}] [', '[{"id":2},]', '[{"id":2}}', '[{"id":2,}]', '[,]'])(
    'does not end where it is no list: %s',
    async (text) => {
      answer = isEven
      body = () => [text]
      await expect(fetch(url).then((response) => response.text())).rejects.toThrow()
    },
  )
})

describe('an answer of 200 MB', () => {
  const item = Buffer.from(`${JSON.stringify({ id: 2, text: 'x'.repeat(100_000) })},`)
  const other = Buffer.from(`${JSON.stringify({ id: 3, text: 'y'.repeat(100_000) })},`)

  /** The most that the process holds while the answer is read. */
  async function heldWhile(read: () => Promise<number>): Promise<{ size: number; held: number }> {
    const before = process.memoryUsage.rss()
    let most = before
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss())
    }, 20)
    const size = await read()
    clearInterval(timer)
    return { size, held: most - before }
  }

  async function readAll(): Promise<number> {
    const response = await fetch(url)
    let size = 0
    for await (const chunk of response.body ?? []) size += (chunk as Uint8Array).length
    return size
  }

  beforeEach(() => {
    body = function* () {
      yield '['
      for (let each = 0; each < 1000; each++) {
        yield item
        yield other
      }
      yield '{"id":2}]'
    }
  })

  it.each([
    ['is filtered while it passes', isEven, 100e6],
    ['passes as it is where it is learnt from', { learn: () => {} }, 200e6],
    ['passes as it is where somebody waits for its end', { after: () => {} }, 200e6],
  ])('%s, in bounded memory', async (_name, given, least) => {
    answer = given
    const { size, held } = await heldWhile(readAll)
    expect(size).toBeGreaterThan(least)
    expect(held).toBeLessThan(150e6)
  })

  it('is refused where it is needed as a whole', async () => {
    answer = { change: (whole) => whole }
    const response = await fetch(url)
    expect(response.status).toBe(502)
    expect(await response.text()).toContain('smaller pages')
  })
})
