import express from 'express'
import { type FailureLog, failureLog } from '../../command/serve/failure-log.js'
import type { AuditEntry } from '../../lib/index.js'
import { listen, type Running } from '../http/support.js'

const running: Running[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

const failed = (requestId: string): AuditEntry => ({
  at: '2026-01-01T00:00:00Z',
  event: 'request.failed',
  tenant: 'acme',
  actor: 'idp',
  requestId,
  outcome: 'failed',
  status: 503,
  detail: 'The database cannot answer now.',
})

/** What is printed for one request that the host answers so. */
async function printed(
  status: number,
  {
    id,
    say,
    path = '/some/path',
  }: { id?: string; say?: (log: FailureLog, id: string) => void; path?: string } = {},
) {
  const lines: string[] = []
  const log = failureLog((line) => lines.push(line))
  const app = express().use(log.watch, (request, response) => {
    say?.(log, String(request.headers['x-request-id']))
    response.status(status).end()
  })
  const server = await listen(app)
  running.push(server)
  const answer = await fetch(`${server.origin}${path}?filter=secret`, {
    headers: id === undefined ? {} : { 'x-request-id': id },
  })
  // The connection is closed only after the line was printed.
  await server.close()
  running.pop()
  return { lines, id: answer.headers.get('x-request-id') }
}

describe('the log of the example host', () => {
  it.each([500, 502, 503, 504])(
    'has one line for an answer %s, with the id the client got',
    async (status) => {
      const { lines, id } = await printed(status)
      expect(lines).toEqual([`request ${id} was answered ${status}: GET /some/path`])
    },
  )

  it.each([200, 404, 409, 501])('has none for an answer %s', async (status) => {
    expect((await printed(status)).lines).toEqual([])
  })

  it('has one line where an event says more, and only that', async () => {
    const { lines, id } = await printed(503, { say: (log, own) => log.note(failed(own)) })
    expect(lines).toEqual([
      `request ${id} of tenant "acme" was answered 503: The database cannot answer now.`,
    ])
  })

  it('keeps the id a client gives, unless it could break the line', async () => {
    expect((await printed(503, { id: 'abc-1' })).id).toBe('abc-1')
    const { lines, id } = await printed(503, { id: 'a b; c' })
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(lines).toEqual([`request ${id} was answered 503: GET /some/path`])
  })
})

it('a long path does not fill the log', async () => {
  const { lines } = await printed(503, { path: `/${'x'.repeat(10_000)}` })
  expect(lines).toHaveLength(1)
  expect(lines[0]?.length).toBeLessThan(400)
})
