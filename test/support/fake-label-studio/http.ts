import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FakeOptions, FakeState, FakeUser } from './state.js'

/** A request as passed to the routes. */
export interface FakeRequest {
  method: string
  /** Without the base path. */
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: string
  /** The parsed form or JSON body. Invalid JSON is refused before it reaches a route. */
  json: unknown
}

export interface FakeResponse {
  status: number
  headers?: Record<string, string | string[]>
  body?: string
}

/** What a route can use. */
export interface FakeContext {
  state: FakeState
  options: FakeOptions
  isEnterprise: boolean
  request: FakeRequest
  /** The user according to the REST API. */
  user: FakeUser | undefined
  /** The user according to the pages, which accept no tokens other than JWTs. */
  pageUser: FakeUser | undefined
  /** Adds a session cookie of this person to the answer. */
  signIn(user: FakeUser): void
}

export type FakeHandler = (context: FakeContext, ...ids: number[]) => FakeResponse

/** A route: method, path pattern with `:id` for ids, and whether it needs no sign-in. */
export interface FakeRoute {
  method: string
  pattern: RegExp
  handler: FakeHandler
  isOpen: boolean
}

export function route(
  method: string,
  path: string,
  handler: FakeHandler,
  { isOpen = false } = {},
): FakeRoute {
  // A trailing slash makes no difference on paths that the real one knows.
  const source = path.replace(/\/$/, '').replace(/:id/g, '(-?\\d+)')
  return { method, pattern: new RegExp(`^${source}/?$`), handler, isOpen }
}

export const json = (status: number, body: unknown): FakeResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

export const noContent = (): FakeResponse => ({ status: 204 })

export const html = (status: number, body: string): FakeResponse => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body:
    `<!doctype html>\n<html lang="en"><head><title>Label ` +
    `Studio</title></head><body>${body}</body></html>`,
})

export const redirect = (location: string): FakeResponse => ({
  status: 302,
  headers: { 'content-type': 'text/html; charset=utf-8', location },
})

/** The error body of the API, the same in both editions. */
export function apiError(
  status: number,
  detail: string,
  validationErrors?: Record<string, string[]>,
): FakeResponse {
  return json(status, {
    id: randomUUID(),
    status_code: status,
    version: '1.23.2',
    detail,
    exc_info: null,
    ...(validationErrors && { validation_errors: validationErrors }),
  })
}

export const invalid = (errors: Record<string, string[]>) =>
  apiError(400, 'Validation error', errors)

/** The answer to every unknown path: a page, not JSON. */
export const unknownPath = () => html(404, '<h1>Page not found</h1>')

export const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`.replace('&#39;', '&#x27;'))

export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

export const textIn = (body: unknown, name: string): string | undefined => {
  const value = record(body)[name]
  return typeof value === 'string' ? value : undefined
}

/** One page of a list. */
export function paged<T>(
  request: FakeRequest,
  items: T[],
  show: (item: T) => unknown,
  sizes: { defaultSize: number; isUnlimited?: boolean },
): FakeResponse {
  const asked = Number(request.query.get('page_size') ?? sizes.defaultSize)
  const size = asked === -1 && sizes.isUnlimited ? 1_000_000 : Math.max(1, asked)
  const page = Number(request.query.get('page') ?? 1)
  const last = Math.max(1, Math.ceil(items.length / size))
  if (page < 1 || page > last) return apiError(404, 'Invalid page.')
  const link = (to: number) =>
    to < 1 || to > last
      ? null
      : `http://${request.headers.host}${request.path}?page=${to}&page_size=${size}`
  return json(200, {
    count: items.length,
    next: link(page + 1),
    previous: link(page - 1),
    results: items.slice((page - 1) * size, page * size).map(show),
  })
}
