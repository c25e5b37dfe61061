import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Everything, ownerToken, startEverything } from './everything.js'
import { askAs } from './requests.js'
import { openRoom, type Room } from './room.js'

let application: Everything
let room: Room
const sockets: Socket[] = []

beforeAll(async () => {
  application = await startEverything()
  room = await openRoom({ url: application.url, token: ownerToken })
  const projects = { 1: 'Inherit' as const }
  await room.know('person7@example.com', { role: 'Annotator', projects })
  await room.know('person17@example.com', { role: 'Annotator', projects })
})

afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await room.close()
  await application.stop()
})

const order = async (account: number) => {
  const body = { project: 1, ids: [] }
  return (await askAs(room.url, account, { method: 'POST', path: '/api/dm/views/order/', body }))
    .status
}

/** Announces a body of 16 MiB and sends none of it. */
function announce(account: number) {
  const socket = connect(Number(new URL(room.url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(
    'POST /api/dm/views/order/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
      `Authorization: Token ${account}\r\nContent-Length: ${16 * 1024 * 1024}\r\n\r\n`,
  )
  sockets.push(socket)
}

/** Asks until the answer is as expected; the gate learns late of what others did. */
async function until(account: number, status: number): Promise<void> {
  for (let at = 0; at < 100; at++) {
    if ((await order(account)) === status) return
    await pause(50)
  }
  throw new Error(`never ${status}`)
}

it('one person’s bodies fill no memory, and are in the way of nobody else', async () => {
  expect(await order(7)).toBe(200)
  for (let at = 0; at < 6; at++) announce(7)
  await until(7, 503)
  expect(await order(17)).toBe(200)
  for (const socket of sockets) socket.destroy()
  await until(7, 200)
})

it('what one person sent counts no longer than until it is answered', async () => {
  for (let at = 0; at < 10; at++) {
    const { status } = await askAs(room.url, 7, {
      method: 'POST',
      path: '/api/dm/views/?project=1',
      body: { project: 1, data: { hidden: 'x'.repeat(15_000_000) } },
    })
    expect(status).toBe(200)
  }
})
