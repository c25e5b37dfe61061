import { request as sendRequest } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { type Everything, ownerToken, startEverything } from './everything.js'
import { openRoom, type Room } from './room.js'

const account = 27
const email = `person${account}@example.com`
const timeoutMs = 500

let application: Everything
let room: Room

beforeAll(async () => {
  application = await startEverything()
  room = await openRoom({ url: application.url, token: ownerToken }, {}, { timeoutMs })
  await room.know(email, { role: 'Manager', projects: { 1: 'Inherit' } })
})

afterAll(async () => {
  await room.close()
  await application.stop()
})

interface Upload {
  readonly method: string
  readonly path: string
  readonly type: string
  readonly parts: readonly [string, string]
  /** Happens between the two parts, while nobody sends anything. */
  between(): Promise<void>
}

/** Sends a body in two parts. */
function upload({ method, path, type, parts, between }: Upload): Promise<number> {
  const [first, second] = parts
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Token ${account}`,
      'x-person': String(account),
      'content-type': type,
      'content-length': first.length + second.length,
    }
    const outgoing = sendRequest(`${room.url}${path}`, { method, headers }, (incoming) => {
      incoming.resume().on('end', () => resolve(incoming.statusCode ?? 0))
    })
    outgoing.on('error', reject)
    outgoing.write(first)
    between().then(() => outgoing.end(second), reject)
  })
}

const json = { type: 'application/json', parts: ['{"title":', '"Cats"}'] } as const
const multipart = {
  type: 'multipart/form-data; boundary=b',
  parts: ['--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n', 'x\r\n--b--\r\n'],
} as const
const longerThanTheGateWaits = () => pause(3 * timeoutMs)

describe('a body that comes slowly', () => {
  it.each([
    { method: 'PATCH', path: '/api/projects/1/', ...json },
    { method: 'POST', path: '/api/projects/1/import', ...multipart },
  ])('does not count against the time of the gate: $method $path', async (asked) => {
    expect(await upload({ ...asked, between: longerThanTheGateWaits })).toBe(200)
  })

  it('is refused when access was withdrawn before its end', async () => {
    const withdraw = async () => {
      await pause(100)
      room.give(email, { role: 'Annotator', projects: { 1: 'Inherit' } })
    }
    const asked = { method: 'PATCH', path: '/api/projects/1/', ...json }
    application.reached.length = 0
    expect(await upload({ ...asked, between: withdraw })).toBe(403)
    expect(application.reached).toEqual([])
  })
})
