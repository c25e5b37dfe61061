import { createHash } from 'node:crypto'
import { isIPv6, type Socket } from 'node:net'
import type { Request } from 'express'
import { ScimError, unavailable } from '../errors.js'
import type { RateLimits } from '../options.js'
import type { Principal } from '../protocol/messages.js'
import { createLimiter, type Limiter } from './limiter.js'

/** Protects one router from overload; its memory is bounded. */
export interface Guard {
  /**
   * Counts a request in progress; the returned function, to be called once, ends the count.
   * @throws ScimError 503 when too many are in progress
   */
  enter(): () => void
  /**
   * To be called before credentials are checked.
   * @throws ScimError 429 when too many requests from this address failed; credentials that were
   *   accepted before pass
   */
  admit(request: Request): void
  /**
   * To be called after credentials were accepted or refused. Returns the seconds to wait if this
   * was one failure too many.
   */
  remember(request: Request, isGood: boolean): number
  /** @throws ScimError 429 when this principal sends too many requests */
  spend(principal: Principal): void
  /** Charges further cost of a request, e.g. for the operations of a bulk request. */
  charge(principal: Principal, cost: number): void
}

/** The limits of a guard. */
export interface GuardOptions {
  readonly limits: { readonly maxRequestsInFlight: number }
  readonly rateLimits: RateLimits
  readonly clock: () => Date
}

const maxKeys = 10_000
const burstSeconds = 10

/** Makes a guard with its own memory. */
export function createGuard(options: GuardOptions): Guard {
  const requests = requestLimiter(options)
  const failures = failureLimiter(options)
  const good = rememberedDigests()
  let inFlight = 0
  const leave = () => {
    inFlight -= 1
  }
  return {
    enter() {
      if (inFlight >= options.limits.maxRequestsInFlight) {
        throw unavailable('Too many requests are in progress. Try again later.', 1)
      }
      inFlight += 1
      return leave
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

/** 429 for an address with too many failed authentications. */
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
 * Digests of accepted headers, so that guesses from an address do not lock out the valid client
 * behind the same address. The authenticator still decides whether they are valid now.
 */
function rememberedDigests() {
  const digests = new Set<string>()
  /** The last header of each connection, because most connections send the same one again. */
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

/** The client's address. With IPv6 it has 2^64 of them, so all of the network count as one. */
function sourceOf({ ip = '' }: Request): string {
  const [address = ''] = ip.split('%', 1)
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  return mapped ?? `${networkOf(address)}::/64`
}

/** The first four of the eight groups of an IPv6 address, in one spelling. */
function networkOf(address: string): string {
  const groupsOf = (text: string) => (text === '' ? [] : text.split(':'))
  const [head = [], tail] = address.split('::').map(groupsOf)
  const left = tail ? 8 - head.length - tail.length : 0
  return [...head, ...Array<string>(Math.max(left, 0)).fill('0'), ...(tail ?? [])]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
