import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { buildHost, type StartedHost, startHost } from '../host/start-host.js'
import { startLoad } from '../support/load.js'
import { sqliteDatabase, type TestDatabase } from '../support/test-database.js'

const token = 'token-of-the-identity-provider'
let database: TestDatabase
let host: StartedHost

beforeAll(buildHost, 120_000)
beforeEach(async () => {
  database = sqliteDatabase()
  host = await startHost({ DATABASE_URL: database.url, SCIM_TOKEN: token })
})
afterEach(async () => {
  await host.stop()
  await database.drop()
})

const target = () => ({ origin: () => host.origin, token })

/** Sends the beginning of a request on a connection of its own. */
async function begin(text: string): Promise<Socket> {
  const socket = connect(Number(new URL(host.origin).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.on('data', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

const head = (method: string, path: string, length: number) =>
  `${method} /scim/v2${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n` +
  `Content-Type: application/scim+json\r\nContent-Length: ${length}\r\n\r\n`

describe('a host whose clients misbehave', () => {
  it('serves the others while 900 bodies do not end, again and again (D1)', async () => {
    const load = await startLoad(target(), { seed: 2, workers: 2 })
    // Twice as many as may be under way at once: whoever leaves gives their place back.
    for (let round = 0; round < 3; round += 1) {
      const slow = await Promise.all(
        Array.from({ length: 900 }, () => begin(`${head('POST', '/Users', 1_000)}{`)),
      )
      const before = load.succeeded()
      while (load.succeeded() < before + 20) await pause(10)
      for (const socket of slow) socket.destroy()
    }
    await load.stop()
    expect(load.totals().statuses[503]).toBeUndefined()
    expect(load.totals().wrong).toEqual([])
    expect(await load.lost()).toEqual([])
  })

  it('makes each change whole or not at all, and serves on, when 1,500 clients leave (S-DOS-16)', async () => {
    const load = await startLoad(target(), { seed: 3, workers: 2 })
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
    for (let round = 0; round < 15; round += 1) {
      const sockets = await Promise.all(
        Array.from({ length: 100 }, (_, index) => {
          const userName = `gone-${round}-${index}@example.com`
          const emails = [{ value: userName, primary: true }]
          const body = JSON.stringify({ schemas, userName, title: userName, emails })
          const sent = index % 4 === 0 ? body.slice(0, 40) : body
          return begin(head('POST', '/Users', body.length) + sent)
        }),
      )
      await pause(round * 2)
      for (const socket of sockets) socket.destroy()
    }
    const before = load.succeeded()
    while (load.succeeded() < before + 50) await pause(10)
    await load.stop()
    expect(load.totals().wrong).toEqual([])
    expect(load.totals().statuses[503]).toBeUndefined()
    expect(await load.lost()).toEqual([])
    const filter = encodeURIComponent('userName sw "gone-"')
    const answer = await fetch(`${host.origin}/scim/v2/Users?count=200&filter=${filter}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { Resources } = (await answer.json()) as {
      Resources: { userName: string; title: string; emails: { value: string }[] }[]
    }
    expect(Resources.length).toBeGreaterThan(0)
    for (const { userName, title, emails } of Resources) {
      expect([title, emails[0]?.value]).toEqual([userName, userName])
    }
  })
})
