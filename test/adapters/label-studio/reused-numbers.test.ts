import {
  type FakeLabelStudio,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'
import { type FakeUser, newMember, newUser } from '../../support/fake-label-studio/state.js'
import { send } from '../../support/label-studio-browser.js'
import { type Product, startProduct } from './product.js'

let fake: FakeLabelStudio
let product: Product

beforeEach(async () => {
  fake = await startFakeLabelStudio({ mode: 'oss-new' })
  product = await startProduct(fake, { isWorking: false, adapters: { deprovisioning: 'gate' } })
})
afterEach(async () => {
  await product.stop()
  await fake.stop()
})

const boss = 'boss@example.com'
const small = 'small@example.com'

async function pushed(userName: string, active = true): Promise<string> {
  const { json } = await product.pushUser({ userName, active })
  await product.drained()
  return String(json.id)
}

/** The number of the account that SCIM has linked to a person. */
async function numberOf(userId: string): Promise<number> {
  return Number((await product.record(userId))?.account?.id)
}

/** Label Studio's database is restored from before this account, and gives its number out again. */
function giveAgain(id: number, email: string): FakeUser {
  const dateJoined = '2027-05-01T10:00:00.654321Z'
  const account = newUser(id, { email, username: email, dateJoined, activeOrganization: 1 })
  fake.state.users.set(id, account)
  return account
}

async function statusOf({ legacyToken }: FakeUser): Promise<number> {
  const headers = { authorization: `Token ${legacyToken}` }
  return (await send(`${product.front}/api/projects/`, { method: 'GET', headers })).status
}

it('lets nobody in as the person who had the number of their account before', async () => {
  await pushed(small, false)
  const number = await numberOf(await pushed(boss))
  const account = giveAgain(number, small)
  expect(await statusOf(account)).toBe(403)
})

it('leaves the account to its new owner, and makes another one for the former', async () => {
  const bossId = await pushed(boss)
  const number = await numberOf(bossId)
  giveAgain(number, small)
  const smallId = await pushed(small)
  await product.adapters.importer.run()
  await product.drained()
  expect(await numberOf(smallId)).toBe(number)
  expect(fake.state.users.get(number)).toMatchObject({ email: small, isActive: true })
  const other = await numberOf(bossId)
  expect(other).not.toBe(number)
  expect(fake.state.users.get(other)?.email).toBe(boss)
})

it('finds out at the import, before the new owner is pushed', async () => {
  const bossId = await pushed(boss)
  const number = await numberOf(bossId)
  giveAgain(number, small)
  await product.adapters.importer.run()
  await product.drained()
  expect(fake.state.users.get(number)?.email).toBe(small)
  expect(fake.state.users.get(await numberOf(bossId))?.email).toBe(boss)
  expect((await product.lookUp(small)).json).toMatchObject({ totalResults: 1 })
})

it.each<[string, Partial<FakeUser>]>([
  ['date, which they can change themselves', { dateJoined: '2020-01-01T00:00:00Z' }],
  ['address, which an administrator changed', { email: 'else@example.com' }],
])('still knows the account of a person by another %s', async (_name, changed) => {
  const id = await pushed(boss)
  const number = await numberOf(id)
  const account = fake.state.users.get(number) as FakeUser
  Object.assign(account, changed)
  expect(await statusOf(account)).toBe(200)
  await product.setActive(id, false)
  expect(await statusOf(account)).toBe(403)
  await product.adapters.importer.run()
  expect(await numberOf(id)).toBe(number)
})

it('lists the new owner of a number as somebody else', async () => {
  const account = newUser(fake.state.nextId(), {
    email: boss,
    username: boss,
    activeOrganization: 1,
  })
  fake.state.users.set(account.id, account)
  const member = newMember(fake.state.nextId(), account.id)
  fake.state.members.set(member.id, member)
  await product.adapters.importer.run()
  const before = await found(boss)
  expect(before).toHaveLength(1)
  giveAgain(account.id, small)
  await product.adapters.importer.run()
  expect(await found(boss)).toEqual([])
  const after = await found(small)
  expect(after).toHaveLength(1)
  expect(after).not.toEqual(before)
})

/** The ids of the people with this name. */
async function found(userName: string): Promise<readonly string[]> {
  const { Resources = [] } = (await product.lookUp(userName)).json as {
    readonly Resources?: readonly { readonly id: string }[]
  }
  return Resources.map(({ id }) => id)
}
