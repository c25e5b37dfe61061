import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Verdict } from './verdict.js'

type Refused = Extract<Verdict, { kind: 'refused' }>

/** Answers a refused request: a page for somebody who navigates, JSON in the shape of Label Studio's errors for the rest. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, detail, retryAfterSeconds }: Refused,
): void {
  const wantsPage = /\btext\/html\b/.test(request.headers.accept ?? '')
  const body = wantsPage ? page(status, detail) : JSON.stringify({ status_code: status, detail })
  response.writeHead(status, {
    'Content-Type': wantsPage ? 'text/html; charset=utf-8' : 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'",
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
    Connection: 'close',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Answers a refused WebSocket upgrade and closes the socket. */
export function refuseUpgrade(socket: Duplex, { status, detail }: Refused): void {
  const reason = status === 403 ? 'Forbidden' : 'Service Unavailable'
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(detail)}\r\nConnection: close\r\n\r\n${detail}`,
  )
}

/** `detail` is always a sentence of ours; nothing of the request is echoed. */
function page(status: number, detail: string): string {
  const title = status === 503 ? 'Try again in a moment' : 'No access'
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
<body><main><h1>${title}</h1><p>${detail}</p></main></body>
</html>
`
}
