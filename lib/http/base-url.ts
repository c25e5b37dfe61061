import type { Request } from 'express'
import { ScimError } from '../errors.js'

/**
 * Returns the absolute URL of the router for a request, e.g.
 * `https://scim.example.com/tenants/a/scim/v2`.
 */
export type BaseUrlOf = (request: Request) => string

/** A host name, IPv4 address or bracketed IPv6 address, with an optional port (RFC 9110 §7.2). */
const hostSyntax =
  /^(?:[a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9.])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/i

/**
 * The base URL of a request as clients see it, without a trailing slash.
 *
 * Without configuration it is derived from the request. `X-Forwarded-Proto` and `X-Forwarded-Host`
 * count only if the app's `trust proxy` allows it.
 *
 * @param configured a URL from {@link parseBaseUrl}, or a function that returns one
 * @throws ScimError 400 when the `Host` header is not a valid host
 */
export function baseUrlOf(request: Request, configured: string | BaseUrlOf | undefined): string {
  if (typeof configured === 'function') return parseBaseUrl(configured(request))
  if (configured !== undefined) return configured
  return `${request.protocol}://${hostOf(request)}${withoutSlash(request.baseUrl)}`
}

/**
 * Checks a configured base URL and removes its trailing slash.
 *
 * @throws TypeError when it is not an absolute http(s) URL, or has a query, a fragment or
 *   credentials (RFC 7644 §1.3)
 */
export function parseBaseUrl(text: string): string {
  const url = new URL(text)
  const isPlain = url.search === '' && url.hash === '' && url.username === ''
  if (!/^https?:$/.test(url.protocol) || !isPlain || /[?#]/.test(text)) {
    throw new TypeError('A base URL is an absolute http or https URL without query and fragment.')
  }
  return withoutSlash(url.href)
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.replace(/\/+$/, '') : path
}

function hostOf(request: Request): string {
  const trust: (address: string | undefined, hop: number) => boolean =
    request.app.get('trust proxy fn')
  const forwarded = request.headers['x-forwarded-host']
  const isForwarded = typeof forwarded === 'string' && trust(request.socket.remoteAddress, 0)
  const host = isForwarded ? forwarded.split(',', 1)[0]?.trim() : request.headers.host
  if (host === undefined || !hostSyntax.test(host)) {
    throw new ScimError(400, 'The Host header is not a host name.')
  }
  return host
}

/**
 * Returns a function that finds requests which no Express app has prepared: Connect, Polka or a
 * plain server run the same middleware, but do not know the address of the client, `trust proxy` or
 * the mount path. A process warning says so once.
 */
export function expressNeeded(router: string): (request: Request) => TypeError | undefined {
  let isTold = false
  return ({ app }) => {
    if (typeof (app as Request['app'] | undefined)?.get === 'function') return undefined
    const message =
      `${router} needs an Express app. Mount it in one, and hand the requests to this app: ` +
      `const app = express(); app.use(…, ${router}(…)); http.createServer(app), ` +
      'koaConnect(app), polka().use(app), and so on.'
    if (!isTold) {
      process.emitWarning(message, { type: 'ConfigurationWarning', code: 'ERR_SCIM_EXPRESS' })
    }
    isTold = true
    return new TypeError(message)
  }
}
