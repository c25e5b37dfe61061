import type { HttpClient } from './http/client.js'
import type { ApiPath, Query } from './http/path.js'
import { readArray, readId, readRecord } from './read.js'
import { orUndefined } from './users.js'

/** Options of reading a list. */
export interface PageOptions {
  query?: Query
  /** Items per request. Default 100. */
  pageSize?: number
  signal?: AbortSignal | undefined
}

/**
 * Reads a paged list. An item that appears twice because the list shifted between two pages is
 * returned once. One that moved from a later to an earlier page is missed until the next time.
 */
export async function* pages(
  http: HttpClient,
  path: ApiPath,
  { query = {}, pageSize = 100, signal }: PageOptions = {},
): AsyncGenerator<Record<string, unknown>> {
  const seen = new Set<unknown>()
  for (let page = 1; ; page += 1) {
    const request = { method: 'GET' as const, path, query: { ...query, page, page_size: pageSize } }
    // A page beyond the end is 404: the list became shorter meanwhile.
    const asked = http.request({ ...request, signal })
    const answer = page > 1 ? await orUndefined(asked) : await asked
    if (answer === undefined) return
    const body = readRecord(answer, path.template)
    for (const each of readArray(body['results'], path.template)) {
      const item = readRecord(each, path.template)
      if (seen.has(item['id'])) continue
      seen.add(item['id'])
      yield item
    }
    if (typeof body['next'] !== 'string') return
  }
}

/**
 * The members among these accounts, by the account's id. A version that does not know `ids` shows
 * everybody, so pages are read until all have appeared.
 */
export async function membersAmong(
  http: HttpClient,
  path: ApiPath,
  userIds: readonly number[],
): Promise<ReadonlyMap<number, Record<string, unknown>>> {
  const left = new Set(userIds)
  const found = new Map<number, Record<string, unknown>>()
  for await (const each of pages(http, path, { query: { ids: [...left].join(',') } })) {
    const id = readId(each, 'id', path.template)
    if (left.delete(id)) found.set(id, each)
    if (left.size === 0) break
  }
  return found
}
