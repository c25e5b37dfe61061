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
  /**
   * What `work` gives, or a rejection at the deadline (503) or when the client goes, whichever
   * comes first. Work that answers as soon as the signal is aborted comes before the rejection.
   */
  race<T>(work: Promise<T>): Promise<T>
  /** Tells `listener` at the deadline or when the client goes; at once when that was before. */
  onGivenUp(listener: (reason: Error) => void): void
  /**
   * Keeps a slot until `release`, or the deadline: work that never ends, or that nobody waits for,
   * must not keep it.
   */
  hold(giveBack: () => void): void
  /** The work has ended: gives back what is held and stops the timer. */
  release(): void
  /** An answer is there; the client may go from now on. */
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
  const listeners: ((reason: Error) => void)[] = []
  let ended: Error | undefined
  let giveBack: (() => void) | undefined
  let isClosed = false
  const end = (reason: Error) => {
    if (ended || isClosed) return
    ended = reason
    lifetime.abort(reason)
    for (const listener of listeners) listener(reason)
  }
  const release = () => {
    clearTimeout(timer)
    giveBack?.()
    giveBack = undefined
  }
  const timer = setTimeout(() => {
    if (!isClosed) closeAfterAnswer(request, response)
    end(deadlinePassed(options))
    release()
  }, options.requestTimeoutMs)
  // Stays: to take it away costs more than to hear of the end of each response.
  response.on('close', () => {
    // An error is expensive to make, and nearly every response closes after its answer.
    if (!isClosed) end(new ClientGoneError())
  })
  const onGivenUp = (listener: (reason: Error) => void) => {
    if (ended) listener(ended)
    else listeners.push(listener)
  }
  return {
    request,
    head: { method, url, headers },
    response,
    requestId: requestIdOf(headers),
    lifetime,
    race: (work) =>
      new Promise((resolve, reject) => {
        onGivenUp((reason) => setImmediate(reject, reason))
        work.then(resolve, reject)
      }),
    onGivenUp,
    hold: (slot) => {
      giveBack = slot
    },
    release,
    close: () => {
      isClosed = true
    },
  }
}

/**
 * A body that is still on its way belongs to a request that has its answer: nobody waits for the
 * rest of it.
 */
function closeAfterAnswer(request: Request, response: Response): void {
  const isFree = !response.headersSent && request.httpVersionMajor === 1
  if (isFree && !request.complete) response.setHeader('Connection', 'close')
}

function deadlinePassed({ retryAfterSeconds }: ExchangeOptions) {
  return unavailable('The request took too long and was given up. Try again.', retryAfterSeconds)
}
