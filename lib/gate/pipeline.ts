import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Handles a request in its turn. */
export type InPipeline = (
  request: IncomingMessage,
  response: ServerResponse,
  handle: () => void,
) => void

/**
 * How many requests of a connection may wait. Browsers and proxies send the next one when they have
 * the answer.
 */
const maxWaiting = 100

interface Connection {
  current: IncomingMessage
  readonly waiting: (() => void)[]
}

/**
 * Handles the requests of each connection one after the other, with a turn for others in between: a
 * client can send thousands at once (RFC 9112 §9.3.2), but gets the answers in this order anyway.
 * Those of a connection that has ended are not handled.
 */
export function pipelines(max = maxWaiting): InPipeline {
  const connections = new WeakMap<Socket, Connection>()

  const next = (socket: Socket) => {
    const waiting = connections.get(socket)?.waiting.shift()
    if (waiting) waiting()
    else connections.delete(socket)
  }
  return (request, response, handle) => {
    const { socket } = request
    if (!socket || response.writableEnded) {
      handle()
      return
    }
    const start = () => {
      if (socket.destroyed) return
      response.once('close', () => setImmediate(next, socket))
      handle()
    }
    const connection = connections.get(socket)
    if (!connection) {
      connections.set(socket, { current: request, waiting: [] })
      start()
      return
    }
    if (connection.current === request) {
      // A host may mount the gate twice.
      handle()
      return
    }
    if (connection.waiting.length >= max) {
      connection.waiting.length = 0
      socket.destroy()
      return
    }
    connection.waiting.push(() => {
      connection.current = request
      start()
    })
  }
}
