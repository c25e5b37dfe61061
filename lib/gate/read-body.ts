import type { IncomingMessage } from 'node:http'
import { hasCome } from './http2.js'

const warned = new WeakSet<object>()

/**
 * Reads a body of this length and puts it back with `unshift` before the stream emits `end`.
 * `consumed`: something before the gate has read it, which a process warning reports once.
 * `aborted`: the client has disconnected.
 */
export async function readBody(
  request: IncomingMessage,
  length: number,
): Promise<Buffer | 'consumed' | 'aborted'> {
  if (length === 0) return Buffer.alloc(0)
  if (isRead(request)) {
    warnIfRead(request)
    return 'consumed'
  }
  if (request.destroyed) return 'aborted'
  return (await takeAndPutBack(request, length)) ?? 'aborted'
}

function isRead(request: IncomingMessage): boolean {
  return request.readableEnded || request.readableDidRead
}

/** Warns once per server: this is a mistake in the host's code, not in the request. */
export function warnIfRead(request: IncomingMessage): void {
  if (!isRead(request)) return
  const { socket } = request
  const server = (socket as { server?: object }).server ?? socket
  if (warned.has(server)) return
  warned.add(server)
  process.emitWarning(
    'A body parser such as express.json() or express.urlencoded() stands before ' +
      'accessGate, so no sign-in form can pass, and a proxy waits for bodies that are gone. ' +
      'Mount the gate (and the proxy behind it) before it, or the parser on the routes that ' +
      'need it only.',
    { type: 'ConfigurationWarning', code: 'ERR_SCIM_GATE' },
  )
}

function takeAndPutBack(request: IncomingMessage, length: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let received = 0
  return new Promise((resolve) => {
    const done = (body: Buffer | undefined) => {
      request.off('readable', take)
      request.off('close', gone)
      resolve(body)
    }
    const gone = () => done(undefined)
    const take = () => {
      for (let chunk = request.read(); chunk !== null; chunk = request.read()) {
        chunks.push(chunk as Buffer)
        received += (chunk as Buffer).length
        if (received >= length) return putBack()
      }
      // There is no more than this, and after its end nothing could be put back.
      if (hasCome(request)) putBack()
    }
    const putBack = () => {
      const body = Buffer.concat(chunks)
      request.unshift(body)
      done(body)
    }
    request.on('readable', take)
    request.on('close', gone)
    take()
  })
}
