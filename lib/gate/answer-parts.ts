import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { removeHeader } from './headers.js'
import type { Held } from './held-bytes.js'

/** The longest answer, or item of a list, that can be changed. A longer one does not pass. */
export const maxChangedBytes = 64 * 1024 * 1024
/** Request headers that make an answer partial, compressed, or cached for another person. */
const partial = ['accept-encoding', 'range', 'if-range', 'if-none-match', 'if-modified-since']

/** Asks the application for a whole answer that can be read. */
export function askForWhole(request: IncomingMessage): void {
  for (const name of partial) removeHeader(request, name)
}

export function bytesOf(chunk: unknown, encoding: unknown): Buffer | undefined {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk)
  const of = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'
  return typeof chunk === 'string' ? Buffer.from(chunk, of) : undefined
}

/** Collects the bytes of an answer up to a limit, and as far as they may be kept. */
export function collector(limit: number, held?: Held) {
  let chunks: Buffer[] = []
  let size = 0
  return {
    add(bytes: Buffer | undefined) {
      if (!bytes) return
      size += bytes.length
      if (size <= limit && held?.take(bytes.length) === false) size = Number.POSITIVE_INFINITY
      if (size <= limit) {
        chunks.push(bytes)
        return
      }
      chunks = []
      held?.release()
    },
    /** Returns `undefined` if there was more. */
    whole: () => (size <= limit ? Buffer.concat(chunks) : undefined),
  }
}

type GivenHeaders = OutgoingHttpHeaders | readonly string[] | undefined

/**
 * Sets the headers among what `writeHead` gets after the status: names with values, or a list of
 * both, as in `rawHeaders`.
 */
export function setHeaders(response: ServerResponse, rest: readonly unknown[]): void {
  const given = (rest.find((each) => typeof each === 'object') as GivenHeaders) ?? {}
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) {
      if (value !== undefined) response.setHeader(name, value)
    }
    return
  }
  const names = given.filter((_, index) => index % 2 === 0)
  for (const name of names) response.removeHeader(name)
  for (const [index, name] of names.entries()) {
    response.appendHeader(name, given[2 * index + 1] ?? '')
  }
}

/** What was changed for one person is for nobody else, and is no longer what it was. */
export function describeChanged(response: ServerResponse): void {
  for (const name of ['ETag', 'Last-Modified']) response.removeHeader(name)
  response.setHeader('Cache-Control', 'private, no-store')
}

/** Directives by which a shared cache would keep an answer. */
const shared = /^(?:public|s-maxage|proxy-revalidate)\b/i

/**
 * What the application answers to a person is for nobody else: a cache in between would not ask who
 * wants it next. Some keep whatever looks like a file unless it says so.
 */
export function keepPrivate(response: ServerResponse): void {
  const { writeHead } = response
  response.writeHead = (status: number, ...rest: readonly unknown[]) => {
    setHeaders(response, rest)
    if (typeof rest[0] === 'string') response.statusMessage = rest[0]
    const given = [response.getHeader('Cache-Control') ?? []].flat().join(',').split(',')
    const own = given.map((each) => each.trim()).filter((each) => each && !shared.test(each))
    const isPrivate = own.some((each) => /^(?:private|no-store)$/i.test(each))
    response.setHeader('Cache-Control', (isPrivate ? own : ['private', ...own]).join(', '))
    return writeHead.call(response, status)
  }
}

export function callLast(given: readonly unknown[]): void {
  const last = given.at(-1)
  if (typeof last === 'function') process.nextTick(last as () => void)
}
