import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Request, Response } from 'express'
import { unavailable } from '../errors.js'
import type { Lifetime } from '../stores/scope.js'
import { ClientGoneError } from './read-bytes.js'

/** The head of a request. It is read once, because the framework's own accessors are slow. */
export interface Head {
  readonly method: string
  /** Below the mount path. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** One request and its answer, while in progress. */
export interface Exchange {
  readonly request: Request
  readonly head: Head
  readonly response: Response
  readonly requestId: string
  /** Its signal is aborted at the deadline and when the client disconnects. */
  readonly lifetime: Lifetime
  /**
   * Calls one of `done` and `failed`, once: with the result of `work`, or with the reason at the
   * deadline (503) or when the client disconnects, whichever comes first. Work that returns as soon
   * as the signal is aborted still comes first. From then on the client may disconnect. If that
   * function throws, the connection is closed.
   */
  settle<T>(work: Promise<T>, done: (result: T) => void, failed: (error: unknown) => void): void
  /**
   * Calls `listener` at the deadline or when the client disconnects; immediately if that has
   * happened already.
   */
  onGivenUp(listener: (reason: Error) => void): void
  /**
   * Holds a slot until the work has ended, or until the deadline, so that work which never ends
   * cannot keep it.
   */
  hold(giveBack: () => void): void
  /** Lets the work take so long to wind up after the deadline before `settle` gives it up. */
  allowWindUp(ms: number): void
}

/** Time limits of an exchange. */
export interface ExchangeOptions {
  readonly requestTimeoutMs: number
  readonly retryAfterSeconds: number
}

/** Starts an exchange and its deadline. */
export function openExchange(
  request: Request,
  response: Response,
  options: ExchangeOptions,
): Exchange {
  const { method, url, headers } = request
  const lifetime = new AbortController()
  const { end, onGivenUp } = createEnd(lifetime)
  let giveBack: (() => void) | undefined
  let isClosed = false
  let windUpMs = 0
  const release = () => {
    clearTimeout(timer)
    giveBack?.()
    giveBack = undefined
  }
  const timer = setTimeout(() => {
    if (!isClosed) {
      closeAfterAnswer(request, response)
      end(deadlinePassed(options))
    }
    release()
  }, options.requestTimeoutMs)
  // The listener stays: removing it would cost more than being called at the end of each response.
  response.on('close', () => {
    // No error is made here, because it is expensive and nearly every response closes after its
    // answer.
    if (!isClosed) end(new ClientGoneError())
  })
  const close = (answer: () => void) => {
    if (isClosed) return
    isClosed = true
    try {
      answer()
    } catch {
      response.destroy()
    }
  }
  return {
    request,
    head: { method, url, headers },
    response,
    requestId: requestIdOf(headers),
    lifetime,
    settle: (work, done, failed) => {
      const fail = (reason: unknown) => close(() => failed(reason))
      onGivenUp((reason) => {
        if (windUpMs === 0) setImmediate(fail, reason)
        else setTimeout(fail, windUpMs, reason).unref()
      })
      work.then(
        (result) => {
          release()
          close(() => done(result))
        },
        (error) => {
          release()
          fail(error)
        },
      )
    },
    onGivenUp,
    hold: (slot) => {
      giveBack = slot
    },
    allowWindUp: (ms) => {
      windUpMs = ms
    },
  }
}

/** The end of an exchange that is given up: it happens once, and whoever listens later hears it. */
function createEnd(lifetime: AbortController): Pick<Exchange, 'onGivenUp'> & {
  readonly end: (reason: Error) => void
} {
  const listeners: ((reason: Error) => void)[] = []
  let ended: Error | undefined
  return {
    end: (reason) => {
      if (ended) return
      ended = reason
      lifetime.abort(reason)
      for (const listener of listeners) listener(reason)
    },
    onGivenUp: (listener) => {
      if (ended) listener(ended)
      else listeners.push(listener)
    },
  }
}

/**
 * Closes the connection after the answer if the body has not arrived completely: nothing will read
 * the rest of it.
 */
export function closeAfterAnswer(request: Request, response: Response): void {
  const isFree = !response.headersSent && request.httpVersionMajor === 1
  if (isFree && !request.complete) response.setHeader('Connection', 'close')
}

function deadlinePassed({ retryAfterSeconds }: ExchangeOptions) {
  return unavailable('The request took too long and was cancelled. Try again.', retryAfterSeconds)
}

const sane = /^[A-Za-z0-9._:=+/-]{1,128}$/

/** The client's `X-Request-Id` if it is safe to log, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && sane.test(given) ? given : randomUUID()
}
