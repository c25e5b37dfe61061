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
  /** Where identity providers reach SCIM, where the host says so. */
  readonly scimUrl: ScimUrl | undefined
  readonly parameters: Readonly<Record<string, string>>
}

/** What is shown, or where the browser is sent. */
export type PageAnswer =
  | {
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly page: string
    }
  | { readonly redirect: string }

/** Shows a page, or carries out a form. */
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
 * Headers of every page and asset: no other host, no inline script or style, no frame, nothing
 * kept.
 */
export function setPageHeaders(response: Response): void {
  response.set({
    'Content-Security-Policy': policy,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
    // Label Studio sends this opener policy too; together with an embedder policy, which it does
    // not send, the window is cut off from windows of the same origin as well.
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
  })
  response.removeHeader('X-Powered-By')
}

/** Where the settings page is for this request, the mount path included. */
export function baseOf(request: Request): string {
  return `${request.baseUrl}/scim/settings`
}
