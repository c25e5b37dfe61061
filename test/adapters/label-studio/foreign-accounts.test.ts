import express from 'express'
import request from 'supertest'
import { adminTokens, settingsRouter } from '../../../lib/settings/index.js'
import {
  type FakeLabelStudio,
  type FakeMode,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { newMember, newUser } from '../../support/fake-label-studio/state.js'
import { type Product, startProduct } from './product.js'

const token = 'token-of-an-administrator'
let fake: FakeLabelStudio
let product: Product
afterEach(async () => {
  await product.stop()
  await fake.stop()
})

const byHand = (email: string, change: Partial<Parameters<typeof newUser>[1]> = {}) => {
  const id = fake.state.nextId()
  fake.state.users.set(
    id,
    newUser(id, { email, username: email, activeOrganization: 1, ...change }),
  )
  fake.state.members.set(id, newMember(id, id, 'AN'))
  return String(id)
}

const accounts = async () => {
  const app = express()
  const authorize = adminTokens([{ name: 'root', token }])
  app.use(settingsRouter(product.adapters, { authorize, accounts: product.adapters.accounts }))
  const { body } = await request(app)
    .get('/api/scim/accounts')
    .set('Authorization', `Bearer ${token}`)
  return body
}

it.each(['oss-new', 'lse'] as const satisfies readonly FakeMode[])(
  'tells who is in Label Studio and not in the identity provider, and one address in several spellings (%s)',
  async (mode) => {
    fake = await startFakeLabelStudio({ mode })
    product = await startProduct(fake, { isWorking: false, withOwner: mode !== 'lse' })
    const { json: managed } = await product.pushUser({ userName: 'ann@example.com' })
    await product.drained()
    const ann = (await product.record(managed.id))?.account?.id ?? ''
    const listed = byHand('ben@example.com')
    await product.adapters.importer.run()
    const unlisted = byHand('cid@example.com')
    const spelling = byHand('Ann@example.com\u200b')

    const { supported, accounts: found } = await accounts()
    expect(supported).toBe(true)
    expect(found).toMatchObject([
      { id: '1', kind: 'protected', alike: [] },
      { id: ann, kind: 'managed', userId: managed.id, alike: [spelling] },
      { id: listed, email: 'ben@example.com', kind: 'listed', alike: [] },
      { id: unlisted, kind: 'unlisted', alike: [] },
      { id: spelling, kind: 'unlisted', alike: [ann] },
    ])
    expect(found[2].userId).toBe((await product.lookUp('ben@example.com')).json.Resources[0].id)
  },
  60_000,
)

it('says whom Label Studio itself shuts out, and who is a superuser', async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  product = await startProduct(fake, { isWorking: false })
  byHand('root@example.com', { isSuperuser: true, isStaff: true })
  byHand('shut@example.com', { isActive: false })
  expect((await accounts()).accounts).toMatchObject([
    { kind: 'protected', isActive: true },
    { email: 'root@example.com', kind: 'protected', isActive: true },
    { email: 'shut@example.com', kind: 'unlisted', isActive: false },
  ])
})
