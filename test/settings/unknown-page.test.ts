import express from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { adminTokens, settingsRouter } from '../../lib/settings/index.js'
import { adminToken, aSettingsApp } from './support.js'
import { cookieOf, formTokenOf, path, signedInPage } from './visitor.js'

const unknown = ['/nope', '/people/x/y', '/people/%zz', '/assets/nope.css']

describe('an unknown page of the settings', () => {
  it('is a page of the settings, from which the others are reached', async () => {
    const { visit } = await signedInPage()
    for (const page of unknown) {
      const { status, text } = await visit(`${path}${page}`)
      expect([page, status]).toEqual([page, 404])
      expect(text).toContain('There is no such page.')
      expect(text).toContain(`href="${path}/assets/style.css"`)
      expect(text).toContain(`href="${path}/people"`)
    }
  })

  it('is the sign-in form like every other page to everybody else', async () => {
    const { app } = aSettingsApp()
    for (const page of unknown) {
      const { status, text } = await request(app).get(`${path}${page}`)
      expect([page, status]).toEqual([page, 401])
      expect(text).toContain('Sign in with the administrator')
      expect(text).not.toContain('<nav')
    }
  })

  it('leaves other methods, and what only begins like a page, to the host', async () => {
    const { app } = aSettingsApp()
    expect((await request(app).delete(`${path}/nope`)).text).toBe('the host')
    const { headers } = await request(app).options(path).expect(200)
    expect(headers['allow']).toBe('GET, HEAD, POST')
    for (const url of [`${path}x`, '/scim', '/scim/v2/Users/%zz', '/nope/%zz']) {
      expect((await request(app).get(url)).text).toBe('the host')
    }
  })

  it.each([
    ['Express 5', express],
    ['Express 4', jest.requireActual<typeof express>('express4')],
  ])('is right on %s below a path', async (_name, framework) => {
    const app = framework()
    const authorize = adminTokens([{ name: 'root', token: adminToken }])
    app.use('/tools', settingsRouter(memoryAdapters(), { authorize }))
    const form = await request(app).get(`/tools${path}/nope`).expect(401)
    const { headers } = await request(app)
      .post(`/tools${path}/sign-in`)
      .type('form')
      .set('Cookie', cookieOf(form))
      .send({ csrf: formTokenOf(form.text), token: adminToken })
    const cookie = String(headers['set-cookie']).split(';')[0]!
    for (const page of unknown) {
      const { text } = await request(app)
        .get(`/tools${path}${page}`)
        .set('Cookie', cookie)
        .expect(404)
      expect(text).toContain(`href="/tools${path}/assets/style.css"`)
    }
    const { body } = await request(app)
      .get('/tools/api/scim/status/nope')
      .set('Authorization', `Token ${adminToken}`)
      .expect(404)
    expect(body).toMatchObject({ status_code: 404, detail: 'There is no such endpoint.' })
  })
})

describe('an unknown endpoint of the settings API', () => {
  it('answers as the others do, to administrators only', async () => {
    const { app, get, post } = aSettingsApp()
    for (const url of ['/api/scim/settings/nope', '/api/scim/people/nope']) {
      const { status, body } = await get(url)
      expect([url, status]).toEqual([url, 404])
      expect(body).toMatchObject({ status_code: 404, detail: 'There is no such endpoint.' })
      expect((await post(url, {})).body).toMatchObject({ status_code: 404 })
      expect((await request(app).get(url)).body).toMatchObject({ status_code: 401 })
    }
  })

  it('is none where a host may serve SCIM itself', async () => {
    const { get } = aSettingsApp()
    const below = ['', '/', '/v2/Users', '/Users', '/acme/Users', '/acme/v2/Users', '/nope']
    for (const url of below.map((each) => `/api/scim${each}`)) {
      expect((await get(url)).text).toBe('the host')
    }
  })
})
