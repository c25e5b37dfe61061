import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { type Gated, openGate } from './gated.js'

let fake: FakeLabelStudio
let gated: Gated
let atOnce = 0
const seen: string[] = []
/** Requests to `/held` wait here. */
const held: ServerResponse[] = []

beforeAll(async () => {
  fake = await startFakeLabelStudio()
  gated = await openGate(fake, memoryAdapters(), {
    async application(request, response) {
      const { url = '' } = request
      seen.push(`${++atOnce} ${url}`)
      response.once('close', () => {
        atOnce -= 1
      })
      if (url === '/held') held.push(response)
      else response.end(`<${url}>`)
    },
  })
})
beforeEach(() => seen.splice(0))
afterAll(async () => {
  await gated.close()
  await fake.stop()
})

function send(paths: readonly string[]) {
  const socket = connect(Number(new URL(gated.url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.setEncoding('utf8')
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
  return socket
}

const several = (count: number) => Array.from({ length: count }, (_, at) => `/${at}`)

async function untilSeen(text: string): Promise<void> {
  while (!seen.some((each) => each.endsWith(text))) await nextTurn()
}

describe('requests that a client sends without waiting', () => {
  it('are handled one after the other, and all answered', async () => {
    const socket = send(several(80))
    let text = ''
    while (!text.includes('</79>')) text += (await once(socket, 'data'))[0]
    expect(text.match(/<\/\d+>/g)).toEqual(several(80).map((path) => `<${path}>`))
    expect(seen).toEqual(several(80).map((path) => `1 ${path}`))
    socket.destroy()
  })

  it('are not handled when the client has gone', async () => {
    const socket = send(['/held', ...several(50)])
    await untilSeen('/held')
    socket.destroy()
    await once(held.shift() as ServerResponse, 'close')
    const other = send(['/other'])
    await untilSeen('/other')
    expect(seen).toEqual(['1 /held', '1 /other'])
    other.destroy()
  })

  it('end the connection if there are too many', async () => {
    const socket = send(['/held', ...several(150)])
    await once(socket, 'close')
    expect(seen.filter((each) => each !== '1 /held')).toEqual([])
    held.splice(0)
  })
})
