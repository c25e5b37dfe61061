import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { bearerTokens, scimRouter } from '../../lib/index.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'

const token = 'scim_a-token-of-a-host-without-express'
const headers = { Authorization: `Bearer ${token}` }
let warnings: string[]

beforeEach(() => {
  warnings = []
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning))
  })
})
afterEach(() => jest.restoreAllMocks())

async function statusesOf(listener: RequestListener, path: string): Promise<number[]> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const get = async () => {
    const { port } = server.address() as AddressInfo
    return (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status
  }
  const statuses = [await get(), await get()]
  server.close()
  return statuses
}

it('scimRouter without Express says what to do, once', async () => {
  const errors: unknown[] = []
  const router = scimRouter(memoryAdapters(), {
    authenticate: bearerTokens([{ name: 'idp', token }]),
    onError: (error) => errors.push(error),
  })
  const bare = (request: unknown, response: unknown) =>
    void router(request as never, response as never, () => {})
  expect(await statusesOf(bare, '/Users')).toEqual([500, 500])
  const message = expect.stringMatching(/^scimRouter needs an Express app\. Mount it in one/)
  expect(errors).toEqual([expect.objectContaining({ message }), expect.any(TypeError)])
  expect(warnings).toEqual([message])
  expect(await statusesOf(express().use(router), '/Users')).toEqual([200, 200])
})

it.each([['/api/scim/settings'], ['/scim/settings'], ['/scim/settings/assets/style.css']])(
  'settingsRouter without Express says what to do at %s, once',
  async (path) => {
    const router = settingsRouter(memoryAdapters(), {
      authorize: adminTokens([{ name: 'admin', token }]),
    })
    const errors: unknown[] = []
    const bare: RequestListener = (request, response) =>
      router(request as never, response as never, (error: unknown) => {
        errors.push(error)
        response.writeHead(500).end()
      })
    expect(await statusesOf(bare, path)).toEqual([500, 500])
    expect(errors).toEqual([expect.any(TypeError), expect.any(TypeError)])
    expect(warnings).toEqual([expect.stringMatching(/^settingsRouter needs an Express app/)])
    expect(await statusesOf(express().use(router), path)).not.toContain(500)
  },
)
