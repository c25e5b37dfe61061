import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** Changes or inspects the JSON of an answer before it goes to the client. */
export interface AnswerChange {
  /** Returns the new body, or `undefined` if the body is not as expected and must not pass. */
  change?(body: unknown): unknown
  /** Returns the new text of an HTML page. Without `change`, other answers pass unchanged. */
  page?(html: string): string
  /** Inspects the body while it passes. */
  learn?(body: unknown): void
  /** Called once the answer is sent. */
  after?(status: number): void
}

/** The longest answer that can be changed, in bytes. A longer one does not pass. */
const maxChangedBytes = 64 * 1024 * 1024
/** The longest answer that is inspected while it passes. */
const maxLearntBytes = 2 * 1024 * 1024
/** Request headers that make an answer partial, compressed, or cached for another person. */
const partial = ['accept-encoding', 'range', 'if-range', 'if-none-match', 'if-modified-since']

/** Applies a change to the application's JSON answer; refusals and errors pass unchanged. */
export function changeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { change, page, learn, after }: AnswerChange,
): void {
  if (after) response.once('finish', () => after(response.statusCode))
  if (!change && !page && !learn) return
  for (const name of partial) delete request.headers[name]
  if (change || page) holdBack(response, { ...(change && { change }), ...(page && { page }) })
  else if (learn) lookAt(response, learn)
}

/** Collects the bytes of an answer up to a limit. */
function collector(limit: number) {
  const chunks: Buffer[] = []
  let size = 0
  return {
    add(chunk: unknown, encoding: unknown) {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return
      const of = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, of) : Buffer.from(chunk)
      size += bytes.length
      if (size <= limit) chunks.push(bytes)
    },
    /** Returns `undefined` if there was more. */
    whole: () => (size <= limit ? Buffer.concat(chunks) : undefined),
  }
}

type Changes = Pick<AnswerChange, 'change' | 'page'>

/** Holds the answer back until it is complete, because the change may need all of it. */
function holdBack(response: ServerResponse, change: Changes): void {
  const { write, end, writeHead } = response
  const body = collector(maxChangedBytes)
  const held = {
    writeHead(status: number, ...rest: readonly unknown[]) {
      response.statusCode = status
      const headers = rest.find((each) => typeof each === 'object') as OutgoingHttpHeaders
      for (const [name, value] of Object.entries(headers ?? {})) {
        if (value !== undefined) response.setHeader(name, value)
      }
      return response
    },
    write(chunk: unknown, ...rest: readonly unknown[]) {
      body.add(chunk, rest[0])
      callLast(rest)
      return true
    },
    end(...given: readonly unknown[]) {
      body.add(given[0], given[1])
      Object.assign(response, { write, end, writeHead })
      finish(response, body.whole(), change).then(
        () => callLast(given),
        () => response.destroy(),
      )
      return response
    },
  }
  Object.assign(response, held)
}

function callLast(given: readonly unknown[]): void {
  const last = given.at(-1)
  if (typeof last === 'function') process.nextTick(last as () => void)
}

const notNarrowed = JSON.stringify({
  status_code: 502,
  detail: 'The answer could not be narrowed to what you may see.',
})

/** Sends the changed body, or an error if the answer was not as expected. */
async function finish(
  response: ServerResponse,
  body: Buffer | undefined,
  change: Changes,
): Promise<void> {
  const isHtml = /^text\/html/.test(String(response.getHeader('content-type') ?? ''))
  const isOther = change.change === undefined && !isHtml
  if (response.statusCode < 200 || response.statusCode >= 300 || isOther) {
    response.end(body)
    return
  }
  const changed = body && (await changedText(response, body, change))
  if (changed === undefined) {
    response.statusCode = 502
    response.setHeader('Content-Type', 'application/json')
  }
  const text = changed ?? notNarrowed
  for (const name of ['Transfer-Encoding', 'ETag', 'Last-Modified']) response.removeHeader(name)
  response.setHeader('Cache-Control', 'private, no-store')
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
  if (page) return page(text)
  try {
    if (!change) return undefined
    const changed = await change(JSON.parse(text))
    return changed === undefined ? undefined : JSON.stringify(changed)
  } catch {
    return undefined
  }
}

function lookAt(response: ServerResponse, learn: NonNullable<AnswerChange['learn']>): void {
  const write = response.write.bind(response) as (...given: readonly unknown[]) => boolean
  const end = response.end.bind(response) as (...given: readonly unknown[]) => ServerResponse
  const body = collector(maxLearntBytes)
  Object.assign(response, {
    write(...given: readonly unknown[]) {
      body.add(given[0], given[1])
      return write(...given)
    },
    end(...given: readonly unknown[]) {
      body.add(given[0], given[1])
      const whole = body.whole()
      if (whole && response.statusCode < 300) tell(learn, whole)
      return end(...given)
    },
  })
}

function tell(learn: NonNullable<AnswerChange['learn']>, body: Buffer): void {
  try {
    learn(JSON.parse(body.toString('utf8')))
  } catch {
    // A body that is not JSON is ignored.
  }
}
