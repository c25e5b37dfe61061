import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { accessGate, type PolicyQuestion } from '../../lib/gate/index.js'

it('names a body parser that stands before the gate, once', async () => {
  const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const app = express()
  app.use(express.urlencoded({ extended: false }))
  app.use(
    accessGate(memoryAdapters(), {
      identify: async () => ({ identities: [], isComplete: true }),
    }),
  )
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const signIn = () =>
    fetch(`http://127.0.0.1:${port}/user/login/`, {
      method: 'POST',
      body: new URLSearchParams({ email: 'ann@example.com' }),
    })
  const [first, second] = [await signIn(), await signIn()]
  server.close()
  expect([first.status, second.status]).toEqual([500, 500])
  expect(await first.json()).toMatchObject({ detail: 'The form could not be read.' })
  expect(warning.mock.calls.map(([message]) => message)).toEqual([
    expect.stringMatching(/^A body parser .* stands before accessGate/),
  ])
  warning.mockRestore()
})

it('tells a policy that a body parser has taken the body', async () => {
  const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const bodies: PolicyQuestion['body'][] = []
  const app = express()
  app.use(express.json())
  app.use(
    accessGate(memoryAdapters(), {
      identify: async () => ({ identities: [{ email: 'ann@example.com' }], isComplete: true }),
      enforce: {
        mode: 'enforce',
        isOpen: () => false,
        async decide(_scope, { body }) {
          if (body === undefined) return { kind: 'body', length: 2 }
          bodies.push(body)
          return { kind: 'refuse', status: 400, detail: 'It is gone.', reason: 'body' }
        },
      },
    }),
  )
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const headers = { 'Content-Type': 'application/json' }
  const answer = await fetch(`http://127.0.0.1:${port}/a`, { method: 'POST', headers, body: '{}' })
  server.close()
  expect([answer.status, bodies]).toEqual([400, ['consumed']])
  expect(warning).toHaveBeenCalledTimes(1)
  warning.mockRestore()
})
