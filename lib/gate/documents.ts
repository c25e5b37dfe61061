import type { IncomingMessage, ServerResponse } from 'node:http'
import createDebug from 'debug'
import {
  askForWhole,
  bytesOf,
  callLast,
  collector,
  describeChanged,
  maxChangedBytes,
  setHeaders,
} from './answer-parts.js'
import type { Held } from './held-bytes.js'

/** An HTML document for a browser, and what its scripts may do. */
export interface ShownDocument {
  readonly html: string
  /** A Content-Security-Policy, or several with commas. Those of the application stay too. */
  readonly policy: string
  /** The nonce of the scripts in `html`; the application's own policies get it too. */
  readonly nonce?: string
}

/** Returns the document to show in place of one of the application. */
export type DocumentChange = (html: string) => ShownDocument

const debug = createDebug('label-studio-scim:gate')
const policyHeaders = ['Content-Security-Policy', 'Content-Security-Policy-Report-Only']

/**
 * Changes the answer if it is HTML, whatever its status; others pass at once. HTML that a script
 * asks for passes too, with a policy under which none of it would run as a document.
 */
export function changeDocument(
  request: IncomingMessage,
  response: ServerResponse,
  change: DocumentChange,
  held?: Held,
): void {
  const { write, end, writeHead, flushHeaders } = response
  // Browsers say so when they open a document.
  const isToBeShown = /text\/html/i.test(request.headers.accept ?? '')
  if (isToBeShown) askForWhole(request)
  let body: ReturnType<typeof collector> | undefined
  let isBegun = false
  /** To be called when the headers are known. */
  const begin = () => {
    if (isBegun) return
    isBegun = true
    if (!isHtml(response)) return
    describeChanged(response)
    if (isToBeShown && !response.hasHeader('Content-Encoding')) {
      body = collector(maxChangedBytes, held)
    } else response.appendHeader('Content-Security-Policy', 'sandbox')
  }
  const changing = {
    writeHead(status: number, ...rest: readonly unknown[]) {
      response.statusCode = status
      if (typeof rest[0] === 'string') response.statusMessage = rest[0]
      setHeaders(response, rest)
      begin()
      return body ? response : writeHead.call(response, status)
    },
    flushHeaders() {
      begin()
      if (!body) flushHeaders.call(response)
    },
    write(...given: readonly unknown[]) {
      begin()
      if (!body) return write.apply(response, given as Parameters<typeof write>)
      body.add(bytesOf(given[0], given[1]))
      callLast(given)
      return true
    },
    end(...given: readonly unknown[]) {
      begin()
      Object.assign(response, { write, end, writeHead, flushHeaders })
      if (!body) return end.apply(response, given as unknown as Parameters<typeof end>)
      body.add(bytesOf(given[0], given[1]))
      show(response, body.whole(), change)
      callLast(given)
      return response
    },
  }
  Object.assign(response, changing)
}

function isHtml(response: ServerResponse): boolean {
  return /^\s*text\/html/i.test(String(response.getHeader('Content-Type') ?? ''))
}

function show(response: ServerResponse, body: Buffer | undefined, change: DocumentChange): void {
  if (body?.length === 0) {
    response.end()
    return
  }
  const given = body?.toString('utf8')
  const shown = given === undefined ? 'The page is too long.' : shownBy(change, given)
  const isShown = typeof shown === 'object'
  if (!isShown) {
    response.statusCode = 502
    response.setHeader('Content-Type', 'application/json')
  }
  const { html, policy, nonce } = isShown
    ? shown
    : { html: JSON.stringify({ status_code: 502, detail: shown }), policy: '' }
  if (nonce) giveNonce(response, nonce)
  if (policy) response.appendHeader('Content-Security-Policy', policy)
  // What is not in UTF-8 would not be the same any more.
  const bytes = body && html === given ? body : Buffer.from(html)
  response.removeHeader('Transfer-Encoding')
  response.setHeader('Content-Length', bytes.length)
  response.end(bytes)
}

/** The document, or why there is none. */
function shownBy(change: DocumentChange, given: string): ShownDocument | string {
  try {
    const shown: Partial<ShownDocument> = change(given)
    const { html, policy } = shown
    if (typeof html === 'string' && typeof policy === 'string') return { ...shown, html, policy }
    debug('a document has no html or no policy')
  } catch (error) {
    debug('a document could not be changed: %O', error)
  }
  return 'The page could not be made safe to show.'
}

/** A script has one nonce, which all policies have to accept. */
function giveNonce(response: ServerResponse, nonce: string): void {
  for (const name of policyHeaders) {
    const own = [response.getHeader(name) ?? []].flat().map(String)
    if (own.length === 0) continue
    const given = own.map((each) => each.replaceAll(/'nonce-[^']*'/g, `'nonce-${nonce}'`))
    response.setHeader(name, given)
  }
}
