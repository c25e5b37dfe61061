import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { accessGate } from '../../lib/gate/index.js'

it('a request of HTTP/2 passes with its body, and ends once', async () => {
  const gate = accessGate(memoryAdapters(), {
    identify: async () => ({ identities: [{ email: 'ann@example.com' }], isComplete: true }),
  })
  const pushed: unknown[] = []
  const server = http2.createServer((request, response) => {
    const push = request.push.bind(request)
    request.push = (chunk: Buffer | null) => {
      pushed.push(chunk)
      return push(chunk)
    }
    gate(request as never, response as never, (_error) => {
      void text(request).then((body) => response.end(String(body.length)))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const stream = client.request({ ':path': '/a', ':method': 'POST' })
  stream.end('x'.repeat(200_000))
  expect(await text(stream)).toBe('200000')
  const closed = once(client, 'close')
  client.close()
  await closed
  await new Promise((resolve) => server.close(resolve))
  expect(pushed.filter((chunk) => chunk === null)).toHaveLength(1)
  gate.close()
})
