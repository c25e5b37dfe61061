import { labelStudioApi } from '../../../adapters/label-studio/api/index.js'
import {
  type FakeLabelStudio,
  type FakeOptions,
  startFakeLabelStudio,
} from '../../support/fake-label-studio/index.js'

let fake: FakeLabelStudio
const startFake = async (options: FakeOptions) => {
  fake = await startFakeLabelStudio(options)
  return labelStudioApi({ url: fake.url, token: fake.token, retries: 0 })
}
afterEach(() => fake.stop())

it('up to 1.22 lets any member delete anybody, even the owner', async () => {
  const api = await startFake({ mode: 'oss-old' })
  const { id } = await api.users.create({ email: 'ann@example.com' })
  const token = fake.state.users.get(id)?.legacyToken ?? ''
  expect(await labelStudioApi({ url: fake.url, token }).users.delete(1)).toBe(true)
})

it.each(['plain', 'numbered'] as const)('recognises removed people by %s masks', async (masks) => {
  const api = await startFake({ masks })
  const { id } = await api.users.create({ email: 'ann@example.com' })
  await api.members(1).remove(id)
  expect((await api.users.get(id))?.masked).toBe(true)
})

it('does not take a person called Deleted for a removed one', async () => {
  const api = await startFake({})
  const user = await api.users.create({
    email: 'deleted-1-user@example.com',
    username: 'deleted-1',
    firstName: 'Deleted',
    lastName: 'User',
  })
  expect(user.masked).toBe(false)
})

it('says which kind of token an organization refuses', async () => {
  const api = await startFake({ legacyTokens: false })
  await expect(api.whoami()).rejects.toMatchObject({
    kind: 'unauthorized',
    detail: expect.stringContaining('legacy token authentication has been disabled'),
  })
})
