import type { IncomingMessage, ServerResponse } from 'node:http'
import createDebug from 'debug'
import { isThenable, tell } from '../events/emitter.js'
import {
  askForWhole,
  bytesOf,
  callLast,
  collector,
  describeChanged,
  maxChangedBytes,
  setHeaders,
} from './answer-parts.js'
import { changeDocument, type DocumentChange } from './documents.js'
import type { Held } from './held-bytes.js'
import { beginsList, listReader } from './json-list.js'

const debug = createDebug('label-studio-scim:gate')

/** Changes or inspects the JSON of an answer before it goes to the client. */
export interface AnswerChange {
  /** Returns the new body, or `undefined` if the body is not as expected and must not pass. */
  change?(body: unknown): unknown
  /**
   * Whether an item of a list stays. With `keep`, a list is not held back: its items pass one by
   * one, however many there are.
   */
  keep?(item: unknown): boolean
  /** Returns the new text of an HTML page. Without `change`, other answers pass unchanged. */
  page?(html: string): string
  /** Inspects the body while it passes. */
  learn?(body: unknown): void
  /** Called once the answer is sent; an error that it throws changes nothing. */
  after?(status: number): void
  /**
   * Keeps scripts in the answer from acting for the person who opens it in a browser; a PDF, which
   * has none that could, stays as it is.
   */
  readonly isSandboxed?: true
  /** Changes an answer of HTML, of any status, and says which scripts run in it. */
  readonly document?: DocumentChange
}

/** The longest answer that is inspected while it passes. */
const maxLearntBytes = 2 * 1024 * 1024

/** Applies a change to the application's JSON answer; refusals and errors pass unchanged. */
export function changeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { learn, after, isSandboxed, document, ...changes }: AnswerChange,
  held?: Held,
): void {
  if (isSandboxed) sandbox(response)
  if (document) changeDocument(request, response, document, held)
  if (after) {
    const onError = (error: unknown) => debug('after failed: %O', error)
    response.once('finish', () => tell(after, [response.statusCode], onError))
  }
  const isChanged = changes.change || changes.page || changes.keep
  if (!isChanged && !learn) return
  askForWhole(request)
  if (isChanged) holdBack(response, changes, held)
  else if (learn) lookAt(response, learn)
}

type Changes = Pick<AnswerChange, 'change' | 'page' | 'keep'>

/** Holds the answer back until it is complete, because the change may need all; lists pass. */
function holdBack(response: ServerResponse, changes: Changes, held?: Held): void {
  const { write, end, writeHead } = response
  const body = collector(maxChangedBytes, held)
  let list: ListFilter | undefined
  let isBegun = false
  const release = () => Object.assign(response, { write, end, writeHead })
  const add = (bytes: Buffer | undefined): boolean => {
    if (!isBegun && bytes && bytes.length > 0) {
      isBegun = true
      const { keep } = changes
      list = keep && listFilter(response, bytes, { keep, write, writeHead, mayKeep: roomIn(held) })
    }
    if (list) return list.add(bytes)
    body.add(bytes)
    return true
  }
  const holding = {
    writeHead(status: number, ...rest: readonly unknown[]) {
      response.statusCode = status
      setHeaders(response, rest)
      return response
    },
    write(chunk: unknown, ...rest: readonly unknown[]) {
      const isDrained = add(bytesOf(chunk, rest[0]))
      callLast(rest)
      return isDrained
    },
    end(...given: readonly unknown[]) {
      add(bytesOf(given[0], given[1]))
      release()
      const ended = list ? list.end() : finish(response, body.whole(), changes)
      ended.then(
        () => callLast(given),
        () => response.destroy(),
      )
      return response
    },
  }
  Object.assign(response, holding)
}

interface ListFilter {
  /** Whether the client takes more. */
  add(bytes: Buffer | undefined): boolean
  end(): Promise<void>
}

interface ListTools extends Pick<ServerResponse, 'write' | 'writeHead'> {
  readonly keep: (item: unknown) => boolean
  /** Whether an item of so many bytes may be kept. */
  readonly mayKeep: (bytes: number) => boolean
}

/** Counts the longest item of a list twice: it waits for the client while the next one is read. */
function roomIn(held: Held | undefined): ListTools['mayKeep'] {
  let longest = 0
  return (bytes) => {
    if (bytes > maxChangedBytes) return false
    if (bytes <= longest) return true
    const isKept = held?.take(2 * (bytes - longest)) ?? true
    if (isKept) longest = bytes
    return isKept
  }
}

/** Passes the items of a list that stay; `undefined` when this is not the beginning of one. */
function listFilter(
  response: ServerResponse,
  first: Buffer,
  { keep, write, writeHead, mayKeep }: ListTools,
): ListFilter | undefined {
  if (!isSuccess(response) || response.hasHeader('Content-Encoding') || !beginsList(first)) {
    return undefined
  }
  describeChanged(response)
  // Sent in chunks: only so does the client see whether the list was cut short.
  response.removeHeader('Content-Length')
  response.writeHead = writeHead
  const send = write.bind(response) as (bytes: string | Buffer) => boolean
  send('[')
  let separator = ''
  const reader = listReader((json) => {
    if (!staysBy(keep, JSON.parse(json.toString('utf8')))) return
    if (separator) send(separator)
    separator = ','
    send(json)
  }, mayKeep)
  return {
    add(bytes) {
      try {
        if (bytes && !response.destroyed) reader.push(bytes)
      } catch (error) {
        debug('a list was cut short: %O', error)
        // The answer has begun, so that the client must see that it does not end.
        response.destroy()
      }
      return !response.writableNeedDrain
    },
    async end() {
      if (!reader.isWhole()) throw new Error('The list is not whole.')
      response.end(']')
    },
  }
}

/** A promise, which is neither `true` nor `false`, must not let an item stay. */
function staysBy(keep: ListTools['keep'], item: unknown): boolean {
  const stays: unknown = keep(item)
  if (typeof stays === 'boolean') return stays
  if (isThenable(stays)) stays.then(undefined, (error) => debug('keep failed: %O', error))
  throw new TypeError('accessGate: "keep" of an answer must return true or false.')
}

/**
 * Adds a policy that gives the document an origin of its own, without scripts. One of the
 * application applies beside it. Other documents cannot use it as a script either. A PDF gets none:
 * it is no document of the application's origin, and Label Studio leaves PDFs out too, for the sake
 * of viewers.
 */
function sandbox(response: ServerResponse): void {
  const { writeHead } = response
  response.writeHead = (status: number, ...rest: readonly unknown[]) => {
    setHeaders(response, rest)
    const type = String(response.getHeader('Content-Type') ?? '')
    if (type !== 'application/pdf') response.appendHeader('Content-Security-Policy', 'sandbox')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    if (/javascript|ecmascript|jscript|livescript/i.test(type)) {
      response.setHeader('Content-Type', 'text/plain')
    }
    if (typeof rest[0] === 'string') response.statusMessage = rest[0]
    return writeHead.call(response, status)
  }
}

function isSuccess({ statusCode }: ServerResponse): boolean {
  return statusCode >= 200 && statusCode < 300
}

const notNarrowed = 'The answer could not be narrowed to what you may see.'
const tooLong =
  'The answer, or all you ask for at once, is too long to be narrowed to what you may see. ' +
  'Ask for smaller pages.'

/** Sends the changed body, or an error if the answer was not as expected. */
async function finish(
  response: ServerResponse,
  body: Buffer | undefined,
  change: Changes,
): Promise<void> {
  const isHtml = /^text\/html/.test(String(response.getHeader('content-type') ?? ''))
  const isOther = change.page !== undefined && !isHtml
  if (!isSuccess(response) || isOther) {
    response.end(body)
    return
  }
  const changed = body && (await changedText(response, body, change))
  if (changed === undefined) {
    response.statusCode = 502
    response.setHeader('Content-Type', 'application/json')
  }
  const detail = body ? notNarrowed : tooLong
  const text = changed ?? JSON.stringify({ status_code: 502, detail })
  describeChanged(response)
  response.removeHeader('Transfer-Encoding')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}

async function changedText(
  response: ServerResponse,
  body: Buffer,
  { change, page }: Changes,
): Promise<string | undefined> {
  if (response.hasHeader('Content-Encoding')) return undefined
  if (body.length === 0) return ''
  const text = body.toString('utf8')
  try {
    if (page) return textOrNothing(await page(text))
    if (!change) return undefined
    const changed = await change(JSON.parse(text))
    return changed === undefined ? undefined : JSON.stringify(changed)
  } catch (error) {
    debug('an answer could not be changed: %O', error)
    return undefined
  }
}

function textOrNothing(html: unknown): string | undefined {
  return typeof html === 'string' ? html : undefined
}

function lookAt(response: ServerResponse, learn: NonNullable<AnswerChange['learn']>): void {
  const write = response.write.bind(response) as (...given: readonly unknown[]) => boolean
  const end = response.end.bind(response) as (...given: readonly unknown[]) => ServerResponse
  const body = collector(maxLearntBytes)
  Object.assign(response, {
    write(...given: readonly unknown[]) {
      body.add(bytesOf(given[0], given[1]))
      return write(...given)
    },
    end(...given: readonly unknown[]) {
      body.add(bytesOf(given[0], given[1]))
      const whole = body.whole()
      if (whole && response.statusCode < 300) inspect(learn, whole)
      return end(...given)
    },
  })
}

/** A body that is not JSON is ignored. */
function inspect(learn: NonNullable<AnswerChange['learn']>, body: Buffer): void {
  const read = () => learn(JSON.parse(body.toString('utf8')))
  tell(read, [], (error) => debug('learn failed: %O', error))
}
