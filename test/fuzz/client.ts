import { connect, type Socket } from 'node:net'

/** An answer as far as fuzzing looks at it; `status` 0: the connection ended without one. */
export interface RawAnswer {
  readonly status: number
  /** Head and body. */
  readonly text: string
}

/** An answer, and the longest time in which nothing of it arrived, in milliseconds. */
export interface TimedAnswer extends RawAnswer {
  readonly silentMs: number
}

/**
 * A connection that sends requests as they are, one after the other, and is opened again when it
 * has ended.
 */
export interface RawClient {
  send(request: Buffer, isHead: boolean): Promise<TimedAnswer>
  close(): void
}

export function rawClient(port: number): RawClient {
  let socket: Socket | undefined
  return {
    async send(request, isHead) {
      if (socket === undefined || socket.destroyed || !socket.writable) {
        socket = connect(port, '127.0.0.1')
        socket.setNoDelay(true)
        socket.on('error', () => {})
      }
      return exchange(socket, request, isHead)
    },
    close: () => socket?.destroy(),
  }
}

function exchange(socket: Socket, request: Buffer, isHead: boolean): Promise<TimedAnswer> {
  return new Promise((resolve) => {
    const answer = answerReader(isHead)
    let silentMs = 0
    let heardAt = performance.now()
    const hear = () => {
      const now = performance.now()
      silentMs = Math.max(silentMs, now - heardAt)
      heardAt = now
    }
    const end = (whole: RawAnswer) => {
      socket.off('data', onData)
      socket.off('close', onClose)
      if (/^connection: close/im.test(whole.text.slice(0, 2_000))) socket.destroy()
      hear()
      resolve({ ...whole, silentMs })
    }
    const onData = (chunk: Buffer) => {
      hear()
      if (answer.add(chunk.toString('latin1'))) end(answer.whole())
    }
    const onClose = () => end(answer.whole())
    socket.on('data', onData)
    socket.on('close', onClose)
    socket.write(request)
  })
}

function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
}

/**
 * Collects an answer. The time for each piece does not depend on what came before, because an
 * export may have a million lines.
 */
function answerReader(isHead: boolean) {
  let pieces: string[] = []
  let head: string | undefined
  let bodyLength = 0
  let end = ''
  const add = (piece: string): boolean => {
    pieces.push(piece)
    if (head !== undefined) bodyLength += piece.length
    else {
      const text = pieces.join('')
      const headEnd = text.indexOf('\r\n\r\n')
      pieces = [text]
      if (headEnd < 0) return false
      // An announcement of the answer.
      if (statusOf(text) === 100) {
        pieces = []
        return add(text.slice(headEnd + 4))
      }
      head = text.slice(0, headEnd)
      bodyLength = text.length - headEnd - 4
    }
    end = (end + piece).slice(-lastChunk.length)
    return isComplete({ head, bodyLength, end, isHead })
  }
  return {
    /** Returns whether the answer is complete. */
    add,
    whole(): RawAnswer {
      const text = pieces.join('')
      return { status: statusOf(text), text }
    },
  }
}

const lastChunk = '0\r\n\r\n'

interface Received {
  readonly head: string
  readonly bodyLength: number
  readonly end: string
  readonly isHead: boolean
}

/**
 * If there is more than one answer, what was sent held more than one request; the connection is not
 * used again.
 */
function isComplete({ head, bodyLength, end, isHead }: Received): boolean {
  if (isHead || [204, 304].includes(statusOf(head))) return true
  const length = /^content-length: (\d+)/im.exec(head)?.[1]
  if (length !== undefined) return bodyLength >= Number(length)
  return /^transfer-encoding: chunked/im.test(head) && end === lastChunk
}
