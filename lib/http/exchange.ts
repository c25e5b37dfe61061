import type { IncomingHttpHeaders } from 'node:http'
import type { Request, Response } from 'express'
import { unavailable } from '../errors.js'
import type { Lifetime } from '../stores/scope.js'
import { ClientGoneError } from './read-bytes.js'
import { requestIdOf } from './request-id.js'

/** What a request's first lines say: read once, since the framework's own object is slow to ask. */
export interface Head {
  readonly method: string
  /** Below the mount path. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** One request and its answer on the way. */
export interface Exchange {
  readonly request: Request
  readonly head: Head
  readonly response: Response
  readonly requestId: string
  /** Its signal is aborted at the deadline, and when the client goes. */
  readonly lifetime: Lifetime
  /** What `work` gives, or a rejection at the deadline (503) or when the client goes, whichever comes first. */
  race<T>(work: Promise<T>): Promise<T>
  /** Releases the timer; nothing is aborted from now on. */
  close(): void
}

/** Times of an exchange. */
export interface ExchangeOptions {
  readonly requestTimeoutMs: number
  readonly retryAfterSeconds: number
}

/** Starts an exchange: from now the deadline counts. */
export function openExchange(
  request: Request,
  response: Response,
  options: ExchangeOptions,
): Exchange {
  const { method, url, headers } = request
  const lifetime = new AbortController()
  let ended: Error | undefined
  let giveUp: ((reason: unknown) => void) | undefined
  const end = (reason: Error) => {
    ended = reason
    lifetime.abort(reason)
    giveUp?.(reason)
  }
  const timer = setTimeout(() => end(deadlinePassed(options)), options.requestTimeoutMs)
  let isClosed = false
  // Stays: to take it away costs more than to hear of the end of each response.
  response.on('close', () => {
    if (!isClosed) end(new ClientGoneError())
  })
  return {
    request,
    head: { method, url, headers },
    response,
    requestId: requestIdOf(headers),
    lifetime,
    race: (work) =>
      new Promise((resolve, reject) => {
        if (ended) reject(ended)
        giveUp = reject
        work.then(resolve, reject)
      }),
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

function deadlinePassed({ retryAfterSeconds }: ExchangeOptions) {
  return unavailable('The request took too long and was given up. Try again.', retryAfterSeconds)
}
