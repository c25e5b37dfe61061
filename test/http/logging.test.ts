import type { Debugger } from 'debug'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { listen, load, type Running, send } from './support.js'

interface DebugModule extends Debugger {
  log: (...args: unknown[]) => void
  enable(names: string): void
}

const lines: string[] = []
let library: ReturnType<typeof load>
let server: Running

beforeAll(async () => {
  jest.doMock('debug', () => {
    const debug = jest.requireActual('debug') as DebugModule
    debug.enable('label-studio-scim:*')
    debug.log = (...args) => lines.push(require('node:util').format(...args))
    return debug
  })
  library = load(5)
  const { express, scimRouter, bearerTokens } = library
  const { users, ...others } = memoryAdapters()
  const adapters = {
    ...others,
    users: { ...users, get: () => Promise.reject(new Error('the store is down')) },
  }
  const authenticate = bearerTokens([{ name: 'idp', token: 'canary-token-of-the-idp' }])
  server = await listen(express().use('/scim/v2', scimRouter(adapters, { authenticate })))
})
afterAll(() => server.close())

describe('what is logged', () => {
  it('names requests and failures, and holds no credentials, cookies, bodies or query strings (S-LEAK-05, R-SEC-03)', async () => {
    const headers = {
      Authorization: 'Bearer canary-token-of-the-idp',
      Cookie: 'session=canary-cookie',
      'Content-Type': 'application/scim+json',
    }
    const body = JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'canary-name',
      password: 'canary-password',
    })
    const ask = (method: string, path: string, id: string) =>
      send(server, `/scim/v2${path}`, {
        method,
        headers: { ...headers, 'X-Request-Id': id },
        ...(method === 'POST' && { body }),
      })
    expect((await ask('POST', '/Users?attributes=canary-query', 'r1')).status).toBe(201)
    await ask('POST', '/Users', 'r2')
    await ask('GET', '/Users?filter=userName+eq+%22canary-filter%22', 'r3')
    expect((await ask('GET', '/Users/7?attributes=canary-query', 'r4')).status).toBe(500)
    const text = lines.join('\n')
    for (const id of ['r1', 'r2', 'r3', 'r4']) expect(text).toContain(id)
    expect(text).toContain('the store is down')
    expect(text).not.toContain('canary')
  })
})
