import express from 'express'
import request from 'supertest'
import { adminTokens, settingsRouter } from '../../../lib/settings/index.js'
import type { PersonSummary } from '../../../lib/settings/reports/people.js'
import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { signUpByLink } from '../../support/label-studio-browser.js'
import { type Product, startProduct } from './product.js'

const adminToken = 'token-of-an-administrator'

let fake: FakeLabelStudio
let product: Product

beforeEach(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
})
afterEach(async () => {
  await product.stop()
  await fake.stop()
})

const email = 'eve@example.com'
const notesOf = async (id: string) => (await product.record(id))?.notes ?? []
const noPassword = expect.stringMatching(/no password for this account.*nobody can sign in/)

describe('an account that SCIM created without a password', () => {
  it('has a note until a password is sent', async () => {
    product = await startProduct(fake)
    const { id } = (await product.pushUser({ userName: email })).json
    await product.drained()
    expect(await notesOf(id)).toEqual([noPassword])
    const name = { givenName: 'Eve', familyName: 'Example' }
    await product.patch(`/Users/${id}`, [{ op: 'replace', value: { name } }])
    await product.drained()
    expect(await notesOf(id)).toEqual([noPassword])
    await product.patch(`/Users/${id}`, [{ op: 'replace', value: { password: 'Sup3r-secret!' } }])
    await product.drained()
    expect(await notesOf(id)).toEqual([])
  })
})

it('the account of somebody deleted has a note if the new person gets no password', async () => {
  product = await startProduct(fake)
  const password = 'Sup3r-secret!'
  const { id: former } = (await product.pushUser({ userName: email, password })).json
  await product.drained()
  await product.scim('DELETE', `/Users/${former}`)
  const { id } = (await product.pushUser({ userName: email })).json
  await product.drained()
  expect(await notesOf(id)).toEqual([noPassword])
  await product.patch(`/Users/${id}`, [{ op: 'replace', value: { password } }])
  await product.drained()
  expect(await notesOf(id)).toEqual([])
})

it('an account that SCIM created with a password has no such note', async () => {
  product = await startProduct(fake)
  const { id } = (await product.pushUser({ userName: email, password: 'Sup3r-secret!' })).json
  await product.drained()
  expect(await notesOf(id)).toEqual([])
})

it('whoever is to sign up with a link of their own is listed as such until they did', async () => {
  product = await startProduct(fake, { adapters: { firstSignIn: 'invite' } })
  const app = express()
  const authorize = adminTokens([{ name: 'root', token: adminToken }])
  app.use(settingsRouter(product.adapters, { authorize }))
  const listed = async (query: string) => {
    const headers = { Authorization: `Bearer ${adminToken}` }
    const { body } = await request(app).get(`/api/scim/people?${query}`).set(headers).expect(200)
    return body.people.map(({ userName, standing }: PersonSummary) => [userName, standing])
  }
  const { id } = (await product.pushUser({ userName: email })).json
  await product.drained()
  expect(await notesOf(id)).toEqual([expect.stringMatching(/signs up with a link of their own/)])
  expect(await listed('state=invited')).toEqual([[email, 'invited']])
  expect(await listed('state=access')).toEqual([])
  const link = await product.signUpLink(id)
  expect((await signUpByLink(link, { email, password: 'Sup3r-secret!' })).status).toBe(302)
  await product.adapters.importer.run()
  await product.drained()
  expect(await listed('state=access&search=eve')).toEqual([[email, 'active']])
  expect(await listed('state=invited')).toEqual([])
})

it('somebody pushed again just after they signed up and were deleted gets the account', async () => {
  product = await startProduct(fake, { adapters: { firstSignIn: 'invite' } })
  const { id: former } = (await product.pushUser({ userName: email })).json
  await product.drained()
  const link = await product.signUpLink(former)
  expect((await signUpByLink(link, { email, password: 'Sup3r-secret!' })).status).toBe(302)
  await product.scim('DELETE', `/Users/${former}`)
  const { id } = (await product.pushUser({ userName: email })).json
  await product.drained()
  expect((await product.record(id))?.account).toMatchObject({ email, origin: 'adopted' })
  expect(await notesOf(id)).toEqual([noPassword])
})
