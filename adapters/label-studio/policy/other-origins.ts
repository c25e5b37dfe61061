import type { IncomingMessage } from 'node:http'
import type { PolicyDecision } from '../../../lib/adapter/index.js'

/** Methods that change nothing. */
const safe = /^(?:GET|HEAD|OPTIONS|TRACE)$/

/**
 * Refuses a change that a page of another origin sends with the cookies of the person who opens it.
 * Label Studio does not check that, not even in its admin, and browsers add its cookie to what
 * comes from another port, or another host of the same domain: there a Manager may have a bucket.
 */
export function refusalOfOtherOrigin(request: IncomingMessage): PolicyDecision | undefined {
  const { method = '', headers } = request
  if (safe.test(method) || headers.cookie === undefined || !isOfOtherOrigin(request)) return
  const detail = 'A page of another site sent this. Do it in Label Studio itself.'
  return { kind: 'refuse', status: 403, detail, reason: 'a page of another origin' }
}

/** Over plain HTTP, browsers tell the origin alone. Programs tell neither. */
function isOfOtherOrigin({ headers }: IncomingMessage): boolean {
  const { 'sec-fetch-site': site, origin, host, 'x-forwarded-host': forwarded } = headers
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  if (origin === undefined) return false
  // Each proxy adds its own host to the list of those before it.
  const hosts = [host, headers[':authority'], ...String(forwarded ?? '').split(',')]
  return !hosts.some((each) => each !== undefined && isHostOf(origin, String(each).trim()))
}

/** Either may leave out the port of its scheme. */
function isHostOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: own } = new URL(origin)
  const address = `${protocol}//${host}`
  return URL.canParse(address) && new URL(address).host === own
}
