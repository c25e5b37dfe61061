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
    let received = ''
    let silentMs = 0
    let heardAt = performance.now()
    const hear = () => {
      const now = performance.now()
      silentMs = Math.max(silentMs, now - heardAt)
      heardAt = now
    }
    const end = (answer: RawAnswer) => {
      socket.off('data', onData)
      socket.off('close', onClose)
      if (/^connection: close/im.test(answer.text.slice(0, 2_000))) socket.destroy()
      hear()
      resolve({ ...answer, silentMs })
    }
    const onData = (chunk: Buffer) => {
      hear()
      received += chunk.toString('latin1')
      const answer = completed(received, isHead)
      if (answer) end(answer)
    }
    const onClose = () => end({ status: statusOf(received), text: received })
    socket.on('data', onData)
    socket.on('close', onClose)
    socket.write(request)
  })
}

function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
}

/** The answer, once all of it is there. */
function completed(text: string, isHead: boolean): RawAnswer | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = text.slice(0, headEnd)
  const status = statusOf(text)
  const answer = { status, text }
  // More than one answer: what was sent held more than one request; the connection is not used
  // again.
  if (status === 100) return completed(text.slice(headEnd + 4), isHead)
  if (isHead || status === 204 || status === 304) return answer
  const length = /^content-length: (\d+)/im.exec(head)?.[1]
  const bodyLength = text.length - headEnd - 4
  if (length !== undefined) return bodyLength >= Number(length) ? answer : undefined
  if (!/^transfer-encoding: chunked/im.test(head)) return undefined
  return text.endsWith('0\r\n\r\n') ? answer : undefined
}
