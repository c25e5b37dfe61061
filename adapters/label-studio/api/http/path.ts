/** A path below the base URL, e.g. `/api/users/7/`, and the same path without ids, for messages. */
export interface ApiPath {
  path: string
  template: string
}

/**
 * Builds a path from a template literal; every value is one encoded path segment.
 *
 * @throws TypeError for an empty value, `.` or `..`, which a URL parser would resolve to another
 *   path
 * @example apiPath`/api/users/${id}/`
 */
export function apiPath(strings: TemplateStringsArray, ...values: (number | string)[]): ApiPath {
  const encoded = values.map(encodeSegment)
  return {
    path: strings.reduce((path, text, index) => path + encoded[index - 1] + text),
    template: strings.join('{id}'),
  }
}

function encodeSegment(value: number | string): string {
  const text = String(value)
  if (text === '' || text === '.' || text === '..') {
    throw new TypeError('A path segment must not be empty, "." or "..".')
  }
  return encodeURIComponent(text)
}

/** Values of a query string; `undefined` ones are omitted. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** Joins base URL (kept with its own path), path and query. */
export function toUrl(baseUrl: string, path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value))
  }
  const text = search.toString()
  return `${baseUrl}${path}${text === '' ? '' : `?${text}`}`
}
