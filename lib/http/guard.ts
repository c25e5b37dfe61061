import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Request } from 'express'
import { ScimError, unavailable } from '../errors.js'
import type { RateLimits } from '../options.js'
import type { Principal } from '../protocol/messages.js'
import { createLimiter, type Limiter } from './limiter.js'

/** What one router remembers to keep itself from being overrun; all of it bounded. */
export interface Guard {
  /**
   * Counts a request in; the function that is returned counts it out.
   * @throws ScimError 503 when too many are being worked on
   */
  enter(): () => void
  /**
   * Before credentials are checked.
   * @throws ScimError 429 when too many from this address failed; credentials that were good before
   *   are let through
   */
  admit(request: Request): void
  /**
   * After credentials were found good, or not. Returns the seconds to wait when this was one
   * failure too many.
   */
  remember(request: Request, isGood: boolean): number
  /** @throws ScimError 429 when this principal asks too often */
  spend(principal: Principal): void
  /** What a request costs beyond one, e.g. the operations of a bulk request. */
  charge(principal: Principal, cost: number): void
}

/** How a guard is set. */
export interface GuardOptions {
  readonly limits: { readonly maxRequestsInFlight: number }
  readonly rateLimits: RateLimits
  readonly clock: () => Date
}

const maxKeys = 10_000
const burstSeconds = 10

/** A guard with its own memory. */
export function createGuard(options: GuardOptions): Guard {
  const requests = requestLimiter(options)
  const failures = failureLimiter(options)
  const good = rememberedDigests()
  let inFlight = 0
  return {
    enter() {
      if (inFlight >= options.limits.maxRequestsInFlight) {
        throw unavailable('Too many requests are being worked on. Try again.', 1)
      }
      inFlight += 1
      return () => {
        inFlight -= 1
      }
    },
    admit(request) {
      if (failures === undefined || failures.isUnused()) return
      const wait = failures.wait(sourceOf(request))
      if (wait > 0 && !good.has(request)) throw tooManyFailures(wait)
    },
    remember(request, isGood) {
      if (failures === undefined) return 0
      if (!isGood) return failures.take(sourceOf(request))
      good.add(request)
      return 0
    },
    spend(principal) {
      const wait = requests?.take(keyOf(principal)) ?? 0
      if (wait > 0) throw tooManyRequests('This token sends too many requests.', wait)
    },
    charge(principal, cost) {
      requests?.charge(keyOf(principal), cost)
    },
  }
}

/** 429 for an address that guesses. */
export function tooManyFailures(retryAfterSeconds: number): ScimError {
  return tooManyRequests('Too many failed authentications from this address.', retryAfterSeconds)
}

function tooManyRequests(detail: string, retryAfterSeconds: number): ScimError {
  return new ScimError(429, detail, { headers: { 'Retry-After': String(retryAfterSeconds) } })
}

function requestLimiter({ rateLimits, clock }: GuardOptions): Limiter | undefined {
  const perSecond = rateLimits.requestsPerSecond
  if (perSecond === undefined) return undefined
  const burst = perSecond * burstSeconds
  return createLimiter({ perSecond, burst, now: () => clock().getTime(), maxKeys })
}

function failureLimiter({ rateLimits, clock }: GuardOptions): Limiter | undefined {
  const perMinute = rateLimits.failedAuthenticationsPerMinute
  if (perMinute === undefined) return undefined
  const now = () => clock().getTime()
  return createLimiter({ perSecond: perMinute / 60, burst: perMinute, now, maxKeys })
}

/**
 * Digests of headers that were good, so that guesses from an address do not lock out the valid
 * client behind the same address. Whether they still are is for the authenticator to say.
 */
function rememberedDigests() {
  const digests = new Set<string>()
  /** What each connection sent last, which most send again. */
  const lastSent = new WeakMap<Socket, string>()
  const digestOf = (request: Request) =>
    createHash('sha256')
      .update(request.headers.authorization ?? '')
      .digest('base64')
  return {
    has: (request: Request) => digests.has(digestOf(request)),
    add(request: Request) {
      const { authorization = '' } = request.headers
      if (lastSent.get(request.socket) === authorization) return
      lastSent.set(request.socket, authorization)
      const digest = digestOf(request)
      digests.delete(digest)
      digests.add(digest)
      const [oldest] = digests
      if (digests.size > maxKeys && oldest !== undefined) digests.delete(oldest)
    },
  }
}

function keyOf({ tenant, name }: Principal): string {
  return JSON.stringify([tenant, name])
}

function sourceOf(request: Request): string {
  return request.ip ?? ''
}
