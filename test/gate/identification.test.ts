import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { accessGate } from '../../lib/gate/index.js'

/** The answer to a request whose `identify` returns this, and the error that the host gets. */
async function answerFor(returned: unknown) {
  const identify = () => returned as never
  const gate = accessGate(memoryAdapters(), { identify, unknownPeople: 'allow' })
  let failure: unknown
  const server = createServer((request, response) =>
    gate(request, response, (error) => {
      failure = error
      response.writeHead(error ? 500 : 200).end()
    }),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { status } = await fetch(`http://127.0.0.1:${port}/projects/`)
  gate.close()
  server.close()
  return { status, failure }
}

const person = { email: 'ann@example.com' }

describe('what a custom identify returns', () => {
  it.each([
    [undefined],
    [null],
    ['ann@example.com'],
    [person],
    [[person]],
    [{ identities: person, isComplete: true }],
    [{ identities: ['ann@example.com'], isComplete: true }],
    [{ identities: [undefined], isComplete: true }],
    [{ identities: [{}], isComplete: true }],
    [{ identities: [{ mail: 'ann@example.com' }], isComplete: true }],
    [{ identities: [{ accountId: null, email: 'ann@example.com' }], isComplete: true }],
    [{ identities: [{ email: '' }], isComplete: true }],
    [{ identities: [person] }],
    [{ identities: [person], isComplete: 'yes' }],
    [{ identities: [person], isComplete: true, refused: 'authorization' }],
  ])('lets nobody in and is told to the host if it is %j', async (returned) => {
    const { status, failure } = await answerFor(Promise.resolve(returned))
    expect(status).toBe(500)
    expect(failure).toBeInstanceOf(TypeError)
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^accessGate: "identify" must resolve with \{ identities: /),
    })
  })

  it.each([
    [{ identities: [], isComplete: true }],
    [{ identities: [person, { accountId: 7 }, { accountId: '8', email: '' }], isComplete: true }],
    [{ identities: [], isComplete: true, refused: ['cookie'] }],
  ])('is taken as it is if it is %j, also without a promise', async (returned) => {
    expect(await answerFor(returned)).toEqual({ status: 200, failure: undefined })
    expect(await answerFor(Promise.resolve(returned))).toMatchObject({ status: 200 })
  })

  it('counts as incomplete if it rejects', async () => {
    expect(await answerFor(Promise.reject(new Error('down')))).toMatchObject({ status: 503 })
  })
})
