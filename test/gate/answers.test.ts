import type http from 'node:http'
import zlib from 'node:zlib'
import type { AnswerChange } from '../../lib/gate/answers.js'
import { exchange, type Respond } from './exchange.js'

const json = { 'Content-Type': 'application/json' }
const answerOf =
  (body: unknown, status = 200, headers: http.OutgoingHttpHeaders = json): Respond =>
  (response) =>
    response.writeHead(status, headers).end(JSON.stringify(body))
const doubled: AnswerChange = { change: (body) => ({ twice: body }) }
const odd: AnswerChange = { keep: (item) => Number(item) % 2 === 1 }
const changedPage: AnswerChange = { page: (html) => html.replace('secret', 'gone') }

describe('a changed answer', () => {
  it('keeps headers that are given as a list', async () => {
    const list = ['Content-Type', 'application/json', 'Set-Cookie', 'a=1', 'set-cookie', 'b=2']
    const respond: Respond = (response) => {
      response.setHeader('Content-Type', 'text/plain')
      response.writeHead(200, list).end('1')
    }
    const { headers, text } = await exchange({ change: doubled, respond })
    expect(text).toBe('{"twice":1}')
    const kept = { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] }
    expect(headers).toMatchObject(kept)
    expect(headers).not.toHaveProperty('0')
  })

  it.each<[string, AnswerChange, Respond, number, string]>([
    ['JSON', doubled, answerOf(1), 200, '{"twice":1}'],
    ['JSON with status 201', doubled, answerOf(1, 201), 201, '{"twice":1}'],
    ['JSON with status 299', doubled, answerOf(1, 299), 299, '{"twice":1}'],
    ['JSON after a promise', { change: async (body) => [body] }, answerOf(1), 200, '[1]'],
    ['nothing at all', doubled, (response) => response.end(), 200, ''],
    [
      'HTML',
      changedPage,
      (response) => response.setHeader('Content-Type', 'text/html; charset=utf-8').end('a secret'),
      200,
      'a gone',
    ],
    ['a list', odd, answerOf([1, 2, 3, 4, 5]), 200, '[1,3,5]'],
    ['a list of which nothing stays', odd, answerOf([2, 4]), 200, '[]'],
    ['an empty list', odd, answerOf([]), 200, '[]'],
    ['a list with status 299', odd, answerOf([1, 2], 299), 299, '[1]'],
  ])('replaces %s', async (_name, change, respond, status, text) => {
    const answered = await exchange({ change, respond })
    expect(answered).toMatchObject({ status, text, isWhole: true })
  })

  it.each<[string, AnswerChange, Respond, number, string]>([
    ['an error', doubled, answerOf('no', 404), 404, '"no"'],
    ['a redirect', doubled, answerOf('there', 300), 300, '"there"'],
    ['a list with an error', odd, answerOf([1, 2], 300), 300, '[1,2]'],
    ['JSON where a page is changed', changedPage, answerOf('secret'), 200, '"secret"'],
    [
      'text that only mentions HTML',
      changedPage,
      (response) => response.setHeader('Content-Type', 'text/plain; a=text/html').end('secret'),
      200,
      'secret',
    ],
  ])('lets %s pass', async (_name, change, respond, status, text) => {
    const answered = await exchange({ change, respond })
    expect(answered).toMatchObject({ status, text, isWhole: true })
  })

  it.each<[string, AnswerChange, Respond]>([
    ['is no JSON', doubled, (response) => response.end('<html>')],
    ['is not as expected', { change: () => undefined }, answerOf(1)],
    [
      'cannot be changed',
      {
        change: () => {
          throw new Error('It has no members.')
        },
      },
      answerOf(1),
    ],
    ['is no list', odd, answerOf({ results: [1, 2] })],
    [
      'is compressed',
      doubled,
      (response) => response.setHeader('Content-Encoding', 'gzip').end(zlib.gzipSync('1')),
    ],
    [
      'is a compressed list',
      odd,
      (response) => response.setHeader('Content-Encoding', 'identity').end('[1,2]'),
    ],
  ])('is replaced by 502 if the application’s %s', async (_name, change, respond) => {
    const { status, headers, text } = await exchange({ change, respond })
    expect(status).toBe(502)
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(text)).toEqual({
      status_code: 502,
      detail: 'The answer could not be narrowed to what you may see.',
    })
  })

  it.each<[string, AnswerChange, unknown]>([
    ['JSON', doubled, 1],
    ['a list', odd, [1, 2]],
  ])(
    'of %s is for this person alone, and is no longer what it was',
    async (_name, change, body) => {
      const described = {
        ...json,
        ETag: '"1"',
        'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
        'Cache-Control': 'public, max-age=60',
        'Content-Length': JSON.stringify(body).length,
        'X-Other': 'kept',
      }
      const { headers } = await exchange({ change, respond: answerOf(body, 200, described) })
      expect(headers).not.toHaveProperty('etag')
      expect(headers).not.toHaveProperty('last-modified')
      expect(headers).toMatchObject({ 'cache-control': 'private, no-store', 'x-other': 'kept' })
    },
  )

  it('has its own length, and that of a list is not known before', async () => {
    const known = { ...json, 'Content-Length': 5 }
    const one = await exchange({ change: doubled, respond: answerOf('äöü', 200, json) })
    expect(one.headers['content-length']).toBe(String(Buffer.byteLength(one.text)))
    const chunked = { ...json, 'Transfer-Encoding': 'chunked' }
    const other = await exchange({ change: doubled, respond: answerOf(1, 200, chunked) })
    expect(other.headers).not.toHaveProperty('transfer-encoding')
    const list = await exchange({ change: odd, respond: answerOf([1, 2], 200, known) })
    expect(list.headers).not.toHaveProperty('content-length')
  })

  it('keeps the headers and the status that come in any form', async () => {
    const { status, headers } = await exchange({
      change: doubled,
      respond: (response) =>
        response
          .writeHead(201, 'Made', { 'X-One': '1', 'X-None': undefined as unknown as string })
          .end('1'),
    })
    expect(status).toBe(201)
    expect(headers).toMatchObject({ 'x-one': '1' })
    expect(headers).not.toHaveProperty('x-none')
    const bare = await exchange({
      change: doubled,
      respond: (response) => response.writeHead(202).end('1'),
    })
    expect(bare).toMatchObject({ status: 202, text: '{"twice":1}' })
  })

  it.each<[string, Respond]>([
    ['text', (response) => response.write('["ä",') && response.end('"ö"]')],
    [
      'text in another encoding',
      (response) => response.write('5b22c3a4222c', 'hex') && response.end('22c3b6225d', 'hex'),
    ],
    [
      'bytes',
      (response) => response.write(Buffer.from('["ä",')) && response.end(Buffer.from('"ö"]')),
    ],
    ['bytes of any kind', (response) => response.end(new Uint8Array(Buffer.from('["ä","ö"]')))],
    [
      'pieces within a character',
      (response) => {
        for (const byte of Buffer.from('["ä","ö"]')) response.write(Buffer.from([byte]))
        response.end()
      },
    ],
    [
      'pieces of which the first is empty',
      (response) => response.write('') && response.end('["ä","ö"]'),
    ],
  ])('is read from %s', async (_name, respond) => {
    const whole = await exchange({ change: { change: (body) => body }, respond })
    expect(whole.text).toBe('["ä","ö"]')
    const list = await exchange({ change: { keep: (item) => item === 'ö' }, respond })
    expect(list.text).toBe('["ö"]')
  })

  it('calls back whoever waits for a piece or for the end', async () => {
    const called: string[] = []
    await exchange({
      change: doubled,
      respond(response) {
        response.write('1', () => {
          called.push('write')
          response.end(() => called.push('end'))
        })
      },
    })
    expect(called).toEqual(['write', 'end'])
  })

  it.each<[string, string]>([
    ['ends too early', '[1,3'],
    ['is no JSON in the middle', '[1,3,x]'],
    ['goes on after its end', '[1,3] 5'],
  ])('is cut short when a list %s, so that the client sees it', async (_name, body) => {
    const { text, isWhole } = await exchange({
      change: odd,
      respond: (response) => response.end(body),
    })
    expect(isWhole).toBe(false)
    expect(text).not.toMatch(/\]$/)
  })
})

describe('a request whose answer is changed or looked at', () => {
  const conditions = {
    'Accept-Encoding': 'gzip',
    Range: 'bytes=0-1',
    'If-Range': '"1"',
    'If-None-Match': '"1"',
    'If-Modified-Since': 'Thu, 01 Jan 2026 00:00:00 GMT',
  }
  const names = Object.keys(conditions).map((name) => name.toLowerCase())

  it.each<[string, AnswerChange]>([
    ['changed', doubled],
    ['a changed list', odd],
    ['a changed page', changedPage],
    ['looked at', { learn() {} }],
  ])('asks for the whole answer of the application if it is %s', async (_name, change) => {
    const { seen } = await exchange({ change, respond: answerOf([]), headers: conditions })
    for (const name of names) expect(seen).not.toHaveProperty(name)
  })

  it('is passed on as it is if only its end matters', async () => {
    const statuses: number[] = []
    const change = { after: (status: number) => void statuses.push(status) }
    const respond = answerOf('none', 404)
    const { seen, text } = await exchange({ change, respond, headers: conditions })
    for (const name of names) expect(seen).toHaveProperty(name)
    expect(text).toBe('"none"')
    expect(statuses).toEqual([404])
  })

  it('tells the status of a changed answer', async () => {
    const statuses: number[] = []
    const after = (status: number) => void statuses.push(status)
    await exchange({ change: { ...doubled, after }, respond: (response) => response.end('<') })
    expect(statuses).toEqual([502])
  })
})

describe('an answer that is looked at', () => {
  const learntFrom = async (respond: Respond) => {
    const learnt: unknown[] = []
    const change = { learn: (body: unknown) => void learnt.push(body) }
    const { text, headers } = await exchange({ change, respond })
    return { learnt, text, headers }
  }

  it('passes unchanged', async () => {
    const { learnt, text, headers } = await learntFrom((response) => {
      response.writeHead(200, { ETag: '"1"' }).write('{"a":')
      response.end('1}')
    })
    expect(text).toBe('{"a":1}')
    expect(headers['etag']).toBe('"1"')
    expect(learnt).toEqual([{ a: 1 }])
  })

  it.each<[string, Respond]>([
    ['an error', answerOf({ a: 1 }, 404)],
    ['a redirect', answerOf({ a: 1 }, 300)],
    ['no JSON', (response) => response.end('<html>')],
    ['more than 2 MiB', answerOf('x'.repeat(2 * 2 ** 20))],
    [
      'more than 2 MiB in pieces',
      (response) => {
        response.write(`"${'x'.repeat(2 * 2 ** 20)}`)
        response.end('"')
      },
    ],
  ])('teaches nothing if it is %s', async (_name, respond) => {
    const { learnt, text } = await learntFrom(respond)
    expect(text.length).toBeGreaterThan(0)
    expect(learnt).toEqual([])
  })

  it('teaches with exactly 2 MiB', async () => {
    const { learnt } = await learntFrom(answerOf('x'.repeat(2 * 2 ** 20 - 2)))
    expect(learnt).toHaveLength(1)
  })

  it('passes also if nobody wants to learn', async () => {
    const change: AnswerChange = {
      learn() {
        throw new Error('I do not understand.')
      },
    }
    expect(await exchange({ change, respond: answerOf(1) })).toMatchObject({
      status: 200,
      text: '1',
    })
  })
})

describe('a sandboxed answer', () => {
  const isSandboxed = true
  const policy = 'content-security-policy'

  it.each<[string, Respond, string]>([
    ['without headers', (response) => response.end('x'), 'sandbox'],
    ['with a status text', (response) => response.writeHead(200, 'Fine', json).end(), 'sandbox'],
    [
      'with a policy of its own',
      (response) => response.setHeader('Content-Security-Policy', "default-src 'self'").end(),
      "default-src 'self', sandbox",
    ],
    [
      'with one in a list',
      (response) => response.writeHead(200, ['Content-Security-Policy', 'sandbox a']).end(),
      'sandbox a, sandbox',
    ],
    [
      'in pieces',
      (response) => {
        response.writeHead(206, { [policy]: 'img-src *' }).write('x')
        response.end()
      },
      'img-src *, sandbox',
    ],
  ])('has the policy: %s', async (_, respond, expected) => {
    const { headers, isWhole } = await exchange({ change: { isSandboxed }, respond })
    expect([headers[policy], isWhole]).toEqual([expected, true])
  })

  it.each<[string | string[], string | undefined]>([
    ['application/pdf', undefined],
    ['application/pdf, text/html', 'sandbox'],
    [['application/pdf', 'text/html'], 'sandbox'],
    ['text/html', 'sandbox'],
  ])('gets none if it is a PDF: %s', async (type, expected) => {
    const respond: Respond = (response) =>
      response.writeHead(200, { 'Content-Type': type as string }).end('x')
    const { headers } = await exchange({ change: { isSandboxed }, respond })
    expect(headers[policy]).toBe(expected)
  })

  it('stays as it is, and may be a part of a file', async () => {
    const headers = { range: 'bytes=0-3' }
    const respond = answerOf([1], 206, { ...json, ETag: '"a"', 'Content-Length': 3 })
    const answered = await exchange({ change: { isSandboxed }, respond, headers })
    expect(answered).toMatchObject({ status: 206, text: '[1]', seen: headers })
    expect(answered.headers).toMatchObject({ etag: '"a"', 'content-length': '3' })
  })

  it.each([
    ['text/javascript; charset=utf-8', 'text/plain'],
    ['application/x-ECMAScript', 'text/plain'],
    ['text/csv', 'text/csv'],
  ])('is no script of another document: %s', async (type, expected) => {
    const respond = answerOf(1, 200, { 'Content-Type': type })
    const { headers } = await exchange({ change: { isSandboxed }, respond })
    expect(headers['content-type']).toBe(expected)
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  it('may be changed too', async () => {
    const change = { ...doubled, isSandboxed } as const
    const { headers, text } = await exchange({ change, respond: answerOf([1]) })
    expect([headers[policy], text]).toEqual(['sandbox', '{"twice":[1]}'])
  })
})
