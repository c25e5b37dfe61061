import request from 'supertest'
import { adminToken } from './support.js'
import { aRule, cookieOf, formTokenOf, path, signedInPage } from './visitor.js'

const hidden = (text: string) =>
  /name="draft" value="([^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''

/** An editor sent by a browser whose session has ended: it sends no cookie any more. */
const sendLate = (app: Parameters<typeof request>[0], headers: Record<string, string> = {}) =>
  request(app)
    .post(path)
    .type('form')
    .set(headers)
    .send({ ...aRule, do: 'save', csrf: 'of the session that ended' })

describe('rules that were typed when a session ended', () => {
  it('are shown again after the sign-in, and not saved', async () => {
    const { app, access, scope } = await signedInPage()
    const late = await sendLate(app, { 'Sec-Fetch-Site': 'same-origin' }).expect(401)
    expect(late.text).toContain('What you typed is kept')
    const again = await request(app)
      .post(`${path}/sign-in`)
      .type('form')
      .set('Cookie', cookieOf(late))
      .send({ csrf: formTokenOf(late.text), token: adminToken, draft: hidden(late.text) })
    expect(again.status).toBe(200)
    expect(again.text).toContain('value="Crew"')
    expect(again.text).toContain('nothing is saved yet')
    expect((await access.rules(scope)).version).toBe('0')
    const saved = await request(app)
      .post(path)
      .type('form')
      .set('Cookie', cookieOf(again))
      .send({ ...aRule, do: 'preview', csrf: formTokenOf(again.text) })
    expect(saved.text).toContain('Save rules')
  })

  it('lead back to the settings when the page after the sign-in is loaded again', async () => {
    const { visit } = await signedInPage()
    for (const form of ['sign-in', 'sign-out']) {
      expect((await visit(`${path}/${form}`).expect(303)).headers['location']).toBe(path)
    }
  })

  it('stay through a mistyped token', async () => {
    const { app } = await signedInPage()
    const late = await sendLate(app)
    const wrong = await request(app)
      .post(`${path}/sign-in`)
      .type('form')
      .set('Cookie', cookieOf(late))
      .send({ csrf: formTokenOf(late.text), token: 'mistyped', draft: hidden(late.text) })
    expect(hidden(wrong.text)).toBe(hidden(late.text))
  })

  it('are not taken from another site (R9)', async () => {
    const { app } = await signedInPage()
    const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
    await sendLate(app, { ...navigation, 'Sec-Fetch-Site': 'cross-site' }).expect(403)
  })
})

it('the page links back to Label Studio where the host says where it is', async () => {
  const { visit } = await signedInPage({ options: { labelStudioUrl: '/' } })
  expect((await visit(path)).text).toContain('<a href="/">Label Studio</a>')
  const without = await signedInPage()
  expect((await without.visit(path)).text).not.toContain('>Label Studio</a>')
})
