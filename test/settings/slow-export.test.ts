import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { sendAnswer } from '../../lib/settings/request.js'

it('leaves nothing behind for each part of a long export that waits for the client', async () => {
  const line = `${'x'.repeat(200_000)}\n`
  const listeners: number[] = []
  const app = express().get('/', (_request, response, next) => {
    async function* lines() {
      for (let each = 0; each < 40; each += 1) {
        listeners.push(response.listenerCount('close') + response.listenerCount('error'))
        yield line
      }
    }
    sendAnswer({ status: 200, headers: {}, lines: lines() } as never, response).catch(next)
  })
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    expect((await answer.text()).length).toBe(40 * line.length)
    expect(listeners).toHaveLength(40)
    expect(Math.max(...listeners)).toBe(listeners[0])
  } finally {
    server.close()
  }
})
