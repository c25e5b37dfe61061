import { execFile } from 'node:child_process'
import type { PythonEnvironment } from '../../support/python-environment.js'
import { scimSanity } from '../installations.js'
import { type Server, scimToken, startServer } from '../server.js'

interface Check {
  readonly name: string
  readonly status: 'pass' | 'fail' | 'skip' | 'warn' | 'error'
  readonly message?: string
}

/**
 * What this service answers otherwise, as RFC 7644 §3.5.2 allows (decision on answers to PATCH).
 */
const answered204 = [
  'PATCH /Groups/{id}',
  'PATCH /Groups/{id} add member',
  'PATCH /Groups/{id} remove members',
]

describe('the probe of scim-sanity 0.7.4 against the example host', () => {
  let server: Server
  let checks: readonly Check[]

  beforeAll(async () => {
    const environment = await scimSanity()
    server = await startServer()
    checks = await probe(environment, server.baseUrl)
  })
  afterAll(() => server?.stop())

  const named = (...statuses: readonly string[]) =>
    checks.filter(({ status }) => statuses.includes(status)).map(({ name }) => name)

  it('finds nothing wrong but that a PATCH of a group is answered 204 (F)', () => {
    expect(named('fail', 'error', 'warn')).toEqual(answered204)
    for (const { name, message } of checks) {
      if (answered204.includes(name)) expect(message).toMatch(/got 204/)
    }
  })

  it('passes every other check of what the service has', () => {
    expect(named('pass')).toHaveLength(25)
    expect(named('skip')).toHaveLength(3)
  })

  it('leaves nobody behind, as it believes', async () => {
    expect((await server.get('/Users')).totalResults).toBe(0)
    expect((await server.get('/Groups')).totalResults).toBe(0)
  })
})

/** Its exit code tells of failed checks, which the tests look at. */
function probe({ python, program }: PythonEnvironment, baseUrl: string): Promise<readonly Check[]> {
  const flags = ['--token', scimToken, '--json-output', '--i-accept-side-effects']
  return new Promise((resolve, reject) => {
    const parameters = [program('scim-sanity'), 'probe', baseUrl, ...flags]
    execFile(python, parameters, (error, stdout, stderr) => {
      if (!stdout.startsWith('{')) reject(new Error(`scim-sanity: ${stderr}`, { cause: error }))
      else resolve(JSON.parse(stdout).results)
    })
  })
}
