import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import type { User } from '../../lib/stores/index.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { send } from '../support/label-studio-browser.js'
import { aPerson, exchange, type Gated, openGate, peopleOf } from './gated.js'

let fake: FakeLabelStudio
let adapters: MemoryAdapters
let gated: Gated
let ann: Awaited<ReturnType<typeof aPerson>>
let ben: Awaited<ReturnType<typeof aPerson>>

beforeEach(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  adapters = memoryAdapters()
  ann = await aPerson(fake, adapters, 'ann@example.com')
  ben = await aPerson(fake, adapters, 'ben@example.com')
  gated = await openGate(fake, adapters)
})
afterEach(async () => {
  await gated.close()
  await fake.stop()
})

const shut = (user: User) => peopleOf(adapters).setActive(user, false)
const path = '/api/current-user/whoami'
/** Sent by hand, because fetch mends headers. */
const answerTo = (...headers: string[]) => {
  const lines = [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', '']
  return exchange(gated.url, lines.join('\r\n'))
}
const statusOf = async (...headers: string[]) => Number((await answerTo(...headers)).split(' ')[1])
const accessToken = async (cookie: string) => {
  const { json } = await send(`${fake.url}/api/token/`, { method: 'POST', headers: { cookie } })
  const body = { refresh: json.token }
  return (await send(`${fake.url}/api/token/refresh/`, { method: 'POST', body })).json.access
}

describe('somebody deprovisioned is refused', () => {
  beforeEach(() => shut(ann.user))

  it.each([
    'Authorization: Token %',
    'authorization: token %',
    'AUTHORIZATION: TOKEN %',
    'Authorization:    Token %  ',
    'X-Api-Key: %',
    'x-api-key: %',
    'X_Api_Key: %',
  ])('with a token as %s', async (header) => {
    expect(await statusOf(header.replace('%', ann.account.legacyToken))).toBe(403)
  })

  it('with an access token', async () => {
    const token = await accessToken(ann.cookie)
    expect(await statusOf(`Authorization: Bearer ${token}`)).toBe(403)
  })

  it('with credentials that Label Studio refused a moment ago (G4)', async () => {
    for (const header of [
      `Authorization: Token ${ann.account.legacyToken}`,
      `Cookie: ${ann.cookie}`,
    ]) {
      fake.faults.add({ path: /whoami/, times: 1, fault: { kind: 'status', status: 401 } })
      expect([await statusOf(header), await statusOf(header)]).toEqual([401, 403])
    }
  })

  it('with a token that was refused and is accepted when it arrives, beside the session of another', async () => {
    const token = `Authorization: Token ${ann.account.legacyToken}`
    expect(await statusOf(`Cookie: ${ben.cookie}`)).toBe(200)
    fake.faults.add({ path: /whoami/, times: 1, fault: { kind: 'status', status: 401 } })
    // As the one whom the gate has judged, whatever the token is meanwhile.
    const answer = await answerTo(token, `Cookie: ${ben.cookie}`)
    expect(answer).toContain('ben@example.com')
    expect(answer).not.toContain('ann@example.com')
  })

  it('with a session among others, wherever it stands', async () => {
    const sessionOf = (cookie: string) => /sessionid=[^;]*/.exec(cookie)?.[0] ?? ''
    const [mine, other] = [sessionOf(ann.cookie), 'sessionid=wrong']
    expect(await statusOf(`Cookie: ${other}; ${mine}`)).toBe(403)
    expect(await statusOf(`Cookie: a=b; ${mine}; c="d;e"`)).toBe(403)
    expect(await statusOf(`Cookie: ${other}`, `Cookie: ${mine}`)).toBe(403)
    expect(await statusOf(`cOOKIE: ${mine}`)).toBe(403)
  })

  it('with several credentials, whichever is theirs', async () => {
    const mine = `Authorization: Token ${ann.account.legacyToken}`
    const theirs = `Authorization: Token ${ben.account.legacyToken}`
    expect(await statusOf(mine, `Cookie: ${ben.cookie}`)).toBe(403)
    expect(await statusOf(theirs, `Cookie: ${ann.cookie}`)).toBe(403)
    expect(await statusOf(theirs, `X-Api-Key: ${ann.account.legacyToken}`)).toBe(403)
    expect(await statusOf(`X-Api-Key: ${ben.account.legacyToken}`, mine)).toBe(403)
    expect(await statusOf(`X-Api-Key: wrong`, `Cookie: ${ann.cookie}`)).toBe(403)
    expect(await statusOf(theirs, `Cookie: ${ben.cookie}`)).toBe(200)
  })

  it('never by a credential that Label Studio does not take: such a request is nobody’s', async () => {
    const session = /sessionid=([^;]*)/.exec(ann.cookie)?.[1]
    expect(await statusOf(`Cookie: SessionID=${session}`)).toBe(401)
    expect(await statusOf(`Authorization: Bearer ${ann.account.legacyToken}`)).toBe(401)
    expect(await statusOf(`Authorization: Basic ${ann.account.legacyToken}`)).toBe(401)
  })
})

describe('what is remembered of a credential', () => {
  const asked = () => fake.requests.filter((each) => each.path === path).length

  it('is whose it is, never whether they may enter: unassigned and assigned again at once', async () => {
    const header = `Cookie: ${ann.cookie}`
    expect(await statusOf(header)).toBe(200)
    const left = await shut(ann.user)
    expect(await statusOf(header)).toBe(403)
    const back = await peopleOf(adapters).setActive(left, true)
    expect(await statusOf(header)).toBe(200)
    await peopleOf(adapters).setActive(back, false)
    expect(await statusOf(header)).toBe(403)
  })

  it('saves asking Label Studio each time', async () => {
    const header = `Cookie: ${ann.cookie}`
    await statusOf(header)
    const before = asked()
    await statusOf(header)
    await statusOf(header)
    // Only the requests themselves, which the proxy sends on.
    expect(asked() - before).toBe(2)
  })

  it('is whose the session is, though its cookie changes with every answer (R17, F11)', async () => {
    const before = asked()
    for (const person of [ann, ben]) {
      const { cookie } = person
      const cookies = new Map(cookie.split('; ').map((each) => each.split('=') as [string, string]))
      for (let page = 0; page < 20; page += 1) {
        const header = [...cookies].map((each) => each.join('=')).join('; ')
        const answer = await fetch(`${gated.url}/projects/`, { headers: { cookie: header } })
        expect(answer.status).toBe(200)
        for (const set of answer.headers.getSetCookie()) {
          const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=')
          expect(cookies.get(name)).not.toBe(value)
          cookies.set(name, value)
        }
        await answer.arrayBuffer()
      }
    }
    expect(asked() - before).toBe(2)
    await shut(ann.user)
    expect(await statusOf(`Cookie: ${ann.cookie}`)).toBe(403)
    expect(await statusOf(`Cookie: ${ben.cookie}`)).toBe(200)
  })

  it('is nobody else’s: a token that was renewed belongs to its new holder', async () => {
    const header = `Authorization: Token ${ann.account.legacyToken}`
    expect(await statusOf(header)).toBe(200)
    await shut(ann.user)
    expect(await statusOf(header)).toBe(403)
    expect(await statusOf(`Authorization: Token ${ben.account.legacyToken}`)).toBe(200)
  })
})
