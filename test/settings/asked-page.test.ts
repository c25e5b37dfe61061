import request from 'supertest'
import { adminToken } from './support.js'
import { cookieOf, formTokenOf, path, signedInPage } from './visitor.js'

const placeIn = (text: string) => /name="to" value="([^"]*)"/.exec(text)?.[1] ?? 'none'

async function signInFrom(asked: string, to?: string) {
  const { app } = await signedInPage()
  const form = await request(app).get(asked).expect(401)
  const fields = { csrf: formTokenOf(form.text), token: adminToken, to: to ?? placeIn(form.text) }
  return request(app)
    .post(`${path}/sign-in`)
    .type('form')
    .set('Cookie', cookieOf(form))
    .send(fields)
    .expect(303)
}

describe('signing in', () => {
  it.each(['', '/status', '/log?event=user.created', '?saved=1'])(
    'leads to the page that was asked for: %p',
    async (place) => {
      const { headers } = await signInFrom(path + place)
      expect(headers['location']).toBe(path + place)
    },
  )

  it.each(['https://evil.example', '//evil.example', '.evil.example', '@evil.example', '\r\nX: 1'])(
    'leads to no other host: %p',
    async (to) => {
      const { headers } = await signInFrom(path, to)
      const { host, pathname } = new URL(headers['location']!, 'http://here.example')
      expect(host).toBe('here.example')
      expect(pathname.startsWith(path)).toBe(true)
      expect(headers['x']).toBeUndefined()
    },
  )

  it('leads to the page of the log instead of downloading it', async () => {
    expect((await signInFrom(`${path}/log.csv`)).headers['location']).toBe(path)
  })

  it('keeps the page through a mistyped token', async () => {
    const { app } = await signedInPage()
    const form = await request(app).get(`${path}/status`)
    const wrong = await request(app)
      .post(`${path}/sign-in`)
      .type('form')
      .set('Cookie', cookieOf(form))
      .send({ csrf: formTokenOf(form.text), token: 'mistyped', to: placeIn(form.text) })
    expect([wrong.status, placeIn(wrong.text)]).toEqual([401, '/status'])
  })
})

describe('a button pressed after the session has ended', () => {
  it('does nothing, says so, and leads back', async () => {
    const { app, access, scope } = await signedInPage()
    const { text } = await request(app)
      .post(`${path}/status`)
      .type('form')
      .send({ do: 'pause', csrf: 'of the session that ended' })
      .expect(401)
    expect(text).toContain('Your session has ended, and nothing was done.')
    expect(placeIn(text)).toBe('/status')
    expect(await access.getValue(scope, 'paused')).toBeUndefined()
  })
})
