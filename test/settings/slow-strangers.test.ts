import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import request from 'supertest'
import { adminToken, aSettingsApp } from './support.js'
import { cookieOf, formTokenOf, path } from './visitor.js'

const maxRequestsInFlight = 8
const formType = 'application/x-www-form-urlencoded'

/** A server whose visitors can begin requests without ever ending them. */
async function aServer() {
  const { app } = aSettingsApp({ options: { maxRequestsInFlight } })
  const server = createServer(app).listen(0)
  await once(server, 'listening')
  const sockets: Socket[] = []
  /** Sends the head of a form and its first byte. */
  const begin = async (to: string, type = formType) => {
    const arrived = once(server, 'request')
    const socket = connect((server.address() as AddressInfo).port)
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write(
      `POST ${to} HTTP/1.1\r\nHost: h\r\nContent-Type: ${type}\r\nContent-Length: 99\r\n\r\nx`,
    )
    await arrived
    return socket
  }
  const end = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { server, begin, end }
}

const asAdministrator = { Authorization: `Bearer ${adminToken}` }

async function expectOpen(server: Server) {
  await request(server).get('/api/scim/settings').set(asAdministrator).expect(200)
  await request(server).get(path).set(asAdministrator).expect(200)
  const form = await request(server).get(path).expect(401)
  await request(server)
    .post(`${path}/sign-in`)
    .type('form')
    .set('Cookie', cookieOf(form))
    .send({ csrf: formTokenOf(form.text), token: adminToken })
    .expect(303)
}

describe('strangers who send slowly', () => {
  it.each([
    ['forms to sign in', `${path}/sign-in`, formType],
    ['forms to sign out', `${path}/sign-out`, formType],
    ['other forms', path, formType],
    ['rules', '/api/scim/settings', 'application/json'],
  ])('keep nobody out: %s', async (_what, to, type) => {
    const { server, begin, end } = await aServer()
    try {
      for (let count = 0; count < 3 * maxRequestsInFlight; count++) await begin(to, type)
      await expectOpen(server)
    } finally {
      end()
    }
  })

  it('are told to try again, and disconnected, when others come', async () => {
    const { begin, end } = await aServer()
    try {
      const first = await begin(`${path}/sign-in`)
      const [answer] = await Promise.all([
        first.setEncoding('utf8').toArray(),
        begin(`${path}/sign-in`).then(() => begin(`${path}/sign-in`)),
      ])
      expect(answer.join('')).toMatch(/^HTTP\/1.1 503 [\s\S]*Connection: close/i)
    } finally {
      end()
    }
  })
})
