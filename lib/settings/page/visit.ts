import type { Request, Response } from 'express'
import type { Scope } from '../../stores/scope.js'
import type { SettingsContext } from '../options.js'
import type { Layout } from './layout.js'
import type { ScimUrl } from './views/connect.js'

/** One administrator's request for a page. */
export interface PageRequest {
  readonly context: SettingsContext
  readonly scope: Scope
  readonly layout: Layout
  readonly query: URLSearchParams
  /** Fields of a submitted form; empty for GET. */
  readonly form: URLSearchParams
  /** The URL at which identity providers reach SCIM, if the host gives it. */
  readonly scimUrl: ScimUrl | undefined
  readonly parameters: Readonly<Record<string, string>>
}

/** The page to show, or the address to redirect to. */
export type PageAnswer =
  | {
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly page: string
    }
  | { readonly redirect: string }

/** Shows a page or handles a form. */
export type PageHandler = (pageRequest: PageRequest) => Promise<PageAnswer>

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Headers of every page and asset: only this host, no inline script or style, no frames, no
 * caching.
 */
export function setPageHeaders(response: Response): void {
  response.set({
    'Content-Security-Policy': policy,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
    // Label Studio sends this opener policy too. Together with an embedder policy, which Label
    // Studio does not send, it cuts off the window from windows of the same origin as well.
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
  })
  response.removeHeader('X-Powered-By')
}

/** The path of the settings page for this request, including the mount path. */
export function baseOf(request: Request): string {
  return `${request.baseUrl}/scim/settings`
}
