import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'

type Request = IncomingMessage | Http2ServerRequest

/** Whether all of a request has come. With HTTP/2, Node says so of its stream alone. */
export function hasCome(request: Request): boolean {
  return request.complete || (isOfHttp2(request) && request.stream.readableEnded)
}

/** Whether the stream of a request of HTTP/2 is closed, so that nothing may be read any more. */
export function isClosed(request: Request): boolean {
  return isOfHttp2(request) && request.stream.destroyed
}

function isOfHttp2(request: Request): request is Http2ServerRequest {
  return request.httpVersionMajor === 2 && 'stream' in request
}
