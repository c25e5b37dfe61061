import type http from 'node:http'
import zlib from 'node:zlib'
import type { AnswerChange } from '../../lib/gate/answers.js'
import { exchange, type Respond } from './exchange.js'

const html = { 'Content-Type': 'text/html; charset=utf-8' }
const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
const document: AnswerChange = {
  document: (text) => ({ html: `<b>${text}</b>`, policy: "script-src 'nonce-n'", nonce: 'n' }),
}
const pageOf =
  (text: string, status = 200, headers: http.OutgoingHttpHeaders = {}): Respond =>
  (response) =>
    response.writeHead(status, { ...html, ...headers }).end(text)
const show = (
  respond: Respond,
  headers: http.OutgoingHttpHeaders = { accept },
  change = document,
) => exchange({ change, respond, headers })

describe('a document', () => {
  it.each<[string, Respond, number]>([
    ['at once', pageOf('ü'), 200],
    ['with an error', pageOf('ü', 404), 404],
    [
      'in pieces, with headers set before',
      (response) => {
        response.setHeader('content-type', 'TEXT/HTML')
        response.write(Buffer.from('ü').subarray(0, 1))
        response.end(Buffer.from('ü').subarray(1))
      },
      200,
    ],
    [
      'with headers sent first',
      (response) => {
        response.setHeader('content-type', 'text/html')
        response.flushHeaders()
        response.end('ü')
      },
      200,
    ],
  ])('is changed: %s', async (_, respond, status) => {
    const answered = await show(respond)
    expect(answered).toMatchObject({ status, text: '<b>ü</b>', isWhole: true })
    expect(answered.headers).toMatchObject({
      'content-security-policy': "script-src 'nonce-n'",
      'content-length': '9',
      'cache-control': 'private, no-store',
    })
  })

  it('is asked for as a whole, and is not kept by the browser', async () => {
    const headers = { accept, 'accept-encoding': 'gzip', 'if-none-match': '"a"' }
    const answered = await show(pageOf('a', 200, { ETag: '"a"' }), headers)
    expect(answered.seen).not.toHaveProperty('accept-encoding')
    expect(answered.seen).not.toHaveProperty('if-none-match')
    expect(answered.headers).not.toHaveProperty('etag')
  })

  it('keeps the policies of the application, which get its nonce', async () => {
    const own = {
      'Content-Security-Policy': ["img-src 'self'", "script-src 'nonce-x'"],
      'Content-Security-Policy-Report-Only': "default-src 'nonce-y' 'nonce-z'",
    }
    const { headers } = await show(pageOf('a', 200, own))
    expect(headers['content-security-policy']).toBe(
      "img-src 'self', script-src 'nonce-n', script-src 'nonce-n'",
    )
    const reported = headers['content-security-policy-report-only']
    expect(reported).toBe("default-src 'nonce-n' 'nonce-n'")
  })

  it('is changed after the page is', async () => {
    const change = { ...document, page: (text: string) => text.toUpperCase() }
    expect((await show(pageOf('a'), { accept }, change)).text).toBe('<b>A</b>')
  })

  it.each<[string, Respond, http.OutgoingHttpHeaders]>([
    ['a script asks for it', pageOf('<b>'), { accept: '*/*' }],
    [
      'it cannot be read',
      pageOf(zlib.gzipSync('<b>') as never, 200, { 'Content-Encoding': 'gzip' }),
      { accept },
    ],
  ])('runs nothing if %s', async (_, respond, asked) => {
    const { headers, isWhole } = await show(respond, asked)
    expect([headers['content-security-policy'], isWhole]).toEqual(['sandbox', true])
    expect(headers['cache-control']).toBe('private, no-store')
  })

  it('stays as it is, byte for byte, if its HTML is not changed', async () => {
    const latin = Buffer.from('caf\u00e9', 'latin1')
    const change = { document: (text: string) => ({ html: text, policy: 'sandbox' }) }
    const { headers, isWhole } = await show(pageOf(latin as never), { accept }, change)
    // In UTF-8 there would be two more.
    expect([headers['content-length'], isWhole]).toEqual(['4', true])
    expect(headers['content-security-policy']).toBe('sandbox')
  })

  it('of more than 64 MiB does not pass', async () => {
    const respond: Respond = (response) => {
      response.writeHead(200, html)
      for (let each = 0; each < 65; each++) response.write(Buffer.alloc(1024 * 1024))
      response.end()
    }
    const { status, text } = await show(respond)
    expect([status, text]).toEqual([502, '{"status_code":502,"detail":"The page is too long."}'])
  })

  it.each<[string, Respond, Partial<http.OutgoingHttpHeaders>]>([
    ['JSON', (response) => response.writeHead(200, { ETag: '"a"' }).end('1'), { etag: '"a"' }],
    [
      'a part of a file',
      (response) => {
        response.writeHead(206, { 'Content-Type': 'video/mp4', 'Content-Length': 1 })
        response.write('1')
        response.end()
      },
      { 'content-length': '1', 'content-type': 'video/mp4' },
    ],
  ])('is not what passes unchanged: %s', async (_, respond, expected) => {
    const { text, headers } = await show(respond)
    expect(text).toBe('1')
    expect(headers).toMatchObject(expected)
    expect(headers).not.toHaveProperty('content-security-policy')
  })

  it('has no body if it is a redirect', async () => {
    const { status, headers } = await show(pageOf('', 302, { Location: '/' }))
    expect([status, headers['location']]).toEqual([302, '/'])
  })
})
