import type { Request, Response } from 'express'
import { type Exchange, openExchange } from '../http/exchange.js'
import { roomForMore } from '../http/write-pieces.js'
import type { Scope } from '../stores/scope.js'
import type { Answer } from './api/answer.js'
import type { Administrator } from './authorize.js'
import type { SettingsContext } from './options.js'

const retryAfterSeconds = 5

/**
 * Answers a request of the API or the page exactly once, within the deadline, and counts it as in
 * progress. The answer comes from `work` or, after an error, from `fail`.
 */
export async function answerWith<A>(
  { guard, requestTimeoutMs }: Pick<SettingsContext, 'guard' | 'requestTimeoutMs'>,
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  { work, fail, send }: Answering<A>,
): Promise<void> {
  const exchange = openExchange(request, response, { requestTimeoutMs, retryAfterSeconds })
  const run = async () => {
    exchange.hold(guard.enter())
    return work(exchange)
  }
  const answer = await new Promise<A>((resolve) => {
    exchange.settle(run(), resolve, (error) => resolve(fail(error, exchange)))
  })
  if (response.headersSent || response.destroyed) response.destroy()
  else await send(answer, response)
}

/** The parts of answering that differ between the API and the page. */
export interface Answering<A> {
  readonly work: (exchange: Exchange) => Promise<A>
  readonly fail: (error: unknown, exchange: Exchange) => A
  readonly send: (answer: A, response: Response) => Promise<void> | void
}

/**
 * The scope of an administrator's request. Its signal is aborted at the deadline or when the client
 * disconnects.
 */
export function scopeOf(
  { requestId, lifetime }: Pick<Exchange, 'requestId' | 'lifetime'>,
  administrator: Administrator,
): Scope {
  return { ...administrator, requestId, signal: lifetime.signal }
}

/** Query parameters. If a name appears more than once, the last value counts. */
export function queryOf(request: Request): URLSearchParams {
  const { search } = new URL(request.originalUrl, 'http://localhost')
  return new URLSearchParams(search)
}

/** Writes an answer of the API. */
export async function sendAnswer(answer: Answer, response: Response): Promise<void> {
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

/**
 * Sends lines, and waits for a slow client so that memory does not fill up. None is made for HEAD.
 */
async function sendLines(response: Response, lines: AsyncIterable<string>): Promise<void> {
  if (response.req.method === 'HEAD') return void response.end()
  for await (const line of lines) {
    if (response.destroyed) return
    if (!response.write(line)) await roomForMore(response)
  }
  response.end()
}
