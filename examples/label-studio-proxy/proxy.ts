import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Express, Request } from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { type AccessGate, type AccessGateOptions, accessGate } from 'label-studio-scim'
import {
  identifyLabelStudioUser,
  type LabelStudioAdapters,
} from 'label-studio-scim/adapters/label-studio'

/** The proxy between people and Label Studio. */
export interface LabelStudioProxy {
  /** Lets WebSocket upgrades through for people who may enter. Call it once the server exists. */
  attach(server: Server): void
  /** Closes every WebSocket, on both sides. */
  close(): void
}

/**
 * Puts Label Studio behind the gate: everything that no earlier middleware of `app` answered goes
 * to `url`, for people who may enter. Mount it last, and mount no body parser before it.
 */
export function labelStudioProxy(
  app: Express,
  adapters: LabelStudioAdapters,
  url: string,
  options: Omit<AccessGateOptions, 'identify'> = {},
): LabelStudioProxy {
  const identify = identifyLabelStudioUser({ url })
  const gate = accessGate(adapters, { identify, ...options })
  /** Connections to Label Studio, which may stay open when the client's side closes. */
  const webSockets = new Set<Socket>()
  const proxy = createProxyMiddleware({
    target: url,
    changeOrigin: false,
    ws: false,
    // Label Studio may close a kept connection just when the next request is sent on it.
    agent: false,
    on: {
      error: (error, request, response) => answerFailure(gate, error, { request, response }),
      proxyRes: (answer, _request, response) => breakOffTogether(answer, response),
      open: (socket) => {
        webSockets.add(socket)
        socket.once('close', () => webSockets.delete(socket))
      },
    },
  })
  // With a path prefix, Label Studio writes the prefix into its links. So the proxy uses the same.
  const base = new URL(url).pathname.replace(/\/+$/, '')
  app.use(base || '/', gate, describeClient, proxy)
  return {
    attach(server) {
      gate.attach(server, (request, socket, head) => {
        if (!request.url?.startsWith(`${base}/`)) {
          socket.destroy()
          return
        }
        request.url = request.url.slice(base.length)
        // As Express does with every other request.
        const upgraded: Request = Object.setPrototypeOf(request, app.request)
        describeClient(upgraded, undefined, () => proxy.upgrade(upgraded, socket as Socket, head))
      })
    },
    close() {
      gate.close()
      for (const socket of webSockets) socket.destroy()
    },
  }
}

/** What a client or proxy says about the way that a request has come. */
const aboutTheWay = /^(?:forwarded|x-forwarded-.*|x-real-ip)$/

/**
 * Tells Label Studio who asks, and how, as far as the app's `trust proxy` lets it believe that.
 * Label Studio believes everything: uWSGI makes links that begin with `https,http`.
 */
function describeClient(request: Request, _response: unknown, next: () => void): void {
  const { headers, ip, secure } = request
  for (const name of Object.keys(headers)) if (aboutTheWay.test(name)) delete headers[name]
  // Whoever comes through a Unix socket has no address.
  if (ip !== undefined) headers['x-forwarded-for'] = ip
  headers['x-forwarded-proto'] = secure ? 'https' : 'http'
  next()
}

/**
 * Ends an answer that Label Studio broke off, so that nobody waits for the rest:
 * http-proxy-middleware 3 would leave it open.
 */
function breakOffTogether(answer: IncomingMessage, response: ServerResponse): void {
  answer.once('close', () => {
    if (!answer.complete) response.destroy()
  })
}

/** Answers that Label Studio cannot be reached, without revealing its address. */
function answerFailure(
  gate: AccessGate,
  error: Error & { code?: string },
  { request, response }: { request: IncomingMessage; response: ServerResponse | Duplex },
): void {
  if (!(response instanceof ServerResponse)) {
    response.destroy()
    return
  }
  const isUnreachable = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']
  gate.unavailable(request, response, isUnreachable.includes(error.code ?? '') ? 503 : 502)
}
