import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import type { AccessGateOptions } from '../../lib/gate/index.js'
import type { GatePolicy } from '../../lib/stores/index.js'
import { cpuMsOf } from '../support/cpu-time.js'
import { peopleOf, recordOf, scope } from './gated.js'
import { type CleanUps, emailOf, type Form, form, guard, submit, urlencoded } from './guarded.js'

let adapters: MemoryAdapters
const cleanUps: CleanUps = []

beforeEach(() => {
  adapters = memoryAdapters()
})
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

const open = (gate: Partial<GatePolicy> = {}, options: Partial<AccessGateOptions> = {}) => {
  const whole: GatePolicy = { signUp: async () => 'open', ...gate }
  return guard({ adapters: { ...adapters, gate: whole }, cleanUps }, options)
}

const tokenOf = (claims: object) =>
  `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

describe('a form with which people sign in', () => {
  const withdrawn = 'Your access has been withdrawn by your organization.'

  beforeEach(() => peopleOf(adapters).add(emailOf('ann'), false))

  it.each([
    ['/user/login', null],
    ['/a', 'of nobody'],
  ])('starts without credentials that nobody has any more: %s', async (path, authorization) => {
    const identify = async () => ({ identities: [], isComplete: true })
    const body = form({ email: emailOf('bob'), password: 'p' })
    const headers = { authorization: 'of nobody' }
    const answer = await submit(await open({}, { identify }), { path, headers, body })
    expect(answer).toMatchObject({ status: 200, authorization, body })
  })

  it.each([
    ['/user/login', 'email'],
    ['/user/login/', 'email'],
    ['/USER//login', 'email'],
    ['/below/a/path/user/login', 'email'],
    ['/admin/login', 'username'],
    ['/api-auth/login', 'username'],
  ])('is refused to somebody deprovisioned: %s', async (path, field) => {
    const body = form({ csrfmiddlewaretoken: 'x', [field]: emailOf('ann'), password: 'p' })
    const refused = { status: 403, status_code: 403, detail: withdrawn }
    expect(await submit(await open(), { path, body })).toEqual(refused)
  })

  it.each([
    ['of somebody else', { body: form({ email: emailOf('bob') }) }],
    ['with another field', { body: form({ name: emailOf('ann') }) }],
    ['with nothing in the field', { body: 'email=' }],
    ['with spaces in the field', { body: 'email=%20%20' }],
    ['that is empty', { body: '' }],
    ['at another path', { path: '/user/logins', body: form({ email: emailOf('ann') }) }],
    ['with another method', { method: 'PUT', body: form({ email: emailOf('ann') }) }],
    ['with a charset', { type: `${urlencoded}; charset=UTF-8`, body: 'email=b%40x' }],
    ['with a quoted charset', { type: `${urlencoded} ; charset="utf-8"`, body: 'email=b%40x' }],
  ] as [string, Form][])('passes as it is %s', async (_case, given) => {
    expect(await submit(await open(), given)).toMatchObject({ status: 200, body: given.body })
  })

  it.each([
    ['with spaces around', `%20%0a${emailOf('ann')}%c2%a0%e3%80%80`],
    ['in capitals', emailOf('ANN').toUpperCase()],
    ['after another one', `${emailOf('bob')}&email=${emailOf('ann')}`],
    ['after an empty one', `&email=${emailOf('ann')}`],
  ])('is refused for the address %s', async (_case, value) => {
    expect(await submit(await open(), { body: `email=${value}` })).toMatchObject({ status: 403 })
  })

  it('takes no long time to read with many blanks', async () => {
    const gate = await open()
    const body = `email=a${'+'.repeat(60_000)}a`
    expect(await cpuMsOf(() => submit(gate, { body }))).toBeLessThan(1_000)
  })

  it('names few people', async () => {
    const gate = await open()
    const naming = (count: number) =>
      submit(gate, { body: Array.from({ length: count }, (_, at) => `email=p${at}`).join('&') })
    expect(await naming(10)).toMatchObject({ status: 200 })
    expect(await naming(11)).toMatchObject({ status: 400 })
  })

  it.each<[string, number, string, Form]>([
    [
      'JSON',
      415,
      'Sign in with the form of the sign-in page.',
      { type: 'application/json', body: '{}' },
    ],
    [
      'another charset',
      415,
      'Sign in with the form of the sign-in page.',
      { type: `${urlencoded}; charset=utf-16`, body: 'a' },
    ],
    [
      'two charsets',
      415,
      'Sign in with the form of the sign-in page.',
      { type: `${urlencoded}; charset=utf-8; charset=latin1`, body: 'a' },
    ],
    [
      'a longer type',
      415,
      'Sign in with the form of the sign-in page.',
      { type: `${urlencoded}-x`, body: 'a' },
    ],
    [
      'compression',
      415,
      'The form must not be compressed.',
      { headers: { 'content-encoding': 'gzip' }, body: 'a' },
    ],
    [
      'bytes that are not UTF-8',
      400,
      'The form must be UTF-8.',
      { body: Buffer.from([0x65, 0xff]) },
    ],
    ['more than 64 KiB', 413, 'The form is too large.', { body: `a=${'x'.repeat(65_535)}` }],
    [
      'an address in other letters',
      400,
      'Write the e-mail address in plain letters (ASCII).',
      { body: 'email=%C3%A4%40x' },
    ],
    [
      'one such address among others',
      400,
      'Write the e-mail address in plain letters (ASCII).',
      { body: 'email=a%40x&email=%C3%A4%40x' },
    ],
  ])('is refused with %s', async (_case, status, detail, given) => {
    expect(await submit(await open(), given)).toEqual({ status, status_code: status, detail })
  })

  it('passes with exactly 64 KiB', async () => {
    const body = `a=${'x'.repeat(65_534)}`
    expect(await submit(await open(), { body })).toMatchObject({ status: 200 })
  })
})

describe('a token that is exchanged for another', () => {
  const path = '/api/token/refresh'
  const json = 'application/json'

  it.each([
    ['as JSON', json, (token: string) => JSON.stringify({ refresh: token })],
    [
      'as JSON with a charset',
      `${json}; charset=utf-8`,
      (token: string) => JSON.stringify({ refresh: token }),
    ],
    ['as a form', urlencoded, (token: string) => form({ refresh: token })],
    ['as a form, after another one', urlencoded, (token: string) => `refresh=x&refresh=${token}`],
  ])('is refused to somebody deprovisioned: %s', async (_case, type, bodyOf) => {
    const ann = await peopleOf(adapters).add(emailOf('ann'), false)
    await adapters.access.saveRecord(scope(), recordOf(ann, '7'))
    const gate = await open()
    for (const id of [7, '7']) {
      const given = { path, type, body: bodyOf(tokenOf({ user_id: id })) }
      expect(await submit(gate, given)).toMatchObject({ status: 403 })
    }
    const other = { path: '/api/token/rotate/', type, body: bodyOf(tokenOf({ user_id: 8 })) }
    expect(await submit(gate, other)).toMatchObject({ status: 200, body: other.body })
  })

  it('is refused to whom the application knows by the address', async () => {
    await peopleOf(adapters).add(emailOf('ann'), false)
    const asked: string[] = []
    const gate = await open({
      emailOfAccount: async (_scope, accountId) => {
        asked.push(accountId)
        return accountId === '7' ? emailOf('ann') : undefined
      },
    })
    const statuses = []
    for (const id of [7, 8]) {
      const body = JSON.stringify({ refresh: tokenOf({ user_id: id }) })
      statuses.push((await submit(gate, { path, type: json, body }))['status'])
    }
    expect([statuses, asked]).toEqual([
      [403, 200],
      ['7', '8'],
    ])
  })

  it.each([
    ['nothing', '{}'],
    ['null', 'null'],
    ['a list of tokens', JSON.stringify({ refresh: [tokenOf({ user_id: 7 })] })],
    ['no token', JSON.stringify({ refresh: 'x' })],
    ['a token that is not JSON', JSON.stringify({ refresh: 'h.e30x.s' })],
    ['a token of nobody', JSON.stringify({ refresh: tokenOf({}) })],
    ['a token of an object', JSON.stringify({ refresh: tokenOf({ user_id: {} }) })],
  ])('passes to the application, which refuses it: %s', async (_case, body) => {
    expect(await submit(await open(), { path, type: json, body })).toMatchObject({ status: 200 })
  })

  it.each([
    ['text/plain', '{}', 415, 'Send JSON in UTF-8.'],
    [`${json}; charset=utf-16`, '{}', 415, 'Send JSON in UTF-8.'],
    [json, '{', 400, 'This is not valid JSON.'],
  ])('is refused where it could be read differently: %s %s', async (type, body, status, detail) => {
    const answer = await submit(await open(), { path, type, body })
    expect(answer).toEqual({ status, status_code: status, detail })
  })

  it('is refused if it is the adapter’s own', async () => {
    const gate = await open({ isOwnSecret: (value) => value === 'secret' })
    const detail = 'This token is not accepted here.'
    for (const body of ['refresh=secret', 'refresh=x&refresh=secret']) {
      expect(await submit(gate, { path, body })).toEqual({ status: 403, status_code: 403, detail })
    }
    expect(await submit(gate, { path, body: 'refresh=other' })).toMatchObject({ status: 200 })
  })
})
