import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Request, Response } from 'express'
import type { Scope } from '../stores/scope.js'
import type { Answer } from './api/answer.js'
import type { Administrator } from './authorize.js'

const requestIdSyntax = /^[\w.:-]{1,128}$/

/** The scope of an administrator's request; its signal is aborted when the client has gone. */
export function scopeOf(request: Request, response: Response, administrator: Administrator): Scope {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return { ...administrator, requestId: requestIdOf(request), signal: gone.signal }
}

/** The client's `X-Request-Id` where it is one, else a new id. */
export function requestIdOf(request: Request): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && requestIdSyntax.test(given) ? given : randomUUID()
}

/** Query parameters; the last of several with one name counts. */
export function queryOf(request: Request): URLSearchParams {
  const { search } = new URL(request.originalUrl, 'http://localhost')
  return new URLSearchParams(search)
}

/** Writes an answer of the API. */
export async function sendAnswer(response: Response, answer: Answer): Promise<void> {
  response.status(answer.status)
  response.set({
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    ...answer.headers,
  })
  if (answer.lines) return sendLines(response, answer.lines)
  response.json(answer.body)
}

/** Waits for a slow client instead of filling memory. */
async function sendLines(response: Response, lines: AsyncIterable<string>): Promise<void> {
  for await (const line of lines) {
    if (response.destroyed) return
    if (!response.write(line))
      await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  response.end()
}
