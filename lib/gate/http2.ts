import type { IncomingMessage } from 'node:http'
import { constants, type Http2ServerRequest } from 'node:http2'

type Request = IncomingMessage | Http2ServerRequest

/** Whether all of a request has come. With HTTP/2, Node says so of its stream alone. */
export function hasCome(request: Request): boolean {
  if (!isOfHttp2(request)) return request.complete
  const { readableEnded, endAfterHeaders } = request.stream
  return request.complete || readableEnded || endAfterHeaders
}

/** Whether the stream of a request of HTTP/2 is closed, so that nothing may be read any more. */
export function isClosed(request: Request): boolean {
  return isOfHttp2(request) && request.stream.destroyed
}

/** Tells the client that its request was broken off: destroying it leaves its stream open. */
export function closeStream(request: Request): void {
  if (isOfHttp2(request)) request.stream.close(constants.NGHTTP2_CANCEL)
}

function isOfHttp2(request: Request): request is Http2ServerRequest {
  return request.httpVersionMajor === 2 && 'stream' in request
}
