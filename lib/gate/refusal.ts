import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { endedSession, signInPage } from './session.js'
import type { Refusal } from './verdict.js'

const style =
  'body{font:16px/1.5 ' +
  'system-ui,sans-serif;margin:0;display:grid;place-items:center;min-height:100vh;' +
  'color-scheme:light ' +
  'dark;background:Canvas;color:CanvasText}main{max-width:32rem;padding:2rem}h1{font-size:1.5rem}'
const styleHash = createHash('sha256').update(style).digest('base64')
const contentPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'`

/**
 * Answers a request that was refused: with a page for browsers, in Label Studio's error format for
 * everything else.
 */
export function answer(request: IncomingMessage, response: ServerResponse, verdict: Refusal): void {
  if (response.headersSent) {
    // Somebody else has answered, e.g. a time limit of the host. What is not whole must not end.
    if (!response.writableEnded) response.destroy()
    return
  }
  if (verdict.kind === 'redirect') {
    const { location, cookie } = verdict
    const headers = { Location: location, 'Set-Cookie': cookie, 'Cache-Control': 'no-store' }
    response.writeHead(303, headers).end()
    return
  }
  const { status, detail, retryAfterSeconds, endsSession } = verdict
  const wantsPage = /\btext\/html\b/.test(request.headers.accept ?? '')
  const signIn = endsSession ? signInPage(request) : undefined
  const body = wantsPage
    ? page(status, detail, signIn)
    : JSON.stringify({ status_code: status, detail })
  response.writeHead(status, {
    'Content-Type': wantsPage ? 'text/html; charset=utf-8' : 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': contentPolicy,
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
    ...(endsSession && { 'Set-Cookie': endedSession }),
    Connection: 'close',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

const upgradeRefusals: Readonly<Record<number, readonly [reason: string, detail: string]>> = {
  400: ['Bad Request', 'This request must not have a body.'],
  403: ['Forbidden', 'You may not enter.'],
}

/** Answers a refused WebSocket upgrade and closes the socket. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  const [reason, detail] = upgradeRefusals[status] ?? ['Service Unavailable', 'Try again.']
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(detail)}\r\nConnection: close\r\n\r\n${detail}`,
  )
}

/**
 * `detail` is always our own sentence. The page contains nothing from the request except the gate's
 * mount path.
 */
function page(status: number, detail: string, signIn: string | undefined): string {
  const title = status >= 500 ? 'Try again in a moment' : 'No access'
  const href = signIn?.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`)
  const link = href === undefined ? '' : `<p><a href="${href}">Sign in as somebody else</a></p>`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${style}</style></head>
<body><main><h1>${title}</h1><p>${detail}</p>${link}</main></body>
</html>
`
}
