import { memoryAdapters } from '../../adapters/memory/index.js'
import { formOf } from '../../lib/gate/forms.js'
import { labelStudioForms } from '../../lib/gate/index.js'
import { cpuMs } from '../support/cpu-time.js'
import { type FakeLabelStudio, startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { aPerson, exchange, type Gated, openGate, password, peopleOf } from './gated.js'

const purposeOf = (url: string, method = 'POST') =>
  formOf({ method, url }, labelStudioForms)?.purpose

describe('the path of a sign-in form', () => {
  it.each([
    '/user/login',
    '/user/login/',
    '/user/login?next=/',
    '/user/login/?next=/projects#x',
    '//user//login',
    '/user/./login/',
    '/projects/../user/login',
    '/user/login;x',
    '/user;y=1/login;x/',
    '/%75ser/%6Cogin/',
    '/user%2flogin',
    '/user/%2e/login',
    '/x/%2E%2e/user/login',
    '/user/%256cogin',
    '\\user\\login',
    '/user%5Clogin',
    '/User/Login/',
    '/label-studio/user/login/',
    'http://elsewhere.example.com/user/login/',
    'HTTP://elsewhere.example.com:80/user/login?x=1',
    '/user/login/%2e',
    '/admin/login/?next=/admin/',
  ])('is recognised as %s', (url) => {
    expect(purposeOf(url)).toBe('signIn')
  })

  it.each([
    '/user/login/more',
    '/user/logins',
    '/xuser/login',
    '/',
    '',
    '/user/%',
    '/%ff/%zz',
    '*',
  ])('is not taken for %s', (url) => {
    expect(purposeOf(url)).toBeUndefined()
  })

  it('is one of the sign-up too, and of POST alone', () => {
    expect(purposeOf('/label-studio/user/signup/?token=x')).toBe('signUp')
    expect(purposeOf('/user/login/', 'GET')).toBeUndefined()
  })

  it('is found in linear time (S-DOS-04)', () => {
    const url = `/${'%25'.repeat(5_000)}/${'../'.repeat(20_000)}${';x'.repeat(20_000)}`
    expect(cpuMs(() => purposeOf(url))).toBeLessThan(500)
  })
})

describe('the sign-in form of somebody deprovisioned', () => {
  let fake: FakeLabelStudio
  let gated: Gated
  const email = 'ann@example.com'
  beforeAll(async () => {
    fake = await startFakeLabelStudio({ mode: 'oss-new' })
    const adapters = memoryAdapters()
    const { user } = await aPerson(fake, adapters, email)
    await peopleOf(adapters).setActive(user, false)
    gated = await openGate(fake, adapters)
  })
  afterAll(async () => {
    await gated.close()
    await fake.stop()
  })
  const post = (
    body: string | URLSearchParams,
    headers: Record<string, string> = {},
    path = '/user/login/',
  ) =>
    fetch(`${gated.url}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: String(body),
    })

  /** Label Studio also answers 403, to a form without its CSRF token; only the gate says why. */
  const byTheGate = {
    status: 403,
    body: { status_code: 403, detail: 'Your access has been withdrawn by your organization.' },
  }
  const said = async (answer: Promise<Response>) => {
    const response = await answer
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, body: await (isJson ? response.json() : response.text()) }
  }

  it.each([
    ['as it is', `email=${email}`],
    ['in capitals', 'email=ANN%40EXAMPLE.COM'],
    ['between spaces', `email=+${email}%09`],
    ['between what only Python takes for spaces', `email=%1C${email}%C2%85`],
    ['after another', `email=nobody%40example.com&email=${email}`],
    ['before another', `email=${email}&email=nobody%40example.com`],
    ['with an encoded name', `%65mail=${email}`],
  ])('is refused: %s', async (_name, body) => {
    expect(await said(post(`${body}&password=${password}`))).toEqual(byTheGate)
  })

  it.each([
    ['in full width', 'email=%EF%BD%81nn%40example.com'],
    ['with a letter that Django’s own sign-in maps', 'email=%C2%AAnn%40example.com'],
    ['with bytes that are not UTF-8', 'email=%A0ann%40example.com'],
  ])('is refused before it is read: %s', async (_name, body) => {
    expect((await post(`${body}&password=${password}`)).status).toBe(400)
  })

  it('is refused at the admin’s sign-in too', async () => {
    const body = new URLSearchParams({ username: email, password })
    expect(await said(post(body, {}, '/admin/login/'))).toEqual(byTheGate)
  })

  it.each([
    'application/x-www-form-urlencoded; charset=utf-16',
    "application/x-www-form-urlencoded; charset*=utf-8''utf-16",
    'application/x-www-form-urlencoded; charset=utf-8; charset=utf-7',
    'application/x-www-form-urlencoded; x=1',
    'multipart/form-data; boundary=x',
    'application/json',
    'text/plain',
  ])('is refused when it may be read in another way: %s', async (type) => {
    expect((await post(`email=${email}`, { 'content-type': type })).status).toBe(415)
  })

  it('is refused when it is compressed', async () => {
    expect((await post(`email=${email}`, { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  it('is let through to Label Studio in the usual spelling of the charset', async () => {
    const type = 'application/x-www-form-urlencoded; charset=UTF-8'
    const answer = await post('email=nobody%40example.com', { 'content-type': type })
    expect(answer.status).toBe(403)
    expect(await answer.text()).toMatch(/CSRF/)
  })

  it('is refused without a length, and over 64 KiB', async () => {
    const chunked = await exchange(
      gated.url,
      'POST /user/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: ' +
        'application/x-www-form-urlencoded\r\n' +
        'Transfer-Encoding: ' +
        `chunked\r\n\r\n${(6 + email.length).toString(16)}\r\nemail=${email}\r\n0\r\n\r\n`,
    )
    expect(chunked).toMatch(/^HTTP\/1\.1 411 /)
    expect((await post(`x=${'y'.repeat(70_000)}&email=${email}`)).status).toBe(413)
  })

  it('is refused when it waits to be asked for the body (Expect: 100-continue)', async () => {
    const body = `email=${email}&password=x`
    const answer = await exchange(
      gated.url,
      'POST /user/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: ' +
        'application/x-www-form-urlencoded\r\n' +
        `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 403 .*has been withdrawn/s)
  })

  it('is refused in absolute form', async () => {
    const body = `email=${email}`
    const answer = await exchange(
      gated.url,
      'POST http://x/user/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n' +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 403 .*has been withdrawn/s)
  })

  it('ends the connection, so that nothing sent behind it is answered', async () => {
    const body = `email=${email}`
    const form =
      'POST /user/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: ' +
      'application/x-www-form-urlencoded\r\n' +
      `Content-Length: ${body.length}\r\n\r\n${body}`
    const answer = await exchange(gated.url, `${form}GET /user/login/ HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(answer).toMatch(/\r\nConnection: close\r\n/)
  })
})
