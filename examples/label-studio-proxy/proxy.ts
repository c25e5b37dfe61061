import type { Server } from 'node:http'
import type { Express } from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { type AccessGate, type AccessGateOptions, accessGate } from 'label-studio-scim'
import {
  identifyLabelStudioUser,
  type LabelStudioAdapters,
} from 'label-studio-scim/adapters/label-studio'

/** What stands between people and Label Studio. */
export interface LabelStudioProxy {
  /** Lets WebSocket upgrades through for people who may enter. Call it once the server exists. */
  attach(server: Server): void
  close(): void
}

/**
 * Puts Label Studio behind the gate: everything that no earlier middleware of `app` answered goes to `url`, for people
 * whom SCIM lets in. Mount it last, and nothing that reads bodies before it.
 */
export function labelStudioProxy(
  app: Express,
  adapters: LabelStudioAdapters,
  url: string,
  options: Omit<AccessGateOptions, 'identify'> = {},
): LabelStudioProxy {
  const gate: AccessGate = accessGate(adapters, {
    identify: identifyLabelStudioUser({ url }),
    ...options,
  })
  const proxy = createProxyMiddleware({ target: url, changeOrigin: false, xfwd: true, ws: false })
  // A Label Studio below a path writes that path into its links, so people reach it below the same one here.
  const base = new URL(url).pathname.replace(/\/+$/, '')
  app.use(base || '/', gate, proxy)
  const upgrade = gate.upgrade(proxy.upgrade as Parameters<AccessGate['upgrade']>[0])
  return {
    attach(server) {
      server.on('upgrade', (request, socket, head) => {
        if (!request.url?.startsWith(`${base}/`)) {
          socket.destroy()
          return
        }
        request.url = request.url.slice(base.length)
        upgrade(request, socket, head)
      })
    },
    close: () => gate.close(),
  }
}
