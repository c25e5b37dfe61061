import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

const types = { html: 'text/html', js: 'text/javascript', json: 'application/json' }

/** What a path of the application is answered with. */
export type Answers = Readonly<Record<string, readonly [keyof typeof types, string]>>

const ofEach: Answers = {
  '/api/version': ['json', '{"edition":"Community","release":"1.23.2"}'],
  '/api/current-user/whoami': ['json', '{"id":37,"email":"person37@example.com"}'],
}

export async function listen(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}

/** Answers as a Label Studio with these pages and scripts. */
export function studioOf(answers: Answers): RequestListener {
  const all = { ...ofEach, ...answers }
  return ({ url = '' }, response) => {
    const path = url.replace(/\?.*/, '').replace(/\/$/, '')
    const [kind, text] = all[path] ?? ['json', '{}']
    response.writeHead(200, { 'content-type': types[kind] }).end(text)
  }
}
