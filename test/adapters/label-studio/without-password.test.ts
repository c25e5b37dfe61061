import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { type Product, startProduct } from './product.js'

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
const noPassword = expect.stringMatching(/no password for this account.*nobody can sign in to it/)

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

it('an account that SCIM created with a password has no such note', async () => {
  product = await startProduct(fake)
  const { id } = (await product.pushUser({ userName: email, password: 'Sup3r-secret!' })).json
  await product.drained()
  expect(await notesOf(id)).toEqual([])
})

it('whoever signs up with a link of their own has no such note', async () => {
  product = await startProduct(fake, { adapters: { firstSignIn: 'invite' } })
  const { id } = (await product.pushUser({ userName: email })).json
  await product.drained()
  expect(await notesOf(id)).toEqual([expect.stringMatching(/signs up with a link of their own/)])
})
